"""What the law says of a card's life in figures: dated, with the clause, and read from policy/register/card.toml."""

from dataclasses import dataclass, fields
from datetime import date, timedelta
from operator import attrgetter

from domain.birthday import age
from domain.policy_file import Section

FILE = "register/card.toml"

_MONTHS = 12


@dataclass(frozen=True)
class CardTerms:
    """The figures of one version: years and months are those of the calendar, working days those of the state."""

    effective: date
    clause: str
    validity_years: int
    renewal_months: int
    freeze_months: int
    cancel_months: int
    appeal_working_days: int
    reassess_below_age: int
    reassess_categories: frozenset[int]

    def last_day(self, issued_on: date) -> date:
        """The last day of a card issued on a day: 10 years from 11 March 2026 end with 10 March 2036."""
        return months_after(issued_on, self.validity_years * _MONTHS) - timedelta(days=1)

    def is_renewable(self, valid_until: date, on: date) -> bool:
        """Whether a card that is still valid has entered its last months."""
        return months_after(valid_until, -self.renewal_months) < on <= valid_until

    def must_reassess(self, categories: tuple[int, ...], born: date, on: date) -> bool:
        """Whether a renewal takes a new assessment."""
        return age(born, on) < self.reassess_below_age or not self.reassess_categories.isdisjoint(categories)


@dataclass(frozen=True)
class CardLaw:
    """The versions in order of their days, the earliest first."""

    versions: tuple[CardTerms, ...]

    def on(self, day: date) -> CardTerms:
        """The version in force on a day; before the first, the first: a card had terms then, too."""
        return next((each for each in reversed(self.versions) if each.effective <= day), self.versions[0])


def months_after(day: date, months: int) -> date:
    """The same day some months later, or earlier for a negative number; the month's last day where it has no such day.

    Source: Civil Code of the PRC, Art. 202.
    """
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    following = date(year + (month + 1) // _MONTHS, (month + 1) % _MONTHS + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


def parse_card_law(section: Section) -> CardLaw:
    """Read card.toml.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section.only("versions")
    versions = tuple(sorted((_terms(each) for each in section.sections("versions")), key=attrgetter("effective")))
    days = {each.effective for each in versions}
    if not versions or len(days) < len(versions):
        raise section.wrong("versions", "no version, or two from the same day", "Give one version for each day")
    return CardLaw(versions)


def _terms(section: Section) -> CardTerms:
    section.only(*(each.name for each in fields(CardTerms)))
    return CardTerms(
        effective=section.day("effective"),
        clause=section.text("clause"),
        validity_years=_whole(section, "validity_years"),
        renewal_months=_whole(section, "renewal_months"),
        freeze_months=_whole(section, "freeze_months"),
        cancel_months=_whole(section, "cancel_months"),
        appeal_working_days=_whole(section, "appeal_working_days"),
        reassess_below_age=_whole(section, "reassess_below_age"),
        reassess_categories=frozenset(section.whole_numbers("reassess_categories")),
    )


def _whole(section: Section, name: str) -> int:
    number = section.number(name)
    if number != int(number):
        raise section.wrong(name, "not a whole number", "Write a whole number")
    return int(number)
