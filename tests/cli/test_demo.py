"""Proves that the people of a demo can be played: their phones, offline too, and the codes that WeChat would give."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from card.presentation import verify_token
from cli.demo.notes import Notes, read_notes
from cli.demo.phone import Memory, Phone, PhoneRefused
from cli.demo.play import account_of, ready_phone
from cli.demo.sandbox import CodeKind, new_code
from services.keys import read_keys

if TYPE_CHECKING:
    from tests.cli.conftest import Demo, Sdc

VIEWER = "{ viewer { maskedName staff { role } wards { maskedName } } }"

ACCEPT = 'mutation { acceptMessages(templateIds: ["demo-cancelled"], key: "accept-0123456789") { __typename } }'
FREE = """query ($from: DateTime!, $until: DateTime!) {
    freeSlots(from: $from, until: $until, first: 50) { edges { node { slot { id } } } } }"""
BOOK = """mutation ($slot: ID!, $key: IdempotencyKey!) { bookSlot(slotId: $slot, key: $key) {
    ... on Booking { id } ... on BookingRefused { reason } } }"""
CANCEL = """mutation ($booking: ID!) { cancelBooking(bookingId: $booking, key: "cancel-0123456789") {
    ... on Booking { state } } }"""
PROVE = "mutation ($code: String!) { proveSecondFactor(code: $code) { __typename } }"
DESKS = "{ viewer { desks { requests(first: 5) { edges { node { booking { service { name } } } } } } } }"


@pytest.fixture(scope="module")
def running(demo: "Demo") -> "Demo":
    """The demo, serving."""
    demo.start()
    return demo


@pytest.fixture(scope="module")
def notes(running: "Demo") -> Notes:
    """What it wrote down."""
    return read_notes(running.data_dir / "demo.json")


@pytest.fixture
def client(running: "Demo") -> Iterator[httpx.Client]:
    """A connection to its server."""
    with httpx.Client(base_url=running.address) as opened:
        yield opened


def test_a_shown_code_is_signed_by_the_server_and_by_the_phone(running: "Demo", sdc: "Sdc") -> None:
    """What the command prints verifies under the keys that the root vouches for, and says when it was shown."""
    before = datetime.now(UTC)
    shown = json.loads(sdc("demo", "phone", "1", "--once", "--json", **running.environment).stdout)

    token = verify_token(shown["text"], read_keys(running.data_dir / "keys.json", before).trusted(before))
    assert token.presented_at is not None
    assert before - timedelta(seconds=1) <= token.presented_at <= datetime.now(UTC)
    assert token.presented_at.isoformat(timespec="seconds") == shown["presented_at"]
    assert token.credential.claims.expires_at.isoformat() == shown["pass_until"]
    assert "ride-accompanied" in token.credential.claims.access_classes


def test_a_guardian_shows_her_wards_code(running: "Demo", sdc: "Sdc") -> None:
    """The fourth person of the sheet acts for a child, and the code is the child's."""
    shown = json.loads(sdc("demo", "phone", "周志强", "--once", "--json", **running.environment).stdout)

    assert shown["for"] == "周子涵"


def test_a_drawn_code_can_be_scanned(running: "Demo", sdc: "Sdc", read_drawn: Callable[[str], str]) -> None:
    """The picture and the text beneath it are the same code."""
    drawn = sdc("demo", "phone", "1", "--once", **running.environment)

    assert read_drawn(drawn.stdout) == drawn.stdout.splitlines()[-1]


def test_codes_follow_each_other_until_the_phone_is_put_away(running: "Demo", sdc: "Sdc") -> None:
    """Each code is another one, though the pass within is the same."""
    first = sdc("demo", "phone", "2", "--once", "--text", **running.environment).stdout
    time.sleep(1)  # presentations name whole seconds
    second = sdc("demo", "phone", "2", "--once", "--text", **running.environment).stdout

    assert first.startswith("SDC1:")
    assert first != second


def test_a_login_code_signs_the_clerk_in(running: "Demo", notes: Notes, sdc: "Sdc", client: httpx.Client) -> None:
    """The clerk of the sheet has an account that is staff already."""
    del notes
    code = sdc("demo", "code", "clerk", **running.environment).stdout.strip()
    phone = Phone(client, Memory.new())

    phone.sign_in(code)

    assert phone.ask(VIEWER, {}, datetime.now(UTC))["viewer"]["staff"] == {"role": "CLERK"}


