"""Every Chinese sentence that the API itself says, in one place."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from card.rule import CompanionTerms, Outcome, TariffRule
from card.tariff_check import FindingKind
from domain.appeal import AppealLevel, AppealOutcome, AppealRefusal
from domain.attendance import DeskRefusal
from domain.booking import BookingRefusal
from domain.card import CardState
from domain.card_event import CardEvent, CardRefusal
from domain.catalogue import CatalogueRefusal
from domain.dashboard import Delay
from domain.entitlement import Verdict as Eligibility
from domain.file import FileRefusal
from domain.guardianship import ObjectionOutcome
from domain.identification import RegistrationRefusal
from domain.ride_dispute import RideRefusal
from domain.scanner import FleetRefusal
from domain.settlement import Evidence, Verdict
from domain.standing import ApplicationState, Cause, Role
from domain.statement_dispute import StatementRefusal
from domain.suspicion import Suspicion
from domain.timetable import TimetableRefusal
from models.booking import BookingState
from models.notice import NoticeKind
from models.service import ServiceKind
from models.session import StaffRole
from services.accesses import Access
from services.appointments import StaffRefusal
from services.binding import BindingRefusal, CodeRefusal
from services.chain import ChainState
from services.consents import ConsentRefusal
from services.credentials import CredentialRefusal
from services.devices import EnrolmentRefusal
from services.feeds import FeedRefusal
from services.findings import FindingRefusal
from services.objections import ObjectionRefusal
from services.officers import RegisterRefusal
from services.own_data import OwnDataRefusal
from services.printed import PaperRefusal
from services.reveals import ACTION as REVEAL_ACTION
from services.reveals import RevealField, RevealReason, RevealRefusal
from services.second_factor import FactorRefusal
from services.sessions import RefreshRefusal
from services.taps import UploadRefusal
from services.unlinking import UnlinkRefusal

CATEGORY = {1: "视力残疾", 2: "听力残疾", 3: "言语残疾", 4: "肢体残疾", 5: "智力残疾", 6: "精神残疾", 7: "多重残疾"}
GRADE = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}

NOT_SIGNED_IN = "请先登录。"
SESSION_ENDED = "登录已失效，请重新登录。"
# By the values of `schema.session.SignInReason`.
SIGN_IN = {
    "nobody": NOT_SIGNED_IN,
    "session_ended": SESSION_ENDED,
    "second_factor": "请打开验证器，输入上面的六位动态码，再以工作人员身份办理。",
}
SIGNED_OUT = "已退出登录。"
SIGNED_OUT_EVERYWHERE = "已在所有手机上退出登录。"
UNLINKED = "已解除绑定，这位残疾人的乘车码都已停用。需要时可以重新绑定。"
UNLINK = {UnlinkRefusal.NOT_LINKED: "您的微信没有绑定这位残疾人。"}

WECHAT_CODE_INVALID = "验证码无效、已过期或已用过，请重新获取。"
WECHAT_RATE_LIMITED = "操作太频繁，请过一分钟再试。"
WECHAT_RISKY = "微信提示该账号有风险，暂时不能登录。请先在微信中完成安全验证。"
WECHAT_UNAVAILABLE = "暂时联系不上微信，请稍后再试。"

REFRESH = {
    RefreshRefusal.UNKNOWN: SESSION_ENDED,
    RefreshRefusal.EXPIRED: "太久没有使用，请重新登录。",
    RefreshRefusal.REUSED: "登录凭据被重复使用。为了您的安全，已退出登录，请重新登录。",
}

BINDING = {
    BindingRefusal.NOT_MATCHED: (
        "没有绑定成功：信息与登记不一致，或者该证已绑定其他微信。请核对后再试，也可到村（社区）或乡镇残联办理。"
    ),
    BindingRefusal.CARD_NUMBER_INVALID: "残疾人证号有误，请对照证件核对每一位。",
    BindingRefusal.PROOF_MISSING: "请用手机号验证，或者填写工作人员给的一次性绑定码，二选一。",
    BindingRefusal.TOO_MANY_ATTEMPTS: "今天尝试次数太多，请明天再试，或到村（社区）或乡镇残联办理。",
}

BINDING_CODE = {
    CodeRefusal.NOT_STAFF: "只有工作人员可以开绑定码。",
    CodeRefusal.NOT_FOUND: "在您负责的区域内没有找到这张有效的残疾人证。",
}

REGISTER = {
    RegisterRefusal.NOT_STAFF: "只有乡镇和区的经办人可以查看统计。",
    RegisterRefusal.OTHER_TOWN: "您只能查看自己负责的乡镇。",
    RegisterRefusal.NOBODY: "这里没有登记的持证人，请核对乡镇名称。",
    RegisterRefusal.PREPARING: "正在读取登记数据，请过一分钟再查。",
    RegisterRefusal.PROGRAMME_UNKNOWN: "没有这个项目，请核对项目名称。",
    RegisterRefusal.FIGURE_UNKNOWN: "没有这项标准，请核对标准名称。",
    RegisterRefusal.FIGURE_INVALID: "请至少填写一项标准，数值不能小于零。",
}

REVEAL = {
    RevealRefusal.NOT_STAFF: "只有工作人员可以查看完整信息。",
    RevealRefusal.NOT_FOUND: "在您负责的区域内没有找到这位残疾人。",
    RevealRefusal.NOTE_NEEDED: "请写明查看的用途，不超过 200 个字。",
    RevealRefusal.NOT_RECORDED: "登记中没有这一项。",
    RevealRefusal.TOO_MANY: "您今天查看完整信息的次数已用完，请明天再查。",
}
REVEAL_FIELD = {
    RevealField.NAME: "姓名",
    RevealField.ID_NUMBER: "身份证号",
    RevealField.CARD_NUMBER: "残疾人证号",
    RevealField.PHONE: "手机号",
    RevealField.ADDRESS: "住址",
}
REVEAL_REASON = {
    RevealReason.CONTACT: "联系本人",
    RevealReason.HOME_VISIT: "上门走访",
    RevealReason.ASSESSMENT: "残疾评定",
    RevealReason.CORRECTION: "核对登记信息",
    RevealReason.COMPLAINT: "处理投诉",
}

CARD_DONE = {
    CardEvent.APPLY: "受理了办证申请",
    CardEvent.REFER: "安排了到指定医院评定",
    CardEvent.ASSESS: "登记了医院的评定结果",
    CardEvent.REVISE: "登记了复评结果",
    CardEvent.REJECT: "审核了申请，没有通过",
    CardEvent.ISSUE: "发放了残疾人证",
    CardEvent.RENEW: "受理了换证申请",
    CardEvent.REASSESS: "受理了重新评定申请",
    CardEvent.REPORT_LOST: "办理了残疾人证挂失",
    CardEvent.REISSUE: "补办了残疾人证",
    CardEvent.SUSPEND: "暂停了残疾人证",
    CardEvent.RESUME: "恢复了残疾人证",
    CardEvent.MOVE_OUT: "登记了户口迁出",
    CardEvent.CANCEL: "注销了残疾人证",
    CardEvent.RECORD_DEATH: "登记了去世",
    CardEvent.RETRACT_DEATH: "更正了去世登记",
    CardEvent.EXPIRE: "登记了残疾人证有效期已满",
}
# Who did what, as the audit log names it; the sentence begins with who it was.
STAFF_ROLE = {
    StaffRole.COMMISSIONER: "专职委员",
    StaffRole.CLERK: "经办人",
    StaffRole.ADMINISTRATOR: "人员管理员",
}
# What is done at a provider's desk, by accounts that are neither staff of the federation nor guardians.
_AT_DESK = {
    "view_at_desk": "查看了预约名单",
    "confirm_booking": "确认了预约",
    "decline_booking": "没有接受预约",
    "keep_booking": "核对后保留了预约",
    "record_came": "登记了到场",
    "record_missed": "登记了缺席",
    "view_visit": "为上门服务查看了住址和电话",
    "propose_referral": "提出转介到别的机构",
    "book_referred": "按转介代为预约了服务",
}
ACCESS = {
    **_AT_DESK,
    "view_ward": "查看了证件、待遇和预约",
    "book_slot": "代为预约了服务",
    "cancel_booking": "代为取消了预约",
    "issue_pass": "代为领取了乘车凭证",
    "online_code": "代为打开了在线码",
    "issue_binding_code": "查到了这张残疾人证，并开出绑定码",
    "bind_card": "绑定了这张残疾人证",
    "book_course": "代为报名了课程",
    "cancel_course": "代为取消了课程",
    "export_own": "代为取走了全部信息的副本",
    "unlink": "解除了与这位残疾人的绑定",
    "print_code": "打印了纸质码",
    "revoke_printed_code": "停用了纸质码",
    "end_phones": "停用了手机上的凭证和登录",
    "view_flagged": "查看了需要核对的预约",
    "open_file": "查到了您的档案",
    "read_file": "查看了档案",
    "write_entry": "在档案中写了一条记录",
    "appeal": "代为申请了复评",
    "decide_appeal": "登记了复评的决定",
    "reschedule_booking": "代为更改了预约时间",
    "join_waitlist": "代为登记了候补",
    "join_course_waitlist": "代为登记了课程候补",
    "leave_waitlist": "代为取消了候补",
    "accept_offer": "代为接受了空出的名额",
    "create_calendar_feed": "设立了预约日历的地址",
    "answer_referral": "代为答复了转介",
    "appeal_miss": "代为申诉了缺席",
    "view_appeals": "查看了缺席的申诉",
    "decide_miss_appeal": "答复了缺席的申诉",
    "dispute_ride": "代为对乘车或入园记录提出了异议",
    "view_ride_disputes": "查看了乘车和入园的异议",
    "answer_ride_dispute": "答复了乘车或入园的异议",
    "view_finding": "查看了扫码记录中需要核实的情况",
    "decide_finding": "核实了扫码记录中的情况",
    "register_resident": "登记了这位残疾人的基本信息",
    "record_guardian": "登记了监护人",
    "end_guardian": "登记了监护人不再代办",
    "record_citizen_id": "登记了身份证号码",
    "bind_with_code": "用绑定码绑定了这位残疾人",
    "read_objection": "查看了对监护人的异议",
    "decide_guardian_objection": "答复了对监护人的异议",
    **{f"card_{event}": done for event, done in CARD_DONE.items()},
}
ACCESS_OTHER = "处理了登记信息"
SECOND_FACTOR = {
    FactorRefusal.NOT_STAFF: "这个账号不是在职工作人员。",
    FactorRefusal.NOT_ENROLLED: "还没有设置动态码。请向管理员或区残联经办人要一次性设置码。",
    FactorRefusal.ENROLMENT_CODE_WRONG: "设置码不对、已过期或已用过。请核对，或向管理员、区残联经办人重新要一个。",
    FactorRefusal.CODE_WRONG: "动态码不对或已用过。请等验证器换下一个码再试。",
    FactorRefusal.TOO_MANY_ATTEMPTS: "今天试的次数太多，请明天再试，或请管理员帮助。",
    FactorRefusal.NOT_ALLOWED: "您没有这项权限。",
    FactorRefusal.OWN_CODE: "不能给自己发设置码，请让其他经办人办理。",
    FactorRefusal.NOT_AT_WORK: "这个账号不在服务机构或运营单位任职。残联工作人员的设置码由管理员发。",
}

PRINTED_TITLE = "乘车、入园纸质码"
CODES_ENDED = "已经停用。闸机和车载机更新后就不再认这些码。"
PAPER = {
    PaperRefusal.NOT_ALLOWED: "您不能为这位残疾人办理这项业务。请核对对象和您的职责范围。",
    PaperRefusal.OWN_CODE: "不能以工作人员身份办理本人或被监护人的业务，请交给其他工作人员。",
    PaperRefusal.CARD_NOT_USABLE: "残疾人证目前不能使用，不能打印。请先核对证件状态。",
    PaperRefusal.NO_ACCESS: "按现行政策，这位残疾人没有乘车或入园优待，不能打印。",
}


def printed_code(until: date) -> tuple[str, ...]:
    """What stands under a code on paper."""
    return (
        "上车或入园时，请把这张纸对准扫码口。",
        f"有效期到{until.year}年{until.month}月{until.day}日。",
        "丢了请告诉村（社区）或乡镇残联，马上停用，再换一张。",
    )


STAFF_ENDED = "已停用这个工作人员账号，所有登录立即失效。"
STAFF = {
    StaffRefusal.NOT_ALLOWED: "只有人员管理员可以办理。",
    StaffRefusal.OWN_ROLE: "不能给自己授权，也不能停用自己，请交给另一位管理员。",
    StaffRefusal.SAME_PERSON: "提出和确认要由两位管理员分别办理。",
    StaffRefusal.NO_ACCOUNT: "没有这个账号。请让对方先登录，再核对账号。",
    StaffRefusal.NO_GRANT: "没有待确认的这项授权：可能已经确认、已过期，或提出人已离岗。",
    StaffRefusal.NO_STAFF: "没有这位在职工作人员。",
    StaffRefusal.AREA_WRONG: "岗位和区域不符：专职委员要写乡镇和村，经办人最多写乡镇，管理员不写区域。",
    StaffRefusal.ORGANISATION_UNUSABLE: "请填写单位名称，不超过八十个字。",
    StaffRefusal.ENOUGH_ADMINISTRATORS: "已经有两位管理员，请由他们授权。",
}

RESIDENT_REGISTERED = "已登记。可以为本人或监护人开绑定码，也可以受理办证申请。"
NUMBER_RECORDED = "已登记身份证号码，可以继续办证。"
GUARDIAN_ENDED = "已登记：这位监护人不再代办。系统会告知双方。"
GUARDIAN_RECORDED = "已登记监护人。请开绑定码，由监护人用自己的姓名绑定手机。"
REGISTRATION = {
    RegistrationRefusal.NOT_ALLOWED: "您不能为这位居民办理这项业务。请核对对象和您的职责范围。",
    RegistrationRefusal.OUTSIDE_AREA: "这个村（社区）不在您负责的区域内。",
    RegistrationRefusal.OWN_WARD: "不能为本人或被监护人办理，请交给其他工作人员。",
    RegistrationRefusal.TEXT_UNUSABLE: "有内容没有填写，或者太长。请核对姓名、电话、关系、证明材料、乡镇和村。",
    RegistrationRefusal.NUMBER_INVALID: "证件号码有误，请对照证件核对每一位。",
    RegistrationRefusal.BIRTH_DATE_WRONG: "出生日期与证件号码不符，或者晚于今天。请核对。",
    RegistrationRefusal.ALREADY_REGISTERED: "这个证件号码已经登记过。请查找原有档案。",
    RegistrationRefusal.NUMBER_ON_RECORD: "本人的身份证号码已经登记。号码有误时，请报区残联更正。",
    RegistrationRefusal.ACTS_WRONG: "代办事项至少要包括查看。",
    RegistrationRefusal.GROUND_WRONG: "本人已满十八周岁。请写明成年人需要监护的法定理由。",
    RegistrationRefusal.PERIOD_WRONG: "截止日期早于开始日期。请核对。",
}
OBJECTION_TAKEN = "已收到您的意见。工作人员核实后会告诉您结果。"
OBJECTION_DECIDED = {
    ObjectionOutcome.KEEP: "已登记：代办范围不变。系统会告知双方。",
    ObjectionOutcome.NARROW: "已登记：代办范围已缩小。系统会告知双方。",
    ObjectionOutcome.END: "已登记：代办已停止。系统会告知双方。",
}
OBJECTION = {
    ObjectionRefusal.NO_GUARDIAN: "没有这位替您办事的人。请刷新后核对。",
    ObjectionRefusal.NOT_OF_AGE: "满十八周岁才能在这里提出。现在请直接联系村（社区）或乡镇残联。",
    ObjectionRefusal.ALREADY_OPEN: "您已经提出过，正在核实，请等待结果。",
    ObjectionRefusal.TEXT_UNUSABLE: "请填写理由，不超过一千字。",
    ObjectionRefusal.NOT_ALLOWED: "您的职责不包括处理这类意见。",
    ObjectionRefusal.NO_OBJECTION: "在您负责的区域内没有待处理的这条意见。",
    ObjectionRefusal.OWN_WARD: "不能处理与本人有关的意见，请交给其他工作人员。",
    ObjectionRefusal.ACTS_WRONG: "缩小范围时，请选出保留的事项，要比现在少。其他决定不选事项。",
}

BOOKING = {
    BookingRefusal.SLOT_NOT_FOUND: "没有这个时段。",
    BookingRefusal.SLOT_PAST: "这个时段已经开始或结束，请选别的时段。",
    BookingRefusal.SLOT_FULL: "这个时段已约满，请选别的时段。",
    BookingRefusal.NOT_OFFERED: "这个时段不再开放，请选别的时段。",
    BookingRefusal.SHORT_NOTICE: "离开始太近，不能再预约这个时段，请选晚一些的时段。",
    BookingRefusal.TOO_EARLY: "这个时段还没有开放预约，请过几天再来。",
    BookingRefusal.PART_OF_COURSE: "这是课程中的一节。请预约或取消整个课程。",
    BookingRefusal.OTHER_SERVICE: "改约只能改到同一项服务的别的时段。",
    BookingRefusal.COURSE_NOT_FOUND: "没有这个课程。",
    BookingRefusal.COURSE_BEGUN: "课程已经开始，不能再报名。",
    BookingRefusal.COURSE_CLOSED: "这个课程不再接受报名，请选别的课程。",
    BookingRefusal.NOT_ELIGIBLE: "这项服务只给符合条件的人。请在待遇页面查看条件。",
    BookingRefusal.NO_INTERPRETER: "这项服务不提供手语翻译。",
    BookingRefusal.RESOURCE_BUSY: "这个时间没有空闲的人员、房间或手语翻译，请选别的时段。",
    BookingRefusal.ALREADY_BOOKED: "您已经约了这个时段。",
    BookingRefusal.OVERLAPS: "这个时间您已有别的预约。",
    BookingRefusal.CARD_NOT_USABLE: "残疾人证目前不能使用，请联系村（社区）或乡镇残联。",
    BookingRefusal.NOT_ALLOWED: "您不能为这位残疾人预约。请先绑定残疾人证，或确认监护关系。",
    BookingRefusal.BOOKING_NOT_FOUND: "没有找到这个预约。",
    BookingRefusal.CANCELLED_ALREADY: "这个预约已经取消。",
    BookingRefusal.TOO_LATE: "已过取消时限，请直接联系服务机构。",
    BookingRefusal.NOT_FULL: "这个时段还有名额，可以直接预约。",
    BookingRefusal.ALREADY_WAITING: "您已经在候补这个时段。",
    BookingRefusal.WISH_NOT_FOUND: "没有找到这个候补。",
    BookingRefusal.NO_OFFER: "现在没有为您保留的名额，或者保留时间已过。",
    BookingRefusal.KEY_REUSED: "同一个请求编号用在了不同的请求上，请重新操作。",
    BookingRefusal.IN_FLIGHT: "上一次请求还在处理，请稍等。",
}

DESK = {
    DeskRefusal.NOT_ALLOWED: "您没有这项权限。",
    DeskRefusal.BOOKING_NOT_FOUND: "没有找到这个预约。",
    DeskRefusal.CANCELLED: "这个预约已经取消。",
    DeskRefusal.NOT_REQUESTED: "这个预约不在等待确认，也没有需要处理的问题。",
    DeskRefusal.NOT_FLAGGED: "这个预约不需要处理资格问题。",
    DeskRefusal.NOT_YET: "还没有到服务当天，不能签到。",
    DeskRefusal.WITHIN_GRACE: "还在等候时间内，请再等一等。",
    DeskRefusal.TOO_LATE: "时间已过，不能再更改。",
    DeskRefusal.ATTENDED: "这次服务已经签到，或者缺席已获谅解。",
    DeskRefusal.NOT_MISSED: "这次服务没有记为缺席，不用申诉。",
    DeskRefusal.NO_APPEAL: "没有等待处理的申诉。",
    DeskRefusal.REASON: "原因请写一到五百个字。",
    DeskRefusal.CODE_INVALID: "这个码无法识别，请让本人重新出示。",
    DeskRefusal.CODE_OVER: "这个码已过期，请刷新后再出示。",
    DeskRefusal.CODE_REVOKED: "这个凭证已被替换或注销，请核对证件。",
    DeskRefusal.NO_BOOKING_TODAY: "今天在这里没有她的预约。",
    DeskRefusal.PROVIDER_NOT_FOUND: "没有这家机构，或者就是本机构。",
    DeskRefusal.REFERRAL_NOT_FOUND: "没有找到这次转介，或者它已过期。",
    DeskRefusal.ANSWERED: "这次转介已经答复过了。",
    DeskRefusal.NOT_A_VISIT: "这项服务不上门，不需要查看住址。",
    DeskRefusal.UNCONFIRMED: "请先确认这个预约。",
    DeskRefusal.VISIT_TIME: "只有服务的前一天和当天可以查看住址。",
}

FLEET = {
    FleetRefusal.NOT_ALLOWED: "您没有这项权限。",
    FleetRefusal.UNKNOWN: "没有找到，或者不属于这家单位。",
    FleetRefusal.NAME_INVALID: "名称和地址请写短一些，不能为空。",
    FleetRefusal.NAME_TAKEN: "这个名称已经有了，请换一个。",
    FleetRefusal.PRICE_INVALID: "票价请写名称和金额，最多二十项。",
    FleetRefusal.STATE: "设备现在的状态不能这样操作。",
    FleetRefusal.TIME_INVALID: "时间不对，请检查后再提交。",
    FleetRefusal.ACCOUNT_UNKNOWN: "没有这个账号。",
    FleetRefusal.TARIFF_INVALID: "优待规则里有互相矛盾或超出范围的数值，请检查后再保存。",
    FleetRefusal.TARIFF_FINDINGS: "优待规则还有问题，请先按检查结果修改。",
    FleetRefusal.NOT_A_DRAFT: "这份优待规则已经发布，不能再改。",
    FleetRefusal.SAME_PERSON: "最后修改的人不能发布，请另一位工作人员发布。",
    FleetRefusal.DAY_PAST: "生效日期最早是明天。",
    FleetRefusal.DAY_TAKEN: "这一天已经有一份优待规则生效。",
    FleetRefusal.NOTE_INVALID: "请写明核实的情况，不超过 500 字。",
    FleetRefusal.FINDING_DECIDED: "这条线索已经有人核实过了。",
    FleetRefusal.FINDING_ELSEWHERE: "别的单位的设备也扫到了，这条线索由残联核实。",
}

FINDING = {
    FindingKind.HOLE: "有一段时间没有规则。",
    FindingKind.OVERLAP: "有一段时间规则重复，后一条不会生效。",
    FindingKind.UNKNOWN_CLASS: "没有这种优待资格。",
    FindingKind.UNKNOWN_PLACE: "没有这条线路、这个场馆或者这个乡镇。",
    FindingKind.NO_RULES: "还没有写任何规则。",
}

_CLASSES = {
    "ride": "持证人乘车",
    "ride-accompanied": "需要陪同的持证人乘车",
    "venue": "持证人入场",
    "venue-accompanied": "需要陪同的持证人入场",
}
_COMPANIONS = {
    CompanionTerms.NONE: "",
    CompanionTerms.FREE: "，可带{count}人，陪同的人免费",
    CompanionTerms.PAYING: "，可带{count}人，陪同的人买票",
    CompanionTerms.REQUIRED: "，要有{count}人陪同，陪同的人免费",
    CompanionTerms.REQUIRED_PAYING: "，要有{count}人陪同，陪同的人买票",
}


def granted(rule: TariffRule) -> str:
    """What an access class gets, in a sentence."""
    prices = {
        Outcome.FREE: "免费",
        Outcome.REDUCED: f"付票价的百分之{(rule.price_share * 100).normalize():f}",
        Outcome.FULL: "按票价付费",
        Outcome.REFUSED: "这里不能用",
    }
    companions = _COMPANIONS[rule.companion_terms].format(count=rule.companions)
    return f"{_CLASSES.get(rule.access_class, '持证人')}，{prices[rule.outcome]}{companions}。"


# The sheet of a provider's day.
DAY_HEADS = ("时间", "服务", "姓名", "状态", "备注", "签到")
INTERPRETER = "需要手语翻译"
FLAGGED = "请先核对"
PRESENCE = {
    BookingState.REQUESTED: "待确认",
    BookingState.BOOKED: "已预约",
    BookingState.CANCELLED: "已取消",
    BookingState.ATTENDED: "已到",
    BookingState.MISSED: "缺席",
    BookingState.EXCUSED: "缺席已谅解",
}

TIMETABLE = {
    TimetableRefusal.TOO_MANY: "一周的开放时间太多，最多一百段。",
    TimetableRefusal.NOT_A_WEEKDAY: "星期请填一到七。",
    TimetableRefusal.NOT_A_SPAN: "开放时间不对。结束要晚于开始，并且在同一天。",
    TimetableRefusal.PLACES: "名额请填一到一千。",
    TimetableRefusal.TOO_SHORT: "开放时间太短，不够一次服务。",
    TimetableRefusal.OVERLAPS_ITSELF: "有两段开放时间重叠，或者间隔太短。请调整后再试。",
    TimetableRefusal.REASON: "原因请写一到八十个字。",
    TimetableRefusal.PAST: "日期已经过去，请选今天或以后的日期。",
    TimetableRefusal.NOT_ALLOWED: "您不是这家机构的工作人员，不能修改它的开放时间。",
}

CATALOGUE = {
    CatalogueRefusal.NOT_ALLOWED: "您没有这项权限，或者没有找到要修改的内容。",
    CatalogueRefusal.NAME: "名称请写一到八十个字，写成一行。",
    CatalogueRefusal.ADDRESS: "地址请写一到一百二十个字，乡镇不超过四十个字，都写成一行。",
    CatalogueRefusal.DOCUMENTS: "要带的材料最多写十项，每项一到八十个字。",
    CatalogueRefusal.PROGRAMME: "没有这个项目，请核对项目名称，或者留空。",
    CatalogueRefusal.LENGTHS: "时长不对。每次服务不超过一天，提前量不超过三十一天，可预约的天数最多三百六十六天。",
    CatalogueRefusal.SITE: "没有这个服务点，或者它已关闭。",
    CatalogueRefusal.WEEK: "新的时长放不进现有的开放时间。请先调整每周开放时间。",
    CatalogueRefusal.PRICE: "价格请填零到十万元，最多两位小数。",
    CatalogueRefusal.PAST: "日期已经过去，请选今天或以后的日期。",
    CatalogueRefusal.PLACES: "名额请填一到一千。",
    CatalogueRefusal.TAKEN: "已有人占用的名额比这个数多，不能减到这么少。",
    CatalogueRefusal.SESSIONS: "课程要有一到一百节，都在以后的一年之内。",
    CatalogueRefusal.OVERLAPS_ITSELF: "有两节课时间重叠，或者间隔太短。请调整后再试。",
    CatalogueRefusal.CLOSED: "这项服务到时已停办，不能安排课程。",
    CatalogueRefusal.ACCOUNT: "没有这个账号，或者就是您自己的账号。",
    CatalogueRefusal.KEY_REUSED: "同一个请求编号用在了不同的请求上，请重新操作。",
    CatalogueRefusal.IN_FLIGHT: "上一次请求还在处理，请稍等。",
}

CARD = {
    CardRefusal.NOT_ALLOWED: "您不能为这位残疾人办理这项业务。请核对对象和您的职责范围。",
    CardRefusal.OWN_CARD: "不能以工作人员身份办理本人或被监护人的业务，请交给其他工作人员。",
    CardRefusal.SAME_PERSON: "受理和发证要由两个人分别办理，请交给另一位工作人员。",
    CardRefusal.DECEASED: "这位残疾人已登记去世，不能再办理。",
    CardRefusal.NOT_DECEASED: "这位残疾人没有登记去世，不需要更正。",
    CardRefusal.NO_CARD: "这位居民还没有残疾人证。",
    CardRefusal.WRONG_STATE: "残疾人证或申请目前的状态不能办理这项业务，请刷新后核对。",
    CardRefusal.APPLICATION_OPEN: "已经有一份申请在办理，请先办完。",
    CardRefusal.NO_APPLICATION: "没有正在办理的申请，请先受理。",
    CardRefusal.APPEAL_OPEN: "评定结果正在复评，请等复评结束。",
    CardRefusal.NOT_RENEWABLE: "还没有到换证时间。有效期的最后一年可以换证。",
    CardRefusal.NO_DISABILITY: "评定结果为不符合残疾标准，不能发证。",
    CardRefusal.NUMBERS_USED_UP: "这个证号的补办次数已经用完，请联系上级残联。",
    CardRefusal.TOO_EARLY: "还没有到规定的期限。",
    CardRefusal.IN_THE_FUTURE: "日期不能晚于今天。",
    CardRefusal.WRONG_CAUSE: "请选择适用于这项业务的原因。",
    CardRefusal.FINDINGS_INVALID: "评定结果有误。请逐项填写残疾类别和等级，每个类别只填一次。",
    CardRefusal.NO_ID_NUMBER: "还没有公民身份号码，不能发证。请先登记户口簿或身份证上的号码。",
    CardRefusal.KEY_REUSED: "同一个请求编号用在了不同的请求上，请重新操作。",
    CardRefusal.IN_FLIGHT: "上一次请求还在处理，请稍等。",
}
CARD_STATE = {
    CardState.APPLIED: "您的申请已经受理，等待安排评定。",
    CardState.UNDER_ASSESSMENT: "正在评定或审核，请等待结果。",
    CardState.ACTIVE: "残疾人证正常，可以使用。",
    CardState.SUSPENDED: "残疾人证已暂停使用，请联系乡镇残联。",
    CardState.LOST: "残疾人证已挂失，可以到乡镇残联补办。",
    CardState.EXPIRED: "残疾人证已过有效期，请重新申请。",
    CardState.CANCELLED: "残疾人证已注销。",
}
NO_CARD = "还没有残疾人证，也没有正在办理的申请。"
APPLICATION_BESIDE = {
    ApplicationState.APPLIED: "换证或重新评定的申请已经受理。",
    ApplicationState.UNDER_ASSESSMENT: "正在重新评定。",
    ApplicationState.ASSESSED: "新的结果已经登记，正在审核。",
}
CARD_EVENT = {
    CardEvent.APPLY: "受理了办证申请。",
    CardEvent.REFER: "安排到指定医院评定。",
    CardEvent.ASSESS: "登记了医院的评定结果。",
    CardEvent.REVISE: "登记了复评结果。",
    CardEvent.REJECT: "申请没有通过。",
    CardEvent.ISSUE: "发放了残疾人证。",
    CardEvent.RENEW: "受理了换证申请。",
    CardEvent.REASSESS: "受理了重新评定申请。",
    CardEvent.REPORT_LOST: "残疾人证挂失，原来的码已经失效。",
    CardEvent.REISSUE: "补办了残疾人证，原证号作废。",
    CardEvent.SUSPEND: "残疾人证暂停使用。",
    CardEvent.RESUME: "残疾人证恢复使用。",
    CardEvent.MOVE_OUT: "登记了户口迁出。",
    CardEvent.CANCEL: "残疾人证注销。",
    CardEvent.RECORD_DEATH: "登记了去世。",
    CardEvent.RETRACT_DEATH: "更正了去世登记。原有的证件核实后恢复。",
    CardEvent.EXPIRE: "残疾人证有效期已满。",
}
CAUSE = {
    Cause.MOVED_OUT: "原因是户口迁出。",
    Cause.INQUIRY: "原因是正在核实情况。",
    Cause.RECOVERED: "原因是不再符合残疾标准。",
    Cause.WITHDRAWN: "原因是本人申请。",
    Cause.DECEASED: "原因是去世。",
    Cause.SUPERSEDED: "原因是换发了新证。",
}
ROLE = {
    Role.HOLDER: "本人或监护人",
    Role.COMMISSIONER: "村（社区）专职委员",
    Role.TOWN: "乡镇残联经办人",
    Role.DISTRICT: "区残联经办人",
    Role.ADMINISTRATOR: "人员管理员",
    Role.REGISTER: "系统",
}

APPEAL = {
    AppealRefusal.NOT_ALLOWED: "您不能为这位残疾人办理复评。请核对对象和您的职责范围。",
    AppealRefusal.NOTHING_ASSESSED: "没有可以申请复评的评定结果。",
    AppealRefusal.ALREADY_OPEN: "复评申请已经受理，请等待结果。",
    AppealRefusal.NOT_OPEN: "没有正在办理的复评。",
    AppealRefusal.FINAL: "省级复评是最终结果，不能再申请复评。",
    AppealRefusal.TOO_LATE: "已过申请复评的期限。",
    AppealRefusal.YEAR_NOT_ANNOUNCED: "当年的放假安排还没有公布，无法计算期限，请联系区残联。",
    AppealRefusal.FINDINGS_INVALID: "结果有误。改变结论时要逐项填写残疾类别和等级，维持原结论时不填。",
    AppealRefusal.KEY_REUSED: "同一个请求编号用在了不同的请求上，请重新操作。",
    AppealRefusal.IN_FLIGHT: "上一次请求还在处理，请稍等。",
}
APPEAL_LEVEL = {AppealLevel.CITY: "市残联", AppealLevel.PROVINCE: "省残联"}
APPEAL_OUTCOME = {AppealOutcome.UPHELD: "复评维持原来的结果。", AppealOutcome.CHANGED: "复评改变了原来的结果。"}

FILE = {
    FileRefusal.NOT_ALLOWED: "您不能查看或填写这份档案。请核对对象和您的职责范围。",
    FileRefusal.NOT_FOUND: "在您负责的区域内没有找到这位居民。",
    FileRefusal.KIND_NOT_ALLOWED: "您的职责不包括填写这类记录。",
    FileRefusal.TEXT_UNUSABLE: "请填写内容，不超过两千字。",
    FileRefusal.IN_THE_FUTURE: "日期不能晚于今天。",
    FileRefusal.KEY_REUSED: "同一个请求编号用在了不同的请求上，请重新操作。",
    FileRefusal.IN_FLIGHT: "上一次请求还在处理，请稍等。",
}
VERDICT = {
    Eligibility.ELIGIBLE: "可以享受",
    Eligibility.NOT_ELIGIBLE: "不能享受",
    Eligibility.UNDETERMINED: "需要补充材料",
}
ENTRY_WRITTEN = "已写入档案。"

OWN_DATA = {
    OwnDataRefusal.NOT_ALLOWED: "只有本人，或者可以为本人办理全部事项的监护人，才能取得这份个人信息。",
}

CREDENTIAL = {
    CredentialRefusal.NOT_ALLOWED: "您不能为这位残疾人出码。请先绑定残疾人证，或确认监护关系。",
    CredentialRefusal.CARD_NOT_USABLE: "残疾人证目前不能使用，请联系村（社区）或乡镇残联。",
    CredentialRefusal.CHALLENGE_INVALID: "操作超时，请重试。",
    CredentialRefusal.PROOF_INVALID: "手机密钥校验失败，请重试。",
    CredentialRefusal.NO_ACCESS: "目前没有可以用码的乘车或入园待遇。",
}

ENROLMENT = {
    EnrolmentRefusal.CODE_INVALID: "启用码无效、已过期或已用过，请向管理员要新的启用码。",
    EnrolmentRefusal.PROOF_INVALID: "设备密钥校验失败，请重新启用设备。",
}

UPLOAD = {
    UploadRefusal.MALFORMED: "上传的内容无法识别。",
    UploadRefusal.TOO_MANY: "一次上传的记录太多，请分批上传。",
    UploadRefusal.HEAD_INVALID: "记录链的签名校验失败。",
    UploadRefusal.FOREIGN: "记录不属于本单位的设备。",
}

TAP = {
    FindingRefusal.NOT_STAFF: "只有工作人员可以查看。",
    FindingRefusal.FINDING_NOT_FOUND: "在您负责的区域内没有找到这条线索。",
    FindingRefusal.DECIDED: "这条线索已经有人核实过了。",
    FindingRefusal.NOTE: "请写明核实的情况，不超过 500 字。",
}
SUSPICION = {
    Suspicion.SAME_CODE: "同一个码被两台设备放行，可能是截屏。请核实。",
    Suspicion.IMPOSSIBLE_JOURNEY: "两次乘车相隔太近，一个人来不及。请核实，也可能是设备时间不准。",
    Suspicion.SHARED: "一天内使用次数太多，可能是多人共用。请核实。",
    Suspicion.PRINTED_TWICE: "同一张纸质码很快在两处使用，可能被复印。请核实。",
}
SCAN_CHAIN = {
    ChainState.WHOLE: "记录完整，但有内容不同的重复记录。",
    ChainState.GAP: "中间缺少记录，设备可能还没有传完。",
    ChainState.BROKEN: "记录前后对不上，请检查设备。",
}

# What a gate decided, and why it refused; reasons are those of `card.refusal.RefusalReason`.
RIDE = {
    "free": "免费放行。",
    "reduced": "优惠放行。",
    "full": "按全价放行。",
    "refused": "没有放行。",
}
RIDE_REFUSED = {
    "expired": "码已过期，没有放行。",
    "stale": "码出示得太久，没有放行。请刷新后再出示。",
    "future": "手机时间不准，没有放行。",
    "not_yet_valid": "码还没有生效，没有放行。",
    "revoked": "凭证已被替换或注销，没有放行。",
    "suspended": "凭证已暂停，没有放行。",
    "status_unknown": "当时查不到凭证状态，没有放行。",
    "replayed": "这个码刚刚用过，没有放行。",
    "pass_back": "刚刚已经刷过，没有放行。",
    "no_access": "这里没有对应的优待，没有放行。",
    "daily_cap": "今天的次数已用完，没有放行。",
    "monthly_cap": "这个月的次数已用完，没有放行。",
    "closed": "当时不在开放时间，没有放行。",
    "bearer_not_accepted": "这里不能用在线码或纸质码，没有放行。",
}

RIDE_OVERRIDDEN = "司机同意上车。"
RIDE_DISPUTE = {
    RideRefusal.NOT_FOUND: "没有找到这次乘车或入园的记录。",
    RideRefusal.WORDS: "内容请写一到五百个字。",
    RideRefusal.TOO_LATE: "超过九十天的记录不能再提出异议。",
    RideRefusal.NOT_ALLOWED: "只有工作人员可以答复异议。",
    RideRefusal.ANSWERED: "这个异议已经答复过了。",
}
RIDE_DISPUTE_STATE = {
    None: "异议已经收到，请等待答复。",
    True: "核查后，您的异议成立。",
    False: "核查后，原来的记录没有问题。",
}

EVIDENCE = {
    Evidence.HOLDER_SIGNED: "手机签名",
    Evidence.BEARER: "无绑定码",
    Evidence.OVERRIDE: "司机放行",
    Evidence.COMPANION: "陪同人员",
}
STATEMENT = {
    StatementRefusal.NOT_FOUND: "没有找到这份结算单或这一行。",
    StatementRefusal.NOT_ALLOWED: "只有区残联的工作人员可以结算。",
    StatementRefusal.NOT_OVER: "这个月还没有结束，下个月一日起可以结算。",
    StatementRefusal.NOT_NEXT: "结算要逐月进行，请先结算前面的月份。",
    StatementRefusal.WORDS: "理由请写一到五百个字。",
    StatementRefusal.NUMBER: "次数不能小于零。",
    StatementRefusal.OPEN_ALREADY: "这一行已有没解决的异议。",
    StatementRefusal.OWN_DISPUTE: "异议由对方答复。",
    StatementRefusal.OTHERS_DISPUTE: "异议由提出的一方确认解决。",
    StatementRefusal.NOT_ANSWERED: "对方还没有答复。",
    StatementRefusal.SETTLED: "这个异议已经解决。",
}
CLOSING_ORDERED = "已经开始结算，几分钟后可以看到结算单。"

# The dashboard of an operator, or of all, and its tables.
ALL_OPERATORS = "全部运营方"
DASHBOARD_SPAN = "请选起止日期，最多三十一天。"
DASHBOARD_EMPTY = "这段时间没有记录。"
NO_SILENT_DEVICE = "所有设备都正常上传。"
NEVER = "从未上传"
DAYS_TITLE, DAYS_HEADS = "每天的乘车和入园", ("日期", "乘车", "入园", "陪同", "未放行")
LINES_TITLE, LINES_HEADS = "按线路和场馆", ("线路或场馆", "次数")
CLASSES_TITLE, CLASSES_HEADS = "按优待结果", ("优待", "次数")
REFUSALS_TITLE, REFUSALS_HEADS = "没有放行的原因", ("原因", "次数")
DELAYS_TITLE, DELAYS_HEADS = "记录多久传到", ("时间", "次数")
SILENT_TITLE, SILENT_HEADS = "一天以上没有上传的设备", ("运营方", "位置", "最后上传")
RIDE_CLASS = {
    Verdict.FREE: "免费",
    Verdict.REDUCED: "优惠",
    Verdict.FULL: "全价",
    Verdict.REFUSED: "司机放行",
}
DELAY = {
    Delay.HOUR: "一小时内",
    Delay.DAY: "一天内",
    Delay.WEEK: "一周内",
    Delay.LONGER: "一周以上",
}
# Short, for a table; what a resident is told stands in RIDE_REFUSED.
REFUSED_BECAUSE = {
    "expired": "码已过期",
    "stale": "出示太久",
    "future": "手机时间不准",
    "not_yet_valid": "码未生效",
    "revoked": "凭证已注销",
    "suspended": "凭证已暂停",
    "status_unknown": "查不到凭证状态",
    "replayed": "码刚用过",
    "pass_back": "刚刚刷过",
    "no_access": "没有对应优待",
    "daily_cap": "次数用完",
    "bearer_not_accepted": "不收无绑定码",
    "bundle_stale": "设备数据太旧",
    "no_bundle": "设备没有数据",
    "clock_unknown": "设备时间不明",
}
REFUSED_OTHERWISE = "码无法识别或其他原因"

CURSOR_INVALID = "翻页位置无效，请从第一页重新开始。"
FRAGMENT_CYCLE = "Fragments must not spread themselves."
INTROSPECTION_OFF = "Introspection is off here: the schema is published as schema/schema.graphql."
MUTATION_BY_GET = "Mutations are sent by POST."

MALFORMED = "请求无法识别。"
NOT_JSON = "请求不是有效的 JSON。"
NESTED_TOO_DEEP = "请求的 JSON 嵌套太深。"
NOT_A_REQUEST = "请求应为一个 JSON 对象，含 query、variables、operationName。一次只能发一个请求。"
NO_QUERY = "请求缺少 query。"
NOT_ACCEPTABLE = "本接口只提供 application/json 和 application/graphql-response+json。"
UNSUPPORTED_TYPE = "请求的内容类型不受支持。"
TOO_LARGE = "请求的内容太大。"
TOO_SLOW = "请求的内容没有及时传完，请检查网络后重试。"
NOT_FOUND = "没有这个地址。"
METHOD_NOT_ALLOWED = "这个地址不支持这种请求方法。"
DEVICE_UNKNOWN = "设备未启用、已停用，或设备时间不准。"

INTERNAL = "系统出错，请稍后再试。如果一直这样，请把请求编号告诉工作人员。"
DATABASE_UNAVAILABLE = "系统忙，请稍后再试。"
TIMEOUT = "处理时间太长，请稍后再试。"


def day_title(provider: str, on: date) -> str:
    """The head of a provider's sheet."""
    return f"{provider} {on.year}年{on.month}月{on.day}日预约表"


