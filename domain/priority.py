"""Who is called first to a freed place, by dated rules that rest on programmes: data of the district, never code."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from domain.entitlement import Entitlement, Verdict
from domain.legal import LegalIndex, LegalReference
from domain.policy_file import Place, PolicyInvalid, Section
from domain.rulebook import RuleBook

FILE = "waiting/order.toml"


@dataclass(frozen=True)
class CallingOrder:
    """From a day on, residents entitled to the `first` programme go before those of the next, and these before others.

    It rests on a clause, or on nothing yet: then the district has still to confirm it.
    """

    effective: date
    first: tuple[str, ...]
    clause: LegalReference | None


@dataclass(frozen=True)
class CallingRule:
    """The orders in order of their days."""

    orders: tuple[CallingOrder, ...]

    def priority(self, entitlements: Iterable[Entitlement], on: date) -> int:
        """A resident's priority on a day, the lowest called first; before the first order all are equal."""
        first = next((order.first for order in reversed(self.orders) if order.effective <= on), ())
        granted = {each.programme for each in entitlements if each.verdict is Verdict.ELIGIBLE}
        return next((place for place, programme in enumerate(first) if programme in granted), len(first))


def load_calling_rule(text: str, book: RuleBook) -> CallingRule:
    """The rule in the text of `order.toml`.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    try:
        section = Section(Place(FILE), tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyInvalid(Place(FILE), "(file)", f"not TOML: {error}", "Correct the file there") from None
    section.only("version")
    slugs = {programme.slug for programme in book.programmes}
    orders = sorted(
        (_order(each, slugs, book.reference.index) for each in section.sections("version")),
        key=attrgetter("effective"),
    )
    if len({order.effective for order in orders}) < len(orders):
        raise section.wrong("version", "two begin on the same day", "Correct the day of one of them")
    return CallingRule(tuple(orders))


def _order(section: Section, slugs: set[str], index: LegalIndex) -> CallingOrder:
    section.only("effective", "first", "clause", "to_confirm")
    first = section.texts("first")
    for slug in first:
        if slug not in slugs:
            raise section.wrong("first", f"no programme is called {slug!r}", f"Use some of {', '.join(sorted(slugs))}")
    if len(set(first)) < len(first):
        raise section.wrong("first", "a programme named twice", "Remove it from one of its places")
    clause, to_confirm = section.optional_text("clause"), section.optional_text("to_confirm")
    if (clause is None) == (to_confirm is None):
        raise section.wrong("clause", "neither or both of clause and to_confirm", "Write one: no rule without a source")
    reference = None if clause is None else index.reference(section, "clause", clause)
    return CallingOrder(section.day("effective"), first, reference)
