"""A made-up district for the device's tests: keys, passes, codes and bundles, all signed by the card package itself."""

import base64
import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_bytes
from uuid import UUID, uuid4

import pytest

from card.clock import Anchor, DeviceClock
from card.cose import SigningKey, VerifyingKey, verifies
from card.credential import CredentialClaims, CredentialKind, StatusReference, issue
from card.device import Device, Enrolment, keep_key
from card.enrolment import check_enrolment_proof, check_rotation_proof
from card.gate import Trusted
from card.presentation import encode_text, present
from card.scan import read_head, read_scan, read_upload, scan_hash
from card.statuslist import EntryStatus, sign_status_list
from card.tariff import BearerRule, CompanionTerms, Outcome, Tariff, TariffRule, encode_tariff
from card.trust import KeySet, KeyUse, TrustedKey, read_bundle, sign_bundle, sign_key_set, sign_time

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)  # 12:00 in the district
URI = "sdc:1"


@dataclass
class FakeTime:
    """A device's wall and monotonic clocks, moved by the test."""

    wall: datetime = NOON
    elapsed: timedelta = timedelta(hours=1)

    def pass_by(self, duration: timedelta) -> None:
        """Let time pass for both clocks."""
        self.wall += duration
        self.elapsed += duration

    def clock(self, anchor: Anchor | None = None, boot: str = "boot-1") -> DeviceClock:
        """A device's clock on these."""
        return DeviceClock(anchor, wall=lambda: self.wall, elapsed=lambda: self.elapsed, boot=boot)


@dataclass
class District:
    """Who signs, and what a device of it gets."""

    device_id: UUID = field(default_factory=uuid4)
    root: SigningKey = field(default_factory=SigningKey.generate)
    issuer: SigningKey = field(default_factory=SigningKey.generate)
    status: SigningKey = field(default_factory=SigningKey.generate)
    bundler: SigningKey = field(default_factory=SigningKey.generate)
    holder: SigningKey = field(default_factory=SigningKey.generate)
    device_key: SigningKey = field(default_factory=SigningKey.generate)
    pseudonym: bytes = field(default_factory=lambda: token_bytes(16))

    def claims(self, **changes: object) -> CredentialClaims:
        """The claims of a pass, or with changes of another code."""
        values: dict[str, object] = {
            "cti": token_bytes(16),
            "kind": CredentialKind.PASS,
            "pseudonym": self.pseudonym,
            "access_classes": ("ride",),
            "issued_at": NOON - timedelta(days=1),
            "expires_at": NOON + timedelta(days=5),
            "holder_key": self.holder.verifying_key.public,
            "status": StatusReference(URI, 7),
            "masked_name": None,
        }
        return CredentialClaims(**(values | changes))  # type: ignore[arg-type]  # the tests name the fields

    def presentation(self, at: datetime = NOON, **changes: object) -> str:
        """The text that a phone shows at an instant."""
        return encode_text(present(issue(self.claims(**changes), self.issuer), self.holder, at))

    def bearer(self, kind: CredentialKind, **changes: object) -> str:
        """The text of an online or printed code."""
        values: dict[str, object] = {"kind": kind, "holder_key": None, "status": None, "masked_name": "陈*兰"}
        if kind is CredentialKind.ONLINE:
            values |= {"issued_at": NOON, "expires_at": NOON + timedelta(seconds=30)}
        return encode_text(issue(self.claims(**(values | changes)), self.issuer))

    def tariff(self, **changes: object) -> Tariff:
        """A bus company's tariff."""
        values: dict[str, object] = {
            "operator": "云溪公交",
            "effective": date(2026, 1, 1),
            "rules": (
                TariffRule("ride", Outcome.FREE, Decimal(0), 1, CompanionTerms.FREE),
                TariffRule("venue", Outcome.REDUCED, Decimal("0.5")),
                TariffRule("ride-accompanied", Outcome.FREE, Decimal(0), 1, CompanionTerms.REQUIRED),
                TariffRule("closed", Outcome.REFUSED, Decimal(1)),
                TariffRule("full", Outcome.FULL, Decimal(1), 1, CompanionTerms.PAYING),
            ),
            "bearer": {
                CredentialKind.ONLINE: BearerRule(None, visual_check=False),
                CredentialKind.PRINTED: BearerRule(4),
            },
        }
        return Tariff(**(values | changes))  # type: ignore[arg-type]  # the tests name the fields

    def key_set(self, at: datetime = NOON) -> bytes:
        """The root's signature over the online keys."""
        begin, end = at - timedelta(days=30), at + timedelta(days=300)
        uses = {KeyUse.ISSUER: self.issuer, KeyUse.STATUS: self.status, KeyUse.BUNDLE: self.bundler}
        keys = tuple(TrustedKey(key.verifying_key, use, begin, end) for use, key in uses.items())
        version = int(begin.timestamp() * 1000)
        return sign_key_set(KeySet(version, begin, end, keys, next_root=None), self.root)

    def status_list(
        self, entries: Mapping[int, EntryStatus] | None = None, at: datetime = NOON, size: int = 1 << 10
    ) -> bytes:
        """A status list in which everything is valid but the entries."""
        return sign_status_list(
            uri=URI,
            size=size,
            entries=entries or {},
            issued_at=at,
            expires_at=at + timedelta(days=7),
            ttl=timedelta(minutes=15),
            key=self.status,
        )

    def bundle(
        self,
        at: datetime = NOON,
        *,
        entries: Mapping[int, EntryStatus] | None = None,
        tariffs: Sequence[bytes] | None = None,
        device_id: UUID | None = None,
    ) -> bytes:
        """The trust bundle of the district's device."""
        return sign_bundle(
            device_id=device_id or self.device_id,
            key_set=self.key_set(),
            status_lists=[self.status_list(entries, at)],
            tariffs=[encode_tariff(self.tariff())] if tariffs is None else tariffs,
            at=at,
            key=self.bundler,
        )

    def trusted(self, at: datetime = NOON, **changes: object) -> Trusted:
        """What the device trusts, read from such a bundle."""
        raw = self.bundle(at, **changes)  # type: ignore[arg-type]  # the tests name the arguments
        return Trusted.of(read_bundle(raw, self.root.verifying_key, self.device_id, -1))

    def device(self, directory: Path, server: str = "http://127.0.0.1:9") -> Device:
        """An enrolled device in a directory, without a bundle yet."""
        enrolment = Enrolment(self.device_id, server, "云溪公交", "1 路", "bus", self.root.verifying_key)
        keep_key(directory, self.device_key)
        return Device.create(directory, enrolment, self.device_key)


