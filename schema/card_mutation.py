"""What can be done in a card's life, by staff and in part by the holder, and what staff write into files."""

from datetime import date
from typing import Annotated

import strawberry

from domain.appeal import AppealOutcome, AppealRefusal
from domain.card_event import CardEvent, CardRefusal, Step
from domain.file import FileKind, FileRefusal
from domain.standing import Cause
from schema.booking_mutation import Key
from schema.context import Info
from schema.file import FileEntryResult, FileEntryWritten, FileOpened, FileOpenedResult, FileRefused
from schema.identity import key_of, to_id
from schema.lifecycle import (
    Appeal,
    AppealRefused,
    AppealResult,
    CardEventResult,
    CardRefused,
    CardStanding,
    FindingInput,
    findings_of,
)
from schema.session import NotSignedIn, signed_in
from services import card_appeals, cards, files
from services.card_appeals import AppealWish
from services.cards import Wish

Whom = Annotated[strawberry.ID, strawberry.argument(description="The resident's `residentId`.")]
WhomOrSelf = Annotated[
    strawberry.ID | None, strawberry.argument(description="A `residentId`; absent for the viewer herself.")
]
Reason = Annotated[str, strawberry.argument(description="Why, in the clerk's words; sealed under the resident's key.")]
Report = Annotated[
    list[FindingInput], strawberry.argument(description="The hospital's findings; empty when it found no disability.")
]


async def _happen(
    info: Info, step: Step, whom: str | None, key: str, reason: str, hospital: str | None = None
) -> CardStanding | CardRefused | NotSignedIn:
    signed = await signed_in(info)
    if isinstance(signed, NotSignedIn):
        return signed
    resident_id = None if whom is None else key_of("Resident", whom)
    wish = Wish(step, key, resident_id, reason, hospital)
    answer = await cards.bring_about(info.context.resources, signed.viewer, signed.people, wish)
    return CardRefused.of(answer) if isinstance(answer, CardRefusal) else CardStanding.of(answer)


