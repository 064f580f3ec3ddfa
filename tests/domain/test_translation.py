"""A book in English has the same rules, and no text is left out, said twice, or said with other fields."""

import re

import pytest

from domain.language import Language
from domain.policy import load_rule_book, load_rule_books
from domain.policy_file import PolicyInvalid
from domain.translation import CHINESE

QUOTED = re.compile('"([^"]*)"')


@pytest.fixture
def translated(policy: dict[str, str]) -> dict[str, str]:
    """The made-up policy with a translation of every phrase: its fields, after the letter that all of them share."""
    phrases = sorted({text for file in policy.values() for text in QUOTED.findall(file) if CHINESE.search(text)})
    lines = [f'"{phrase}" = "x{"".join(re.findall("{[a-z_]+}", phrase))}"\n' for phrase in phrases]
    half = len(lines) // 2
    return {**policy, "en/trial.toml": "".join(lines[:half]), "en/phrases.toml": "".join(lines[half:])}


def test_both_books_have_the_same_rules(translated: dict[str, str]) -> None:
    """Days, clauses and figures are those of the Chinese book; texts, and only they, differ."""
    books = load_rule_books(translated)

    chinese, english = (books.of(language).programmes[0] for language in Language)
    assert (chinese.title, english.title) == ("试点", "x")
    assert [version.rule for version in chinese.versions] == [version.rule for version in english.versions]
    assert english.versions[0].criteria["poor"].requirement == "x{at_most}"
    assert english.versions[0].documents == ("x",)
    assert books.english.reference.index.clauses.keys() == books.chinese.reference.index.clauses.keys()
    assert books.english.reference.vocabulary.facts["card_grade"].words["4"] == "x"


def test_a_text_without_translation_is_told(translated: dict[str, str]) -> None:
    """The file, the key and the phrase are named, and where the translation belongs."""
    translated["trial.toml"] = translated["trial.toml"].replace('["残疾人证"]', '["护照", "残疾人证"]')

    with pytest.raises(PolicyInvalid) as refused:
        load_rule_books(translated)

    assert str(refused.value) == (
        "trial.toml, key version[2].documents[1]: no English for '护照'. "
        "Add it to en/trial.toml, or to en/phrases.toml if several files say it."
    )


@pytest.mark.parametrize(
    ("line", "key", "message"),
    [
        ('"试点" = "y"', "试点", "translated twice. Keep one translation"),
        ('"新" = "新"', "新", "not Chinese on the left and English on the right"),
        ('"new" = "new"', "new", "not Chinese on the left and English on the right"),
        ('"新" = ""', "新", "missing"),
        ('"新" = 1', "新", "int found"),
        ('"新{day}" = "new {date}"', "新{day}", "the translation has other fields. Use the same fields: {day}"),
        ('"新" = "new {day}"', "新", "Use the same fields: none"),
        ('"新{day}" = "new {day:>9}"', "新{day}", "Write it as {name}, or as {name:02}"),
        ('"新{day}" = "new {day!r}"', "新{day}", "Write it as {name}, or as {name:02}"),
        ('"新" = "new"\n"新" = "new"', "(file)", "not TOML"),
    ],
)
def test_every_mistake_in_a_translation_is_told(translated: dict[str, str], line: str, key: str, message: str) -> None:
    """A wrong translation stops the load as a wrong rule does, with its file, key and remedy."""
    translated["en/zebra.toml"] = line

    with pytest.raises(PolicyInvalid) as refused:
        load_rule_books(translated)

    assert refused.value.place.file == "en/zebra.toml"
    assert refused.value.key == key
    assert message in str(refused.value)


def test_the_chinese_book_needs_no_translation(policy: dict[str, str]) -> None:
    """Whoever asks for the rules as they are written gets them."""
    assert load_rule_book(policy).programmes[0].title == "试点"
    with pytest.raises(PolicyInvalid, match="no English"):
        load_rule_book(policy, Language.ENGLISH)


def test_a_width_in_digits_is_allowed(translated: dict[str, str]) -> None:
    """A month may be told as 03."""
    phrases = translated["en/trial.toml"] + translated["en/phrases.toml"]
    translated["en/trial.toml"] = phrases.replace('= "x{year}{month}{day}"', '= "{year}-{month:02}-{day:02}"')
    del translated["en/phrases.toml"]

    wording = load_rule_book(translated, Language.ENGLISH).reference.wording

    assert wording.calendar_day.format(year=2026, month=3, day=1) == "2026-03-01"
