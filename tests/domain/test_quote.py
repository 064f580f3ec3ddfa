"""Shows what a session costs and what to bring, from the answer of its programme on the day."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.benefit import BenefitKind
from domain.entitlement import Benefit, Entitlement, Verdict, decide
from domain.explanation import Need
from domain.fact import Facts
from domain.quote import quote
from domain.rulebook import RuleBook

PRICE = Decimal(80)
NEED = Need("income", "月收入", "民政局")


@pytest.fixture
def entitled(book: RuleBook) -> Entitlement:
    """A plain yes that gives nothing yet."""
    (entitlement,) = decide(book, Facts.of([]), date(2026, 6, 1))
    return replace(entitlement, verdict=Verdict.ELIGIBLE, missing=(), benefits=(), documents=("收入证明",))


def share(entitled: Entitlement, cost_share: str, *, certain: bool = True, sessions: int | None = None) -> Benefit:
    """A benefit that bears a share of a cost."""
    return Benefit(
        BenefitKind.COST_SHARE,
        "报销",
        certain,
        None,
        Decimal(cost_share),
        None,
        sessions,
        illustrative=False,
        clause=entitled.clauses[0],
        because=(),
    )


def test_without_a_programme_the_price_stands() -> None:
    """Nobody was asked, and only the service's own papers are to be brought."""
    plain = quote(PRICE, ["残疾人证"], None)

    assert (plain.price, plain.programme, plain.verdict, plain.cost_share) == (PRICE, "", None, None)
    assert plain.to_bring == ("残疾人证",)


def test_the_largest_certain_share_is_borne(entitled: Entitlement) -> None:
    """Of two the larger, with its own bound of sessions; one that is not certain counts for nothing."""
    benefits = (share(entitled, "0.5"), share(entitled, "0.8", sessions=3), share(entitled, "1", certain=False))

    quoted = quote(PRICE, [], replace(entitled, benefits=benefits))

    assert (quoted.cost_share, quoted.sessions_a_year) == (Decimal("0.8"), 3)
    assert (quoted.programme, quoted.verdict) == (entitled.programme, Verdict.ELIGIBLE)
    assert (quoted.rule_effective, quoted.to_bring) == (entitled.effective, ())


def test_what_is_not_a_share_of_a_cost_lowers_no_price(entitled: Entitlement) -> None:
    """Money paid elsewhere and an entitlement that gives no share leave the price alone."""
    monthly = replace(share(entitled, "1"), kind=BenefitKind.MONTHLY)

    assert quote(PRICE, [], replace(entitled, benefits=(monthly,))).cost_share is None
    assert quote(PRICE, [], entitled).cost_share is None


def test_who_may_be_entitled_is_told_what_would_show_it(entitled: Entitlement) -> None:
    """The service's papers, the programme's, and what departments have yet to state; each once."""
    open_answer = replace(entitled, verdict=Verdict.UNDETERMINED, missing=(NEED,))

    quoted = quote(PRICE, ["残疾人证", "收入证明"], open_answer)

    assert quoted.to_bring == ("残疾人证", "收入证明", "月收入(民政局)")


@pytest.mark.parametrize(
    ("bound", "sessions", "borne"),
    [(None, 1_000, "0.5"), (3, 2, "0.5"), (3, 3, "0"), (3, 4, "0")],
)
def test_the_sessions_of_a_year_run_out(entitled: Entitlement, bound: int | None, sessions: int, borne: str) -> None:
    """The last one of the bound is borne, the next is not; without a bound all are."""
    quoted = quote(PRICE, [], replace(entitled, benefits=(share(entitled, "0.5", sessions=bound),)))

    assert quoted.share_after(sessions) == Decimal(borne)
    assert quote(PRICE, [], None).share_after(sessions) is None