def together(remarks: Iterable[str]) -> str:
    """Remarks in one cell."""
    return "，".join(remarks)


def ride(outcome: str, reason: str | None, companions: int = 0, *, overridden: bool = False) -> str:
    """What came of a ride in sentences; a reason that says nothing to the resident is left out."""
    told = RIDE_REFUSED.get(reason or "", RIDE["refused"]) if outcome == "refused" else RIDE[outcome]
    if overridden:
        told += RIDE_OVERRIDDEN
    return told + (f"同行{companions}人。" if companions else "")


def ride_dispute(*, upheld: bool | None) -> str:
    """How a dispute of a ride stands."""
    return RIDE_DISPUTE_STATE[upheld]


def dashboard_title(operator: str) -> str:
    """The head of a dashboard."""
    return f"{operator}乘车与入园情况"


def dashboard_span(since: date, until: date, at: datetime) -> str:
    """Which days it shows, and as of when; `at` is the district's time."""
    return f"{day(since)}至{day(until)}，{moment(at)}的数据"


def dashboard_sum(rides: int, entries: int, refused: int) -> str:
    """The numbers that matter, in a sentence."""
    return f"乘车{rides:,}次，入园{entries:,}次，未放行{refused:,}次。"


def at_most(number: int) -> str:
    """The greatest number of a chart, said beside it."""
    return f"最高{number:,}次"


