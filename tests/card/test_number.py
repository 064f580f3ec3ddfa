"""The card number: every part is checked, and nothing of a wrong one is repeated."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.number import CardNumber, CardNumberInvalid, NumberPart, check_character

NUMBERS = st.builds(
    lambda area, born, sequence, category, grade, reissue: CardNumber(
        (first17 := f"{area}{born:%Y%m%d}{sequence:03d}") + check_character(first17), category, grade, reissue
    ),
    st.integers(110_000, 829_999),
    st.dates(date(1900, 1, 1), date(2026, 12, 31)),
    st.integers(0, 999),
    st.integers(1, 7),
    st.integers(1, 4),
    st.integers(0, 9),
)
VALID = "33068219900307412311"


@given(NUMBERS)
def test_every_number_is_read_back_from_its_text(number: CardNumber) -> None:
    """Writing a number and reading it gives the same parts, and the birth date is the one in its text."""
    read = CardNumber.parse(str(number))

    assert read == number
    assert f"{read.birth_date:%Y%m%d}" == str(number)[6:14]


@given(NUMBERS, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_of_the_citizen_id_is_noticed(number: CardNumber, place: int, other: str) -> None:
    """MOD 11-2 finds every single wrong character."""
    text = str(number)
    if text[place] == other:
        return
    changed = text[:place] + other + text[place + 1 :]

    with pytest.raises(CardNumberInvalid):
        CardNumber.parse(changed)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", NumberPart.LENGTH),
        (VALID + "B", NumberPart.LENGTH),
        ("X" + VALID[1:], NumberPart.AREA),
        ("9" + VALID[1:], NumberPart.AREA),
        (VALID[:6] + "19900230" + VALID[14:], NumberPart.BIRTH_DATE),
        (VALID[:6] + "1990X307" + VALID[14:], NumberPart.BIRTH_DATE),
        (VALID[:6] + "00000307" + VALID[14:], NumberPart.BIRTH_DATE),
        (VALID[:16] + "X" + VALID[17:], NumberPart.CHECK_CHARACTER),
        (VALID[:17] + "X" + VALID[18:], NumberPart.CHECK_CHARACTER),
        (VALID[:18] + "0" + VALID[19:], NumberPart.CATEGORY),
        (VALID[:18] + "8" + VALID[19:], NumberPart.CATEGORY),
        (VALID[:19] + "5", NumberPart.GRADE),
        (VALID[:19] + "٣", NumberPart.GRADE),
        (VALID + "B0", NumberPart.REISSUE),
        (VALID + "C1", NumberPart.REISSUE),
    ],
)
def test_the_wrong_part_is_named_and_the_number_is_not(text: str, part: NumberPart) -> None:
    """The error says which part is wrong in words fit for a person, and repeats nothing of what was typed."""
    with pytest.raises(CardNumberInvalid) as refusal:
        CardNumber.parse(text)

    assert refusal.value.part is part
    assert part.value.replace("_", " ") in str(refusal.value)
    assert not any(character.isdigit() for character in str(refusal.value))


def test_a_number_is_taken_as_people_type_it() -> None:
    """Full-width digits, spaces, hyphens and small letters are read as what they stand for."""
    typed = " 110105-19491231 002x　４３ b1 "

    number = CardNumber.parse(typed)

    assert str(number) == "11010519491231002X43B1"
    assert (number.category, number.grade, number.reissue) == (4, 3, 1)


@given(NUMBERS)
def test_a_masked_number_shows_area_and_last_two_characters_only(number: CardNumber) -> None:
    """Neither the mask nor the repr holds the birth date or the sequence."""
    text = str(number)

    assert number.masked == f"{text[:6]}{'*' * (len(text) - 8)}{text[-2:]}"
    assert repr(number) == f"CardNumber({number.masked})"


@pytest.mark.parametrize("first17", ["", "1" * 16, "1" * 18, "1" * 16 + "X", "１" * 17])
def test_the_check_character_needs_seventeen_digits(first17: str) -> None:
    """Nothing else has a check character."""
    with pytest.raises(ValueError, match="17 digits"):
        check_character(first17)
