"""Which scans are paid, by how strong an evidence, and how a statement sums them."""

from datetime import date

import pytest

from domain.settlement import (
    Code,
    Doubt,
    Evidence,
    RideCount,
    StatementLine,
    TapKind,
    Verdict,
    countable,
    evidence_of,
    lines_of,
    month_after,
    totals_of,
)

FREE, REDUCED, REFUSED = Verdict.FREE, Verdict.REDUCED, Verdict.REFUSED
DAY = date(2026, 3, 11)


@pytest.mark.parametrize(
    ("verdict", "device_verdict", "overridden", "code", "evidence"),
    [
        (FREE, FREE, False, Code.PASS, Evidence.HOLDER_SIGNED),
        (FREE, FREE, False, Code.ONLINE, Evidence.BEARER),
        (REDUCED, FREE, False, Code.PRINTED, Evidence.BEARER),
        (FREE, FREE, False, Code.UNKNOWN, Evidence.BEARER),
        (FREE, REFUSED, False, Code.PASS, None),
        (REFUSED, FREE, False, Code.PASS, None),
        (REFUSED, REFUSED, False, Code.UNKNOWN, None),
        (REFUSED, REFUSED, True, Code.PASS, Evidence.OVERRIDE),
        (FREE, REFUSED, True, Code.UNKNOWN, Evidence.OVERRIDE),
    ],
)
def test_a_ride_counts_by_its_evidence(
    verdict: Verdict,
    device_verdict: Verdict,
    overridden: bool,  # noqa: FBT001 - a column of the table above
    code: Code,
    evidence: Evidence | None,
) -> None:
    """Both the device and the server must have let the person in, or the driver did by an override."""
    kind = TapKind(verdict, device_verdict, overridden, code, Doubt.NONE)

    assert evidence_of(kind) is evidence


def test_the_table_of_kinds_is_the_rule() -> None:
    """Every kind of scan is in the table exactly if it counts, late ones like others."""
    table = dict(countable())

    assert all(evidence_of(kind) is evidence for kind, evidence in table.items())
    assert len(table) == 4 * 4 * 4 * 2 + 3 * 3 * 4 * 2
    assert {kind.doubt for kind in table} == set(Doubt)


def test_lines_are_summed_and_companions_stand_apart() -> None:
    """Rides of one line, day, class and evidence become one line; whoever came along has one of her own."""
    counts = [
        RideCount("2 路", DAY, FREE, Evidence.BEARER, 1, 0),
        RideCount("1 路", DAY, FREE, Evidence.HOLDER_SIGNED, 3, 1),
        RideCount("1 路", DAY, FREE, Evidence.HOLDER_SIGNED, 2, 0),
        RideCount("1 路", DAY, FREE, Evidence.OVERRIDE, 1, 1),
    ]

    lines = lines_of(counts)

    assert lines == [
        StatementLine("1 路", DAY, FREE, Evidence.COMPANION, 2),
        StatementLine("1 路", DAY, FREE, Evidence.HOLDER_SIGNED, 5),
        StatementLine("1 路", DAY, FREE, Evidence.OVERRIDE, 1),
        StatementLine("2 路", DAY, FREE, Evidence.BEARER, 1),
    ]
    assert totals_of(lines) == {
        Evidence.HOLDER_SIGNED: 5,
        Evidence.BEARER: 1,
        Evidence.OVERRIDE: 1,
        Evidence.COMPANION: 2,
    }


def test_a_month_is_followed_by_the_next() -> None:
    """Also over the turn of the year."""
    assert [month_after(day) for day in (date(2026, 1, 31), date(2026, 11, 1), date(2026, 12, 31))] == [
        date(2026, 2, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]
