"""The catalogue of messages: every refusal has a sentence that reads well aloud."""

import inspect
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

import pytest

from card.gate import Outcome
from card.refusal import RefusalReason
from domain.booking import BookingRefusal
from models.session import StaffRole
from schema import messages
from services.binding import BindingRefusal, CodeRefusal
from services.credentials import CredentialRefusal
from services.devices import EnrolmentRefusal
from services.reveals import RevealField, RevealReason, RevealRefusal
from services.sessions import RefreshRefusal
from services.taps import UploadRefusal


@pytest.mark.parametrize(
    ("catalogue", "reasons"),
    [
        (messages.BINDING, BindingRefusal),
        (messages.BINDING_CODE, CodeRefusal),
        (messages.BOOKING, BookingRefusal),
        (messages.CREDENTIAL, CredentialRefusal),
        (messages.ENROLMENT, EnrolmentRefusal),
        (messages.REFRESH, RefreshRefusal),
        (messages.UPLOAD, UploadRefusal),
        (messages.RIDE, Outcome),
        (messages.REVEAL, RevealRefusal),
        (messages.REVEAL_FIELD, RevealField),
        (messages.REVEAL_REASON, RevealReason),
        (messages.STAFF_ROLE, StaffRole),
    ],
)
def test_every_reason_has_a_sentence(catalogue: Mapping[str, str], reasons: type[StrEnum]) -> None:
    """A new reason cannot be forgotten here."""
    assert set(catalogue) == set(reasons)


def test_reasons_of_rides_are_those_of_the_gate() -> None:
    """No sentence waits for a reason that no gate gives."""
    assert set(messages.RIDE_REFUSED) <= set(RefusalReason)


def test_a_ride_is_told_in_a_sentence() -> None:
    """A refusal tells its reason when the resident can do something with it."""
    assert messages.ride("free", None) == "免费放行。"
    assert messages.ride("refused", "expired") == "码已过期，没有放行。"
    assert messages.ride("refused", "not_canonical") == "没有放行。"


def sentences() -> Iterator[str]:
    """Every Chinese text of the catalogue."""
    for value in vars(messages).values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (text for text in value.values() if isinstance(text, str))


def test_chinese_sentences_are_punctuated_as_such() -> None:
    """A screen reader pauses at full-width marks, and a sentence ends."""
    chinese = [text for text in sentences() if re.search(r"[\u4e00-\u9fff]。?$", text)]

    assert len(chinese) > 40
    assert [text for text in chinese if re.search(r"[\u4e00-\u9fff][,;:!?()]", text)] == []
    assert inspect.getdoc(messages) is not None
