"""Shows that binding a card tells strangers nothing, takes nothing from who is bound, and cannot be guessed at."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import asyncpg
import pytest

from domain.access import Act, Viewer
from services import binding
from services.binding import (
    BindingRefusal,
    BindingRequest,
    Bound,
    CodeRefusal,
    OneTimeCode,
    bind_card,
    issue_binding_code,
)
from services.resources import Resources
from services.wechat import WechatCodeInvalid
from tests.services.recorder import Recorder
from tests.services.register import Clock, FakeWechat, Holder, Register, nobodys_number, open_all


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long refusals would have been held back; the tests need not wait for them."""
    taken: list[float] = []

    async def sleep(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return taken


@pytest.fixture
def lenient(resources: Resources) -> Resources:
    """The resources with limits that no test of something else meets."""
    limits = {f"binding_attempts_{what}": 1_000 for what in ("account", "card", "address")}
    return replace(resources, settings=resources.settings.model_copy(update=limits))


def by_phone(wechat: FakeWechat, holder: Holder, **changes: str) -> BindingRequest:
    """What a holder says who has the register's phone; `changes` are her mistakes."""
    code = wechat.phone_code(changes.pop("phone", holder.phone or ""))
    return replace(BindingRequest(holder.name, holder.card_number, code, None), **changes)


def by_code(holder: Holder, code: str, **changes: str) -> BindingRequest:
    """What a holder says who has a clerk's code."""
    return replace(BindingRequest(holder.name, holder.card_number, None, code), **changes)


async def clerks_code(resources: Resources, register: Register, holder: Holder) -> str:
    """A one-time code of a clerk for the whole district."""
    clerk = await register.viewer()
    await register.staff(clerk.account_id)
    issued = await issue_binding_code(resources, await register.people(clerk), holder.card_number)
    assert isinstance(issued, OneTimeCode)
    return issued.code


async def test_the_registers_phone_binds_the_holder(
    resources: Resources, register: Register, wechat: FakeWechat
) -> None:
    """Name, number and phone together make the account the resident's own, and again changes nothing."""
    holder, viewer = await register.resident(), await register.viewer()

    first = await bind_card(resources, viewer, by_phone(wechat, holder))
    again = await bind_card(resources, viewer, by_phone(wechat, holder))

    assert first == again == Bound(holder.id, as_guardian=False)
    own = (await register.people(viewer)).own
    assert own is not None
    assert own.id == holder.id


async def test_what_people_type_is_understood(resources: Resources, register: Register, wechat: FakeWechat) -> None:
    """Spaces, full-width digits and a small x stand for the same number and name."""
    holder, viewer = await register.resident(name="欧阳小明"), await register.viewer()
    typed = f" {holder.card_number[:6]} {holder.card_number[6:14]}-{holder.card_number[14:]}".lower()
    wide = typed.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})

    answer = await bind_card(resources, viewer, by_phone(wechat, holder, name="欧阳 小明", card_number=wide))

    assert answer == Bound(holder.id, as_guardian=False)


async def test_a_clerks_code_binds_the_holder_once(lenient: Resources, register: Register, wechat: FakeWechat) -> None:
    """The code stands in for the phone, in any case, asks WeChat nothing, and is spent by its use."""
    holder, viewer = await register.resident(phone=None), await register.viewer()
    code = await clerks_code(lenient, register, holder)

    answer = await bind_card(lenient, viewer, by_code(holder, code.lower()))

    assert answer == Bound(holder.id, as_guardian=False)
    assert wechat.calls == 0
    assert await bind_card(lenient, viewer, by_code(holder, code)) is BindingRefusal.NOT_MATCHED


async def test_a_mistyped_name_does_not_lose_the_code(resources: Resources, register: Register) -> None:
    """The clerk need not be asked again for a slip of the finger."""
    holder, viewer = await register.resident(), await register.viewer()
    code = await clerks_code(resources, register, holder)
    slip = await bind_card(resources, viewer, by_code(holder, code, name="王晓明"))

    answer = await bind_card(resources, viewer, by_code(holder, code))

    assert slip is BindingRefusal.NOT_MATCHED
    assert answer == Bound(holder.id, as_guardian=False)


