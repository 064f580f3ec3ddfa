"""A document's number goes with the birth date, or says what is wrong with it."""

from datetime import date

import pytest

from domain.identification import Identification, RegistrationRefusal, check_number

BORN, TODAY = date(2022, 2, 2), date(2026, 3, 11)


@pytest.mark.parametrize(
    ("identification", "number", "of_id", "refusal"),
    [
        (Identification.BIRTH_CERTIFICATE, "R330123456", None, None),
        (Identification.BIRTH_CERTIFICATE, "330123456", None, RegistrationRefusal.NUMBER_INVALID),
        (Identification.BIRTH_CERTIFICATE, "R3301234567", None, RegistrationRefusal.NUMBER_INVALID),
        (Identification.HOUSEHOLD_BOOK, "…", BORN, None),
        (Identification.ID_CARD, "…", date(2022, 2, 3), RegistrationRefusal.BIRTH_DATE_WRONG),
        (Identification.ID_CARD, "…", None, RegistrationRefusal.NUMBER_INVALID),
    ],
)
def test_a_number_is_checked_by_its_document(
    identification: Identification, number: str, of_id: date | None, refusal: RegistrationRefusal | None
) -> None:
    """A certificate by its form, a citizen id by the birth date in it."""
    assert check_number(identification, number, of_id, BORN, TODAY) is refusal


@pytest.mark.parametrize(
    ("born", "refusal"), [(TODAY, None), (date(2026, 3, 12), RegistrationRefusal.BIRTH_DATE_WRONG)]
)
def test_nobody_is_born_tomorrow(born: date, refusal: RegistrationRefusal | None) -> None:
    """A child of today is taken, one of tomorrow is not."""
    assert check_number(Identification.BIRTH_CERTIFICATE, "R330123456", None, born, TODAY) is refusal