def download(title: str, ending: str) -> str:
    """A link to a table as a file."""
    return f"下载{title}（{ending.upper()}）"


def day(on: date) -> str:
    """A day of the calendar."""
    return f"{on.year}年{on.month}月{on.day}日"


def because(reason: str) -> str:
    """Why a gate let nobody in, in a few words."""
    return REFUSED_BECAUSE.get(reason, REFUSED_OTHERWISE)


def access_by(access: Access) -> str:
    """Who it was: by role and organisation or by relation, never by name."""
    if access.action in _AT_DESK:
        return "服务机构的工作人员"
    if access.role is not None:
        return f"{access.organisation}的{STAFF_ROLE[access.role]}"
    if access.relation is not None:
        return f"监护人（{access.relation}）"
    return "另一个微信账号" if access.is_account else "残联系统"


def access(access: Access) -> str:
    """What was seen or done, and for what where a reason was asked."""
    if access.action == REVEAL_ACTION:
        what, reason = access.detail.split()
        done = f"查看了完整的{REVEAL_FIELD[RevealField(what)]}，用途：{REVEAL_REASON[RevealReason(reason)]}"
    else:
        done = ACCESS.get(access.action, ACCESS_OTHER)
    return f"{access_by(access)}{done}。"


def page_size(most: int) -> str:
    """Said to a client that asks for no page or too large a one."""
    return f"每页条数应在 1 到 {most} 之间。"