@dataclass
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, content: object) -> "Reply":
        """A JSON answer."""
        return cls(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


# What the server says of whoever is asked about online, beside the outcome.
ONLINE = {
    "admission": "refused",
    "reason": "pass_back",
    "price_share": "1",
    "companions": 0,
    "companion_terms": "none",
    "cue": "wait",
    "masked_name": None,
}


class RestServer:
    """A small server that speaks the devices' REST protocol in earnest: it checks proofs, assertions and heads.

    `replies` takes the place of the real answers for a path; `stored` is what it holds, by epoch and sequence.
    """

    secret = "0123-4567-89AB-CDEF"

    def __init__(self, district: District) -> None:
        self.district = district
        self.ahead = timedelta(0)
        self.version = 1
        self.enrolled: VerifyingKey | None = None
        self.stored: dict[tuple[str, int], bytes] = {}
        self.asked: list[str] = []
        self.replies: dict[str, Reply | Callable[[Reply], Reply]] = {}
        self.url = ""

    @property
    def code(self) -> str:
        """The enrolment code as it is printed."""
        digest = hashlib.sha256(self.district.root.verifying_key.public).digest()
        return f"{self.secret}.{base64.b32encode(digest).decode().rstrip('=')}"

    def now(self) -> datetime:
        """The server's time."""
        return datetime.now(UTC) + self.ahead

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The answer to a request."""
        self.asked.append(path)
        planned = self.replies.get(path)
        if isinstance(planned, Reply):
            return planned
        real = getattr(self, f"{method}_{path.rpartition('/')[2]}".lower())(headers, body)
        return planned(real) if planned else real

    @staticmethod
    def refusal(status: int, reason: str) -> Reply:
        """An answer that refuses."""
        return Reply.of(status, {"reason": reason, "message": "不行"})

    def post_time(self, _headers: Mapping[str, str], body: bytes) -> Reply:
        """Sign the time."""
        nonce = _unbase64url(json.loads(body)["nonce"])
        return Reply(200, sign_time(nonce, self.now(), self.district.bundler))

    def post_enrol(self, _headers: Mapping[str, str], body: bytes) -> Reply:
        """Enrol the one device."""
        asked = json.loads(body)
        public, proof = _unbase64url(asked["key"]), _unbase64url(asked["proof"])
        if asked["code"] != self.secret or not check_enrolment_proof(self.secret, public, proof):
            return Reply.of(403, {"reason": "code_invalid", "message": "注册码无效"})
        self.enrolled = VerifyingKey.of(public)
        root = base64.urlsafe_b64encode(self.district.root.verifying_key.public).decode().rstrip("=")
        described = {"operator": "云溪公交", "place": "1 路", "kind": "bus", "root": root}
        return Reply.of(201, {"device_id": str(self.district.device_id), **described})

    def post_key(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Know the device by another key."""
        if refused := self._stranger(headers):
            return refused
        asked = json.loads(body)
        public, proof = _unbase64url(asked["key"]), _unbase64url(asked["proof"])
        assert check_rotation_proof(self.district.device_id, public, proof)
        self.enrolled = VerifyingKey.of(public)
        return Reply(204, b"")

    def get_bundle(self, headers: Mapping[str, str], _body: bytes) -> Reply:
        """Give the bundle, unless the device has it."""
        if refused := self._stranger(headers):
            return refused
        if headers.get("If-None-Match") == f'"{self.version}"':
            return Reply(304, b"")
        raw = gzip.compress(self.district.bundle(self.now()))
        return Reply(200, raw, {"ETag": f'"{self.version}"', "Content-Encoding": "gzip"})

    def post_scans(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Keep scans whose head the device signed."""
        if refused := self._stranger(headers):
            return refused
        assert self.enrolled is not None
        upload = read_upload(gzip.decompress(body), 1 << 21, 1_000)
        head = read_head(upload.head, self.enrolled)
        assert head.hash == scan_hash(upload.records[-1])
        results = []
        for record in upload.records:
            scan = read_scan(record)
            name = (scan.epoch.hex(), scan.sequence)
            outcome = "repeated" if self.stored.get(name) == record else "conflict" if name in self.stored else "stored"
            self.stored.setdefault(name, record)
            results.append({"epoch": name[0], "sequence": name[1], "outcome": outcome})
        return Reply.of(200, {"results": results, "chain": "whole", "server_time": self.now().isoformat()})

    def post_verify(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Keep one scan, and answer that its bearer rode a moment ago."""
        if refused := self._stranger(headers):
            return refused
        scan = read_scan(body)
        name = (scan.epoch.hex(), scan.sequence)
        outcome = "repeated" if name in self.stored else "stored"
        self.stored.setdefault(name, body)
        return Reply.of(200, {"outcome": outcome, **ONLINE})

    def _stranger(self, headers: Mapping[str, str]) -> Reply | None:
        signed, _, signature = headers["Authorization"].removeprefix("Bearer ").rpartition(".")
        claims = json.loads(_unbase64url(signed.partition(".")[2]))
        fresh = abs(claims["iat"] - self.now().timestamp()) < 300
        known = self.enrolled or self.district.device_key.verifying_key
        own = claims["iss"] == str(self.district.device_id)
        if fresh and own and verifies(known.public, signed.encode(), _unbase64url(signature)):
            self.enrolled = known
            return None
        return Reply.of(401, {"reason": "device_unknown", "message": "设备未注册"})


@contextmanager
def serving(server: RestServer) -> Iterator[RestServer]:
    """Serve on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = server.answer(self.command, self.path, self.headers, body)  # type: ignore[arg-type]  # a mapping
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_POST = do_GET  # noqa: N815 - as above

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.url = f"http://127.0.0.1:{listener.server_address[1]}"
        yield server
        listener.shutdown()
        thread.join()


def _unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def rest_server(district: District) -> Iterator[RestServer]:
    """A server of the district."""
    with serving(RestServer(district)) as server:
        yield server


@pytest.fixture
def district() -> District:
    """A fresh district."""
    return District()


@pytest.fixture
def fake_time() -> FakeTime:
    """Clocks that stand until they are moved."""
    return FakeTime()
