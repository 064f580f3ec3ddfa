"""Shows that nobody sees a referred resident before she consents, nor after she takes it back."""

import asyncpg
import pytest

from domain.access import Viewer
from domain.attendance import DeskRefusal
from domain.booking import BookingRefusal
from models.record import new_id
from services.bookings import HeldBooking
from services.referrals import (
    HeldReferral,
    answer_referral,
    book_referred,
    propose_referral,
    referrals_of,
    referrals_to,
)
from services.resources import Resources
from tests.services.frontdesk import FrontDesk
from tests.services.register import Clock, Holder, Register


class Case:
    """A resident whom one desk sends to another."""

    def __init__(self, resources: Resources, register: Register) -> None:
        self.resources = resources
        self.register = register

    async def open(self) -> "Case":
        """Two desks, and a booking at the first."""
        self.first = await FrontDesk(self.resources, self.register).open()
        self.second = await FrontDesk(self.resources, self.register).open()
        self.holder: Holder = await self.first.patient()
        self.booking = await self.first.book(self.holder)
        self.resident = await self.register.viewer(self.holder)
        return self

    async def propose(self, note: str = "需要继续做步态训练。") -> HeldReferral | DeskRefusal:
        """The first desk asks."""
        provider = self.second.provider_id
        return await propose_referral(self.resources, self.first.staff, self.booking.id, provider, note)

    async def proposed(self) -> HeldReferral:
        """The same, where no refusal is expected."""
        referral = await self.propose()
        assert isinstance(referral, HeldReferral), referral
        return referral

    async def answer(
        self, referral: HeldReferral, *, consents: bool, viewer: Viewer | None = None
    ) -> HeldReferral | DeskRefusal:
        """She, or somebody else, answers."""
        viewer = viewer or self.resident
        people = await self.register.people(viewer)
        return await answer_referral(self.resources, viewer, people, referral.id, consents=consents)

    async def seen(self) -> list[HeldReferral]:
        """What the second desk sees."""
        return list(await referrals_to(self.resources, self.second.provider_id, None, 10))

    async def book(self, referral: HeldReferral, viewer: Viewer | None = None) -> HeldBooking | BookingRefusal:
        """The second desk books for her."""
        slot_id = await self.register.slot(self.second.service_id, hours=72)
        return await book_referred(self.resources, viewer or self.second.staff, referral.id, slot_id, str(new_id()))


@pytest.fixture
async def case(resources: Resources, register: Register) -> Case:
    """Nothing proposed yet."""
    return await Case(resources, register).open()


async def test_only_after_her_consent_the_other_desk_sees_and_books(case: Case, owner: asyncpg.Connection) -> None:
    """A masked record with the note, and a booking in her name that the log ascribes to the desk's account."""
    referral = await case.proposed()
    before, early = await case.seen(), await case.book(referral)
    people = await case.register.people(case.resident)
    assert people.own
    (hers,) = await referrals_of(case.resources, people.own)
    await case.answer(referral, consents=True)

    (seen,), held = await case.seen(), await case.book(referral)

    assert (before, early) == ([], BookingRefusal.NOT_ALLOWED)
    assert (hers.note, hers.state) == ("需要继续做步态训练。", "proposed")
    assert (seen.person.masked_name, seen.note, seen.state) == ("王**", "需要继续做步态训练。", "consented")
    assert isinstance(held, HeldBooking)
    assert held.resident_id == case.holder.id
    actor = f"account:{case.second.staff.account_id}"
    logged = await owner.fetch("SELECT action FROM audit WHERE actor = $1 AND subject = $2", actor, str(case.holder.id))
    assert [row["action"] for row in logged] == ["book_referred"]
    sealed = await owner.fetchval("SELECT note_sealed FROM referral WHERE id = $1", referral.id)
    assert "步态".encode() not in sealed


