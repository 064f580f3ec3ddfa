"""Subscriptions against a running server: live lists, rights that end, limits, and whatever a stranger may send."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from domain.access import Viewer
from domain.dates import local_date
from models.record import new_id
from schema import messages
from schema.identity import to_id
from services.bookings import HeldBooking, cancel_booking
from services.providers import end_at_desk
from services.resources import Resources
from services.sessions import _Session, _signed_in, sign_out
from services.waitlist import join_waitlist
from tests.api.live import LiveServer, serving
from tests.conftest import DatabaseAddresses
from tests.services.register import Register

PROTOCOL = Subprotocol("graphql-transport-ws")
WAIT_SECONDS = 30
DAY = """subscription ($p: ID!, $d: Date) { dayList(providerId: $p, day: $d) {
    ... on DayList { entries { maskedName booking { state } } } ... on FollowRefused { message } } }"""
OFFERS = """subscription ($r: ID) { openOffers(residentId: $r) {
    ... on OpenOffers { entries { state offeredUntil } } ... on FollowRefused { message } } }"""


def token_of(resources: Resources, viewer: Viewer, seconds: float = 600) -> str:
    """An access token of a viewer's session."""
    at = resources.clock()
    return _signed_in(
        resources, _Session(viewer.session_id, viewer.account_id, at + timedelta(seconds=seconds)), "", at
    ).access_token


class Phone:
    """A client of the protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def say(self, message: object) -> None:
        """Send a message: an object as JSON, anything else as it is."""
        await self._socket.send(json.dumps(message) if isinstance(message, dict | list) else message)  # type: ignore[arg-type] # as given

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(WAIT_SECONDS):
            message: dict[str, Any] = json.loads(await self._socket.recv())
        return message

    async def sign_in(self, token: str) -> None:
        """Open the connection's business."""
        await self.say({"type": "connection_init", "payload": {"accessToken": token}})
        assert await self.hear() == {"type": "connection_ack"}

    async def follow(self, document: str, operation_id: str = "1", **variables: object) -> dict[str, Any]:
        """Subscribe; the first message about it."""
        payload = {"query": document, "variables": variables}
        await self.say({"id": operation_id, "type": "subscribe", "payload": payload})
        return await self.hear()

    async def ended(self) -> int:
        """Read on until the server closes; its code."""
        try:
            while True:
                await self.hear()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


@asynccontextmanager
async def phone(server: LiveServer, protocol: str | None = PROTOCOL) -> AsyncIterator[Phone]:
    """A connection."""
    protocols = None if protocol is None else [Subprotocol(protocol)]
    async with connect(server.url.replace("http", "ws") + "/graphql", subprotocols=protocols, proxy=None) as socket:
        yield Phone(socket)


class Desk:
    """A provider with a session tomorrow, and somebody at its desk."""

    def __init__(self, resources: Resources, register: Register) -> None:
        self._resources = resources
        self._register = register

    async def opened(self, capacity: int = 2) -> "Desk":
        """Open it."""
        self.provider = await self._register.provider()
        service = await self._register.service(provider_id=self.provider)
        self.slot = await self._register.slot(service, hours=30, capacity=capacity)
        self.viewer = await self._register.viewer()
        await self._register.desk(self.viewer.account_id, service)
        self.id = to_id("Provider", self.provider)
        self.day = str(local_date(self._resources.clock() + timedelta(hours=30)))
        self.token = token_of(self._resources, self.viewer)
        return self

    async def booked(self, http: httpx.AsyncClient) -> tuple[Viewer, UUID]:
        """Let a new resident book through the server."""
        viewer = await self._register.viewer(await self._register.resident())
        document = 'mutation ($s: ID!) { bookSlot(slotId: $s, key: "k-123456789") { ... on Booking { id } } }'
        answer = await http.post(
            "/graphql",
            json={"query": document, "variables": {"s": to_id("Slot", self.slot)}},
            headers={"Authorization": f"Bearer {token_of(self._resources, viewer)}"},
        )
        assert "id" in answer.json()["data"]["bookSlot"], answer.text
        (row,) = await self._resources.database.fetch("SELECT id FROM booking ORDER BY id DESC LIMIT 1")
        return viewer, row["id"]

    async def cancelled(self, viewer: Viewer, booking_id: UUID) -> None:
        """Let her cancel, in another process than the server's."""
        people = await self._register.people(viewer)
        told = await cancel_booking(self._resources, viewer, people, booking_id, str(new_id()))
        assert isinstance(told, HeldBooking)


