"""What is read at a gate: complete, short, and demeaning to nobody."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from card import messages
from card.admission import Admission, Cue
from card.clock import ClockState
from card.refusal import RefusalReason
from card.tariff import CompanionTerms, Outcome


def admission(
    outcome: Outcome = Outcome.FREE,
    share: str = "0",
    companions: int = 0,
    terms: CompanionTerms = CompanionTerms.NONE,
    masked_name: str | None = None,
) -> Admission:
    """An answer that is on the disk."""
    return Admission(
        outcome=outcome,
        reason=None,
        price_share=Decimal(share),
        companions=companions,
        companion_terms=terms,
        cue=Cue.GO,
        masked_name=masked_name,
        clock=ClockState.SIGNED,
        bundle_age=timedelta(0),
        bundle_stale=False,
        recorded=True,
        sequence=1,
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (admission(), "免费 · 本人 · 请进"),
        (admission(companions=1, terms=CompanionTerms.FREE), "免费 · 本人+1 · 请进"),
        (admission(companions=2, terms=CompanionTerms.PAYING), "免费 · 本人+2(陪同购票) · 请进"),
        (admission(companions=1, terms=CompanionTerms.REQUIRED), "免费 · 本人+1(须有陪同) · 请进"),
        (admission(companions=1, terms=CompanionTerms.REQUIRED_PAYING), "免费 · 本人+1(须有陪同，陪同购票) · 请进"),
        (admission(Outcome.REDUCED, "0.5"), "优惠 付50% · 本人 · 请进"),
        (admission(Outcome.REDUCED, "0.125"), "优惠 付12.5% · 本人 · 请进"),
        (admission(Outcome.FULL, "1"), "全价 · 本人 · 请进"),
        (admission(masked_name="陈**"), "免费 · 本人 · 请进 · 请核对姓名 陈**"),
    ],
)
def test_an_admission_is_price_person_and_an_invitation(answer: Admission, message: str) -> None:
    """Three words, and a fourth only where somebody has to look."""
    assert messages.display(answer) == message


def test_every_refusal_has_a_sentence() -> None:
    """No reason is left without words, and none shows its English name."""
    assert messages.REFUSALS.keys() == set(RefusalReason)
    assert all(not sentence.isascii() and 4 <= len(sentence) <= 24 for sentence in messages.REFUSALS.values())


@pytest.mark.parametrize("word", ["残疾", "残障", "智力", "精神", "视力", "等级", "盗", "假"])
def test_no_sentence_demeans(word: str) -> None:
    """Whoever stands behind in the queue learns nothing of the person and nothing bad."""
    assert not any(word in sentence for sentence in messages.REFUSALS.values())