def limit(name: str, most: int) -> str:
    """Said to the author of a client whose operation exceeds a limit."""
    return f"The operation exceeds the limit of {most} for {name.replace('_', ' ')}."


# A message lies open on a locked screen, and a calendar is read by other companies: the words name no disability.
NEUTRAL_SERVICE = {
    ServiceKind.REHAB_TRAINING: "训练",
    ServiceKind.DAY_CARE: "日间活动",
    ServiceKind.SIGN_INTERPRETING: "陪同沟通",
    ServiceKind.LEGAL_AID: "咨询",
    ServiceKind.DEVICE_FITTING: "适配",
    ServiceKind.HOME_ASSESSMENT: "上门评估",
    ServiceKind.VOCATIONAL_COURSE: "课程",
    ServiceKind.CULTURE_SPORT: "文体活动",
    ServiceKind.VOLUNTEER_VISIT: "上门探访",
}
AT_HOME = "上门服务"
# For what may not be named in a message: it says that there is news, and where.
ERRAND = "业务办理"
IN_THE_APP = "请打开小程序查看"
NOTICE_STATUS = {
    NoticeKind.REMINDER: "即将开始",
    NoticeKind.CONFIRMED: "已确认",
    NoticeKind.CHANGED: "已改时间",
    NoticeKind.TERMS: "费用有变",
    NoticeKind.CANCELLED: "已取消",
    NoticeKind.OFFERED: "有空位",
    NoticeKind.CARD: "有新进展",
}
_SMS = {
    NoticeKind.REMINDER: "提醒您：{time}有预约，内容是{service}，地点是{place}。",
    NoticeKind.CONFIRMED: "您的预约已确认：{time}，内容是{service}，地点是{place}。",
    NoticeKind.CHANGED: "您的预约改了时间，现在是{time}，内容是{service}，地点是{place}。",
    NoticeKind.TERMS: "您{time}的预约仍然保留，但费用或要带的材料有变，请查看预约。内容是{service}，地点是{place}。",
    NoticeKind.CANCELLED: "您{time}的预约已取消，内容是{service}，地点是{place}。",
    NoticeKind.OFFERED: "您等候的时段有空位了：{time}，内容是{service}，地点是{place}。",
    NoticeKind.CARD: "您的{service}在{time}有新进展。{place}，也可以问村（社区）工作人员。",
}