async def test_a_guardian_is_bound_to_her_ward(resources: Resources, register: Register, wechat: FakeWechat) -> None:
    """The guardian's own name and phone with the ward's number let her act for the ward, and for herself as before."""
    ward = await register.resident(birth_date=date(2020, 2, 2))
    herself = await register.resident(name="李梅")
    viewer = await register.viewer(herself)
    await register.guardian(ward, name="李梅", phone="13712345678")

    answer = await bind_card(resources, viewer, by_phone(wechat, ward, name="李梅", phone="13712345678"))

    people = await register.people(viewer)
    assert answer == Bound(ward.id, as_guardian=True)
    assert people.own is not None
    assert people.own.id == herself.id
    assert [(each.person.id, each.guardianship.acts) for each in people.wards] == [(ward.id, frozenset(Act))]


async def refused_cases(resources: Resources, register: Register, wechat: FakeWechat) -> dict[str, BindingRequest]:
    """Every way in which a proof by phone or code can fail, one holder each."""
    clear = {name: await register.resident() for name in ("name", "phone", "bound", "expired", "spent", "other")}
    await register.viewer(clear["bound"])
    suspended = await register.resident(state="suspended")
    phoneless = await register.resident(phone=None)
    ward, bound_ward, old_ward = [await register.resident() for _ in range(3)]
    await register.guardian(ward)
    await register.guardian(bound_ward, (await register.viewer()).account_id)
    await register.guardian(old_ward, valid_until=date(2026, 3, 10))
    codes = {name: await clerks_code(resources, register, clear[name]) for name in ("spent", "other", "name", "bound")}
    await bind_card(resources, await register.viewer(), by_code(clear["spent"], codes["spent"]))
    guardians = {"name": "李梅", "phone": "13700000000"}
    return {
        "no such card": by_phone(wechat, clear["name"], card_number=nobodys_number()),
        "another name": by_phone(wechat, clear["name"], name="王大明"),
        "another phone": by_phone(wechat, clear["phone"], phone="13800000000"),
        "a card that is not active": by_phone(wechat, suspended),
        "no phone in the register": by_phone(wechat, phoneless, phone="13800000000"),
        "bound to another account": by_phone(wechat, clear["bound"]),
        "a guardian's phone with the ward's name": by_phone(wechat, ward, phone="13700000000"),
        "a guardian bound to another account": by_phone(wechat, bound_ward, **guardians),
        "a guardian whose time is over": by_phone(wechat, old_ward, **guardians),
        "a made-up code": by_code(clear["name"], "ABCDEFGHJK"),
        "a code for no card": by_code(clear["name"], "ABCDEFGHJK", card_number=nobodys_number()),
        "a spent code": by_code(clear["spent"], codes["spent"]),
        "another resident's code": by_code(clear["phone"], codes["other"]),
        "a code with another name": by_code(clear["name"], codes["name"], name="王大明"),
        "a code for a bound resident": by_code(clear["bound"], codes["bound"]),
        "no text at all": by_phone(wechat, clear["name"], name="\ud800\0"),
    }


async def test_every_failure_is_answered_and_held_back_alike(
    lenient: Resources, register: Register, wechat: FakeWechat, naps: list[float], owner: asyncpg.Connection
) -> None:
    """One answer and one log entry for all causes, held back until no clock tells them apart; nobody is displaced."""
    cases = await refused_cases(lenient, register, wechat)
    naps.clear()
    bound_before = await owner.fetch("SELECT id, resident_id FROM account WHERE resident_id IS NOT NULL ORDER BY id")

    answers = {}
    for name, request in cases.items():
        answers[name] = await bind_card(lenient, await register.viewer(), request)

    assert answers == dict.fromkeys(cases, BindingRefusal.NOT_MATCHED)
    assert len(naps) == len(cases)
    # What is left of the time after the work: never all of it, never nothing worth the name.
    assert all(0.1 < nap < binding.REFUSAL_SECONDS for nap in naps)
    logged = await owner.fetch("SELECT subject, detail FROM audit ORDER BY sequence DESC LIMIT $1", len(cases))
    assert {tuple(entry) for entry in logged} == {("-", "not matched")}
    after = await owner.fetch("SELECT id, resident_id FROM account WHERE resident_id IS NOT NULL ORDER BY id")
    assert after == bound_before


