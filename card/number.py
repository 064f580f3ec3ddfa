"""The number on a disability card: a citizen id, the digits of category and grade, and which issue the card is."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Self

_ID_LENGTH: Final = 18
_LENGTHS: Final = (20, 22)
# GB 11643: each character's weight is a power of 2 modulo 11 (ISO 7064 MOD 11-2); 10 is written X.
_WEIGHTS: Final = tuple(2 ** (_ID_LENGTH - 1 - place) % 11 for place in range(_ID_LENGTH - 1))
_CHECK_CHARACTERS: Final = "10X98765432"
_VISIBLE_AREA: Final = 6
_VISIBLE_END: Final = 2
_REISSUE: Final = re.compile("B[1-9]")


class NumberPart(StrEnum):
    """The part of a card number that is wrong."""

    LENGTH = "length"
    AREA = "area"
    BIRTH_DATE = "birth_date"
    CHECK_CHARACTER = "check_character"
    CATEGORY = "category"
    GRADE = "grade"
    REISSUE = "reissue"


class CardNumberInvalid(ValueError):
    """A text is no card number; the message names the wrong part and repeats nothing of the text."""

    def __init__(self, part: NumberPart) -> None:
        super().__init__(f"The {part.replace('_', ' ')} of the card number is wrong.")
        self.part = part


@dataclass(frozen=True)
class CardNumber:
    """A card number whose parts are all possible; `reissue` is 0 on a first card, 1 on the card marked B1, and so on.

    `category` is 1 (vision) to 7 (multiple), `grade` 1 (profound) to 4 (mild).
    """

    citizen_id: str
    category: int
    grade: int
    reissue: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number as people type it: full-width characters, spaces, hyphens and a small x or b are taken.

        Raises:
            CardNumberInvalid: names the first part that is wrong, in the order of `NumberPart`.
        """
        plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
        if len(plain) not in _LENGTHS:
            raise CardNumberInvalid(NumberPart.LENGTH)
        citizen_id, suffix = plain[:_ID_LENGTH], plain[_ID_LENGTH + 2 :]
        check_citizen_id(citizen_id)
        if plain[_ID_LENGTH] not in "1234567":
            raise CardNumberInvalid(NumberPart.CATEGORY)
        if plain[_ID_LENGTH + 1] not in "1234":
            raise CardNumberInvalid(NumberPart.GRADE)
        if suffix and not _REISSUE.fullmatch(suffix):
            raise CardNumberInvalid(NumberPart.REISSUE)
        return cls(citizen_id, int(plain[_ID_LENGTH]), int(plain[_ID_LENGTH + 1]), int(suffix[1:] or 0))

    def __str__(self) -> str:
        return f"{self.citizen_id}{self.category}{self.grade}{f'B{self.reissue}' if self.reissue else ''}"

    def __repr__(self) -> str:
        return f"CardNumber({self.masked})"

    @property
    def masked(self) -> str:
        """The area and the last two characters; the rest, birth date included, is stars."""
        plain = str(self)
        hidden = len(plain) - _VISIBLE_AREA - _VISIBLE_END
        return f"{plain[:_VISIBLE_AREA]}{'*' * hidden}{plain[-_VISIBLE_END:]}"

    @property
    def birth_date(self) -> date:
        """The holder's day of birth."""
        return _birth_date(self.citizen_id)


def check_character(first17: str) -> str:
    """The last character of a citizen id (GB 11643, by ISO 7064 MOD 11-2), given the 17 digits before it.

    Raises:
        ValueError: not 17 digits.
    """
    if len(first17) != _ID_LENGTH - 1 or not _is_digits(first17):
        raise ValueError("the check character follows from 17 digits")
    return _CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def check_citizen_id(citizen_id: str) -> None:
    """Refuse what is no citizen id (GB 11643), written in half-width characters and with a large X.

    Raises:
        CardNumberInvalid: names the first part that is wrong.
    """
    if len(citizen_id) != _ID_LENGTH:
        raise CardNumberInvalid(NumberPart.LENGTH)
    # The first digit of an area is that of one of the regions into which GB/T 2260 divides the country.
    if not _is_digits(citizen_id[:6]) or citizen_id[0] not in "12345678":
        raise CardNumberInvalid(NumberPart.AREA)
    try:
        _birth_date(citizen_id)
    except ValueError:
        raise CardNumberInvalid(NumberPart.BIRTH_DATE) from None
    if not _is_digits(citizen_id[14:17]) or check_character(citizen_id[:17]) != citizen_id[17]:
        raise CardNumberInvalid(NumberPart.CHECK_CHARACTER)


def _birth_date(citizen_id: str) -> date:
    digits = citizen_id[6:14]
    if not _is_digits(digits):
        raise ValueError("birth date")
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