async def test_a_consent_taken_back_or_never_given_shows_nothing(case: Case) -> None:
    """Withdrawn, the other desk sees nobody; refused stays refused; each answer is given once."""
    referral = await case.proposed()
    states = []
    for consents in (True, True, False):
        answered = await case.answer(referral, consents=consents)
        assert isinstance(answered, HeldReferral)
        states.append(answered.state)
    again = await case.answer(referral, consents=True)
    other = await case.proposed()
    refused = await case.answer(other, consents=False)

    assert states == ["consented", "consented", "withdrawn"]
    assert again is DeskRefusal.ANSWERED
    assert isinstance(refused, HeldReferral)
    assert refused.state == "refused"
    assert await case.seen() == []
    assert await case.book(referral) is BookingRefusal.NOT_ALLOWED


async def test_only_she_or_her_guardian_consents(case: Case, register: Register) -> None:
    """Neither staff of her area nor one of the desks, nor a guardian who may only look; her guardian may."""
    referral = await case.proposed()
    clerk, looking, guardian = [await register.viewer() for _ in range(3)]
    await register.staff(clerk.account_id)
    await register.guardian(case.holder, looking.account_id, scope="view")
    await register.guardian(case.holder, guardian.account_id)

    refused = [
        await case.answer(referral, consents=True, viewer=viewer)
        for viewer in (clerk, looking, case.first.staff, case.second.staff)
    ]
    answered = await case.answer(referral, consents=True, viewer=guardian)

    assert set(refused) == {DeskRefusal.REFERRAL_NOT_FOUND}
    assert isinstance(answered, HeldReferral)
    assert answered.state == "consented"


async def test_what_she_consented_to_is_not_changed_under_her(case: Case, clock: Clock) -> None:
    """Before her answer the desk may correct its note; after it only once the referral has run out."""
    referral = await case.proposed()
    corrected = await case.propose("需要继续做语言训练。")
    await case.answer(referral, consents=True)
    changed = await case.propose("别的内容")
    clock.forward(days=90)
    last_day = await case.seen()
    clock.forward(days=1)
    over, late = await case.seen(), await case.answer(referral, consents=False)

    anew = await case.propose("再次转介。")

    assert isinstance(corrected, HeldReferral)
    assert (corrected.id, corrected.note) == (referral.id, "需要继续做语言训练。")
    assert changed is DeskRefusal.ANSWERED
    assert [each.note for each in last_day] == ["需要继续做语言训练。"]
    assert (over, late) == ([], DeskRefusal.REFERRAL_NOT_FOUND)
    assert isinstance(anew, HeldReferral)
    assert (anew.state, await case.seen()) == ("proposed", [])


async def test_a_desk_refers_its_own_bookings_to_another_provider_with_a_note(case: Case) -> None:
    """Not another desk's, not to itself or nowhere, not without a word or with too many."""
    refused = [
        await propose_referral(case.resources, staff, booking_id, provider_id, note)
        for staff, booking_id, provider_id, note in (
            (case.second.staff, case.booking.id, case.first.provider_id, "转介"),
            (case.first.staff, new_id(), case.second.provider_id, "转介"),
            (case.first.staff, case.booking.id, case.first.provider_id, "转介"),
            (case.first.staff, case.booking.id, new_id(), "转介"),
            (case.first.staff, case.booking.id, case.second.provider_id, " "),
            (case.first.staff, case.booking.id, case.second.provider_id, "长" * 501),
        )
    ]

    assert refused == [
        *[DeskRefusal.BOOKING_NOT_FOUND] * 2,
        *[DeskRefusal.PROVIDER_NOT_FOUND] * 2,
        *[DeskRefusal.REASON] * 2,
    ]


async def test_only_the_receiving_desk_books_and_only_with_itself(case: Case) -> None:
    """The first desk does not, and the second not with somebody else's service."""
    referral = await case.proposed()
    await case.answer(referral, consents=True)
    elsewhere = await case.register.slot(case.first.service_id, hours=96)

    first = await case.book(referral, case.first.staff)
    second = await book_referred(case.resources, case.second.staff, referral.id, elsewhere, str(new_id()))

    assert {first, second} == {BookingRefusal.NOT_ALLOWED}
