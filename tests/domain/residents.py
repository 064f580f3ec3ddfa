"""Made-up residents for the small made-up policy."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from domain.card import CardOnRecord, CardState, birth_fact, card_facts
from domain.fact import Fact, Facts, FactValue

ON = date(2026, 6, 1)
CARD = CardOnRecord(CardState.ACTIVE, 1, (1,), 2, date(2020, 1, 1), date(2029, 12, 31))


def resident(*facts: Fact, born: date = date(1990, 1, 1), card: CardOnRecord = CARD) -> Facts:
    """A resident with a card and these further facts."""
    return Facts.of([birth_fact(born), *card_facts(card), *facts])


def stated(name: str, value: FactValue, source: str = "civil_affairs") -> Fact:
    """A statement without end."""
    return Fact(name, value, source, None, None, ON)


PERIODS = st.tuples(st.dates(date(2026, 2, 1), date(2026, 12, 1)), st.integers(0, 120))


@st.composite
def residents(draw: st.DrawFn) -> Facts:
    """Residents whose facts begin, end and contradict each other around the days on which the book turns."""

    def statements() -> Iterator[Fact]:
        incomes: st.SearchStrategy[FactValue] = st.sampled_from([Decimal(1400), Decimal(1700)])
        for name, values in (("helped", st.booleans()), ("income", incomes)):
            for source in draw(st.lists(st.sampled_from(["police", "civil_affairs", "federation"]), max_size=2)):
                first, days = draw(PERIODS)
                yield Fact(name, draw(values), source, first, first + timedelta(days=days), first)

    issued = draw(st.dates(date(2025, 11, 1), date(2026, 6, 1)))
    grade, categories = draw(st.integers(1, 4)), draw(st.sampled_from([(1,), (4,), (1, 4)]))
    card = CardOnRecord(
        draw(st.sampled_from([CardState.ACTIVE, CardState.ACTIVE, CardState.LOST])),
        categories[0] if len(categories) == 1 else 7,
        categories,
        grade,
        issued,
        issued + timedelta(days=draw(st.integers(0, 400))),
    )
    born = draw(st.one_of(st.dates(date(1965, 1, 1), date(1966, 12, 31)), st.just(date(1964, 2, 29))))
    return resident(*statements(), born=born, card=card)
