"""Shows that an event of a card's life does all that it triggers in one transaction, once, by the right two people."""

import asyncio
import json
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from card.cose import SigningKey
from card.credential import prove
from card.number import CardNumber
from card.statuslist import EntryStatus
from domain.access import Viewer
from domain.card import CardState
from domain.card_event import CardEvent, CardRefusal, Step
from domain.standing import ApplicationState, Cause, Findings
from services.bookings import HeldBooking, book_slot
from services.cards import CardStanding, report
from services.credentials import CredentialRefusal, IssuedPass, issue_pass, new_challenge
from services.devices import trust_bundle
from services.resources import Resources
from services.standings import find
from services.vault import Sealed
from tests.services.bus import enrolled_bus
from tests.services.office import Office
from tests.services.recorder import Recorder
from tests.services.register import Holder, Register, open_all

SIGHT_1 = Findings(((1, 1),))
PASS = "SELECT revoked_at, suspended_at FROM credential WHERE resident_id = $1 ORDER BY id"


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A severe holder with a card in force."""
    return await register.resident()


@pytest.fixture
async def applicant(register: Register, owner: asyncpg.Connection) -> Holder:
    """A person of the register who has no card yet."""
    person = await register.resident()
    await owner.execute("DELETE FROM card WHERE id = $1", person.card_id)
    return person


async def a_pass(resources: Resources, register: Register, viewer: Viewer) -> IssuedPass | CredentialRefusal:
    """A pass on a fresh phone of a viewer."""
    phone, challenge = SigningKey.generate(), new_challenge(resources, viewer)
    people = await register.people(viewer)
    return await issue_pass(
        resources, viewer, people, None, phone.verifying_key.public, challenge, prove(challenge, phone)
    )


async def events(owner: asyncpg.Connection, holder: Holder) -> list[tuple[Any, ...]]:
    """What is on record of a resident's card."""
    rows = await owner.fetch(
        "SELECT event, role, card_from, card_to, application_from, application_to FROM card_event "
        "WHERE resident_id = $1 ORDER BY at, id",
        holder.id,
    )
    return [tuple(row) for row in rows]


async def test_from_the_application_to_the_card(
    office: Office, applicant: Holder, owner: asyncpg.Connection, resources: Resources
) -> None:
    """Each step is on record with the states it led from and to, and the number is built from the citizen id."""
    town, district = await office.clerk(town="曹娥街道"), await office.clerk()

    applied = await office.done(town, CardEvent.APPLY, applicant.id)
    await office.done(town, CardEvent.REFER, applicant.id)
    await office.done(town, CardEvent.ASSESS, applicant.id, findings=SIGHT_1)
    alone = await office.ask(town, CardEvent.ISSUE, applicant.id)
    issued = await office.done(district, CardEvent.ISSUE, applicant.id)

    sealed = await owner.fetchval("SELECT number_sealed FROM card WHERE resident_id = $1", applicant.id)
    number = applicant.key.open(Sealed.CARD_NUMBER, sealed)
    assert (applied.state, applied.application, applied.masked_number) == (
        CardState.APPLIED,
        ApplicationState.APPLIED,
        None,
    )
    assert alone is CardRefusal.NOT_ALLOWED
    assert (issued.state, issued.application, issued.valid_until) == (CardState.ACTIVE, None, date(2036, 3, 10))
    assert str(CardNumber.parse(number)) == number == applicant.card_number
    assert await events(owner, applicant) == [
        ("apply", "town", None, None, None, "applied"),
        ("refer", "town", None, None, "applied", "under_assessment"),
        ("assess", "town", None, None, "under_assessment", "assessed"),
        ("issue", "district", None, "active", "assessed", "granted"),
    ]
    application = await owner.fetchrow("SELECT * FROM card_application WHERE resident_id = $1", applicant.id)
    assert (application["hospital"], application["findings"], application["state"]) == ("区人民医院", "1:1", "granted")
    assert application["closed_at"] == application["assessed_at"] == resources.clock()


async def test_one_person_does_not_issue_what_she_took_in(office: Office, applicant: Holder) -> None:
    """Not even the district's clerk, who may do every step."""
    district = await office.clerk()
    await office.done(district, CardEvent.APPLY, applicant.id)
    await office.done(district, CardEvent.REFER, applicant.id)
    await office.done(district, CardEvent.ASSESS, applicant.id, findings=SIGHT_1)

    assert await office.ask(district, CardEvent.ISSUE, applicant.id) is CardRefusal.SAME_PERSON
    assert (await office.done(await office.clerk(), CardEvent.ISSUE, applicant.id)).state is CardState.ACTIVE