async def test_success_is_not_held_back(
    resources: Resources, register: Register, wechat: FakeWechat, naps: list[float]
) -> None:
    """Whoever proved herself need not wait."""
    holder = await register.resident()

    assert isinstance(await bind_card(resources, await register.viewer(), by_phone(wechat, holder)), Bound)
    assert naps == []


@pytest.mark.parametrize("proof", ["phone", "code"])
async def test_the_work_is_the_same_for_known_and_unknown_cards(
    lenient: Resources, register: Register, wechat: FakeWechat, proof: str
) -> None:
    """WeChat is asked and the same statements run whether or not the number is anybody's."""
    holder = await register.resident()
    requests = [
        by_phone(wechat, holder, phone="13800000000") if proof == "phone" else by_code(holder, "ABCDEFGHJK"),
        by_phone(wechat, holder, name="王大明") if proof == "phone" else by_code(holder, "ABCDEFGHJK", name="王大明"),
    ]
    requests.append(
        replace(requests[0], card_number=nobodys_number(), phone_code=requests[0].phone_code and wechat.phone_code("1"))
    )
    seen = []
    for request in requests:
        recorder, calls = Recorder(lenient.database), wechat.calls
        await bind_card(recorder.over(lenient), await register.viewer(), request)
        seen.append((recorder.statements, wechat.calls - calls))

    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0][0]) > 4


async def test_wechats_refusal_says_nothing_about_the_card(lenient: Resources, register: Register) -> None:
    """A bad phone code is refused before anybody looks into the register."""
    holder, viewer = await register.resident(), await register.viewer()

    for number in (holder.card_number, nobodys_number()):
        with pytest.raises(WechatCodeInvalid):
            await bind_card(lenient, viewer, BindingRequest(holder.name, number, "made-up", None))


@pytest.mark.parametrize(
    ("number", "phone_code", "clerk_code", "refusal"),
    [
        ("not a number", "p", None, BindingRefusal.CARD_NUMBER_INVALID),
        (nobodys_number(), None, None, BindingRefusal.PROOF_MISSING),
        (nobodys_number(), "p", "c", BindingRefusal.PROOF_MISSING),
    ],
)
async def test_slips_are_told_and_cost_nothing(
    resources: Resources,
    register: Register,
    wechat: FakeWechat,
    number: str,
    phone_code: str | None,
    clerk_code: str | None,
    refusal: BindingRefusal,
) -> None:
    """A mistake that can be seen without the register is named, however often, and spends neither try nor code."""
    viewer = await register.viewer()

    answers = {
        await bind_card(resources, viewer, BindingRequest("王小明", number, phone_code, clerk_code)) for _ in range(6)
    }

    assert answers == {refusal}
    assert wechat.calls == 0


async def test_an_account_may_try_five_times_a_day(
    resources: Resources, register: Register, wechat: FakeWechat, clock: Clock
) -> None:
    """Tries at the same moment count as well; the sixth is refused even with the right proof, until the next day."""
    holder, viewer = await register.resident(), await register.viewer()
    wrong = [by_phone(wechat, holder, card_number=nobodys_number()) for _ in range(20)]

    await open_all(resources)
    answers = await asyncio.gather(*(bind_card(resources, viewer, request) for request in wrong))

    assert answers.count(BindingRefusal.NOT_MATCHED) == wechat.calls == 5
    assert answers.count(BindingRefusal.TOO_MANY_ATTEMPTS) == 15
    assert await bind_card(resources, viewer, by_phone(wechat, holder)) is BindingRefusal.TOO_MANY_ATTEMPTS
    clock.forward(days=1)
    assert isinstance(await bind_card(resources, viewer, by_phone(wechat, holder)), Bound)


async def test_a_card_may_be_tried_five_times_a_day(
    resources: Resources, register: Register, wechat: FakeWechat, clock: Clock
) -> None:
    """Many accounts together get no further against one card than one, whether or not it exists."""
    holder = await register.resident()
    for number in (holder.card_number, nobodys_number()):
        requests = [by_phone(wechat, holder, name="王大明", card_number=number) for _ in range(12)]
        viewers = [await register.viewer() for _ in requests]

        answers = await asyncio.gather(*map(bind_card, [resources] * 12, viewers, requests))

        assert answers.count(BindingRefusal.NOT_MATCHED) == 5
    own = await register.viewer()
    assert await bind_card(resources, own, by_phone(wechat, holder)) is BindingRefusal.TOO_MANY_ATTEMPTS
    clock.forward(days=1)
    assert isinstance(await bind_card(resources, own, by_phone(wechat, holder)), Bound)


