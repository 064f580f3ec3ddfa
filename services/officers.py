"""What members of staff may ask about the register: counts for their village, their town, or the district."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.access import Area
from domain.coverage import Coverage
from domain.duty import Duty
from domain.register import Register
from domain.rulebook import RuleBook
from domain.simulation import UnknownParameter, with_parameter
from services.coverage import coverage_of
from services.people import People
from services.register import Enquiry, log_use, read
from services.resources import Resources
from services.simulation import Simulation, simulate


class RegisterRefusal(StrEnum):
    """Why there is no answer about the register."""

    NOT_STAFF = "not_staff"
    OTHER_TOWN = "other_town"
    NOBODY = "nobody"  # no resident there
    PREPARING = "preparing"  # ask again in a while
    PROGRAMME_UNKNOWN = "programme_unknown"
    FIGURE_UNKNOWN = "figure_unknown"
    FIGURE_INVALID = "figure_invalid"


@dataclass(frozen=True)
class Question:
    """What about: a day, and a town or, where that is None, all that the asker may see."""

    on: date
    town: str | None


async def coverage_for(
    resources: Resources, people: People, question: Question, programme: str | None
) -> Sequence[Coverage] | RegisterRefusal:
    """The coverage of all programmes or of one, in all and by town.

    Raises:
        DatabaseUnavailable: see there.
        VaultRefused: a sealed value was altered.
    """
    enquiry = _enquiry(people, question, "coverage")
    if isinstance(enquiry, RegisterRefusal):
        return enquiry
    book = resources.rules.chinese
    if programme is not None and programme not in {each.slug for each in book.programmes}:
        return RegisterRefusal.PROGRAMME_UNKNOWN
    register = await _register(resources, enquiry, question.on)
    if isinstance(register, RegisterRefusal):
        return register
    lines = await resources.desk.work(coverage_of, book, register)
    return [line for line in lines if programme in (None, line.programme)]


async def simulation_for(
    resources: Resources, people: People, question: Question, figures: Sequence[tuple[str, Decimal]]
) -> Simulation | RegisterRefusal:
    """What other figures would do from a day on.

    Raises:
        DatabaseUnavailable: see there.
        VaultRefused: a sealed value was altered.
    """
    enquiry = _enquiry(people, question, "simulation")
    if isinstance(enquiry, RegisterRefusal):
        return enquiry
    book = resources.rules.chinese
    other = _with(book, figures, question.on)
    if isinstance(other, RegisterRefusal):
        return other
    register = await _register(resources, enquiry, question.on)
    if isinstance(register, RegisterRefusal):
        return register
    return await resources.desk.work(simulate, (book, register), (other, register))


def _enquiry(people: People, question: Question, purpose: str) -> Enquiry | RegisterRefusal:
    """The question as the log will have it, if the asker may ask it."""
    staff = people.on_duty(Duty.COUNT)
    if staff is None:
        return RegisterRefusal.NOT_STAFF
    area = staff.area if question.town is None else Area(question.town, staff.area.village)
    if staff.area.town not in {"", area.town}:
        return RegisterRefusal.OTHER_TOWN
    return Enquiry(f"staff:{staff.id}", purpose, area)


def _with(book: RuleBook, figures: Sequence[tuple[str, Decimal]], on: date) -> RuleBook | RegisterRefusal:
    if not figures or any(value < 0 for _, value in figures):
        return RegisterRefusal.FIGURE_INVALID
    for name, value in figures:
        try:
            book = with_parameter(book, name, value, on)
        except UnknownParameter:
            return RegisterRefusal.FIGURE_UNKNOWN
    return book


async def _register(resources: Resources, enquiry: Enquiry, on: date) -> Register | RegisterRefusal:
    """Those whom the enquiry is about, its use of them logged."""
    book, area = resources.rules.chinese, enquiry.area

    async def reading() -> Register:
        # Who may ask about which area was decided above, and each use is logged; a register is kept for many.
        (register,) = await read(resources.beyond_reach(), area, on, [book])
        return register

    register = await resources.desk.register((book, on, area), resources.clock(), reading)
    if register is None:
        return RegisterRefusal.PREPARING
    await log_use(resources, enquiry, register)
    return register if register.ids else RegisterRefusal.NOBODY
