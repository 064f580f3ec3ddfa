"""Policy files are read key by key, and every mistake is told with its place and remedy."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from domain.policy_file import Place, PolicyInvalid, Section

SECTION = Section(
    Place("x.toml", "x", date(2016, 12, 4)),
    {
        "text": "words",
        "empty": "",
        "day": date(2016, 12, 4),
        "moment": datetime(2016, 12, 4, 8, 0),  # noqa: DTZ001 - as TOML gives a time without zone
        "flag": True,
        "whole": 3,
        "number": Decimal("1.5"),
        "negative": Decimal(-1),
        "endless": Decimal("Infinity"),
        "texts": ["a", "b"],
        "mixed": ["a", 1],
        "tables": [{"inner": 1}],
        "table": {"one": {"inner": 1}},
    },
    "version[1]",
)


def test_what_is_right_is_read() -> None:
    """Every kind of value comes back typed; what may be absent has its stand-in."""
    assert SECTION.text("text") == "words"
    assert SECTION.optional_text("absent") is None
    assert SECTION.day("day") == date(2016, 12, 4)
    assert SECTION.optional_day("absent") is None
    assert SECTION.flag("flag")
    assert not SECTION.flag("absent")
    assert (SECTION.number("whole"), SECTION.number("number")) == (Decimal(3), Decimal("1.5"))
    assert SECTION.texts("texts") == ("a", "b")
    assert SECTION.texts("absent") == ()
    assert [each.key("inner") for each in SECTION.sections("tables")] == ["version[1].tables[1].inner"]
    assert SECTION.named_sections("table")["one"].key("inner") == "version[1].table.one.inner"
    assert SECTION.named_sections("absent") == {}


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda: SECTION.text("absent"), "key version[1].absent: missing. Add a text that is not empty."),
        (lambda: SECTION.text("empty"), "key version[1].empty: missing. Add a text that is not empty."),
        (lambda: SECTION.text("whole"), "key version[1].whole: int found. Write a text in quotes."),
        (lambda: SECTION.day("absent"), "key version[1].absent: missing. Add a date as 2016-12-04."),
        (lambda: SECTION.day("text"), "key version[1].text: str found. Write a date as 2016-12-04, without quotes."),
        (lambda: SECTION.day("moment"), "date with a time found. Write the date alone, as 2016-12-04."),
        (lambda: SECTION.flag("whole"), "key version[1].whole: int found. Write true or false."),
        (lambda: SECTION.number("absent"), "key version[1].absent: missing. Add a number of 0 or more."),
        (lambda: SECTION.number("text"), "key version[1].text: str found. Write a number without quotes."),
        (lambda: SECTION.number("flag"), "key version[1].flag: bool found. Write a number without quotes."),
        (lambda: SECTION.number("negative"), "not a number of 0 or more. Write a number of 0 or more."),
        (lambda: SECTION.number("endless"), "not a number of 0 or more. Write a number of 0 or more."),
        (lambda: SECTION.texts("text"), "key version[1].text: str found. Write a list of texts in quotes."),
        (lambda: SECTION.texts("mixed"), "int found in the list. Write a list of texts in quotes."),
        (lambda: SECTION.section("absent"), "key version[1].absent: missing. Add a table."),
        (lambda: SECTION.section("text"), "key version[1].text: str found. Write a table."),
        (lambda: SECTION.sections("texts"), "str found in the list. Write a list of tables, each under [[texts]]."),
        (lambda: SECTION.only("text", "day"), "key version[1].empty: unknown key. Remove it, or use one of text, day."),
    ],
)
def test_what_is_wrong_is_told(read: object, problem: str) -> None:
    """The message names file, programme, version, key, problem and remedy."""
    assert callable(read)

    with pytest.raises(PolicyInvalid) as refused:
        read()

    assert str(refused.value).startswith("x.toml, programme x, version 2016-12-04, key version[1].")
    assert str(refused.value).endswith(problem)


def test_a_place_may_be_a_file_alone() -> None:
    """Files that hold no programme are named by themselves."""
    assert str(Place("facts.toml")) == "facts.toml"
    assert (
        str(PolicyInvalid(Place("facts.toml"), "kind", "wrong", "Mend it")) == "facts.toml, key kind: wrong. Mend it."
    )
