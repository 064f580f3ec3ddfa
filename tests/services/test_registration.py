"""Shows that a child without a card is on record, and that her guardian signs in by a code, sees and applies."""

import asyncio
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from card.number import check_character
from domain.access import Act, Viewer
from domain.card_event import CardEvent, CardRefusal
from domain.dates import local_date
from domain.entitlement import Verdict
from domain.guardianship import Ground
from domain.identification import Identification, RegistrationRefusal
from domain.language import Language
from domain.standing import ApplicationState, Findings
from services import binding, code_binding
from services.binding import BindingRefusal, Bound, CodeRefusal, OneTimeCode
from services.code_binding import bind_with_code, issue_code_for
from services.entitlements import decide_for, facts_of
from services.files import OpenedFile, open_file
from services.registration import (
    NewGuardian,
    NewResident,
    Registered,
    record_citizen_id,
    record_guardian,
    register_resident,
)
from services.resources import Resources
from tests.services.office import Office
from tests.services.register import Clock, Register

_numbers = count(330_000_000)
CHILD = NewResident(Identification.BIRTH_CERTIFICATE, date(2022, 2, 2), "曹娥街道", "一村", "王小宝", "", "某路 1 号")
MOTHER = NewGuardian(frozenset(Act), Ground.MINOR, "母亲", "户口簿", None, "李梅", "13712345678")


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals need not take as long as they do."""
    monkeypatch.setattr(code_binding, "REFUSAL_SECONDS", 0)
    monkeypatch.setattr(binding, "REFUSAL_SECONDS", 0)


def child() -> NewResident:
    """A child with a certificate of her own."""
    return replace(CHILD, number=f"r{next(_numbers)}")


def citizen_id(born: date) -> str:
    """A sound citizen id of a person born on a day."""
    first = f"330604{born:%Y%m%d}{next(_numbers) % 1000:03d}"
    return first + check_character(first)


class Desk:
    """A member of staff at work."""

    def __init__(self, resources: Resources, register: Register, clerk: Viewer) -> None:
        self.resources, self.register, self.clerk = resources, register, clerk

    async def take(self, new: NewResident) -> Registered | RegistrationRefusal:
        """Register somebody."""
        return await register_resident(self.resources, await self.register.people(self.clerk), new)

    async def taken(self, new: NewResident | None = None) -> UUID:
        """The id of somebody who was registered."""
        registered = await self.take(new or child())
        assert isinstance(registered, Registered), registered
        return registered.resident_id

    async def guard(self, ward: UUID, new: NewGuardian = MOTHER) -> Registered | RegistrationRefusal:
        """Record a guardian."""
        return await record_guardian(self.resources, await self.register.people(self.clerk), ward, new)

    async def code(self, resident_id: UUID) -> str:
        """A code for a resident."""
        code = await issue_code_for(self.resources, await self.register.people(self.clerk), resident_id)
        assert isinstance(code, OneTimeCode)
        return code.code


@pytest.fixture
async def desk(resources: Resources, register: Register, office: Office) -> Desk:
    """A town's clerk."""
    return Desk(resources, register, await office.clerk(town="曹娥街道"))


async def test_a_guardian_signs_in_for_a_child_without_a_card(
    desk: Desk, resources: Resources, register: Register, office: Office
) -> None:
    """From the birth certificate to the application: bound by a code, told what is missing, and applied."""
    ward, mother = await desk.taken(), await register.viewer()
    recorded = await desk.guard(ward)
    code = await desk.code(ward)

    bound = await bind_with_code(resources, mother, "李梅", code)
    again = await bind_with_code(resources, await register.viewer(), "李梅", code)

    (seen,) = (await register.people(mother)).wards
    (facts,) = await facts_of(resources, [seen.person])
    decided = decide_for(resources, facts, local_date(resources.clock()), Language.CHINESE)
    applied = await office.done(mother, CardEvent.APPLY, ward)
    assert recorded == Registered(ward, "王**")
    assert (bound, again) == (Bound(ward, as_guardian=True), BindingRefusal.NOT_MATCHED)
    assert (seen.person.card, seen.last_day) == (None, date(2040, 2, 1))
    assert Verdict.ELIGIBLE not in {one.verdict for one in decided}
    assert all(one.criteria for one in decided)
    assert (applied.resident_id, applied.application) == (ward, ApplicationState.APPLIED)