async def test_a_loss_ends_passes_and_tells_what_is_lost(
    office: Office,
    register: Register,
    resources: Resources,
    holder: Holder,
    owner: asyncpg.Connection,
) -> None:
    """The pass is in the next status list, no new one is given, the place is kept, and a notice waits."""
    viewer = await register.viewer(holder)
    issued = await a_pass(resources, register, viewer)
    slot = await register.slot(await register.service())
    held = await book_slot(resources, viewer, await register.people(viewer), slot, None, "booking-1")
    assert isinstance(issued, IssuedPass)
    assert isinstance(held, HeldBooking)

    answer = await office.done(viewer, CardEvent.REPORT_LOST)

    bundle = await trust_bundle(resources, (await enrolled_bus(resources, owner)).device)
    index = await owner.fetchval("SELECT status_index FROM credential WHERE resident_id = $1", holder.id)
    notice = await owner.fetchrow("SELECT * FROM card_notice WHERE resident_id = $1", holder.id)
    detail = json.loads(holder.key.open(Sealed.NOTICE, notice["detail_sealed"]))
    assert answer.state is CardState.LOST
    assert bundle.status.entries[index] is EntryStatus.INVALID
    assert await a_pass(resources, register, viewer) is CredentialRefusal.CARD_NOT_USABLE
    assert await owner.fetchval("SELECT state FROM booking WHERE id = $1", held.id) == "booked"
    assert (notice["kind"], notice["delivered_at"], detail["released"]) == ("card_report_lost", None, 0)
    assert ["free-bus", "eligible", "not_eligible"] in detail["changes"]


async def test_the_number_of_a_lost_card_is_dead(office: Office, register: Register, holder: Holder) -> None:
    """B1 takes its place, by another person than the one who took the report; passes are given again."""
    town, other = await office.clerk(town="曹娥街道"), await office.clerk(town="曹娥街道")
    await office.done(town, CardEvent.REPORT_LOST, holder.id)

    same = await office.ask(town, CardEvent.REISSUE, holder.id)
    await office.done(other, CardEvent.REISSUE, holder.id)
    await office.done(town, CardEvent.REPORT_LOST, holder.id)
    second = await office.done(other, CardEvent.REISSUE, holder.id)

    cards = await register._owner.fetch("SELECT * FROM card WHERE resident_id = $1 ORDER BY id", holder.id)
    numbers = [holder.key.open(Sealed.CARD_NUMBER, row["number_sealed"]) for row in cards]
    assert same is CardRefusal.SAME_PERSON
    assert numbers == [holder.card_number, f"{holder.card_number}B1", f"{holder.card_number}B2"]
    assert [(row["state"], row["cause"]) for row in cards] == [
        ("cancelled", "superseded"),
        ("cancelled", "superseded"),
        ("active", None),
    ]
    assert second.masked_number is not None
    assert second.masked_number.endswith("B2")
    assert isinstance(await a_pass(office.resources, register, await register.viewer(holder)), IssuedPass)


async def test_a_suspension_gives_places_back_and_holds_passes(
    office: Office, register: Register, resources: Resources, holder: Holder, owner: asyncpg.Connection
) -> None:
    """Resumed, the same pass is good again; the past booking and other people's stay as they are."""
    viewer, clerk, service = await register.viewer(holder), await office.clerk(), await register.service()
    other = await register.viewer(await register.resident())
    slot = await register.slot(service, capacity=3)
    past = await register.slot(service, hours=-3, capacity=1, taken=1)
    await owner.execute(
        "INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at) "
        "SELECT gen_random_uuid(), id, $2, 'booked', starts_at, ends_at, starts_at FROM slot WHERE id = $1",
        past,
        holder.id,
    )
    for who in (viewer, other):
        await book_slot(resources, who, await register.people(who), slot, None, "booking-1")
    await a_pass(resources, register, viewer)

    await office.done(clerk, CardEvent.SUSPEND, holder.id, cause=Cause.INQUIRY)
    held = await owner.fetchrow(PASS, holder.id)
    bundle = await trust_bundle(resources, (await enrolled_bus(resources, owner)).device)
    taken = await owner.fetch("SELECT taken FROM slot WHERE id = ANY($1) ORDER BY starts_at", [slot, past])
    await office.done(clerk, CardEvent.RESUME, holder.id)

    assert (held["revoked_at"], held["suspended_at"]) == (None, resources.clock())
    assert EntryStatus.SUSPENDED in bundle.status.entries.values()
    assert [row["taken"] for row in taken] == [1, 1]
    assert (await owner.fetchrow(PASS, holder.id))["suspended_at"] is None


