"""Proves that a phone tells a server that is away from one that refuses, and keeps its memory to itself."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cli.demo.notes import DemoAccount, Notes
from cli.demo.phone import PASS_RENEWAL, Memory, Phone, PhoneRefused, ServerAway
from cli.demo.play import ready_phone
from cli.explanation import CommandFailed

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
ACCOUNT = DemoAccount("demo-1", "陈玉兰", "19900100001", "33029919800510000711")
Handler = Callable[[httpx.Request], httpx.Response]
NOTES = Notes("http://127.0.0.1:1", 150, (ACCOUNT,), "demo-clerk", ())


def lost(request: httpx.Request) -> httpx.Response:
    """A network that is not there."""
    raise httpx.ConnectError("no network", request=request)


def busy(request: httpx.Request) -> httpx.Response:
    """A server whose database is away."""
    del request
    return httpx.Response(503, json={"errors": [{"message": "later"}]})


def foreign(request: httpx.Request) -> httpx.Response:
    """A captive portal in place of the server."""
    del request
    return httpx.Response(200, text="<html>Please log in to the station's network</html>")


def refusing(request: httpx.Request) -> httpx.Response:
    """A server that knows this resident and gives her no pass."""
    body = request.read().decode()
    if "credentialChallenge" in body:
        return httpx.Response(200, json={"data": {"answer": {"__typename": "Challenge", "challenge": "AAAA"}}})
    answer = {"__typename": "CredentialRefused", "reason": "CARD_NOT_USABLE", "message": "残疾人证目前不能使用。"}
    return httpx.Response(200, json={"data": {"answer": answer}})


def memory(**known: object) -> Memory:
    """A phone in a session, with a pass that ends in three days."""
    made = Memory.new()
    made.access_token, made.access_until = "token", AT + timedelta(minutes=5)
    made.pass_token, made.pass_from, made.pass_until = b"pass", AT, AT + timedelta(days=3)
    for name, value in known.items():
        setattr(made, name, value)
    return made


def client(handler: Handler) -> httpx.Client:
    """A connection that ends in `handler`."""
    return httpx.Client(transport=httpx.MockTransport(handler), base_url=NOTES.address)


@pytest.mark.parametrize("handler", [lost, busy, foreign])
def test_whatever_is_no_answer_counts_as_away(handler: Handler) -> None:
    """A phone must not take a broken network for a refusal and forget its pass."""
    with pytest.raises(ServerAway):
        Phone(client(handler), memory()).ask("{ viewer { maskedName } }", {}, AT)


def test_a_pass_is_renewed_daily_and_at_its_end() -> None:
    """Early enough that a week without network is no problem."""
    phone = Phone(client(lost), memory(pass_until=AT + timedelta(hours=6)))

    assert not phone.needs_pass(AT + timedelta(hours=5))
    assert phone.needs_pass(AT + timedelta(hours=6))
    assert Phone(client(lost), memory()).needs_pass(AT + PASS_RENEWAL)
    assert Phone(client(lost), Memory.new()).needs_pass(AT)


def test_a_valid_pass_outlives_the_network(tmp_path: Path) -> None:
    """Two days without a server: the phone is still ready; on the fourth it says what to do."""
    file = tmp_path / "phone.json"
    memory().write(file)

    phone = ready_phone(client(lost), NOTES, ACCOUNT, file, AT + timedelta(days=2))

    assert phone.show(AT + timedelta(days=2)).startswith("SDC1:")
    with pytest.raises(CommandFailed, match="make run"):
        ready_phone(client(lost), NOTES, ACCOUNT, file, AT + timedelta(days=4))


def test_a_refusal_is_passed_on_in_the_servers_words(tmp_path: Path) -> None:
    """A card that lost its validity is no reason to sign in again."""
    file = tmp_path / "phone.json"
    memory(pass_from=AT - timedelta(days=2)).write(file)

    with pytest.raises(CommandFailed, match="残疾人证目前不能使用"):
        ready_phone(client(refusing), NOTES, ACCOUNT, file, AT)


def test_a_refused_document_names_its_code() -> None:
    """What the server calls an error keeps its code and its sentence."""
    errors = {"errors": [{"message": "太深", "extensions": {"code": "LIMIT_EXCEEDED"}}]}

    with pytest.raises(PhoneRefused, match="太深") as caught:
        Phone(client(lambda _: httpx.Response(400, json=errors)), memory()).ask("{ a }", {}, AT)
    assert (caught.value.kind, caught.value.reason) == ("error", "LIMIT_EXCEEDED")


def test_a_memory_comes_back_whole_and_private(tmp_path: Path) -> None:
    """The key in it is what proves the phone, so the file is the caller's alone."""
    file = tmp_path / "phone.json"
    before = memory(resident_id="r")

    before.write(file)

    assert Memory.read(file) == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Memory.read(tmp_path / "other.json").seed != before.seed
