"""What residents are told can be read aloud: short sentences, in Chinese, without internal codes."""

import re
from collections.abc import Iterator
from datetime import date

from domain.benefit import BenefitKind
from domain.entitlement import decide
from domain.fact import Fact, Facts
from domain.rulebook import RuleBook

LONGEST = 60
ON = date(2026, 11, 25)
SOMEONE = Facts.of(
    [
        Fact("card_state", "active", "federation", None, date(2026, 12, 31), ON),
        Fact("card_grade", 2, "federation", None, None, ON),
        Fact("care_level", "wholly", "federation", None, None, ON),
        Fact("care_level", "none", "health", None, None, ON),
        Fact("birth_date", date(2020, 2, 29), "police", None, None, ON),
    ]
)


def spoken(rules: RuleBook, facts: Facts) -> Iterator[str]:
    """Everything that a resident hears of the answers."""
    for entitlement in decide(rules, facts, ON):
        yield from (entitlement.title, entitlement.run_by, *entitlement.documents, *entitlement.notes)
        yield from (relation.sentence for relation in entitlement.relations)
        for result in entitlement.criteria:
            yield from (result.sentence, result.clause.citation, *result.contradictions)
            if result.change is not None:
                yield result.change.sentence
            if result.missing is not None:
                yield from (result.missing.label, result.missing.department)
        for benefit in entitlement.benefits:
            yield benefit.title
            assert benefit.kind in BenefitKind


def test_no_code_and_no_long_sentence(rules: RuleBook) -> None:
    """No Latin letter, no underscore, and no breath longer than sixty characters, with facts and without."""
    heard = [*spoken(rules, Facts.of([])), *spoken(rules, SOMEONE)]

    assert not [text for text in heard if re.search(r"[A-Za-z_{}]", text)]
    assert not [text for text in heard if any(len(breath) > LONGEST for breath in re.split("[。;]", text))]
    assert "说法不一:卫生健康局在2026年11月25日登记的“生活自理情况”是能够自理。" in heard
    assert "年龄:6岁。要求:0至6周岁。" in heard
    assert "从2027年2月28日起,不再符合这一条:0至6周岁。" in heard
