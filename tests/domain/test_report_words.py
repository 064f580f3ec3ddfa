"""Proves that the report's sentences are complete, and that a mistake in them is named."""

from pathlib import Path

import pytest

from domain.intake_fault import RowFault
from domain.policy_file import PolicyInvalid, parse_document
from domain.report_words import parse_report_words

TEXT = (Path(__file__).parents[2] / "policy" / "exchange" / "report.toml").read_text(encoding="utf-8")


def test_every_fault_has_its_sentence() -> None:
    """The shipped file says something of each."""
    assert parse_report_words(parse_document("report.toml", TEXT)).faults.keys() == set(RowFault)


@pytest.mark.parametrize(
    ("found", "put", "key", "problem"),
    [
        ('"结果", ', "", "headers", "not 5 headers"),
        ("twice = ", "thrice = ", "faults.thrice", "unknown key"),
        ("请补填。", "{who}请补填。", "faults.id_missing", "nothing is called who"),
        ("已登记迁出。", "{day}已登记迁出。", "sentences.move_out", "nothing is called day"),
    ],
)
def test_a_mistake_is_named(found: str, put: str, key: str, problem: str) -> None:
    """The key and the remedy are told."""
    with pytest.raises(PolicyInvalid, match=problem) as refused:
        parse_report_words(parse_document("report.toml", TEXT.replace(found, put, 1)))

    assert refused.value.key == key