@strawberry.type
class CardMutation:
    """The mutations of cards and files, mixed into the root."""

    @strawberry.mutation(description="Apply for a card where none is in force: staff, the resident or her guardian.")
    async def apply_for_card(self, info: Info, resident_id: Whom, key: Key, reason: Reason = "") -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.APPLY), resident_id, key, reason)

    @strawberry.mutation(description="For staff: refer an applicant to a designated hospital.")
    async def refer_to_assessment(
        self, info: Info, resident_id: Whom, hospital: str, key: Key, reason: Reason = ""
    ) -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.REFER), resident_id, key, reason, hospital[:80])

    @strawberry.mutation(description="For staff: write down what the hospital found.")
    async def record_assessment(
        self, info: Info, resident_id: Whom, findings: Report, key: Key, reason: Reason = ""
    ) -> CardEventResult:
        """The standing afterwards."""
        step = Step(CardEvent.ASSESS, findings=findings_of(findings))
        return await _happen(info, step, resident_id, key, reason)

    @strawberry.mutation(description="For the district: end an application without a card.")
    async def reject_application(self, info: Info, resident_id: Whom, key: Key, reason: Reason = "") -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.REJECT), resident_id, key, reason)

    @strawberry.mutation(description="For the district: issue the card, by another person than took in or assessed.")
    async def issue_card(self, info: Info, resident_id: Whom, key: Key, reason: Reason = "") -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.ISSUE), resident_id, key, reason)

    @strawberry.mutation(description="Ask for a renewal in the card's last year: the holder, or staff for her.")
    async def renew_card(
        self, info: Info, key: Key, resident_id: WhomOrSelf = None, reason: Reason = ""
    ) -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.RENEW), resident_id, key, reason)

    @strawberry.mutation(description="For staff: begin a new assessment of a holder.")
    async def reassess_card(self, info: Info, resident_id: Whom, key: Key, reason: Reason = "") -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.REASSESS), resident_id, key, reason)

    @strawberry.mutation(description="Report a card as lost: the holder, or staff for her; passes end at once.")
    async def report_card_lost(
        self, info: Info, key: Key, resident_id: WhomOrSelf = None, reason: Reason = ""
    ) -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.REPORT_LOST), resident_id, key, reason)

    @strawberry.mutation(description="For staff: replace a lost card, by another person than took the report.")
    async def reissue_card(self, info: Info, resident_id: Whom, key: Key, reason: Reason = "") -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.REISSUE), resident_id, key, reason)

    @strawberry.mutation(description="For staff: suspend a card; its passes wait, its places are given back.")
    async def suspend_card(
        self, info: Info, resident_id: Whom, cause: Cause, key: Key, reason: Reason = ""
    ) -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.SUSPEND, cause), resident_id, key, reason)

    @strawberry.mutation(description="For staff: let a card go on that was suspended, found again, or moved back.")
    async def resume_card(self, info: Info, resident_id: Whom, key: Key, reason: Reason = "") -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.RESUME), resident_id, key, reason)

    @strawberry.mutation(description="For staff: note that a holder moved out of the area on a day.")
    async def record_move_out(
        self, info: Info, resident_id: Whom, day: date, key: Key, reason: Reason = ""
    ) -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.MOVE_OUT, day=day), resident_id, key, reason)

    @strawberry.mutation(description="For the district: cancel a card.")
    async def cancel_card(
        self, info: Info, resident_id: Whom, cause: Cause, key: Key, reason: Reason = ""
    ) -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.CANCEL, cause), resident_id, key, reason)

    @strawberry.mutation(description="For staff: note that a resident died on a day; it ends everything.")
    async def record_death(
        self, info: Info, resident_id: Whom, day: date, key: Key, reason: Reason = ""
    ) -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.RECORD_DEATH, day=day), resident_id, key, reason)

    @strawberry.mutation(description="For the district: take back a death that was recorded by mistake.")
    async def retract_death(self, info: Info, resident_id: Whom, key: Key, reason: Reason = "") -> CardEventResult:
        """The standing afterwards."""
        return await _happen(info, Step(CardEvent.RETRACT_DEATH), resident_id, key, reason)

    @strawberry.mutation(description="Appeal against the assessment: herself, a guardian, or staff for her.")
    async def appeal_assessment(
        self, info: Info, reason: str, key: Key, resident_id: WhomOrSelf = None
    ) -> AppealResult:
        """The appeal."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        wish = AppealWish(key, None if resident_id is None else key_of("Resident", resident_id), reason)
        answer = await card_appeals.appeal(info.context.resources, signed.viewer, signed.people, wish)
        return AppealRefused.of(answer) if isinstance(answer, AppealRefusal) else Appeal.of(answer)

    @strawberry.mutation(description="For the district: write down what the city or the province decided.")
    async def decide_appeal(
        self,
        info: Info,
        resident_id: Whom,
        outcome: AppealOutcome,
        key: Key,
        findings: list[FindingInput] | None = None,
        reason: Reason = "",
    ) -> AppealResult:
        """The appeal, decided."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        found = None if findings is None else findings_of(findings)
        wish = AppealWish(key, key_of("Resident", resident_id), reason, outcome, found)
        answer = await card_appeals.decide_appeal(info.context.resources, signed.viewer, signed.people, wish)
        return AppealRefused.of(answer) if isinstance(answer, AppealRefusal) else Appeal.of(answer)

    # A mutation, because it writes into the audit log, and because numbers must not stand in addresses.
    @strawberry.mutation(description="For staff: find a resident of their area by citizen id or card number.")
    async def open_file(self, info: Info, number: str) -> FileOpenedResult:
        """The resident, masked."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        opened = await files.open_file(info.context.resources, signed.people, number)
        return FileRefused.of(opened) if isinstance(opened, FileRefusal) else FileOpened.of(opened)

    @strawberry.mutation(description="For staff: write an entry into the file of a resident; it is never changed.")
    async def write_file_entry(
        self, info: Info, resident_id: Whom, kind: FileKind, text: str, day: date, key: Key
    ) -> FileEntryResult:
        """The entry's id."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        wish = files.EntryWish(key_of("Resident", resident_id), kind, text, day, key)
        written = await files.write_entry(info.context.resources, signed.viewer, signed.people, wish)
        if isinstance(written, FileRefusal):
            return FileRefused.of(written)
        return FileEntryWritten(id=to_id("FileEntry", written))