@pytest.fixture
async def desk(resources: Resources, register: Register) -> Desk:
    """An open desk."""
    return await Desk(resources, register).opened()


def names(message: dict[str, Any]) -> list[str]:
    """Who stands on a list."""
    assert message["type"] == "next", message
    return [entry["maskedName"] for entry in message["payload"]["data"]["dayList"]["entries"]]


async def test_a_desk_sees_its_day_as_it_changes(live: LiveServer, desk: Desk, http: httpx.AsyncClient) -> None:
    """The list as it stands, then with whoever books, then without whoever cancels in another process."""
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        before = await screen.follow(DAY, p=desk.id, d=desk.day)
        viewer, booking_id = await desk.booked(http)
        with_her = await screen.hear()
        await desk.cancelled(viewer, booking_id)
        without = await screen.hear()

    assert [names(each) for each in (before, with_her, without)] == [[], ["王**"], []]


async def test_who_waits_sees_the_place_that_is_held_for_her(
    live: LiveServer, resources: Resources, register: Register, http: httpx.AsyncClient
) -> None:
    """As soon as somebody else gives hers back."""
    desk = await Desk(resources, register).opened(capacity=1)
    viewer, booking_id = await desk.booked(http)
    waiting = await register.viewer(await register.resident())
    await join_waitlist(resources, waiting, await register.people(waiting), desk.slot, None, "k-123456789")

    async with phone(live) as screen:
        await screen.sign_in(token_of(resources, waiting))
        before = await screen.follow(OFFERS)
        await desk.cancelled(viewer, booking_id)
        offered = await screen.hear()

    entries = [each["payload"]["data"]["openOffers"]["entries"] for each in (before, offered)]
    assert entries[0] == []
    assert [(each["state"], bool(each["offeredUntil"])) for each in entries[1]] == [("OFFERED", True)]


async def test_only_ones_own_is_followed(
    live: LiveServer, resources: Resources, register: Register, desk: Desk
) -> None:
    """Another provider's day and a stranger's offers are refused in words, and the subscription is over."""
    stranger = await register.viewer()
    other = await register.resident()

    async with phone(live) as screen:
        await screen.sign_in(token_of(resources, stranger))
        day = [await screen.follow(DAY, p=desk.id), await screen.hear()]
        offers = [await screen.follow(OFFERS, "2", r=to_id("Resident", other.id)), await screen.hear()]

    assert day[0]["payload"]["data"]["dayList"] == {"message": "您不在这个机构工作，不能查看它的名单。"}
    assert offers[0]["payload"]["data"]["openOffers"] == {"message": "您不能查看这位残疾人的候补。"}
    assert [day[1]["type"], offers[1]["type"]] == ["complete", "complete"]


async def test_signing_out_ends_what_is_followed(
    live: LiveServer, resources: Resources, desk: Desk, http: httpx.AsyncClient
) -> None:
    """The next news is read under the rights that are left, which are none."""
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        await screen.follow(DAY, p=desk.id, d=desk.day)
        await sign_out(resources, desk.viewer)
        await desk.booked(http)

        assert await screen.ended() == 4403


async def test_leaving_the_desk_ends_what_is_followed(
    live: LiveServer, desk: Desk, http: httpx.AsyncClient, database: DatabaseAddresses
) -> None:
    """In words this time, as the session goes on."""
    owner = await asyncpg.connect(database.owner_url)
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        await screen.follow(DAY, p=desk.id, d=desk.day)
        await owner.execute("UPDATE provider_staff SET left_on = '2020-01-01' WHERE provider_id = $1", desk.provider)
        await desk.booked(http)
        refused = await screen.hear()

    await owner.close()
    assert "message" in refused["payload"]["data"]["dayList"]