SUBSCRIPTION_BY_HTTP = "订阅要通过 WebSocket 进行。"
ONLY_SUBSCRIPTIONS = "这里只接受一个订阅操作。"
TOO_MANY_SUBSCRIPTIONS = "同时打开的订阅太多，请先关闭一些。"
NOT_YOUR_DESK = "您不在这个机构工作，不能查看它的名单。"
NOT_YOUR_WARD = "您不能查看这位残疾人的候补。"
CONSENT = {
    ConsentRefusal.TOO_MANY: "一次最多同意三种消息。",
    ConsentRefusal.MIXED: "一次性消息和长期消息要分开同意。",
    ConsentRefusal.TEMPLATE_UNKNOWN: "没有这种消息，请刷新页面后再试。",
    ConsentRefusal.KEY_REUSED: "这次操作与之前的不同，请重新操作一次。",
    ConsentRefusal.IN_FLIGHT: "正在处理，请稍等再试。",
}
FEED = {
    FeedRefusal.NOT_ALLOWED: "您不能查看这份日历。请先绑定残疾人证，或确认监护关系、工作单位。",
    FeedRefusal.NOT_FOUND: "没有可以停用的日历地址。",
}
CALENDAR_NAME = "我的预约"
CALENDAR_TOO_OFTEN = "今天读取日历的次数太多，请明天再试。"


