"""Shows that a resident sees each ride and refusal with its reason, disputes it once, and reads the answer."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from models.record import new_id
from schema.identity import to_id
from schema.ride import ride_id, ride_key
from services.rides import RideKey
from tests.conftest import DatabaseAddresses
from tests.schema.conftest import START, Ask
from tests.services.fleet import Fleet
from tests.services.register import Clock, Register

RIDE = "id at operator place admitted companions outcome message dispute { id reason upheld answer message }"
RIDES = f"{{ viewer {{ rides(first: 5) {{ {RIDE} }} wards {{ rides(first: 5) {{ {RIDE} }} }} }} }}"
DISPUTE = f"""mutation ($ride: ID!, $words: String!) {{ done: disputeRide(rideId: $ride, reason: $words) {{
  ... on Ride {{ {RIDE} }} ... on RideRefused {{ reason message }} }} }}"""
WAITING = f"""query ($after: String) {{ viewer {{ staff {{ rideDisputes(first: 1, after: $after) {{
  edges {{ cursor node {{ maskedName ride {{ {RIDE} }} }} }} pageInfo {{ hasNextPage }} }} }} }} }}"""
ANSWER = f"""mutation ($dispute: ID!, $words: String!) {{ done: answerRideDispute(disputeId: $dispute, answer: $words,
  upheld: false) {{ ... on DisputedRide {{ maskedName ride {{ {RIDE} }} }}
  ... on RideRefused {{ reason message }} }} }}"""


@pytest.fixture
async def owner(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the owner of the tables."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def fleet(owner: asyncpg.Connection) -> Fleet:
    """A bus of a new operator."""
    return await Fleet(owner).open()


async def ridden(fleet: Fleet, resident_id: UUID, **changes: object) -> str:
    """The id of a ride of just now."""
    number = await fleet.tap(START - timedelta(hours=1), resident_id=resident_id, **changes)
    return ride_id(RideKey(fleet.device_id, fleet.epoch, number))


async def test_each_ride_and_refusal_is_told_with_its_reason(ask: Ask, register: Register, fleet: Fleet) -> None:
    """The latest first: the driver's leave, a refusal, and a free ride with a companion; what is hers alone."""
    holder, other = await register.resident(), await register.resident()
    await ridden(fleet, holder.id, companions=1)
    refused = {"device_admission": "refused", "device_reason": "expired"}
    await ridden(fleet, holder.id, **refused)
    await ridden(fleet, holder.id, **refused, overridden=True)
    await ridden(fleet, other.id)

    body = await ask(RIDES, await register.viewer(holder))

    rides = body["data"]["viewer"]["rides"]
    assert [(ride["admitted"], ride["message"]) for ride in rides] == [
        (False, "码已过期，没有放行。司机同意上车。"),
        (False, "码已过期，没有放行。"),
        (True, "免费放行。同行1人。"),
    ]
    assert {(ride["place"], ride["dispute"]) for ride in rides} == {("1 路", None)}


async def test_a_dispute_is_answered_by_the_area_and_read_by_the_resident(
    ask: Ask, register: Register, fleet: Fleet, owner: asyncpg.Connection
) -> None:
    """Said twice it stays what it was; another town's clerk sees nothing; the answer is given once."""
    holder = await register.resident(town="百官街道")
    viewer, near, far = await register.viewer(holder), await register.viewer(), await register.viewer()
    await register.staff(near.account_id, town="百官街道")
    await register.staff(far.account_id, town="曹娥街道")
    ride = await ridden(fleet, holder.id)

    first = (await ask(DISPUTE, viewer, ride=ride, words="那天没有乘车"))["data"]["done"]
    again = (await ask(DISPUTE, viewer, ride=ride, words="别的话"))["data"]["done"]
    unseen = (await ask(WAITING, far))["data"]["viewer"]["staff"]["rideDisputes"]["edges"]
    seen = (await ask(WAITING, near))["data"]["viewer"]["staff"]["rideDisputes"]["edges"]
    dispute = first["dispute"]["id"]
    hidden = (await ask(ANSWER, far, dispute=dispute, words="有记录"))["data"]["done"]
    answered = (await ask(ANSWER, near, dispute=dispute, words="手机有签名"))["data"]["done"]
    late = (await ask(ANSWER, near, dispute=dispute, words="再答"))["data"]["done"]
    told = (await ask(RIDES, viewer))["data"]["viewer"]["rides"][0]["dispute"]

    assert first["dispute"]["message"] == "异议已经收到，请等待答复。"
    assert again == first
    assert unseen == []
    assert [edge["node"]["ride"]["id"] for edge in seen] == [ride]
    assert "*" in seen[0]["node"]["maskedName"]
    assert (hidden["reason"], late["reason"]) == ("NOT_FOUND", "ANSWERED")
    assert answered["ride"]["dispute"] == told
    assert (told["upheld"], told["answer"], told["message"]) == (False, "手机有签名", "核查后，原来的记录没有问题。")
    details = await owner.fetch("SELECT detail FROM audit WHERE subject = $1 ORDER BY sequence", str(holder.id))
    assert "没有乘车" not in str(details)


