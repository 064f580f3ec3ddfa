"""The scanners' endpoints over HTTP: enrolment, time, bundle and scans, and how each refuses."""

import base64
import gzip
import secrets
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from card.assertion import sign_assertion
from card.canonical import encode
from card.cose import SigningKey
from card.enrolment import prove_enrolment, prove_rotation, split_enrolment_code
from card.gate import Outcome
from card.scan import NO_RECORD, Scan, encode_scan, encode_upload, scan_hash, sign_head
from card.tariff import Tariff, encode_tariff
from card.trust import KeyUse, read_bundle, read_key_set, read_time
from models.credential import DeviceKind
from models.record import new_id
from services.bootstrap import now
from services.devices import register_device, root_fingerprint
from services.keys import Keys
from services.resources import Resources


def text(raw: bytes) -> str:
    """Bytes as the endpoints take them."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


TARIFF = encode_tariff(Tariff("上虞公交", date(2026, 1, 1), ()))


class Scanner:
    """A device with its key, before and after it is enrolled."""

    def __init__(self, code: str) -> None:
        self.secret, self.fingerprint = split_enrolment_code(code)
        self.key = SigningKey.generate()
        self.id = UUID(int=0)

    def enrolment(self, **changed: str) -> dict[str, str]:
        """What it sends to be enrolled."""
        proof = prove_enrolment(self.secret, self.key)
        wish = {"code": self.secret, "key": text(self.key.verifying_key.public), "proof": text(proof)}
        return {**wish, **changed}

    def headers(self, **more: str) -> dict[str, str]:
        """What proves it."""
        return {"Authorization": f"Bearer {sign_assertion(self.id, self.key, now())}", **more}

    def record(self, epoch: bytes = b"epoch--1") -> bytes:
        """A scan of nonsense, the first of its epoch."""
        scan = Scan(self.id, epoch, 1, NO_RECORD, now(), "nonsense", Outcome.REFUSED, None, 0, 0, None, override=False)
        return encode_scan(scan)

    def upload(self) -> bytes:
        """One scan of nonsense, chained and signed."""
        epoch = secrets.token_bytes(8)
        record = self.record(epoch)
        head = sign_head(self.id, epoch, 1, scan_hash(record), now(), self.key)
        return encode_upload(head, [record])


@pytest.fixture
async def code(resources: Resources) -> str:
    """The enrolment code of a new place on a bus."""
    async with resources.database.transaction() as connection:
        operator_id = new_id()
        await connection.execute(
            "INSERT INTO operator (id, name, tariff) VALUES ($1, $2, $3)", operator_id, "上虞公交", TARIFF
        )
        return await register_device(connection, resources, operator_id, DeviceKind.BUS, "1 路")


@pytest.fixture
async def scanner(code: str, http: httpx.AsyncClient) -> Scanner:
    """An enrolled device."""
    scanner = Scanner(code)
    answer = await http.post("/v1/devices/enrol", json=scanner.enrolment())
    scanner.id = UUID(answer.json()["device_id"])
    return scanner


async def test_a_scanner_is_enrolled_once(code: str, http: httpx.AsyncClient, keys: Keys, resources: Resources) -> None:
    """The answer names its place and the root, whose fingerprint the code carries; the code is spent."""
    scanner = Scanner(code)

    first = await http.post("/v1/devices/enrol", json=scanner.enrolment())
    second = await http.post("/v1/devices/enrol", json=scanner.enrolment())

    told = first.json()
    assert first.status_code == 201
    assert (told["operator"], told["place"], told["kind"]) == ("上虞公交", "1 路", "bus")
    assert told["root"] == text(keys.root.public)
    assert code.endswith(root_fingerprint(resources))
    assert (second.status_code, second.json()["reason"]) == (403, "code_invalid")


async def test_a_key_without_its_proof_is_not_enrolled(code: str, http: httpx.AsyncClient) -> None:
    """Nobody ties another's key to a place, and the code stays good."""
    scanner = Scanner(code)
    stranger = SigningKey.generate().verifying_key.public

    refused = await http.post("/v1/devices/enrol", json=scanner.enrolment(key=text(stranger)))
    enrolled = await http.post("/v1/devices/enrol", json=scanner.enrolment())

    assert (refused.status_code, refused.json()["reason"]) == (403, "proof_invalid")
    assert "启用" in refused.json()["message"]
    assert enrolled.status_code == 201