async def test_a_repetition_gets_the_first_answer(office: Office, holder: Holder, owner: asyncpg.Connection) -> None:
    """The same key changes nothing twice, and is good for nothing else."""
    clerk = await office.clerk()

    first = await office.ask(clerk, CardEvent.REPORT_LOST, holder.id, key="wish-of-a-clerk")
    again = await office.ask(clerk, CardEvent.REPORT_LOST, holder.id, key="wish-of-a-clerk")
    other = await office.ask(clerk, CardEvent.RESUME, holder.id, key="wish-of-a-clerk")

    assert first == again
    assert other is CardRefusal.KEY_REUSED
    assert len(await events(owner, holder)) == 1


async def test_at_the_same_moment_one_event_wins(
    office: Office, resources: Resources, holder: Holder, owner: asyncpg.Connection
) -> None:
    """Two clerks who reissue at once make one card."""
    reporter, clerks = await office.clerk(), [await office.clerk() for _ in range(4)]
    await office.done(reporter, CardEvent.REPORT_LOST, holder.id)
    await open_all(resources)

    answers = await asyncio.gather(*(office.ask(clerk, CardEvent.REISSUE, holder.id) for clerk in clerks))

    assert sorted(str(answer) for answer in answers if isinstance(answer, CardRefusal)) == ["wrong_state"] * 3
    assert await owner.fetchval("SELECT count(*) FROM card WHERE resident_id = $1", holder.id) == 2


