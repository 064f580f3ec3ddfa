"""The officers' desk reads a register once, tells others to wait, and does not outlive its server."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.access import Area
from domain.columns import ColumnsBuilder, Groups
from domain.register import Register
from services import desk
from services.bootstrap import load_rules
from services.desk import KEPT_FOR, Desk

AT = datetime(2026, 3, 11, 2, tzinfo=UTC)
ON = date(2026, 3, 11)
BOOK = load_rules().chinese
DISTRICT, TOWN = (BOOK, ON, Area("")), (BOOK, ON, Area("白鹭镇"))


class Reading:
    """Reads an empty register as soon as it may, and counts."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.may.set()
        self.count = 0

    async def __call__(self) -> Register:
        """The register."""
        self.count += 1
        await self.may.wait()
        nobody = Groups.of(())
        return Register(ON, (), nobody, nobody, ColumnsBuilder(BOOK.reference.vocabulary).build(), {})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long."""
    monkeypatch.setattr(desk, "PATIENCE_SECONDS", 0.01)


async def test_one_reading_for_many_questions() -> None:
    """Questions at once, and until it is too old, are answered from one reading; each key has its own."""
    officers, reading = Desk(), Reading()

    first, second = await asyncio.gather(*(officers.register(DISTRICT, AT, reading) for _ in range(2)))
    later = await officers.register(DISTRICT, AT + KEPT_FOR - timedelta(seconds=1), reading)
    assert first is second is later
    assert reading.count == 1

    await officers.register(TOWN, AT, reading)
    assert reading.count == 2

    assert await officers.register(DISTRICT, AT + KEPT_FOR, reading) is not first
    assert reading.count == 3


@pytest.mark.usefixtures("impatient")
async def test_who_comes_meanwhile_is_told_to_come_back() -> None:
    """While a long reading goes on nobody waits for it, and no second one begins; then the answer is there."""
    officers, reading = Desk(), Reading()
    reading.may.clear()

    assert await officers.register(DISTRICT, AT, reading) is None
    assert await officers.register(DISTRICT, AT, reading) is None
    assert await officers.register(TOWN, AT, reading) is None
    reading.may.set()
    await asyncio.sleep(0.05)

    assert await officers.register(DISTRICT, AT, reading) is not None
    assert reading.count == 1


async def test_a_failure_is_told_and_not_kept() -> None:
    """Who asked gets the failure; the next one reads anew."""
    officers = Desk()

    async def fail() -> Register:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await officers.register(DISTRICT, AT, fail)
    assert await officers.register(DISTRICT, AT, Reading()) is not None


async def test_few_are_kept() -> None:
    """The oldest gives way: memory is bounded, whatever is asked."""
    officers, reading = Desk(), Reading()
    for number in range(desk.MOST_KEPT + 1):
        await officers.register((BOOK, ON, Area(str(number))), AT + timedelta(seconds=number), reading)

    await officers.register((BOOK, ON, Area("1")), AT, reading)
    assert reading.count == desk.MOST_KEPT + 1
    await officers.register((BOOK, ON, Area("0")), AT, reading)
    assert reading.count == desk.MOST_KEPT + 2


@pytest.mark.usefixtures("impatient")
async def test_closing_leaves_off_reading() -> None:
    """A server that ends does not wait for a reading, nor leave it behind; one that never read ends as well."""
    officers, reading = Desk(), Reading()
    reading.may.clear()
    await officers.register(DISTRICT, AT, reading)

    await officers.close()
    await Desk().close()

    assert len(asyncio.all_tasks()) == 1


async def test_one_question_at_a_time() -> None:
    """Work does not run beside other work of the desk."""
    officers, running, most = Desk(), 0, 0

    def question(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        running -= 1
        return number * 2

    assert await asyncio.gather(*(officers.work(question, number) for number in range(20))) == list(range(0, 40, 2))
    assert most == 1