@pytest.mark.parametrize(
    "changed", [{"key": "x"}, {"key": text(bytes(31))}, {"proof": "!"}, {"code": "A" * 65}, {"key": "中文"}]
)
async def test_a_malformed_enrolment_is_a_bad_request(
    code: str, http: httpx.AsyncClient, changed: dict[str, str]
) -> None:
    """Lengths and alphabets are checked before anything is looked up."""
    answer = await http.post("/v1/devices/enrol", json=Scanner(code).enrolment(**changed))

    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed")


async def test_a_scanner_changes_its_key(scanner: Scanner, http: httpx.AsyncClient) -> None:
    """Signed in with the old one, proven by the new one; afterwards only the new one is known."""
    fresh, old = SigningKey.generate(), scanner.headers()
    asked = {"key": text(fresh.verifying_key.public), "proof": text(prove_rotation(scanner.id, fresh))}
    forged = {**asked, "proof": text(prove_rotation(scanner.id, SigningKey.generate()))}

    refused = await http.post("/v1/devices/key", json=forged, headers=scanner.headers())
    taken = await http.post("/v1/devices/key", json=asked, headers=old)

    assert (refused.status_code, refused.json()["reason"]) == (403, "proof_invalid")
    assert (taken.status_code, taken.content) == (204, b"")
    assert (await http.get("/v1/devices/bundle", headers=scanner.headers())).status_code == 401
    scanner.key = fresh
    assert (await http.get("/v1/devices/bundle", headers=scanner.headers())).status_code == 200


async def test_the_time_is_signed_with_the_nonce(http: httpx.AsyncClient, keys: Keys) -> None:
    """A device without a clock can believe it, by the keys that the root vouches for."""
    nonce = secrets.token_bytes(16)

    answer = await http.post("/v1/time", json={"nonce": text(nonce)})

    trusted = read_key_set(keys.key_set, keys.root).keys_for(KeyUse.BUNDLE, now())
    told = read_time(answer.content, nonce, trusted)
    assert answer.headers["Content-Type"] == "application/cose"
    assert abs(told - now()) < timedelta(minutes=1)


@pytest.mark.parametrize("body", [{}, {"nonce": 1}, {"nonce": text(bytes(15))}, {"nonce": text(bytes(33))}, [], "x"])
async def test_a_time_without_a_fit_nonce_is_a_bad_request(http: httpx.AsyncClient, body: Any) -> None:
    """16 to 32 bytes, or nothing is signed."""
    answer = await http.post("/v1/time", json=body)

    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed")


async def test_only_json_is_read(http: httpx.AsyncClient) -> None:
    """Another type is refused by name."""
    answer = await http.post("/v1/time", content=b"{}", headers={"Content-Type": "text/plain"})

    assert (answer.status_code, answer.json()["reason"]) == (415, "unsupported_type")