async def test_no_card_is_issued_without_a_citizen_id(desk: Desk, office: Office) -> None:
    """An assessment may go on; the card's number begins with what is still missing."""
    ward, district = await desk.taken(), await office.clerk()
    await office.done(desk.clerk, CardEvent.APPLY, ward)
    await office.done(desk.clerk, CardEvent.REFER, ward)
    await office.done(desk.clerk, CardEvent.ASSESS, ward, findings=Findings(((1, 1),)))

    answer = await office.ask(district, CardEvent.ISSUE, ward)

    assert answer is CardRefusal.NO_ID_NUMBER


async def test_somebody_is_found_by_her_certificate_and_sealed(
    desk: Desk, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """By the number as it stands on paper; the row shows neither it nor a name."""
    new = child()
    ward = await desk.taken(new)

    opened = await open_file(resources, await register.people(desk.clerk), new.number.upper())

    row = await owner.fetchrow("SELECT * FROM resident WHERE id = $1", ward)
    assert isinstance(opened, OpenedFile)
    assert opened.masked_name == "王**"
    assert (row["identified_by"], row["id_number_index"]) == ("birth_certificate", None)
    assert new.number.upper().encode() not in b"".join(value for value in row.values() if isinstance(value, bytes))


async def test_an_adult_under_assessment_binds_herself(desk: Desk, resources: Resources, register: Register) -> None:
    """With the citizen id of her household book, and her own name with the code."""
    born = date(1990, 4, 4)
    new = replace(CHILD, identified_by=Identification.HOUSEHOLD_BOOK, birth_date=born, number=citizen_id(born))
    adult, viewer = await desk.taken(new), await register.viewer()

    bound = await bind_with_code(resources, viewer, "王小宝", await desk.code(adult))

    own = (await register.people(viewer)).own
    assert bound == Bound(adult, as_guardian=False)
    assert own is not None
    assert own.card is None


async def test_a_person_is_registered_once(desk: Desk) -> None:
    """Also when two clerks have the same document before them at once."""
    new = child()

    answers = await asyncio.gather(*(desk.take(new) for _ in range(4)))

    assert sum(isinstance(answer, Registered) for answer in answers) == 1
    assert answers.count(RegistrationRefusal.ALREADY_REGISTERED) == 3


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"town": "东关街道"}, RegistrationRefusal.OUTSIDE_AREA),
        ({"name": " "}, RegistrationRefusal.TEXT_UNUSABLE),
        ({"address": "路" * 201}, RegistrationRefusal.TEXT_UNUSABLE),
        ({"number": "123"}, RegistrationRefusal.NUMBER_INVALID),
        ({"identified_by": Identification.ID_CARD}, RegistrationRefusal.NUMBER_INVALID),
        (
            {"identified_by": Identification.ID_CARD, "number": citizen_id(date(2022, 2, 3))},
            RegistrationRefusal.BIRTH_DATE_WRONG,
        ),
    ],
)
async def test_a_wrong_document_registers_nobody(
    desk: Desk, change: dict[str, Any], refusal: RegistrationRefusal
) -> None:
    """Each answer says what to correct."""
    assert await desk.take(replace(child(), **change)) is refusal


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"phone": ""}, RegistrationRefusal.TEXT_UNUSABLE),
        ({"acts": frozenset({Act.BOOK})}, RegistrationRefusal.ACTS_WRONG),
        ({"valid_until": date(2026, 3, 10)}, RegistrationRefusal.PERIOD_WRONG),
        # The guardian of an adult begins when the child is one.
        ({"ground": Ground.ADULT, "valid_until": date(2040, 2, 1)}, RegistrationRefusal.PERIOD_WRONG),
    ],
)
async def test_a_guardian_is_recorded_with_a_proof_and_a_period(
    desk: Desk, change: dict[str, Any], refusal: RegistrationRefusal
) -> None:
    """Each answer says what to correct."""
    assert await desk.guard(await desk.taken(), replace(MOTHER, **change)) is refusal


