"""What a session costs a resident, and what she should bring, by the rules of its day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.benefit import BenefitKind
from domain.entitlement import Entitlement, Verdict


@dataclass(frozen=True)
class Quote:
    """A price in yuan and the share of it (0 to 1) that a programme bears, None unless it certainly does.

    `sessions_a_year` bounds how many sessions of a calendar year the programme bears, None where it sets no bound.
    """

    price: Decimal
    programme: str = ""
    verdict: Verdict | None = None
    cost_share: Decimal | None = None
    sessions_a_year: int | None = None
    rule_effective: date | None = None
    to_bring: tuple[str, ...] = ()

    def share_after(self, sessions: int) -> Decimal | None:
        """The share borne when so many sessions of the year are borne already."""
        used_up = self.sessions_a_year is not None and sessions >= self.sessions_a_year
        return Decimal(0) if self.cost_share is not None and used_up else self.cost_share


def quote(price: Decimal, documents: Sequence[str], entitlement: Entitlement | None) -> Quote:
    """The quote for a session whose service asks for `documents`, of a day on which `entitlement` was decided.

    Who may be entitled but cannot show it yet is told what would settle it.
    """
    if entitlement is None:
        return Quote(price, to_bring=tuple(documents))
    bring = list(documents)
    if entitlement.verdict is Verdict.UNDETERMINED:
        bring += [*entitlement.documents, *(f"{need.label}({need.department})" for need in entitlement.missing)]
    shares = [
        (benefit.cost_share, benefit.sessions_a_year)
        for benefit in entitlement.benefits
        if benefit.kind is BenefitKind.COST_SHARE and benefit.certain and benefit.cost_share is not None
    ]
    share, sessions = max(shares, default=(None, None), key=lambda each: each[0] or 0)
    return Quote(
        price,
        entitlement.programme,
        entitlement.verdict,
        share,
        sessions,
        entitlement.effective,
        tuple(dict.fromkeys(bring)),
    )