async def test_an_address_has_a_limit_of_its_own(resources: Resources, register: Register, wechat: FakeWechat) -> None:
    """Many accounts and many cards from one address end at its limit; another address goes on."""
    limited = replace(resources, settings=resources.settings.model_copy(update={"binding_attempts_address": 3}))
    holders = [await register.resident() for _ in range(5)]

    answers = [
        await bind_card(limited, await register.viewer(address="198.51.100.9"), by_phone(wechat, holder))
        for holder in holders
    ]
    elsewhere = await bind_card(limited, await register.viewer(address="198.51.100.10"), by_phone(wechat, holders[4]))

    assert [isinstance(answer, Bound) for answer in answers] == [True] * 3 + [False] * 2
    assert answers[4] is BindingRefusal.TOO_MANY_ATTEMPTS
    assert isinstance(elsewhere, Bound)


async def test_an_account_past_its_limit_locks_nobody_out(
    resources: Resources, register: Register, wechat: FakeWechat
) -> None:
    """One stranger cannot use up the tries of every card of the district."""
    stranger = await register.viewer(address="203.0.113.1")
    holder, viewer = await register.resident(), await register.viewer()
    for _ in range(5):
        await bind_card(resources, stranger, by_phone(wechat, holder, card_number=nobodys_number()))
    refused = {await bind_card(resources, stranger, by_phone(wechat, holder, phone="13800000000")) for _ in range(6)}

    answer = await bind_card(resources, viewer, by_phone(wechat, holder))

    assert refused == {BindingRefusal.TOO_MANY_ATTEMPTS}
    assert isinstance(answer, Bound)


async def test_strangers_do_not_lock_out_a_clerks_code(
    resources: Resources, register: Register, wechat: FakeWechat
) -> None:
    """Whoever stands before the clerk is bound, whatever was tried against the card and from the address before."""
    settings = resources.settings.model_copy(update={"binding_attempts_address": 6})
    limited = replace(resources, settings=settings)
    holder, address = await register.resident(), "203.0.113.77"
    for _ in range(7):
        stranger = await register.viewer(address=address)
        await bind_card(limited, stranger, by_phone(wechat, holder, phone="13800000000"))
        await bind_card(limited, stranger, by_code(holder, "ABCDEFGHJK"))
    viewer = await register.viewer(address=address)
    by_phone_now = await bind_card(limited, viewer, by_phone(wechat, holder))

    answer = await bind_card(limited, viewer, by_code(holder, await clerks_code(limited, register, holder)))

    assert by_phone_now is BindingRefusal.TOO_MANY_ATTEMPTS
    assert isinstance(answer, Bound)


async def test_codes_are_guessed_five_times_a_day_at_most(resources: Resources, register: Register) -> None:
    """An account that guessed is not let in even by the right code, of which there are 31^10."""
    holder, guesser = await register.resident(), await register.viewer()
    code = await clerks_code(resources, register, holder)
    for _ in range(5):
        await bind_card(resources, guesser, by_code(holder, "ABCDEFGHJK"))

    answer = await bind_card(resources, guesser, by_code(holder, code))

    assert answer is BindingRefusal.TOO_MANY_ATTEMPTS
    assert set(code) <= set("ABCDEFGHJKMNPQRSTUVWXYZ23456789")
    assert len(code) == 10


async def test_one_of_many_accounts_at_once_is_bound(
    lenient: Resources, register: Register, wechat: FakeWechat
) -> None:
    """A phone and a code that several present at the same moment still bind one account, and one code one time."""
    holder, other = await register.resident(), await register.resident()
    code = await clerks_code(lenient, register, other)
    requests = [by_phone(wechat, holder) for _ in range(8)] + [by_code(other, code) for _ in range(8)]
    viewers = [await register.viewer() for _ in requests]

    await open_all(lenient)
    answers = await asyncio.gather(*map(bind_card, [lenient] * 16, viewers, requests))

    assert sorted(answer.resident_id for answer in answers if isinstance(answer, Bound)) == sorted(
        (holder.id, other.id)
    )