async def test_an_adults_guardian_is_recorded_ahead(
    desk: Desk, register: Register, resources: Resources, clock: Clock
) -> None:
    """Recorded at 17, she goes on without a gap; an adult has no minor's guardian."""
    ward = await desk.taken(replace(child(), birth_date=date(2008, 5, 1)))
    adult = await register.resident()
    viewer = await register.viewer()
    for ground in Ground:
        await desk.guard(ward, replace(MOTHER, ground=ground, proven_by="法院判决"))
    await bind_with_code(resources, viewer, "李梅", await desk.code(ward))
    before = len((await register.people(viewer)).wards)
    clock.forward(days=60)
    await register.prove(desk.clerk.account_id)

    bound = await bind_with_code(resources, viewer, "李梅", await desk.code(ward))

    assert before == 1
    assert bound == Bound(ward, as_guardian=True)
    assert [each.guardianship.ground for each in (await register.people(viewer)).wards] == [Ground.ADULT]
    assert await desk.guard(adult.id) is RegistrationRefusal.GROUND_WRONG


async def test_only_staff_of_the_area_put_anybody_on_record(
    desk: Desk, resources: Resources, register: Register, office: Office
) -> None:
    """Strangers and other towns do nothing, a commissioner records no guardian, and nobody her own ward's."""
    ward = await desk.taken()
    stranger = Desk(resources, register, await register.viewer())
    commissioner = Desk(resources, register, await office.clerk(town="曹娥街道", village="一村", role="commissioner"))
    other = Desk(resources, register, await office.clerk(town="东关街道"))
    await register.guardian(await register.resident(), None)
    related = Desk(resources, register, await office.clerk())
    await related.guard(ward)
    await bind_with_code(resources, related.clerk, "李梅", await desk.code(ward))

    answers = [await stranger.take(child()), await stranger.guard(ward), await commissioner.guard(ward)]
    codes = [await issue_code_for(resources, await register.people(one.clerk), ward) for one in (stranger, other)]

    assert answers == [RegistrationRefusal.NOT_ALLOWED] * 3
    assert codes == [CodeRefusal.NOT_STAFF, CodeRefusal.NOT_FOUND]
    assert isinstance(await commissioner.take(child()), Registered)
    assert await other.guard(ward) is RegistrationRefusal.NOT_ALLOWED
    assert await related.guard(ward) is RegistrationRefusal.OWN_WARD


async def test_a_wrong_name_or_code_binds_nobody_and_is_counted(
    desk: Desk, resources: Resources, register: Register
) -> None:
    """The code survives a mistyped name; after the day's tries nothing is looked up any more."""
    ward, viewer = await desk.taken(), await register.viewer()
    code = await desk.code(ward)

    answers = [await bind_with_code(resources, viewer, "李梅", code), await bind_with_code(resources, viewer, "", "x")]
    for _ in range(resources.settings.binding_attempts_account):
        last = await bind_with_code(resources, viewer, "王小宝", "x")
    bound = await bind_with_code(resources, await register.viewer(), "王小宝", code)

    assert answers == [BindingRefusal.NOT_MATCHED] * 2
    assert last is BindingRefusal.TOO_MANY_ATTEMPTS
    assert bound == Bound(ward, as_guardian=False)


async def test_a_citizen_id_is_added_once_and_opens_the_way_to_a_card(
    desk: Desk, resources: Resources, register: Register, office: Office
) -> None:
    """Sound, of her birth date, nobody's yet, and by staff of her area who are not her family."""
    ward, other = await desk.taken(), await desk.taken()
    number, clerk = citizen_id(date(2022, 2, 2)), await register.people(desk.clerk)
    elsewhere = await register.people(await office.clerk(town="东关街道"))
    related = await office.clerk(town="曹娥街道")
    await desk.guard(ward)
    await bind_with_code(resources, related, "李梅", await desk.code(ward))

    answers = [
        await record_citizen_id(resources, by, whom, each)
        for by, whom, each in (
            (elsewhere, ward, number),
            (await register.people(related), ward, number),
            (clerk, ward, "33060420220202000"),
            (clerk, ward, citizen_id(date(2022, 2, 3))),
            (clerk, ward, number),
            (clerk, ward, citizen_id(date(2022, 2, 2))),
            (clerk, other, number),
        )
    ]

    assert answers == [
        RegistrationRefusal.NOT_ALLOWED,
        RegistrationRefusal.OWN_WARD,
        RegistrationRefusal.NUMBER_INVALID,
        RegistrationRefusal.BIRTH_DATE_WRONG,
        Registered(ward, "王**"),
        RegistrationRefusal.NUMBER_ON_RECORD,
        RegistrationRefusal.ALREADY_REGISTERED,
    ]
    found = await open_file(resources, clerk, number)
    assert isinstance(found, OpenedFile)
    assert found.standing.resident_id == ward
