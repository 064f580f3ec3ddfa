"""The catalogue of messages: every refusal has a sentence that reads well aloud."""

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum

import pytest

from card.gate import Outcome
from card.refusal import RefusalReason
from card.tariff_check import FindingKind
from domain.appeal import AppealLevel, AppealOutcome, AppealRefusal
from domain.attendance import DeskRefusal
from domain.booking import BookingRefusal
from domain.card import CardState
from domain.card_event import CardEvent, CardRefusal
from domain.catalogue import CatalogueRefusal
from domain.dashboard import Delay
from domain.entitlement import Verdict
from domain.file import FileRefusal
from domain.guardianship import ObjectionOutcome
from domain.identification import RegistrationRefusal
from domain.ride_dispute import RideRefusal
from domain.scanner import FleetRefusal
from domain.settlement import Evidence
from domain.settlement import Verdict as RideClass
from domain.standing import ApplicationState, Cause, Role
from domain.statement_dispute import StatementRefusal
from domain.timetable import TimetableRefusal
from models.booking import BookingState
from models.session import StaffRole
from schema import messages
from schema.session import SignInReason
from services.appointments import StaffRefusal
from services.binding import BindingRefusal, CodeRefusal
from services.credentials import CredentialRefusal
from services.devices import EnrolmentRefusal
from services.objections import ObjectionRefusal
from services.printed import PaperRefusal
from services.reveals import RevealField, RevealReason, RevealRefusal
from services.second_factor import FactorRefusal
from services.sessions import RefreshRefusal
from services.taps import UploadRefusal
from services.unlinking import UnlinkRefusal


@pytest.mark.parametrize(
    ("catalogue", "reasons"),
    [
        (messages.APPEAL, AppealRefusal),
        (messages.APPEAL_LEVEL, AppealLevel),
        (messages.APPEAL_OUTCOME, AppealOutcome),
        (messages.BINDING, BindingRefusal),
        (messages.BINDING_CODE, CodeRefusal),
        (messages.BOOKING, BookingRefusal),
        (messages.CARD, CardRefusal),
        (messages.CARD_DONE, CardEvent),
        (messages.CARD_EVENT, CardEvent),
        (messages.CARD_STATE, CardState),
        (messages.CATALOGUE, CatalogueRefusal),
        (messages.CAUSE, Cause),
        (messages.CREDENTIAL, CredentialRefusal),
        (messages.DESK, DeskRefusal),
        (messages.FINDING, FindingKind),
        (messages.FLEET, FleetRefusal),
        (messages.PRESENCE, BookingState),
        (messages.ENROLMENT, EnrolmentRefusal),
        (messages.FILE, FileRefusal),
        (messages.OBJECTION, ObjectionRefusal),
        (messages.OBJECTION_DECIDED, ObjectionOutcome),
        (messages.PAPER, PaperRefusal),
        (messages.REFRESH, RefreshRefusal),
        (messages.TIMETABLE, TimetableRefusal),
        (messages.ROLE, Role),
        (messages.SECOND_FACTOR, FactorRefusal),
        (messages.SIGN_IN, SignInReason),
        (messages.STAFF, StaffRefusal),
        (messages.UNLINK, UnlinkRefusal),
        (messages.UPLOAD, UploadRefusal),
        (messages.REGISTRATION, RegistrationRefusal),
        (messages.RIDE, Outcome),
        (messages.VERDICT, Verdict),
        (messages.REVEAL, RevealRefusal),
        (messages.REVEAL_FIELD, RevealField),
        (messages.REVEAL_REASON, RevealReason),
        (messages.STAFF_ROLE, StaffRole),
        (messages.RIDE_DISPUTE, RideRefusal),
        (messages.STATEMENT, StatementRefusal),
        (messages.EVIDENCE, Evidence),
        (messages.RIDE_CLASS, RideClass),
        (messages.DELAY, Delay),
    ],
)
def test_every_reason_has_a_sentence(catalogue: Mapping[str, str], reasons: type[StrEnum]) -> None:
    """A new reason cannot be forgotten here."""
    assert set(catalogue) == set(reasons)


def test_reasons_of_rides_are_those_of_the_gate() -> None:
    """No sentence waits for a reason that no gate gives."""
    assert set(messages.RIDE_REFUSED) <= set(RefusalReason)
    assert set(messages.REFUSED_BECAUSE) <= set(RefusalReason)


def test_a_ride_is_told_in_a_sentence() -> None:
    """A refusal tells its reason when the resident can do something with it."""
    assert messages.ride("free", None) == "免费放行。"
    assert messages.ride("refused", "expired") == "码已过期，没有放行。"
    assert messages.ride("refused", "not_canonical") == "没有放行。"
    assert messages.ride("refused", "expired", 1, overridden=True) == "码已过期，没有放行。司机同意上车。同行1人。"


@pytest.mark.parametrize(
    ("state", "application", "told"),
    [
        (None, None, "还没有残疾人证，也没有正在办理的申请。"),
        (CardState.APPLIED, ApplicationState.APPLIED, "您的申请已经受理，等待安排评定。"),
        (CardState.ACTIVE, ApplicationState.UNDER_ASSESSMENT, "残疾人证正常，可以使用。正在重新评定。"),
        (CardState.LOST, None, "残疾人证已挂失，可以到乡镇残联补办。"),
    ],
)
def test_a_standing_is_told_with_what_runs_beside_it(
    state: CardState | None, application: ApplicationState | None, told: str
) -> None:
    """An application is named where it is not the standing itself."""
    assert messages.standing(state, application) == told


def test_an_appeals_term_is_told_or_said_to_be_unknown() -> None:
    """With the last day in words, or without one where the calendar is not out."""
    known, unknown = (messages.appeal_term(AppealLevel.CITY, until) for until in (date(2026, 10, 15), None))

    assert "最后一天是2026年10月15日" in known
    assert "还没有公布" in unknown


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