def test_the_clerk_finds_a_request_at_the_desks(
    running: "Demo", notes: Notes, sdc: "Sdc", client: httpx.Client
) -> None:
    """Every provider's desk is hers to play after her second factor, and one request waits for an answer."""
    del notes
    phone = Phone(client, Memory.new())
    phone.sign_in(sdc("demo", "code", "clerk", **running.environment).stdout.strip())
    factor = sdc("demo", "code", "clerk", "--second-factor", **running.environment).stdout.strip()
    phone.ask(PROVE, {"code": factor}, datetime.now(UTC))

    desks = phone.ask(DESKS, {}, datetime.now(UTC))["viewer"]["desks"]

    requested = [edge["node"]["booking"]["service"]["name"] for desk in desks for edge in desk["requests"]["edges"]]
    assert len(desks) > 5
    assert requested == ["法律咨询"]


def test_a_phone_code_binds_a_card_step_by_step(
    running: "Demo", notes: Notes, sdc: "Sdc", client: httpx.Client
) -> None:
    """What the README tells a newcomer to do over the API works with the printed codes."""
    account = account_of(notes, "3")
    phone = Phone(client, Memory.new())
    phone.sign_in(sdc("demo", "code", "3", **running.environment).stdout.strip())
    unbound = phone.ask(VIEWER, {}, datetime.now(UTC))["viewer"]["maskedName"]

    code = sdc("demo", "code", "3", "--phone", **running.environment).stdout.strip()
    phone.bind(account.name, account.card_number, phone_code=code)

    assert unbound is None
    assert phone.ask(VIEWER, {}, datetime.now(UTC))["viewer"]["maskedName"] == "李**"


def test_a_session_is_renewed_before_it_ends(notes: Notes, client: httpx.Client) -> None:
    """A phone whose access token is over goes on by its refresh token, which is another one afterwards."""
    phone = Phone(client, Memory.new())
    phone.sign_in(new_code(notes.address, CodeKind.LOGIN, notes.clerk))
    refresh_token = phone.memory.refresh_token

    phone.ask(VIEWER, {}, phone.memory.access_until)

    assert phone.memory.refresh_token != refresh_token


def test_what_the_demo_sends_can_be_read(
    running: "Demo", notes: Notes, sdc: "Sdc", client: httpx.Client, tmp_path: Path
) -> None:
    """She agrees to a message, books, and gives the place back; the worker beside the server tells her by WeChat."""
    at = datetime.now(UTC)
    phone = ready_phone(client, notes, account_of(notes, "1"), tmp_path / "phone.json", at)
    span = {"from": at.isoformat(), "until": (at + timedelta(days=30)).isoformat()}
    phone.ask(ACCEPT, {}, at)
    for edge in phone.ask(FREE, span, at)["freeSlots"]["edges"]:
        booked = phone.ask(BOOK, {"slot": edge["node"]["slot"]["id"], "key": str(uuid4())}, at)["bookSlot"]
        if "id" in booked:
            break
    phone.ask(CANCEL, {"booking": booked["id"]}, at)

    lines: list[str] = []
    for _ in range(200):
        if lines := sdc("demo", "messages", **running.environment).stdout.splitlines():
            break
        time.sleep(0.1)

    (line,) = lines
    assert line.startswith("wechat ")
    assert "已取消" in line


def test_refusals_carry_the_servers_word_and_sentence(notes: Notes, client: httpx.Client) -> None:
    """A wrong code, a wrong card, a code that was spent, a document that is none."""
    account = account_of(notes, "1")
    phone = Phone(client, Memory.new())
    phone.sign_in(new_code(notes.address, CodeKind.LOGIN, "demo-stranger"))
    refused: list[PhoneRefused] = []
    attempts = (
        lambda: Phone(client, Memory.new()).sign_in("no-such-code"),
        lambda: phone.bind(account.name, account.card_number, phone_code="no-such-code"),
        lambda: phone.bind(account.name, account.card_number, clerk_code="ABCDEFGHJK"),
        lambda: phone.renew_pass(datetime.now(UTC)),
        lambda: phone.ask("{ nonsense }", {}, datetime.now(UTC)),
    )
    for attempt in attempts:
        with pytest.raises(PhoneRefused) as caught:
            attempt()
        refused.append(caught.value)

    kinds = ["WechatRefused", "WechatRefused", "BindingRefused", "CredentialRefused", "error"]
    assert [each.kind for each in refused] == kinds
    assert all(str(each) for each in refused)
    assert refused[2].reason.upper() == "NOT_MATCHED"