async def test_the_district_ends_what_a_leaver_follows(
    live: LiveServer, resources: Resources, register: Register, desk: Desk
) -> None:
    """Nothing has to happen to a booking for her to be told."""
    clerk = await register.viewer()
    await register.staff(clerk.account_id)
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        await screen.follow(DAY, p=desk.id, d=desk.day)
        people = await register.people(clerk)
        ended = await end_at_desk(resources, clerk, people, desk.provider, desk.viewer.account_id)
        refused = await screen.hear()

    assert ended is None
    assert refused["payload"]["data"]["dayList"]["message"] == messages.NOT_YOUR_DESK


async def test_a_desks_day_is_followed_after_a_second_factor_only(
    live: LiveServer, desk: Desk, database: DatabaseAddresses
) -> None:
    """Without one it is refused in words."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE session SET second_factor_at = NULL WHERE id = $1", desk.viewer.session_id)
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        refused = await screen.follow(DAY, p=desk.id, d=desk.day)

    await owner.close()
    assert refused["payload"]["data"]["dayList"]["message"] == messages.SIGN_IN["second_factor"]


async def test_an_access_token_is_followed_to_its_end_and_no_further(
    live: LiveServer, resources: Resources, desk: Desk
) -> None:
    """The phone refreshes and comes back."""
    async with phone(live) as screen:
        await screen.sign_in(token_of(resources, desk.viewer, seconds=3))
        await screen.follow(DAY, p=desk.id)

        assert await screen.ended() == 4403


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"accessToken": None}, {"accessToken": "garbage"}, {"accessToken": "残"}, ["x"], "x", {"a": "b"}],
)
async def test_nobody_is_let_in_without_a_token(live: LiveServer, payload: object) -> None:
    """Whatever stands in the first message."""
    async with phone(live) as screen:
        await screen.say({"type": "connection_init", "payload": payload})

        assert await screen.ended() == 4403


GARBAGE = {
    "binary": (b"\x00\xff", 4400),
    "no JSON": ("{", 4400),
    "half a character": ('{"type": "\\ud800"}', 4400),
    "no object": ("[]", 4400),
    "a number": ("1e999", 4400),
    "no type": ("{}", 4400),
    "type is none": ('{"type": 1}', 4400),
    "too deep": ("[" * 10_000, 4400),
    "unknown type": ('{"type": "hello"}', 4400),
    "no id": ('{"type": "subscribe", "payload": {"query": "{ a }"}}', 4400),
    "id too long": (json.dumps({"type": "subscribe", "id": "x" * 65}), 4400),
    "id is none": ('{"type": "complete", "id": {}}', 4400),
    "no payload": ('{"type": "subscribe", "id": "1"}', 4400),
    "payload is a list": ('{"type": "subscribe", "id": "1", "payload": []}', 4400),
    "query is none": ('{"type": "subscribe", "id": "1", "payload": {"query": 1}}', 4400),
    "once more": ('{"type": "connection_init", "payload": {}}', 4429),
    "too large": ("x" * 200_000, 1009),
}


@pytest.mark.parametrize(("frame", "code"), GARBAGE.values(), ids=GARBAGE)
async def test_garbage_ends_the_connection_with_its_code(
    live: LiveServer, desk: Desk, frame: str | bytes, code: int
) -> None:
    """After sign-in, quietly and for this connection alone."""
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        await screen.say(frame)

        assert await screen.ended() == code

    assert "Traceback" not in live.logged()
    assert '"error":' not in live.logged().replace('"error": null', "")


@pytest.mark.parametrize(("frame", "code"), [(b"\x00", 4400), ("[]", 4400), ('{"type": "subscribe", "id": "1"}', 4401)])
async def test_garbage_before_sign_in_ends_it_too(live: LiveServer, frame: str | bytes, code: int) -> None:
    """And nothing is followed before."""
    async with phone(live) as screen:
        await screen.say(frame)

        assert await screen.ended() == code


async def test_pings_are_answered_at_any_time(live: LiveServer, desk: Desk) -> None:
    """Before sign-in and after."""
    async with phone(live) as screen:
        await screen.say({"type": "ping"})
        first = await screen.hear()
        await screen.sign_in(desk.token)
        await screen.say({"type": "pong"})
        await screen.say({"type": "ping", "payload": {"x": 1}})

        assert [first, await screen.hear()] == [{"type": "pong"}] * 2


@pytest.mark.parametrize("protocol", [None, "graphql-ws"])
async def test_another_protocol_is_not_spoken(live: LiveServer, protocol: str | None) -> None:
    """The close says so."""
    async with phone(live, protocol) as screen:
        assert await screen.ended() == 4406


async def test_five_are_followed_and_no_sixth(live: LiveServer, desk: Desk) -> None:
    """Until one is completed; an id that is in use ends the connection."""
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        kinds = [(await screen.follow(DAY, str(number), p=desk.id))["type"] for number in range(6)]
        await screen.say({"type": "complete", "id": "0"})
        await screen.say({"type": "complete", "id": "never was"})
        again = await screen.follow(DAY, "0", p=desk.id)
        await screen.say({"type": "subscribe", "id": "0", "payload": {"query": DAY}})

        assert kinds == ["next"] * 5 + ["error"]
        assert again["type"] == "next"
        assert await screen.ended() == 4409


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { staff { role } } }",
        "mutation { signOut { __typename } }",
        "subscription {",
        "subscription { nothing }",
        "subscription { dayList }",
        "subscription { a: __typename b: __typename }",
        "subscription { dayList(providerId: 1) { ...F } } fragment F on DayList { ...F }",
        "subscription { dayList(providerId: 1) { ... on DayList { entries {" + " booking { id }" * 400 + " } } } }",
        "#" + "x" * 20_000,
    ],
)
async def test_only_subscriptions_within_the_limits_are_run(live: LiveServer, desk: Desk, document: str) -> None:
    """Anything else is an error of that operation, and the connection goes on."""
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        refused = await screen.follow(document)
        served = await screen.follow(DAY, "2", p=desk.id)

    assert (refused["type"], refused["id"]) == ("error", "1")
    assert refused["payload"][0]["message"]
    assert served["type"] == "next"


async def test_a_subscription_by_post_is_refused_in_words(http: httpx.AsyncClient) -> None:
    """It would else never be answered."""
    answer = await http.post("/graphql", json={"query": 'subscription { dayList(providerId: "x") { __typename } }'})

    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_when_the_database_goes_followers_are_told_to_come_back(
    live: LiveServer, desk: Desk, database: DatabaseAddresses
) -> None:
    """News may have been missed; who comes back is served anew."""
    killer = await asyncpg.connect(database.app_url)
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        await screen.follow(DAY, p=desk.id)
        await killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")

        code = await screen.ended()

    await killer.close()
    async with phone(live) as screen:
        await screen.sign_in(desk.token)
        assert code == 1013
        assert (await screen.follow(DAY, p=desk.id))["type"] == "next"


async def test_whoever_says_nothing_is_sent_away(environ: dict[str, str], tmp_path: Path) -> None:
    """In so many seconds as the setting says."""
    with serving(tmp_path / "log", {**environ, "WEBSOCKET_INIT_SECONDS": "0.3"}) as server:
        async with phone(server) as screen:
            assert await screen.ended() == 4408


async def test_a_server_that_stops_says_so(
    environ: dict[str, str], tmp_path: Path, resources: Resources, desk: Desk
) -> None:
    """And does not wait for those who follow."""
    with serving(tmp_path / "log", environ) as server:
        async with phone(server) as screen:
            await screen.sign_in(token_of(resources, desk.viewer))
            await screen.follow(DAY, p=desk.id)
            server.process.terminate()

            assert await screen.ended() in {1001, 1012}