def sms(kind: NoticeKind, service: str, time: str, place: str) -> str:
    """The text message for a notice."""
    return _SMS[kind].format(time=time, service=service, place=place)


def sms_until(time: str) -> str:
    """How long an offered place is kept."""
    return f"请在{time}前答复。"


def moment(local: datetime) -> str:
    """A time of the district as WeChat's `time` fields want it."""
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def standing(state: CardState | None, application: ApplicationState | None) -> str:
    """How a card stands, with an application that runs beside it."""
    if state is None:
        return NO_CARD
    runs_beside = application is not None and state not in {CardState.APPLIED, CardState.UNDER_ASSESSMENT}
    return CARD_STATE[state] + (APPLICATION_BESIDE.get(application, "") if application and runs_beside else "")


def card_event(event: CardEvent, cause: Cause | None) -> str:
    """An event of a card's life, with its cause where there is one."""
    return CARD_EVENT[event] + (CAUSE[cause] if cause else "")


def appeal_filed(level: AppealLevel, outcome: AppealOutcome | None) -> str:
    """An appeal, with what came of it."""
    return f"向{APPEAL_LEVEL[level]}申请了复评。" + (APPEAL_OUTCOME[outcome] if outcome else "")


def appeal_term(level: AppealLevel, until: date | None) -> str:
    """Until when an appeal can be filed, or that nobody can say yet."""
    whom = APPEAL_LEVEL[level]
    if until is None:
        return f"如不认可评定结果，可以向{whom}申请复评。放假安排还没有公布，最后期限暂不能确定，请尽早申请。"
    last = f"{until.year}年{until.month}月{until.day}日"
    return f"如不认可评定结果，可以向{whom}申请复评，最后一天是{last}。"


def service_booked(name: str, *, cancelled: bool) -> str:
    """A booking in the file."""
    return f"预约过{name}，已取消。" if cancelled else f"预约了{name}。"


def benefit_changed(title: str, before: Eligibility, after: Eligibility) -> str:
    """What a change of the card did to a programme."""
    return f"{title}：由{VERDICT[before]}变为{VERDICT[after]}。"


def guardianship_ends(last: date, *, of_age: bool) -> str:
    """Until when a guardian acts for a ward, and why no longer."""
    if not of_age:
        return (
            f"您的代办期限到{last.year}年{last.month}月{last.day}日为止。如需继续，请提前到村（社区）或乡镇残联办理。"
        )
    first = last + timedelta(days=1)
    return (
        f"被监护人到{first.year}年{first.month}月{first.day}日年满十八周岁。从这一天起由本人办理，您不再代办。"
        "如果本人不能独立办理，请提前到村（社区）或乡镇残联登记监护。"
    )
