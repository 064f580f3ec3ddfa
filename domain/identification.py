"""By which document somebody without a card became known to the register, and what a guardian is recorded with."""

import re
from datetime import date
from enum import StrEnum

_CERTIFICATE = re.compile(r"[A-Z][0-9]{9}")


class Identification(StrEnum):
    """The document that staff saw; a birth certificate has a number of its own, the others show the citizen id."""

    ID_CARD = "id_card"
    HOUSEHOLD_BOOK = "household_book"
    BIRTH_CERTIFICATE = "birth_certificate"


class RegistrationRefusal(StrEnum):
    """Why nobody was put on record."""

    NOT_ALLOWED = "not_allowed"
    OUTSIDE_AREA = "outside_area"
    OWN_WARD = "own_ward"
    TEXT_UNUSABLE = "text_unusable"
    NUMBER_INVALID = "number_invalid"
    BIRTH_DATE_WRONG = "birth_date_wrong"
    ALREADY_REGISTERED = "already_registered"
    NUMBER_ON_RECORD = "number_on_record"
    ACTS_WRONG = "acts_wrong"
    GROUND_WRONG = "ground_wrong"
    PERIOD_WRONG = "period_wrong"


def is_certificate_number(text: str) -> bool:
    """Whether a text has the form of a birth certificate's number: a letter and nine digits."""
    return _CERTIFICATE.fullmatch(text) is not None


def check_number(
    identification: Identification, number: str, of_id: date | None, born: date, on: date
) -> RegistrationRefusal | None:
    """Whether a document's number goes with a birth date; `of_id` is the day in a citizen id, None where it is none."""
    if identification is Identification.BIRTH_CERTIFICATE:
        if not is_certificate_number(number):
            return RegistrationRefusal.NUMBER_INVALID
    elif of_id is None:
        return RegistrationRefusal.NUMBER_INVALID
    elif of_id != born:
        return RegistrationRefusal.BIRTH_DATE_WRONG
    return RegistrationRefusal.BIRTH_DATE_WRONG if born > on else None
