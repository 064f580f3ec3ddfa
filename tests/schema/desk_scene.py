"""What is done for a ward at a provider's desk, and about full slots, by the entry that each use case leaves."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.access import Viewer
from schema.identity import to_id
from services import credentials
from services.vault import Sealed
from tests.schema.scene import SHOWN as SHOWN_ELSEWHERE
from tests.schema.scene import Scene

KEY = 'key: "once-and-no-more"'


class DeskScene(Scene):
    """The same people, with a provider whose staff the ward is a stranger to; nothing made here leaves an entry."""

    async def open(self) -> None:
        """Make the provider and its desk."""
        self.provider = await self._register.provider()
        self.service = await self._register.service(provider_id=self.provider)
        self.staff = await self._register.viewer()
        await self._register.desk(self.staff.account_id, self.service)

    async def _row(self, table: str, **columns: Any) -> UUID:
        return await self._register._insert(table, resident_id=self.ward.id, **columns)

    async def _booking(self, *, hours: float = 1, **columns: Any) -> UUID:
        at = self._register._resources.clock()
        slot = await self._register.slot(self.service, hours=hours, taken=1)
        starts_at = at + timedelta(hours=hours)
        times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1), "booked_at": at}
        return await self._row("booking", slot_id=slot, **{"state": "booked", **times, **columns})

    async def _says(self, viewer: Viewer, mutation: str, typename: str) -> dict[str, Any]:
        body = await self._ask(f"mutation {{ done: {mutation} {{ __typename }} }}", viewer)
        if "errors" not in body:
            assert body["data"]["done"] == {"__typename": typename}
        return body

    async def view_at_desk(self) -> dict[str, Any]:
        """Whoever works there looks at the day twice."""
        await self._booking()
        for _ in range(2):
            body = await self._ask(
                '{ viewer { desks { dayList(on: "2026-03-11", first: 5) { edges { node { maskedName } } } } } }',
                self.staff,
            )
        return body

    async def at_desk(self, mutation: str, **booking: Any) -> dict[str, Any]:
        """Something that a desk does with the ward's booking."""
        booking_id = to_id("Booking", await self._booking(**booking))
        name, _, arguments = mutation.partition(" ")
        return await self._says(self.staff, f'{name}(bookingId: "{booking_id}"{arguments})', "DeskBooking")

    async def keep_booking(self) -> dict[str, Any]:
        """It keeps her, although she is no longer entitled."""
        return await self.at_desk("keepBooking", flag="ineligible", flagged_at=self._register._resources.clock())

    async def check_in(self) -> dict[str, Any]:
        """The ward shows her code."""
        await self._booking()
        resources, holder = self._register._resources, await self._register.viewer(self.ward)
        people = await self._register.people(holder)
        code = await credentials.issue_online_code(resources, holder, people, None)
        assert isinstance(code, credentials.IssuedCode), code
        provider = to_id("Provider", self.provider)
        return await self._says(self.staff, f'checkIn(providerId: "{provider}", code: "{code.text}")', "DeskBooking")

    async def view_visit(self) -> dict[str, Any]:
        """Whoever visits her asks where she lives."""
        return await self._says(
            self.staff, f'showVisit(bookingId: "{to_id("Booking", await self._booking())}")', "Visit"
        )

    async def propose_referral(self) -> dict[str, Any]:
        """The desk would send her on."""
        other = to_id("Provider", await self._register.provider())
        booking = to_id("Booking", await self._booking())
        mutation = f'proposeReferral(bookingId: "{booking}", providerId: "{other}", note: "继续训练")'
        return await self._says(self.staff, mutation, "Referral")

    async def _referral(self, state: str, **answer: Any) -> str:
        at = self._register._resources.clock()
        referral = await self._row(
            "referral",
            from_provider_id=await self._register.provider(),
            to_provider_id=self.provider,
            note_sealed=self.ward.key.seal(Sealed.REFERRAL, "继续训练"),
            state=state,
            proposed_by_id=self.staff.account_id,
            proposed_at=at,
            valid_until=at.date(),
            **answer,
        )
        return to_id("Referral", referral)

    async def answer_referral(self) -> dict[str, Any]:
        """The guardian consents."""
        referral = await self._referral("proposed")
        return await self._says(self.guardian, f'answerReferral(referralId: "{referral}", consents: true)', "Referral")

    async def book_referred(self) -> dict[str, Any]:
        """The desk she was sent to books for her."""
        answer = {"answered_at": self._register._resources.clock(), "answered_by_id": self.guardian.account_id}
        referral = await self._referral("consented", **answer)
        slot = to_id("Slot", await self._register.slot(self.service))
        return await self._says(
            self.staff, f'bookReferred(referralId: "{referral}", slotId: "{slot}", {KEY})', "Booking"
        )

    async def _missed(self, **appeal: Any) -> str:
        at = self._register._resources.clock()
        booking = await self._booking(hours=-3, state="missed")
        await self._row("attendance", booking_id=booking, method="desk", recorded_at=at, **appeal)
        return to_id("Booking", booking)

    async def _appealed(self) -> str:
        sealed = self.ward.key.seal(Sealed.APPEAL, "公交车坏了")
        return await self._missed(appealed_at=self._register._resources.clock(), appeal_sealed=sealed)

    async def appeal_miss(self) -> dict[str, Any]:
        """The guardian says why she did not come."""
        mutation = f'appealMiss(bookingId: "{await self._missed()}", reason: "公交车坏了")'
        return await self._says(self.guardian, mutation, "Booking")

    async def view_appeals(self) -> dict[str, Any]:
        """A clerk looks at what waits for an answer."""
        await self._appealed()
        return await self._ask(
            "{ viewer { staff { appeals(first: 100) { edges { node { maskedName } } } } } }", self.clerk
        )

    async def decide_miss_appeal(self) -> dict[str, Any]:
        """And answers."""
        mutation = f'decideMissAppeal(bookingId: "{await self._appealed()}", upheld: true)'
        return await self._says(self.clerk, mutation, "DeskBooking")

    async def reschedule_booking(self) -> dict[str, Any]:
        """The guardian moves the booking."""
        booking = to_id("Booking", await self._booking(hours=48))
        slot = to_id("Slot", await self._register.slot(self.service, hours=72))
        mutation = f'rescheduleBooking(bookingId: "{booking}", slotId: "{slot}", {KEY})'
        return await self._says(self.guardian, mutation, "Booking")

    async def join_waitlist(self) -> dict[str, Any]:
        """The guardian lets her wait."""
        slot = to_id("Slot", await self._register.slot(self.service, taken=1))
        mutation = f'joinWaitlist(slotId: "{slot}", residentId: "{self.resident_id}", {KEY})'
        return await self._says(self.guardian, mutation, "WaitlistEntry")

    async def join_course_waitlist(self) -> dict[str, Any]:
        """Or lets her wait for a full course."""
        course = await self._register.course(self.service, hours=[72, 96])
        await self._register._owner.execute("UPDATE course SET taken = capacity WHERE id = $1", course)
        whose = f'courseId: "{to_id("Course", course)}", residentId: "{self.resident_id}"'
        return await self._says(self.guardian, f"joinCourseWaitlist({whose}, {KEY})", "WaitlistEntry")

    async def _wish(self, state: str) -> UUID:
        slot = await self._register.slot(self.service, taken=1)
        at = self._register._resources.clock()
        return await self._row("waitlist_entry", slot_id=slot, state=state, priority=0, joined_at=at)

    async def leave_waitlist(self) -> dict[str, Any]:
        """And no longer."""
        wish = to_id("WaitlistEntry", await self._wish("waiting"))
        return await self._says(self.guardian, f'leaveWaitlist(entryId: "{wish}", {KEY})', "WaitlistEntry")

    async def accept_offer(self) -> dict[str, Any]:
        """And takes the place that is held for her."""
        wish, at = await self._wish("offered"), self._register._resources.clock()
        ends = {"offered_at": at, "expires_at": at + timedelta(hours=1)}
        await self._row("offer", entry_id=wish, state="open", **ends)
        mutation = f'acceptOffer(entryId: "{to_id("WaitlistEntry", wish)}", {KEY})'
        return await self._says(self.guardian, mutation, "Booking")

    async def create_calendar_feed(self) -> dict[str, Any]:
        """The guardian makes an address for the ward's calendar."""
        mutation = f'createCalendarFeed(residentId: "{self.resident_id}")'
        return await self._says(self.guardian, mutation, "CalendarFeed")


SHOWN = {
    **SHOWN_ELSEWHERE,
    "view_at_desk": DeskScene.view_at_desk,
    "confirm_booking": lambda scene: scene.at_desk("confirmBooking", state="requested"),
    "decline_booking": lambda scene: scene.at_desk("declineBooking", state="requested"),
    "keep_booking": DeskScene.keep_booking,
    "record_came": DeskScene.check_in,
    "view_visit": DeskScene.view_visit,
    "record_missed": lambda scene: scene.at_desk("recordAttendance , came: false", hours=-1),
    "propose_referral": DeskScene.propose_referral,
    "answer_referral": DeskScene.answer_referral,
    "book_referred": DeskScene.book_referred,
    "appeal_miss": DeskScene.appeal_miss,
    "view_appeals": DeskScene.view_appeals,
    "decide_miss_appeal": DeskScene.decide_miss_appeal,
    "reschedule_booking": DeskScene.reschedule_booking,
    "join_waitlist": DeskScene.join_waitlist,
    "join_course_waitlist": DeskScene.join_course_waitlist,
    "leave_waitlist": DeskScene.leave_waitlist,
    "accept_offer": DeskScene.accept_offer,
    "create_calendar_feed": DeskScene.create_calendar_feed,
}
