"""How long what is kept: dated data of policy/register/retention.toml, so that a new period is an entry and no code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.policy_file import Section, parse_document

FILE = "register/retention.toml"
_LONGEST = 36_525


class Kept(StrEnum):
    """What is kept for a time and then erased."""

    SESSION = "session"
    ATTEMPT = "attempt"
    IDEMPOTENCY_KEY = "idempotency_key"
    BINDING_CODE = "binding_code"
    SCAN = "scan"
    CREDENTIAL = "credential"
    DECEASED_RESIDENT = "deceased_resident"


@dataclass(frozen=True)
class Period:
    """For how many days something is kept from `effective` on, why, and where that is written."""

    effective: date
    days: int
    reason: str
    citation: str


@dataclass(frozen=True)
class Retention:
    """Every period of everything, the latest first."""

    periods: Mapping[Kept, tuple[Period, ...]]

    def period(self, what: Kept, on: date) -> Period | None:
        """The period in force on a day; None before the first begins, when nothing is erased."""
        return next((each for each in self.periods[what] if each.effective <= on), None)


def parse_retention(text: str) -> Retention:
    """The periods in the text of the file.

    Raises:
        PolicyInvalid: the first mistake found, with its place and remedy.
    """
    document = parse_document(FILE, text)
    document.only("keep")
    periods: dict[Kept, dict[date, Period]] = {what: {} for what in Kept}
    for section in document.sections("keep"):
        what, period = _what(section), _period(section)
        if period.effective in periods[what]:
            raise section.wrong("effective", f"a second period of {what} from the same day", "Keep one of the two")
        periods[what][period.effective] = period
    for what, known in periods.items():
        if not known:
            raise document.wrong("keep", f"nothing says how long a {what} is kept", f"Add an entry for {what}")
    return Retention(
        {what: tuple(known[day] for day in sorted(known, reverse=True)) for what, known in periods.items()}
    )


def _what(section: Section) -> Kept:
    section.only("what", "effective", "days", "reason", "citation")
    name = section.text("what")
    if name not in set(Kept):
        raise section.wrong("what", f"{name!r} is nothing that is kept", f"Use one of {', '.join(Kept)}")
    return Kept(name)


def _period(section: Section) -> Period:
    days = section.number("days")
    if days != int(days) or not 1 <= days <= _LONGEST:
        raise section.wrong("days", f"{days} found", f"Write whole days, from 1 to {_LONGEST}")
    return Period(section.day("effective"), int(days), section.text("reason"), section.text("citation"))
