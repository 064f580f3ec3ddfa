"""The demo's receipts show what coverage is for: most of the entitled receive, some do not, a few should not."""

from collections import Counter
from datetime import date

from cli.demo.people import residents
from cli.demo.receipts import Receiving, statements_of
from domain.compiled import compile_book
from domain.explanation import Case
from services.bootstrap import load_rules

ON = date(2026, 11, 25)
MANY = 400


def test_receipts_follow_entitlement_nearly() -> None:
    """Of the entitled nine in ten receive at least, and not all; of the others one in fifty at most, and somebody."""
    book = load_rules().chinese
    compiled = compile_book(book, ON)
    receiving = Receiving(book, ON)
    counts: Counter[tuple[bool | None, bool]] = Counter()
    for person in residents(MANY, ON):
        receipts = {each.programme for each in receiving.of(person) if each.valid_until is None}
        facts = statements_of(person, book.reference.vocabulary)
        values = Case.of(compiled, book.reference, facts).values
        for programme, truth in compiled.outcomes(values).items():
            counts[truth, programme in receipts] += 1

    assert 0.85 < counts[True, True] / (counts[True, True] + counts[True, False]) < 0.98
    assert 0 < counts[False, True] / counts[False, False] < 0.02


def test_the_same_people_receive_the_same() -> None:
    """Chance is seeded: a demo loaded twice on a day is the same."""
    book = load_rules().chinese
    first, second = (
        [list(receiving.of(person)) for person in residents(50, ON)]
        for receiving in (Receiving(book, ON), Receiving(book, ON))
    )

    assert first == second
    assert all(receipt.valid_from < ON for each in first for receipt in each)
