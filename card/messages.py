"""Every sentence that a driver, a clerk or a holder reads at a gate: short, and demeaning to nobody."""

from decimal import Decimal
from typing import Final, assert_never

from card.admission import Admission
from card.refusal import RefusalReason
from card.tariff import CompanionTerms, Outcome

_SEPARATOR: Final = " · "
COUNT_BY_HAND: Final = "请人工计数"
_OVERRIDDEN: Final = "人工放行"
NOTHING_TO_OVERRIDE: Final = "没有可放行的记录"
_CHECK_NAME: Final = "请核对姓名"
REFUSALS: Final = {
    RefusalReason.MALFORMED: "无法识别此码 · 请出示助残码",
    RefusalReason.TOO_LARGE: "无法识别此码 · 请出示助残码",
    RefusalReason.NOT_CANONICAL: "无法识别此码 · 请出示助残码",
    RefusalReason.UNKNOWN_KEY: "码暂不能核验 · 请刷新后重试",
    RefusalReason.WRONG_ALGORITHM: "无法识别此码 · 请出示助残码",
    RefusalReason.BAD_SIGNATURE: "码未通过核验 · 请刷新后重试",
    RefusalReason.NOT_PRESENTED: "请打开小程序出示动态码",
    RefusalReason.EXPIRED: "码已过期 · 请联网刷新",
    RefusalReason.NOT_YET_VALID: "码尚未生效 · 请刷新后重试",
    RefusalReason.STALE: "码已失效 · 请刷新后重试",
    RefusalReason.FUTURE: "手机时间有误 · 请联网刷新",
    RefusalReason.REVOKED: "码已更换 · 请刷新后重试",
    RefusalReason.SUSPENDED: "码已暂停 · 请联系残联",
    RefusalReason.STATUS_UNKNOWN: "码暂不能核验 · 请刷新后重试",
    RefusalReason.REPLAYED: "此码已使用 · 请刷新后重试",
    RefusalReason.PASS_BACK: "刚刚已通过 · 请稍后再试",
    RefusalReason.NO_ACCESS: "此处不适用优待 · 请按普通票通行",
    RefusalReason.DAILY_CAP: "今日优待次数已用完",
    RefusalReason.MONTHLY_CAP: "本月优待次数已用完",
    RefusalReason.CLOSED: "现在不在开放时间",
    RefusalReason.BEARER_NOT_ACCEPTED: "此处不收此类码 · 请出示动态码",
    RefusalReason.NO_BUNDLE: "设备未就绪 · 请人工处理",
    RefusalReason.NO_TARIFF: "设备未就绪 · 请人工处理",
    RefusalReason.BUNDLE_STALE: "设备未就绪 · 请人工处理",
    RefusalReason.CLOCK_UNKNOWN: "设备未就绪 · 请人工处理",
    RefusalReason.OUT_OF_SERVICE: "设备未就绪 · 请人工处理",
    RefusalReason.ROLLBACK: "设备未就绪 · 请人工处理",
    RefusalReason.FOREIGN_DEVICE: "设备未就绪 · 请人工处理",
    RefusalReason.WRONG_NONCE: "设备未就绪 · 请人工处理",
}


def display(admission: Admission) -> str:
    """The line on the gate's display: price, companions, and what to do."""
    if admission.reason is not None:
        return REFUSALS[admission.reason]
    parts = [_price(admission.outcome, admission.price_share), _companions(admission), "请进"]
    if admission.masked_name is not None:
        parts.append(f"{_CHECK_NAME} {admission.masked_name}")
    if not admission.recorded:
        parts.append(COUNT_BY_HAND)
    return _SEPARATOR.join(parts)


def overridden(admission: Admission) -> str:
    """The line for a person whom the driver or clerk let in all the same."""
    return _OVERRIDDEN if admission.recorded else f"{_OVERRIDDEN}{_SEPARATOR}{COUNT_BY_HAND}"


def _price(outcome: Outcome, share: Decimal) -> str:
    if outcome is Outcome.FREE:
        return "免费"
    if outcome is Outcome.FULL:
        return "全价"
    return f"优惠 付{(share * 100).normalize():f}%"


def _companions(admission: Admission) -> str:
    count = admission.companions
    match admission.companion_terms:
        case CompanionTerms.NONE:
            return "本人"
        case CompanionTerms.FREE:
            return f"本人+{count}"
        case CompanionTerms.PAYING:
            return f"本人+{count}(陪同购票)"
        case CompanionTerms.REQUIRED:
            return f"本人+{count}(须有陪同)"
        case CompanionTerms.REQUIRED_PAYING:
            return f"本人+{count}(须有陪同，陪同购票)"
        case _:
            assert_never(admission.companion_terms)