async def test_a_bundle_is_given_once_and_confirmed_after(
    scanner: Scanner, http: httpx.AsyncClient, keys: Keys
) -> None:
    """The device reads it by the root alone; with its tag nothing is sent again."""
    first = await http.get("/v1/devices/bundle", headers=scanner.headers())
    tag = first.headers["ETag"]
    again = await http.get("/v1/devices/bundle", headers=scanner.headers(**{"If-None-Match": f'"x", W/{tag}'}))

    bundle = read_bundle(first.content, keys.root, scanner.id, 0)
    assert bundle.device_id in {scanner.id, scanner.id.bytes}
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("authorization", [None, "Bearer x", "Basic eDp5"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/devices/bundle"), ("POST", "/v1/devices/scans")])
async def test_an_unknown_device_is_told_so(
    http: httpx.AsyncClient, method: str, path: str, authorization: str | None
) -> None:
    """401 with a reason, before a body is read."""
    headers = {"Authorization": authorization} if authorization else {}

    answer = await http.request(method, path, headers=headers)

    assert (answer.status_code, answer.json()["reason"]) == (401, "device_unknown")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_scans_are_kept_once_however_often_they_come(scanner: Scanner, http: httpx.AsyncClient) -> None:
    """The first upload stores, the repetition says so; plain and gzip are the same."""
    body, headers = scanner.upload(), {"Content-Type": "application/cbor"}

    first = await http.post("/v1/devices/scans", content=body, headers=scanner.headers(**headers))
    second = await http.post(
        "/v1/devices/scans",
        content=gzip.compress(body),
        headers=scanner.headers(**headers, **{"Content-Encoding": "gzip"}),
    )

    assert [result["outcome"] for result in first.json()["results"]] == ["stored"]
    assert [result["outcome"] for result in second.json()["results"]] == ["repeated"]
    assert first.json()["chain"] == second.json()["chain"] == "whole"
    assert len(first.json()["results"][0]["epoch"]) == 16


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (b"", {"Content-Type": "text/plain"}, 415, "unsupported_type"),
        (b"", {"Content-Encoding": "br"}, 415, "unsupported_type"),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400, "malformed"),
        (gzip.compress(bytes(3_000_000)), {"Content-Encoding": "gzip"}, 413, "too_large"),
        (bytes(2_200_000), {}, 413, "too_large"),
        (b"no upload", {}, 400, "malformed"),
        (encode({1: b"no head", 2: []}), {}, 422, "head_invalid"),
    ],
)
async def test_an_upload_that_is_none_is_refused_whole(
    scanner: Scanner, http: httpx.AsyncClient, body: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    """Each with a reason that a program reads and a sentence for whoever looks at the log."""
    sent = scanner.headers(**{"Content-Type": "application/cbor", **headers})

    answer = await http.post("/v1/devices/scans", content=body, headers=sent)

    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.json()["message"].endswith("。")


async def test_one_scan_is_judged_and_kept_while_its_bearer_waits(scanner: Scanner, http: httpx.AsyncClient) -> None:
    """The answer says what became of it and what to show; asked again it is the same."""
    record, headers = scanner.record(), {"Content-Type": "application/cbor"}

    first = await http.post("/v1/devices/verify", content=record, headers=scanner.headers(**headers))
    again = await http.post("/v1/devices/verify", content=record, headers=scanner.headers(**headers))

    assert first.json() == {
        "outcome": "stored",
        "admission": "refused",
        "reason": "malformed",
        "price_share": "1",
        "companions": 0,
        "companion_terms": "none",
        "cue": "wait",
        "masked_name": None,
    }
    assert again.json() == {**first.json(), "outcome": "repeated"}


@pytest.mark.parametrize(
    ("body", "kind", "status", "reason"),
    [
        (b"\xff", "application/cbor", 400, "malformed"),
        (b"\xff", "text/plain", 415, "unsupported_type"),
        (bytes(10_000), "application/cbor", 413, "too_large"),
    ],
)
async def test_one_scan_that_is_none_is_refused(
    scanner: Scanner, http: httpx.AsyncClient, body: bytes, kind: str, status: int, reason: str
) -> None:
    """As an upload is: typed, with a sentence."""
    answer = await http.post("/v1/devices/verify", content=body, headers=scanner.headers(**{"Content-Type": kind}))

    assert (answer.status_code, answer.json()["reason"]) == (status, reason)


@pytest.mark.parametrize("cut", [1, 12, -1])
async def test_half_a_gzip_stream_is_refused_and_nothing_lost(
    scanner: Scanner, http: httpx.AsyncClient, cut: int
) -> None:
    """The whole body, sent after that, is stored."""
    body, headers = scanner.upload(), {"Content-Type": "application/cbor", "Content-Encoding": "gzip"}
    whole = gzip.compress(body)

    half = await http.post("/v1/devices/scans", content=whole[:cut], headers=scanner.headers(**headers))
    then = await http.post("/v1/devices/scans", content=whole, headers=scanner.headers(**headers))

    assert (half.status_code, half.json()["reason"]) == (400, "malformed")
    assert [result["outcome"] for result in then.json()["results"]] == ["stored"]