async def test_an_account_is_bound_to_one_resident(lenient: Resources, register: Register, wechat: FakeWechat) -> None:
    """With full proof of two residents, also at the same moment, an account still becomes one of them only."""
    holders = [await register.resident() for _ in range(6)]
    viewer = await register.viewer()

    await open_all(lenient)
    answers = await asyncio.gather(*(bind_card(lenient, viewer, by_phone(wechat, holder)) for holder in holders))

    bound = [answer for answer in answers if isinstance(answer, Bound)]
    own = (await register.people(viewer)).own
    assert len(bound) == 1
    assert own is not None
    assert own.id == bound[0].resident_id


async def test_the_log_holds_nothing_personal(
    lenient: Resources, register: Register, wechat: FakeWechat, owner: asyncpg.Connection
) -> None:
    """Success, refusal and code leave ids in the log, and no name, number, phone or code anywhere in the clear."""
    holder, viewer = await register.resident(name="诸葛无名"), await register.viewer()
    code = await clerks_code(lenient, register, holder)
    await bind_card(lenient, viewer, by_code(holder, code))
    await bind_card(lenient, viewer, by_phone(wechat, holder, name="司马某某"))

    kept = ""
    for table in ("audit", "attempt", "binding_code", "account"):
        kept += str([tuple(row) for row in await owner.fetch(f"SELECT * FROM {table}")])  # noqa: S608 - the names above

    assert str(holder.id) in kept
    for secret in (holder.name, "司马某某", holder.card_number, holder.card_number[:18], holder.phone, code):
        assert str(secret) not in kept
        assert str(secret.encode() if secret else b"?")[2:-1] not in kept


class TestCodes:
    """A clerk's one-time code."""

    async def clerk(self, register: Register, **staff: Any) -> Viewer:
        """A member of staff."""
        viewer = await register.viewer()
        await register.staff(viewer.account_id, **staff)
        return viewer

    async def issue(self, resources: Resources, register: Register, viewer: Viewer, number: str) -> Any:
        """The answer to a clerk who asks for a code."""
        return await issue_binding_code(resources, await register.people(viewer), number)

    async def test_only_staff_get_codes(self, resources: Resources, register: Register) -> None:
        """Neither a resident nor a clerk who has left gets one."""
        holder = await register.resident()
        left = await self.clerk(register, left_on=date(2026, 3, 11))

        for viewer in (await register.viewer(holder), left):
            assert await self.issue(resources, register, viewer, holder.card_number) is CodeRefusal.NOT_STAFF

    async def test_a_clerk_serves_her_own_town(
        self, resources: Resources, register: Register, owner: asyncpg.Connection
    ) -> None:
        """Elsewhere, and for numbers that are nobody's, there is one answer, and the question is logged."""
        holder = await register.resident(town="曹娥街道")
        here, elsewhere = await self.clerk(register, town="曹娥街道"), await self.clerk(register, town="百官街道")
        refused = [
            await self.issue(resources, register, elsewhere, holder.card_number),
            await self.issue(resources, register, here, nobodys_number()),
        ]
        logged = await owner.fetch("SELECT action, subject, detail FROM audit ORDER BY sequence DESC LIMIT 2")
        invalid = await self.issue(resources, register, here, "12")

        issued = await self.issue(resources, register, here, holder.card_number)

        assert [*refused, invalid] == [CodeRefusal.NOT_FOUND] * 3
        assert {tuple(entry) for entry in logged} == {("issue_binding_code", "-", "not found")}
        assert issued.masked_name == "王**"

    async def test_a_code_lives_for_a_day(self, resources: Resources, register: Register, clock: Clock) -> None:
        """It is good until the moment it names, and not at it."""
        holder, other = await register.resident(), await register.resident()
        clerk = await self.clerk(register)
        codes = [await self.issue(resources, register, clerk, one.card_number) for one in (holder, other)]
        clock.at = codes[0].expires_at
        clock.forward(seconds=-1)
        in_time = await bind_card(resources, await register.viewer(), by_code(holder, codes[0].code))
        clock.forward(seconds=1)

        too_late = await bind_card(resources, await register.viewer(), by_code(other, codes[1].code))

        assert isinstance(in_time, Bound)
        assert too_late is BindingRefusal.NOT_MATCHED