async def test_a_change_that_bypassed_the_lock_stops_the_event(
    office: Office, holder: Holder, owner: asyncpg.Connection, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that cancels the card between reading and writing is not overwritten, and nothing is half done."""

    async def stale(*args: Any, **options: Any) -> Any:
        found = await find(*args, **options)
        await owner.execute("UPDATE card SET state = 'cancelled' WHERE id = $1", holder.card_id)
        return found

    clerk = await office.clerk()
    monkeypatch.setattr("services.cards.find", stale)

    lost = await office.ask(clerk, CardEvent.REPORT_LOST, holder.id)
    await owner.execute("UPDATE card SET state = 'active' WHERE id = $1", holder.card_id)
    moved = await report(resources, holder.id, Step(CardEvent.MOVE_OUT), "police")

    assert lost is moved is CardRefusal.WRONG_STATE
    assert await events(owner, holder) == []


async def test_an_application_that_moved_meanwhile_stops_the_event(
    office: Office, applicant: Holder, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody else ended is not taken up again."""

    async def stale(*args: Any, **options: Any) -> Any:
        found = await find(*args, **options)
        await owner.execute("UPDATE card_application SET state = 'closed'")
        return found

    clerk = await office.clerk()
    await office.done(clerk, CardEvent.APPLY, applicant.id)
    monkeypatch.setattr("services.cards.find", stale)

    assert await office.ask(clerk, CardEvent.REFER, applicant.id) is CardRefusal.WRONG_STATE


async def test_staff_act_in_their_area_and_never_on_their_own_card(
    office: Office, register: Register, holder: Holder
) -> None:
    """Outside the area is like nobody; her own card and her ward's are another's business."""
    elsewhere, related = await office.clerk(town="别处"), await register.viewer(holder)
    await register.staff(related.account_id)
    ward = await register.resident()
    await register.guardian(ward, related.account_id, scope="view")

    answers = [
        await office.ask(elsewhere, CardEvent.MOVE_OUT, holder.id),
        await office.ask(elsewhere, CardEvent.MOVE_OUT, UUID(int=5)),
        await office.ask(await register.viewer(), CardEvent.REPORT_LOST, holder.id),
        await office.ask(related, CardEvent.MOVE_OUT, holder.id),
        await office.ask(related, CardEvent.MOVE_OUT, ward.id),
    ]

    assert answers == [CardRefusal.NOT_ALLOWED] * 3 + [CardRefusal.OWN_CARD] * 2


async def test_a_guardian_reports_the_loss_for_her_ward(office: Office, register: Register, holder: Holder) -> None:
    """With full scope; one who may only look may not."""
    full, view = await register.viewer(), await register.viewer()
    await register.guardian(holder, full.account_id)
    await register.guardian(holder, view.account_id, scope="view", phone="13700000001")

    assert await office.ask(view, CardEvent.REPORT_LOST, holder.id) is CardRefusal.NOT_ALLOWED
    assert (await office.done(full, CardEvent.REPORT_LOST, holder.id)).state is CardState.LOST


async def test_the_police_report_a_death_once(resources: Resources, holder: Holder, owner: asyncpg.Connection) -> None:
    """Card, passes and rights end, nothing is sent to the dead, and the audit log names the source."""
    died = Step(CardEvent.RECORD_DEATH, day=date(2026, 3, 1))

    first = await report(resources, holder.id, died, "police:2026-03")
    again = await report(resources, holder.id, died, "police:2026-03")
    nobody = await report(resources, UUID(int=5), died, "police:2026-03")

    assert isinstance(first, CardStanding)
    assert first.state is CardState.CANCELLED
    assert (again, nobody) == (CardRefusal.DECEASED, CardRefusal.NOT_ALLOWED)
    assert await owner.fetchval("SELECT count(*) FROM card_notice WHERE resident_id = $1", holder.id) == 0
    entry = await owner.fetchrow("SELECT actor, action FROM audit WHERE subject = $1", str(holder.id))
    assert tuple(entry) == ("police:2026-03", "card_record_death")
    assert await owner.fetchval("SELECT deceased_on FROM resident WHERE id = $1", holder.id) == date(2026, 3, 1)


async def test_a_death_by_mistake_is_taken_back_as_often_as_it_comes(
    office: Office, resources: Resources, holder: Holder, owner: asyncpg.Connection
) -> None:
    """The same card comes back into force by a clerk's hand, and the next death counts again."""
    clerk, died = await office.clerk(), Step(CardEvent.RECORD_DEATH, day=date(2026, 3, 1))

    states = []
    for _ in range(2):
        await report(resources, holder.id, died, "police")
        states.append((await office.done(clerk, CardEvent.RETRACT_DEATH, holder.id)).state)
        states.append((await office.done(clerk, CardEvent.RESUME, holder.id)).state)

    assert states == [CardState.SUSPENDED, CardState.ACTIVE] * 2
    assert await owner.fetchval("SELECT deceased_on FROM resident WHERE id = $1", holder.id) is None
    assert await owner.fetchval("SELECT count(*) FROM card WHERE resident_id = $1", holder.id) == 1


async def test_the_history_of_a_card_cannot_be_changed(
    office: Office, holder: Holder, owner: asyncpg.Connection, killer: asyncpg.Connection
) -> None:
    """Neither by the server's role, which has no right, nor by the owner without removing the trigger."""
    await office.done(await office.clerk(), CardEvent.REPORT_LOST, holder.id)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await killer.execute("UPDATE card_event SET role = 'holder'")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute("UPDATE card_event SET role = 'holder'")


async def test_the_audit_entry_comes_last(office: Office, resources: Resources, holder: Holder) -> None:
    """Nothing is locked after the chain, or two use cases could wait for each other."""
    recorder = Recorder(resources.database)
    clerk = await office.clerk()
    office.resources = recorder.over(resources)

    await office.done(clerk, CardEvent.REPORT_LOST, holder.id)

    (place,) = [number for number, sql in enumerate(recorder.statements) if "pg_advisory_xact_lock" in sql]
    behind = recorder.statements[place + 1 :]
    written = [sql for sql in behind if sql.startswith(("INSERT", "UPDATE")) and " audit " not in sql]
    assert [sql.partition(" SET ")[0] for sql in written] == ["UPDATE idempotency_key"]


async def test_a_report_between_reading_and_issuing_stops_the_pass(
    resources: Resources, register: Register, office: Office, holder: Holder
) -> None:
    """A phone that was about to get a pass when the loss came in gets none."""
    viewer = await register.viewer(holder)
    people = await register.people(viewer)
    await office.done(viewer, CardEvent.REPORT_LOST)
    phone, challenge = SigningKey.generate(), new_challenge(resources, viewer)

    answer = await issue_pass(
        resources, viewer, people, None, phone.verifying_key.public, challenge, prove(challenge, phone)
    )

    assert answer is CredentialRefusal.CARD_NOT_USABLE
