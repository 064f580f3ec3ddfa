"""Proves that recipients are read as declared, and that a mistake is named."""

from pathlib import Path

import pytest

from domain.card import CardState
from domain.policy_file import PolicyInvalid, parse_document
from domain.recipient import parse_recipients
from domain.vocabulary import Vocabulary, parse_vocabulary

POLICY = Path(__file__).parents[2] / "policy"
PURPOSE = 'purposes.quota = "核对按比例安排残疾人就业"'
TEXT = f"""
[labels]
name = "姓名"
id_number = "身份证号"
card_number = "残疾人证号"
town = "乡镇街道"
village = "村社区"
[recipients.tax]
department = "tax"
card_states = ["active"]
fields = ["name", "card_grade"]
{PURPOSE}
"""


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """The words of the district."""
    return parse_vocabulary(parse_document("facts.toml", (POLICY / "facts.toml").read_text(encoding="utf-8")))


def test_a_recipient_is_read(vocabulary: Vocabulary) -> None:
    """Fields have the labels of the register and of facts."""
    tax = parse_recipients(parse_document("recipients.toml", TEXT), vocabulary)["tax"]

    assert tax.fields == {"name": "姓名", "card_grade": "残疾等级"}
    assert tax.card_states == {CardState.ACTIVE}
    assert tax.purposes == {"quota": "核对按比例安排残疾人就业"}


@pytest.mark.parametrize(
    ("found", "put", "key", "problem"),
    [
        ('"tax"', '"nobody"', "recipients.tax.department", "unknown department"),
        ('"card_grade"', '"blood"', "recipients.tax.fields", "an unknown one"),
        ('["name", "card_grade"]', "[]", "recipients.tax.fields", "no field"),
        ('["active"]', '["alive"]', "recipients.tax.card_states", "an unknown one"),
        ('["active"]', "[]", "recipients.tax.card_states", "no state"),
        (
            'purposes.quota = "核对按比例安排残疾人就业"',
            "[recipients.tax.purposes]",
            "recipients.tax.purposes",
            "missing",
        ),
        ('village = "村社区"', "", "labels.village", "missing"),
    ],
)
def test_a_mistake_is_named(found: str, put: str, key: str, problem: str, vocabulary: Vocabulary) -> None:
    """The key and the remedy stand in one sentence."""
    with pytest.raises(PolicyInvalid, match=problem) as refused:
        parse_recipients(parse_document("recipients.toml", TEXT.replace(found, put, 1)), vocabulary)

    assert refused.value.key == key
