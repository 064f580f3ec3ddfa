"""Proves that a declared source is read as it stands, and that each mistake is named with file, key and remedy."""

from pathlib import Path

import pytest

from domain.card_event import CardEvent
from domain.policy_file import PolicyInvalid, parse_document
from domain.source import Source, parse_source
from domain.vocabulary import FactType, Vocabulary, parse_vocabulary

POLICY = Path(__file__).parents[2] / "policy"
SOURCES = sorted((POLICY / "exchange" / "sources").glob("*.toml"))
SOUND = """
department = "civil_affairs"
date_formats = ["%Y-%m-%d"]
[person]
id_number = "身份证号"
name = "姓名"
[columns."家庭类型"]
fact = "household_hardship"
words = { "低保" = "living_guarantee" }
[columns."残疾等级"]
fact = "card_grade"
[columns."死亡日期"]
event = "record_death"
"""


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """The words of the district."""
    return parse_vocabulary(parse_document("facts.toml", (POLICY / "facts.toml").read_text(encoding="utf-8")))


def read(text: str, vocabulary: Vocabulary) -> Source:
    """The source of a file's text."""
    return parse_source("test", parse_document("test.toml", text), vocabulary)


def test_a_source_is_read(vocabulary: Vocabulary) -> None:
    """The vocabulary's own words stand beside the department's, codes are numbers, and an event takes days."""
    source = read(SOUND, vocabulary)

    hardship, grade, death = source.columns
    assert source.headers == ("姓名", "身份证号", "家庭类型", "残疾等级", "死亡日期")
    assert hardship.words == {
        "低保家庭": "living_guarantee",
        "低保边缘家庭": "margin",
        "不属于困难家庭": "none",
        "低保": "living_guarantee",
    }
    assert isinstance(grade.states, FactType)
    assert grade.words["一级"] == 1
    assert death.states is CardEvent.RECORD_DEATH


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.stem)
def test_every_shipped_source_is_sound(file: Path, vocabulary: Vocabulary) -> None:
    """Each file of policy/exchange/sources/ can be used."""
    source = parse_source(file.stem, parse_document(file.name, file.read_text(encoding="utf-8")), vocabulary)

    assert source.department in vocabulary.departments


@pytest.mark.parametrize(
    ("found", "put", "key", "problem"),
    [
        ('"civil_affairs"', '"nobody"', "department", "unknown department"),
        ('["%Y-%m-%d"]', "[]", "date_formats", "missing"),
        ('name = "姓名"', 'nom = "姓名"', "person.nom", "unknown key"),
        ('"household_hardship"', '"riches"', "columns.家庭类型.fact", "unknown fact"),
        ('"living_guarantee" }', '"rich" }', "columns.家庭类型.words.低保", "no value of the fact"),
        ('fact = "card_grade"', 'fact = "card_categories"', "columns.残疾等级.fact", "holds several values"),
        ('fact = "card_grade"', 'fact = "rehab_need"', "columns.残疾等级.words", "missing"),
        ('fact = "card_grade"', 'fact = "own_income"\nwords = { "a" = 1 }', "columns.残疾等级.words", "as it stands"),
        ('fact = "card_grade"', 'fact = "household_hardship"', "columns", "state the same"),
        ('event = "record_death"', 'event = "issue"', "columns.死亡日期.event", "no event that a department reports"),
        ('event = "record_death"', 'event = "record_death"\nwords = {}', "columns.死亡日期.words", "are days"),
        ('event = "record_death"', 'note = "x"', "columns.死亡日期.note", "unknown key"),
        ('event = "record_death"', "", "columns.死亡日期.fact", "a fact or an event"),
        ('name = "姓名"', 'name = "身份证号"', "columns", "declared twice"),
        ('[columns."家庭类型"]', '[period]\nsince = "a"\n[columns."家庭类型"]', "period.since", "unknown key"),
    ],
)
def test_a_mistake_is_named(found: str, put: str, key: str, problem: str, vocabulary: Vocabulary) -> None:
    """The file, the key and the remedy stand in one sentence."""
    with pytest.raises(PolicyInvalid, match=problem) as refused:
        read(SOUND.replace(found, put, 1), vocabulary)

    assert refused.value.key == key
    assert refused.value.place.file == "test.toml"
    assert refused.value.remedy


def test_a_source_without_columns_is_refused(vocabulary: Vocabulary) -> None:
    """A file that says nothing of anybody is a mistake."""
    with pytest.raises(PolicyInvalid, match="missing"):
        read(SOUND.partition("[columns")[0], vocabulary)
