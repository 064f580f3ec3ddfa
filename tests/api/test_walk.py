"""Walks the whole path as its users do: a phone, a clerk and a bus, over HTTP, with the server off on the way."""

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pyotp
import pytest
import qrcode
import zxingcpp
from PIL import Image

from cli.demo.fixtures import SECOND_FACTOR, Cast, add_fixtures
from cli.demo.load import load_district
from cli.demo.notes import DemoAccount
from cli.demo.phone import Memory, Phone, PhoneRefused
from services.bootstrap import now, open_services
from services.keys import Keys
from services.settings import load_settings
from tests.api.live import free_port, serving
from tests.conftest import DatabaseAddresses
from tests.services.register import FakeWechat

RESIDENTS = 100

HOME = """
{ viewer { maskedName
    card { maskedNumber categoryName gradeName state validUntil }
    wards { residentId maskedName relation card { state } }
    entitlements { programme title verdict clauses { citation } criteria { outcome sentence clause { citation } } }
    bookings(first: 10) { edges { node { id state slot { startsAt } } } }
    credentials { id revokedAt } } }
"""
SERVICES = "{ services(first: 50) { edges { node { id name programme } } } }"
SLOTS = """
query ($service: ID!, $from: DateTime!, $until: DateTime!) {
  slots(serviceId: $service, from: $from, until: $until, first: 20) { edges { node { id capacity free } } } }
"""
BOOK = """
mutation ($slot: ID!, $key: IdempotencyKey!) { answer: bookSlot(slotId: $slot, key: $key) {
  __typename ... on Booking { id state slot { free } } ... on BookingRefused { reason message } } }
"""
CANCEL = """
mutation ($booking: ID!, $key: IdempotencyKey!) { answer: cancelBooking(bookingId: $booking, key: $key) {
  __typename ... on Booking { id state slot { free } } ... on BookingRefused { reason message } } }
"""
ONLINE_CODE = """
mutation { answer: onlineCode {
  __typename ... on OnlineCode { text expiresAt svg } ... on CredentialRefused { reason } } }
"""
CLERK_CODE = """
mutation ($number: String!) { answer: issueBindingCode(cardNumber: $number) {
  __typename ... on BindingCode { code maskedName } ... on BindingCodeRefused { reason } } }
"""
PROVE = "mutation ($code: String!) { answer: proveSecondFactor(code: $code) { __typename } }"
REPORT_LOST = """
mutation { answer: reportCardLost(key: "walk-lost-card") {
  __typename ... on CardStanding { state message } ... on CardRefused { reason message } } }
"""
# From a revocation to every connected scanner.
WITHIN_SECONDS = 60
RIDES = "{ viewer { rides(first: 10) { at operator place admitted outcome message companions } } }"


@dataclass(frozen=True)
class Town:
    """The made-up district behind a server: who can be played, and the server that plays WeChat for them."""

    cast: Cast
    url: str
    client: httpx.Client

    def code(self, **wish: str) -> str:
        """A login or phone code, as WeChat would give it to the mini program."""
        given = self.client.post("/sandbox/wechat/codes", json=wish)
        code: str = given.raise_for_status().json()["code"]
        return code

    def phone(self, openid: str) -> Phone:
        """A phone whose user has just signed in."""
        phone = Phone(self.client, Memory.new())
        phone.sign_in(self.code(kind="login", openid=openid))
        return phone

    def bound_phone(self, account: DemoAccount) -> Phone:
        """A phone of a demo person, bound by the number that the register has."""
        phone = self.phone(account.openid)
        phone.bind(account.name, account.card_number, phone_code=self.code(kind="phone", phone=account.phone))
        return phone


class Scanner:
    """`python -m card` in a directory of its own, as it runs on a bus."""

    def __init__(self, state: Path) -> None:
        self._environ = {**os.environ, "SDC_CARD_STATE": str(state)}

    def run(self, *arguments: str) -> str:
        """One command that must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "card", *arguments], env=self._environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def gate(self) -> Iterator[subprocess.Popen[str]]:
        """A running `scan`, which must end by itself at the end of its input."""
        process = subprocess.Popen(
            [sys.executable, "-m", "card", "scan", "--every", "1"],
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        yield process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        assert process.wait(60) == 0

    @staticmethod
    def read(process: subprocess.Popen[str], text: str) -> dict[str, Any]:
        """Hold a code before the reader, and wait for the answer."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{text}\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def port() -> int:
    """The same port before and after the server was off, as an operator would keep it."""
    return free_port()