def test_a_phone_whose_session_was_forgotten_signs_in_again(running: "Demo", sdc: "Sdc") -> None:
    """After a month away the command does what the person would: sign in and bind again, with the same key."""
    file = running.data_dir / "phone-19900100001.json"
    memory = Memory.read(file)
    seed, memory.refresh_token, memory.pass_token = memory.seed, "forgotten", b""
    memory.access_until = memory.pass_from = memory.pass_until = datetime(2026, 1, 1, tzinfo=UTC)
    memory.write(file)

    shown = sdc("demo", "phone", "1", "--once", "--text", **running.environment)

    assert shown.returncode == 0, shown.stderr
    assert Memory.read(file).seed == seed
    assert Memory.read(file).pass_token


@pytest.mark.parametrize("arguments", [("phone", "nobody", "--once"), ("code", "9"), ("code", "clerk", "--phone")])
def test_someone_who_is_not_of_the_demo_cannot_be_played(
    arguments: tuple[str, ...], running: "Demo", sdc: "Sdc"
) -> None:
    """One sentence that says whom one can play."""
    refused = sdc("demo", *arguments, **running.environment)

    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1


def test_a_spent_enrolment_code_is_replaced_at_the_next_start(running: "Demo", notes: Notes) -> None:
    """The bus's code makes a scanner; the next sheet has another bus, and the same park, which nobody enrolled."""
    bus, park = notes.scanners
    enrolment = ["enrol", bus.code, "--server", running.address, "--state", str(running.data_dir / "scanners/bus")]
    enrolled = subprocess.run([sys.executable, "-m", "card", *enrolment], capture_output=True, text=True, check=False)

    running.end()
    running.start()

    assert enrolled.returncode == 0, enrolled.stderr
    next_bus, next_park = read_notes(running.data_dir / "demo.json").scanners
    assert (bus.place, next_bus.place) == ("18路01号车", "18路02号车")
    assert next_bus.code != bus.code
    assert next_park == park


def test_ctrl_c_puts_the_phone_away(running: "Demo") -> None:
    """Without --once the command goes on until it is interrupted, which is no failure."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "demo", "phone", "1", "--text"],
        env={**os.environ, "DATA_DIR": str(running.data_dir)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)

    assert first.startswith("SDC1:")
    assert (process.returncode, rest) == (0, "")


def test_codes_are_shown_with_the_server_off_while_the_pass_lasts(running: "Demo", sdc: "Sdc") -> None:
    """A phone needs no network to show a code; without a pass it says what to do. Ends the demo, so it stands last."""
    sdc("demo", "phone", "1", "--once", **running.environment)
    running.end()

    with_pass = sdc("demo", "phone", "1", "--once", "--text", **running.environment)
    without = sdc("demo", "phone", "3", "--once", "--text", **running.environment)
    code = sdc("demo", "code", "1", **running.environment)

    assert with_pass.stdout.startswith("SDC1:")
    assert (without.returncode, code.returncode) == (1, 1)
    assert "make run" in without.stderr
    assert "make run" in code.stderr


def test_without_a_demo_the_remedy_is_named(tmp_path: Path, sdc: "Sdc") -> None:
    """A demo that was never started, and notes of another version."""
    never = sdc("demo", "phone", "--once", DATA_DIR=tmp_path)
    (tmp_path / "demo.json").write_text('{"address": 1}')
    foreign = sdc("demo", "code", DATA_DIR=tmp_path)

    assert (never.returncode, foreign.returncode) == (1, 1)
    assert "make run" in never.stderr
    assert "another version" in foreign.stderr
