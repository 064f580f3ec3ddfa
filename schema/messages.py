"""Every Chinese sentence that the API itself says, in one place."""

from domain.booking import BookingRefusal
from services.binding import BindingRefusal, CodeRefusal
from services.credentials import CredentialRefusal
from services.sessions import RefreshRefusal

CATEGORY = {1: "视力残疾", 2: "听力残疾", 3: "言语残疾", 4: "肢体残疾", 5: "智力残疾", 6: "精神残疾", 7: "多重残疾"}
GRADE = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}

NOT_SIGNED_IN = "请先登录。"
SESSION_ENDED = "登录已失效,请重新登录。"
SIGNED_OUT = "已退出登录。"

WECHAT_CODE_INVALID = "验证码无效、已过期或已用过,请重新获取。"
WECHAT_RATE_LIMITED = "操作太频繁,请过一分钟再试。"
WECHAT_RISKY = "微信提示该账号有风险,暂时不能登录。请先在微信中完成安全验证。"
WECHAT_UNAVAILABLE = "暂时联系不上微信,请稍后再试。"

REFRESH = {
    RefreshRefusal.UNKNOWN: SESSION_ENDED,
    RefreshRefusal.EXPIRED: "太久没有使用,请重新登录。",
    RefreshRefusal.REUSED: "登录凭据被重复使用。为了您的安全,已退出登录,请重新登录。",
}

BINDING = {
    BindingRefusal.NOT_MATCHED: "没有绑定成功:信息与登记不一致,或者该证已绑定其他微信。请核对后再试,也可到村(社区)或乡镇残联办理。",
    BindingRefusal.CARD_NUMBER_INVALID: "残疾人证号有误,请对照证件核对每一位。",
    BindingRefusal.PROOF_MISSING: "请用手机号验证,或者填写工作人员给的一次性绑定码,二选一。",
    BindingRefusal.TOO_MANY_ATTEMPTS: "今天尝试次数太多,请明天再试,或到村(社区)或乡镇残联办理。",
}

BINDING_CODE = {
    CodeRefusal.NOT_STAFF: "只有工作人员可以开绑定码。",
    CodeRefusal.NOT_FOUND: "在您负责的区域内没有找到这张有效的残疾人证。",
}

BOOKING = {
    BookingRefusal.SLOT_NOT_FOUND: "没有这个时段。",
    BookingRefusal.SLOT_PAST: "这个时段已经开始或结束,请选别的时段。",
    BookingRefusal.SLOT_FULL: "这个时段已约满,请选别的时段。",
    BookingRefusal.ALREADY_BOOKED: "您已经约了这个时段。",
    BookingRefusal.OVERLAPS: "这个时间您已有别的预约。",
    BookingRefusal.CARD_NOT_USABLE: "残疾人证目前不能使用,请联系村(社区)或乡镇残联。",
    BookingRefusal.NOT_ALLOWED: "您不能为这位残疾人预约。请先绑定残疾人证,或确认监护关系。",
    BookingRefusal.BOOKING_NOT_FOUND: "没有找到这个预约。",
    BookingRefusal.CANCELLED_ALREADY: "这个预约已经取消。",
    BookingRefusal.TOO_LATE: "已过取消时限,请直接联系服务机构。",
    BookingRefusal.KEY_REUSED: "同一个请求编号用在了不同的请求上,请重新操作。",
    BookingRefusal.IN_FLIGHT: "上一次请求还在处理,请稍等。",
}

CREDENTIAL = {
    CredentialRefusal.NOT_ALLOWED: "您不能为这位残疾人出码。请先绑定残疾人证,或确认监护关系。",
    CredentialRefusal.CARD_NOT_USABLE: "残疾人证目前不能使用,请联系村(社区)或乡镇残联。",
    CredentialRefusal.CHALLENGE_INVALID: "操作超时,请重试。",
    CredentialRefusal.PROOF_INVALID: "手机密钥校验失败,请重试。",
    CredentialRefusal.NO_ACCESS: "目前没有可以用码的乘车或入园待遇。",
}

LIMIT_PAGE = "每页条数应在 1 到 100 之间。"