async def test_disputes_are_paged(ask: Ask, register: Register, fleet: Fleet, clock: Clock) -> None:
    """The next page begins behind the last of this one, and a cursor of another list is refused."""
    holder = await register.resident(town="小越街道")
    viewer, clerk = await register.viewer(holder), await register.viewer()
    await register.staff(clerk.account_id, town="小越街道")
    for _ in range(2):
        await ask(DISPUTE, viewer, ride=await ridden(fleet, holder.id), words="那天没有乘车")
        clock.forward(minutes=1)

    first = (await ask(WAITING, clerk))["data"]["viewer"]["staff"]["rideDisputes"]
    second = (await ask(WAITING, clerk, after=first["edges"][0]["cursor"]))["data"]["viewer"]["staff"]["rideDisputes"]
    foreign = await ask(WAITING, clerk, after="x")

    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert first["edges"][0]["node"]["ride"]["id"] != second["edges"][0]["node"]["ride"]["id"]
    assert foreign["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


async def test_a_guardian_sees_and_only_a_full_one_disputes(ask: Ask, register: Register, fleet: Fleet) -> None:
    """Whoever may only look reads the ward's rides, and finds none to dispute."""
    ward, full, looking = await register.resident(), await register.viewer(), await register.viewer()
    await register.guardian(ward, full.account_id)
    await register.guardian(ward, looking.account_id, scope="view")
    ride = await ridden(fleet, ward.id)

    seen = (await ask(RIDES, looking))["data"]["viewer"]["wards"][0]["rides"]
    refused = (await ask(DISPUTE, looking, ride=ride, words="没有乘车"))["data"]["done"]
    taken = (await ask(DISPUTE, full, ride=ride, words="没有乘车"))["data"]["done"]

    assert [each["id"] for each in seen] == [ride]
    assert refused["reason"] == "NOT_FOUND"
    assert taken["dispute"]["reason"] == "没有乘车"


async def test_what_cannot_be_disputed_is_refused(ask: Ask, register: Register, fleet: Fleet, clock: Clock) -> None:
    """A stranger's ride, one of nobody, none at all, no words, too late; and only staff answer, in words."""
    holder, stranger = await register.resident(), await register.resident()
    viewer, clerk = await register.viewer(holder), await register.viewer()
    await register.staff(clerk.account_id)
    own, nobodys = await ridden(fleet, holder.id), await fleet.tap(START)
    others = await ridden(fleet, stranger.id)
    unknown = ride_id(RideKey(new_id(), b"", 1))

    async def refused(ride: str, words: str = "没有乘车") -> str:
        return str((await ask(DISPUTE, viewer, ride=ride, words=words))["data"]["done"]["reason"])

    missing = [
        await refused(each)
        for each in (
            others,
            ride_id(RideKey(fleet.device_id, fleet.epoch, nobodys)),
            unknown,
            "x",
            to_id("Ride", new_id()),
        )
    ]
    wordless = await refused(own, " ")
    clock.forward(days=91)
    late = await refused(own)
    dispute = to_id("RideDispute", new_id())
    answers = [
        (await ask(ANSWER, whom, dispute=dispute, words=words))["data"]["done"]["reason"]
        for whom, words in ((viewer, "有记录"), (clerk, ""), (clerk, "有记录"))
    ]

    assert missing == ["NOT_FOUND"] * 5
    assert (wordless, late) == ("WORDS", "TOO_LATE")
    assert answers == ["NOT_ALLOWED", "WORDS", "NOT_FOUND"]
    assert (await ask(DISPUTE, None, ride=own, words="没有乘车"))["data"]["done"] == {}
    assert (await ask(ANSWER, None, dispute=dispute, words="有记录"))["data"]["done"] == {}


def test_an_id_names_one_scan() -> None:
    """Every key comes back from its id; what no id is written as names nothing."""
    key = RideKey(new_id(), b"epoch--1", (1 << 63) - 1)

    assert ride_key(ride_id(key)) == key
    assert ride_key("Ride") is None
    assert ride_key("é") is None
    assert ride_key(ride_id(RideKey(key.device_id, b"", 1 << 63))) is None