@pytest.fixture(scope="module")
async def town(database: DatabaseAddresses, environ: dict[str, str], keys: Keys, port: int) -> AsyncIterator[Town]:
    """A hundred residents with services, slots, a clerk, and scanners that wait for enrolment."""
    async with open_services(load_settings({"MODE": "demo", **environ}), keys, FakeWechat()) as resources:
        owner = await asyncpg.connect(database.owner_url)
        await load_district(owner, resources.vault, RESIDENTS, now(), lambda _: None)
        await owner.close()
        cast = await add_fixtures(resources, ())
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield Town(cast, url, client)


@pytest.fixture
def environ_with_port(environ: dict[str, str], port: int) -> dict[str, str]:
    """What a server needs to start where the scanner looks for it."""
    return {**environ, "PORT": str(port)}


def of(connection: dict[str, Any]) -> list[Any]:
    """The nodes of a page."""
    return [edge["node"] for edge in connection["edges"]]


def decoded(text: str) -> str:
    """What a camera reads from the code that is drawn of a text."""
    picture = BytesIO()
    qrcode.make(text, error_correction=qrcode.ERROR_CORRECT_M).save(picture)
    (symbol,) = zxingcpp.read_barcodes(
        Image.open(picture).convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    return symbol.text


def test_the_whole_path(town: Town, environ_with_port: dict[str, str], tmp_path: Path) -> None:
    """Sign in, bind, see, book, get a pass, ride while the server is off, hand the ride in, see it, lose the card."""
    resident, *_, guardian = town.cast.accounts
    bus = next(scanner for scanner in town.cast.scanners if scanner.kind == "bus")
    scanner = Scanner(tmp_path / "bus")

    with serving(tmp_path / "first.log", environ_with_port):
        phone = town.bound_phone(resident)
        sees_herself(phone)
        fathers = town.bound_phone(guardian)
        a_guardian_sees_her_ward(fathers)
        fathers.renew_pass(now())
        a_clerk_helps_who_has_no_phone_in_the_register(town, town.cast.accounts[1])
        books_and_gives_back(phone)
        phone.renew_pass(now())
        online = phone.ask(ONLINE_CODE, {}, now())["answer"]
        assert online["svg"].startswith("<?xml")
        scanner.run("enrol", bus.code, "--server", town.url)
        scanner.run("sync")

    with scanner.gate() as gate:
        code = decoded(phone.show(now()))
        admitted, replayed = scanner.read(gate, code), scanner.read(gate, code)
        assert (admitted["outcome"], admitted["recorded"]) == ("free", True)
        assert (replayed["outcome"], replayed["reason"]) == ("refused", "replayed")
        # The child's code on the father's phone.
        assert scanner.read(gate, decoded(fathers.show(now())))["outcome"] == "free"
        assert scanner.read(gate, "SDC1:NOT A CODE")["outcome"] == "refused"
        assert scanner.read(gate, decoded(phone.show(now() - timedelta(minutes=2))))["reason"] == "stale"
    assert json.loads(scanner.run("status", "--json"))["storage"]["scans_waiting"] == 5

    with serving(tmp_path / "second.log", environ_with_port):
        scanner.run("outbox", "upload")
        scanner.run("outbox", "upload")
        assert json.loads(scanner.run("status", "--json"))["storage"]["scans_waiting"] == 0
        rides = phone.ask(RIDES, {}, now())["viewer"]["rides"]
        a_lost_card_ends_its_pass(phone, scanner)

    assert [(ride["admitted"], ride["outcome"]) for ride in rides] == [
        (False, "refused"),
        (False, "refused"),
        (True, "free"),
    ]
    assert {(ride["operator"], ride["place"]) for ride in rides} == {(bus.operator, bus.place)}
    nothing_personal_was_logged(tmp_path, phone, resident)


def sees_herself(phone: Phone) -> None:
    """Name and number masked, the card in words, and each programme explained with its clause."""
    me = phone.ask(HOME, {}, now())["viewer"]

    assert me["maskedName"] == "陈**"
    assert (me["card"]["categoryName"], me["card"]["gradeName"], me["card"]["state"]) == (
        "视力残疾",
        "一级",
        "ACTIVE",
    )
    assert me["card"]["maskedNumber"].count("*") == 12
    verdicts = {each["programme"]: each["verdict"] for each in me["entitlements"]}
    assert verdicts.keys() >= {
        "child-rehab",
        "free-bus",
        "living-subsidy",
        "nursing-subsidy",
        "rehab-training-relief",
        "venue-access",
    }
    assert (verdicts["free-bus"], verdicts["living-subsidy"], verdicts["child-rehab"]) == (
        "ELIGIBLE",
        "ELIGIBLE",
        "NOT_ELIGIBLE",
    )
    for each in me["entitlements"]:
        assert each["clauses"]
        assert each["criteria"]
        assert all(criterion["sentence"] and criterion["clause"]["citation"] for criterion in each["criteria"])


def a_guardian_sees_her_ward(phone: Phone) -> None:
    """A father sees his child's card under his own account."""
    (ward,) = phone.ask(HOME, {}, now())["viewer"]["wards"]

    assert (ward["maskedName"], ward["relation"], ward["card"]["state"]) == ("周**", "父亲", "ACTIVE")


def a_clerk_helps_who_has_no_phone_in_the_register(town: Town, account: DemoAccount) -> None:
    """A wrong name and a stranger's phone are refused alike; the clerk's one-time code binds, once."""
    phone = town.phone("somebody-at-the-desk")
    for name, proof in (("错误", account.phone), (account.name, "19900999999")):
        with pytest.raises(PhoneRefused) as refused:
            phone.bind(name, account.card_number, phone_code=town.code(kind="phone", phone=proof))
        assert (refused.value.kind, refused.value.reason) == ("BindingRefused", "NOT_MATCHED")
    clerk = town.phone("demo-clerk")
    unproven = clerk.ask(CLERK_CODE, {"number": account.card_number}, now())["answer"]
    assert unproven == {"__typename": "NotSignedIn"}
    clerk.ask(PROVE, {"code": pyotp.TOTP(SECOND_FACTOR).at(now())}, now())
    answer = clerk.ask(CLERK_CODE, {"number": account.card_number}, now())["answer"]

    phone.bind(account.name, account.card_number, clerk_code=answer["code"])

    assert phone.ask(HOME, {}, now())["viewer"]["maskedName"] == answer["maskedName"]
    with pytest.raises(PhoneRefused):
        town.phone("a-second-account").bind(account.name, account.card_number, clerk_code=answer["code"])


def books_and_gives_back(phone: Phone) -> None:
    """A rehab training: its place is taken once however often the phone asks, and free again afterwards."""
    at = now()
    service = next(
        each for each in of(phone.ask(SERVICES, {}, at)["services"]) if each["programme"] == "rehab-training-relief"
    )
    span = {"service": service["id"], "from": at.isoformat(), "until": (at + timedelta(days=14)).isoformat()}
    slot = of(phone.ask(SLOTS, span, at)["slots"])[-1]

    booked, again = (phone.ask(BOOK, {"slot": slot["id"], "key": "walk-book"}, at)["answer"] for _ in range(2))
    twice = phone.ask(BOOK, {"slot": slot["id"], "key": "walk-other"}, at)["answer"]
    cancelled = phone.ask(CANCEL, {"booking": booked["id"], "key": "walk-cancel"}, at)["answer"]

    assert booked == again
    assert (booked["state"], booked["slot"]["free"]) == ("BOOKED", slot["free"] - 1)
    assert twice["reason"] == "ALREADY_BOOKED"
    assert (cancelled["state"], cancelled["slot"]["free"]) == ("CANCELLED", slot["free"])


def a_lost_card_ends_its_pass(phone: Phone, scanner: Scanner) -> None:
    """A connected gate refuses the pass within a minute by itself, and the phone gets no other."""
    with scanner.gate() as gate:
        lost = phone.ask(REPORT_LOST, {}, now())["answer"]
        until = time.monotonic() + WITHIN_SECONDS
        while (shown := scanner.read(gate, decoded(phone.show(now()))))["reason"] != "revoked":
            assert time.monotonic() < until
            time.sleep(0.5)

    assert (lost["state"], lost["message"]) == ("LOST", "残疾人证已挂失，可以到乡镇残联补办。")
    assert (shown["outcome"], shown["reason"]) == ("refused", "revoked")
    with pytest.raises(PhoneRefused) as refused:
        phone.renew_pass(now())
    assert refused.value.reason == "CARD_NOT_USABLE"


def nothing_personal_was_logged(logs: Path, phone: Phone, resident: DemoAccount) -> None:
    """Each line of the servers' logs is JSON, and no name, number or token stands in any."""
    text = "".join(log.read_text(encoding="utf-8") for log in logs.glob("*.log"))
    secrets = (resident.name, resident.card_number, resident.phone, phone.memory.access_token, "SDC1:")

    assert all(datetime.fromisoformat(json.loads(line)["timestamp"]) for line in text.splitlines())
    assert not [secret for secret in secrets if secret in text]
