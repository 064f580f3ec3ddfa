"""What a programme gives: money, a share of a cost, an access class or a service, partly tied to district figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from domain.fact import CENT
from domain.legal import LegalIndex, LegalReference
from domain.logic import Rule, parse_rule
from domain.parameter import Bound, Parameter, parse_bound
from domain.policy_file import Section

NOTHING = Decimal(0)
AMOUNTS = ("monthly", "yearly", "once")
KINDS = (*AMOUNTS, "cost_share", "access_class", "in_kind")


class BenefitKind(StrEnum):
    """What is given."""

    MONTHLY = "monthly"  # yuan a month
    YEARLY = "yearly"  # yuan a year
    ONCE = "once"  # yuan, paid one time
    COST_SHARE = "cost_share"  # share of the person's cost, 0 to 1
    ACCESS_CLASS = "access_class"  # a neutral tier that tariffs price
    IN_KIND = "in_kind"  # a service or a thing


TIMES_A_YEAR = {BenefitKind.MONTHLY: 12, BenefitKind.YEARLY: 1, BenefitKind.ONCE: 1}


@dataclass(frozen=True)
class Indexation:
    """An amount moves by the same percentage as a parameter has since the day the amount was set."""

    parameter: str
    base: date

    def factor(self, day: date, parameters: Mapping[str, Parameter]) -> Decimal | None:
        """How far the parameter has moved; None before it has a value."""
        then, now = (parameters[self.parameter].on(when) for when in (self.base, day))
        return None if then is None or now is None else now.value / then.value


@dataclass(frozen=True)
class BenefitTerm:
    """One benefit of a rule version; `when` narrows it to some of the entitled.

    A share of a cost may be borne for so many sessions of a calendar year alone.
    """

    kind: BenefitKind
    title: str
    when: Rule | None
    clause: LegalReference
    illustrative: bool
    amount: Bound | None = None
    indexation: Indexation | None = None
    cost_share: Decimal | None = None
    access_class: str | None = None
    sessions_a_year: int | None = None

    def amount_on(self, day: date, parameters: Mapping[str, Parameter]) -> Decimal | None:
        """Yuan on a day, rounded half up to the cent; None for kinds without an amount, or before a figure is known."""
        amount = None if self.amount is None else self.amount.on(day, parameters)
        factor = Decimal(1) if self.indexation is None else self.indexation.factor(day, parameters)
        return None if amount is None or factor is None else (amount * factor).quantize(CENT, ROUND_HALF_UP)

    def is_illustrative_on(self, day: date, parameters: Mapping[str, Parameter]) -> bool:
        """Whether the amount rests on a figure that the district has yet to enter."""
        values = [parameters[name].on(day) for name in self.parameters()]
        return self.illustrative or any(value is not None and value.illustrative for value in values)

    def parameters(self) -> tuple[str, ...]:
        """The district figures that the amount rests on."""
        indexed = () if self.indexation is None else (self.indexation.parameter,)
        shared = () if self.amount is None or self.amount.parameter is None else (self.amount.parameter,)
        return (*indexed, *shared)


def parse_benefit(section: Section, effective: date, index: LegalIndex) -> BenefitTerm:
    """Read one benefit; exactly one of its kinds must be given.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section.only("title", "when", "clause", "illustrative", "indexed_to", "sessions_a_year", *KINDS)
    given = [kind for kind in KINDS if kind in section.content]
    if len(given) != 1:
        raise section.wrong("title", "not exactly one kind of benefit", f"Give one of {', '.join(KINDS)}")
    kind = BenefitKind(given[0])
    share = section.optional_number("cost_share")
    if share is not None and share > 1:
        raise section.wrong("cost_share", "more than the whole cost", "Write a share between 0 and 1, as 0.5")
    indexed_to = section.optional_text("indexed_to")
    if indexed_to is not None and kind not in AMOUNTS:
        raise section.wrong("indexed_to", "only an amount can be indexed", "Remove it")
    if kind is BenefitKind.IN_KIND and not section.flag("in_kind"):
        raise section.wrong("in_kind", "false says nothing", "Write true, or give another kind")
    return BenefitTerm(
        kind=kind,
        title=section.text("title"),
        when=parse_rule(section, "when") if "when" in section.content else None,
        clause=index.reference(section, "clause", section.text("clause")),
        illustrative=section.flag("illustrative"),
        amount=parse_bound(section, kind) if kind in AMOUNTS else None,
        indexation=None if indexed_to is None else Indexation(indexed_to, effective),
        cost_share=share,
        access_class=section.text("access_class") if kind is BenefitKind.ACCESS_CLASS else None,
        sessions_a_year=_sessions_a_year(section, kind),
    )


def _sessions_a_year(section: Section, kind: BenefitKind) -> int | None:
    sessions = section.optional_number("sessions_a_year")
    if sessions is None:
        return None
    if kind is not BenefitKind.COST_SHARE:
        raise section.wrong("sessions_a_year", "only a share of a cost is counted in sessions", "Remove it")
    if sessions < 1 or sessions % 1:
        raise section.wrong("sessions_a_year", "not a count", "Write a whole number from 1 on")
    return int(sessions)
