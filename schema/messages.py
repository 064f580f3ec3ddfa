"""Every Chinese sentence that the API itself says, in one place."""

from domain.booking import BookingRefusal
from models.session import StaffRole
from services.accesses import Access
from services.binding import BindingRefusal, CodeRefusal
from services.credentials import CredentialRefusal
from services.devices import EnrolmentRefusal
from services.reveals import ACTION as REVEAL_ACTION
from services.reveals import RevealField, RevealReason, RevealRefusal
from services.sessions import RefreshRefusal
from services.taps import UploadRefusal

CATEGORY = {1: "视力残疾", 2: "听力残疾", 3: "言语残疾", 4: "肢体残疾", 5: "智力残疾", 6: "精神残疾", 7: "多重残疾"}
GRADE = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}

NOT_SIGNED_IN = "请先登录。"
SESSION_ENDED = "登录已失效，请重新登录。"
SIGNED_OUT = "已退出登录。"

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

# Who did what, as the audit log names it; the sentence begins with who it was.
STAFF_ROLE = {StaffRole.COMMISSIONER: "专职委员", StaffRole.CLERK: "经办人"}
ACCESS = {
    "view_ward": "查看了证件、待遇和预约",
    "book_slot": "代为预约了服务",
    "cancel_booking": "代为取消了预约",
    "issue_pass": "代为领取了乘车凭证",
    "online_code": "代为打开了在线码",
    "issue_binding_code": "查到了这张残疾人证，并开出绑定码",
    "bind_card": "绑定了这张残疾人证",
}
ACCESS_OTHER = "处理了登记信息"

BOOKING = {
    BookingRefusal.SLOT_NOT_FOUND: "没有这个时段。",
    BookingRefusal.SLOT_PAST: "这个时段已经开始或结束，请选别的时段。",
    BookingRefusal.SLOT_FULL: "这个时段已约满，请选别的时段。",
    BookingRefusal.ALREADY_BOOKED: "您已经约了这个时段。",
    BookingRefusal.OVERLAPS: "这个时间您已有别的预约。",
    BookingRefusal.CARD_NOT_USABLE: "残疾人证目前不能使用，请联系村（社区）或乡镇残联。",
    BookingRefusal.NOT_ALLOWED: "您不能为这位残疾人预约。请先绑定残疾人证，或确认监护关系。",
    BookingRefusal.BOOKING_NOT_FOUND: "没有找到这个预约。",
    BookingRefusal.CANCELLED_ALREADY: "这个预约已经取消。",
    BookingRefusal.TOO_LATE: "已过取消时限，请直接联系服务机构。",
    BookingRefusal.KEY_REUSED: "同一个请求编号用在了不同的请求上，请重新操作。",
    BookingRefusal.IN_FLIGHT: "上一次请求还在处理，请稍等。",
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
    "bearer_not_accepted": "这里不能用在线码或纸质码，没有放行。",
}

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


def ride(outcome: str, reason: str | None) -> str:
    """What came of a ride in a sentence; a reason that says nothing to the resident is left out."""
    return RIDE_REFUSED.get(reason or "", RIDE["refused"]) if outcome == "refused" else RIDE[outcome]


def access_by(access: Access) -> str:
    """Who it was: by role and organisation or by relation, never by name."""
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
