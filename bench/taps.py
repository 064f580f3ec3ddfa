"""How fast whole batches of scans come in, beside COPY of the same rows and the bare signature checks they need.

The server is one process on one core, PostgreSQL, which waits for its disk, on the other where there is one. COPY and
the bare checks are measured in the same run, on the core that the server has.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from time import perf_counter, process_time
from uuid import UUID

import asyncpg
import nacl.bindings
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import api.server
from bench.server import Place, a_place, process, processor_seconds, until_listening
from card.assertion import sign_assertion
from card.cose import SigningKey, read_sign1
from card.credential import CredentialClaims, CredentialKind, StatusReference, issue
from card.presentation import decode_text, encode_text, present
from card.scan import NO_RECORD, Scan, encode_scan, encode_upload, milliseconds, scan_hash, sign_head
from card.tariff import Outcome, Tariff, TariffRule, encode_tariff
from domain.dates import local_date
from models.record import new_id
from services.bootstrap import now
from services.resources import Resources

SCANS = {"small": 2_000, "default": 20_000, "large": 50_000}
BATCH = 1_000
CONNECTIONS = 2
RIDES_A_PASS = 4
EPOCH = b"bench--1"


@dataclass(frozen=True)
class Bus:
    """An enrolled device and the key that makes it one."""

    id: UUID
    key: SigningKey

    @cached_property
    def assertion(self) -> str:
        """What proves the device for five minutes."""
        return sign_assertion(self.id, self.key, now())

    def request(self, body: bytes, path: str = "/v1/devices/scans") -> bytes:
        """A whole HTTP request of the device."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/cbor\r\n"
            f"Authorization: Bearer {self.assertion}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(frozen=True)
class Shown:
    """A code as a phone shows it, and the key that its pass is bound to."""

    text: str
    holder: bytes


@dataclass(frozen=True)
class Rider:
    """A pass and the phone that it is bound to."""

    token: bytes
    phone: SigningKey


@dataclass(frozen=True)
class Batch:
    """An upload, and the codes in it."""

    bus: Bus
    body: bytes
    shown: Sequence[Shown]


@dataclass(frozen=True)
class Ingest:
    """What came in, how fast, and for how many seconds of the server's processor a scan."""

    batches: Sequence[Batch]
    per_second: float
    busy: float


def run(size: str) -> dict[str, float]:
    """Rates as ratios to a limit: COPY of the same rows, or the two bare signature checks that each scan needs.

    A pass is shown `RIDES_A_PASS` times, as on a day's ways and changes, so that the server finds it verified before;
    with new passes alone it does not.

    Raises:
        AssertionError: an answer was not what it should be.
    """
    cores = sorted(os.sched_getaffinity(0))
    with a_place(cores[-1], durable=True) as place:
        return uvloop.run(_measure(place, cores[0], SCANS[size]))


async def _measure(place: Place, core: int, count: int) -> dict[str, float]:
    async with place.opened() as resources, place.owner() as owner:
        issuer = resources.keys.issuer.verifying_key.public
        with process(core, api.server.run, place.settings) as serving:
            await until_listening(place.settings.port)
            usual = await _ingest(place, resources, owner, serving, count, RIDES_A_PASS)
            new = await _ingest(place, resources, owner, serving, count // 2, 1)
        copied = await _copied(owner)
    shown = [each for batch in usual.batches for each in batch.shown][:4_000]
    with get_context("spawn").Pool(1, os.sched_setaffinity, (0, {core})) as pool:
        checked, busy = pool.apply(checks_per_second, (issuer, shown))
    return {
        "tap_ingest_vs_copy": usual.per_second / copied,
        "tap_ingest_vs_verify_limit": usual.per_second / min(copied, checked),
        "tap_ingest_vs_verify_limit_cpu": busy / usual.busy,
        "tap_ingest_new_passes_vs_verify_limit": new.per_second / min(copied, checked),
        "tap_ingest_new_passes_vs_verify_limit_cpu": busy / new.busy,
        "tap_ingest_per_s": usual.per_second,
    }


async def _ingest(
    place: Place, resources: Resources, owner: asyncpg.Connection, serving: BaseProcess, count: int, rides: int
) -> Ingest:
    """Let as many scans come in, in which each pass is shown `rides` times."""
    at = now().replace(microsecond=0)
    riders = [rider(resources, at) for _ in range(count // rides)]
    batches = [
        _batch(await enrolled(owner), at, [riders[number % len(riders)] for number in range(start, start + BATCH)])
        for start in range(0, count, BATCH)
    ]
    before = await owner.fetchval("SELECT count(*) FROM tap WHERE admission = 'free'")
    assert serving.pid is not None
    busy = processor_seconds(serving.pid)
    per_second = await _upload(place.settings.port, [batch.bus.request(batch.body) for batch in batches])
    busy = processor_seconds(serving.pid) - busy
    assert await owner.fetchval("SELECT count(*) FROM tap WHERE admission = 'free'") == before + count
    return Ingest(batches, per_second, busy / count)


async def enrolled(owner: asyncpg.Connection) -> Bus:
    """A bus of an operator of its own."""
    operator_id, key = new_id(), SigningKey.generate()
    rules = (TariffRule("ride", Outcome.FREE, Decimal(0)),)
    tariff = encode_tariff(
        Tariff("bench", local_date(now()) - timedelta(days=30), rules, pass_back_seconds=300, daily_cap=8)
    )
    await owner.execute("INSERT INTO operator (id, name, tariff) VALUES ($1, 'bench', $2)", operator_id, tariff)
    bus = Bus(new_id(), key)
    await owner.execute(
        "INSERT INTO device (id, operator_id, kind, place, public_key, enrolled_at) "
        "VALUES ($1, $2, 'bus', '1', $3, $4)",
        *(bus.id, operator_id, key.verifying_key.public, now()),
    )
    return bus


def rider(resources: Resources, at: datetime) -> Rider:
    """Somebody with a pass of the last hour."""
    phone = SigningKey.generate()
    claims = CredentialClaims(
        cti=b"",
        kind=CredentialKind.PASS,
        pseudonym=resources.vault.pseudonym(new_id(), local_date(at)),
        access_classes=("ride", "venue"),
        issued_at=at - timedelta(hours=1),
        expires_at=at + timedelta(days=1),
        holder_key=phone.verifying_key.public,
        status=StatusReference("sdc:1", int.from_bytes(os.urandom(2), "big")),
        masked_name=None,
    )
    return Rider(issue(claims, resources.keys.issuer), phone)


def _batch(bus: Bus, end: datetime, riders: Sequence[Rider]) -> Batch:
    """An upload of the scans of the last minutes."""
    shown, records, previous = [], [], NO_RECORD
    for number, rider in enumerate(riders):
        at = end - timedelta(seconds=len(riders) - number) / 2
        shown.append(Shown(encode_text(present(rider.token, rider.phone, at)), rider.phone.verifying_key.public))
        records.append(encode_scan(scan_of(bus, number + 1, previous, at, shown[-1].text)))
        previous = scan_hash(records[-1])
    head = sign_head(bus.id, EPOCH, len(riders), previous, now(), bus.key)
    return Batch(bus, encode_upload(head, records), shown)


def scan_of(bus: Bus, sequence: int, previous: bytes, at: datetime, text: str) -> Scan:
    """What the bus writes down of a code that it let in."""
    return Scan(
        device_id=bus.id,
        epoch=EPOCH,
        sequence=sequence,
        previous=previous,
        at=at,
        text=text,
        admission=Outcome.FREE,
        reason=None,
        companions=0,
        bundle_version=milliseconds(now()) // 900_000 * 900_000,
        place="1",
        override=False,
    )


async def _upload(port: int, requests: Sequence[bytes]) -> float:
    """Scans a second, over a few connections at once."""
    waiting = list(requests)

    async def device() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            while waiting:
                writer.write(waiting.pop())
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                answer = await reader.readexactly(length)
                assert answer.count(b'"stored"') == BATCH, (head, answer[:300])

    started = perf_counter()
    await asyncio.gather(*(device() for _ in range(CONNECTIONS)))
    return BATCH * len(requests) / (perf_counter() - started)


async def _copied(owner: asyncpg.Connection) -> float:
    """Rows a second that COPY brings into the same, now empty, table."""
    rows = [tuple(row.values()) for row in await owner.fetch("SELECT * FROM tap")]
    await owner.execute("TRUNCATE tap")
    started = perf_counter()
    await owner.copy_records_to_table("tap", records=rows)
    return len(rows) / (perf_counter() - started)


def checks_per_second(issuer: bytes, shown: Sequence[Shown]) -> tuple[float, float]:
    """Scans a second whose two signatures are checked and nothing else, by the faster of PyNaCl and cryptography.

    And how many seconds of a processor one takes.
    """
    pairs = []
    for each in shown:
        outer = read_sign1(decode_text(each.text))
        assert outer.certificate is not None
        pairs.append((outer, read_sign1(outer.certificate), each.holder))
    signed = [(inner.signature + inner.signed, outer.signature + outer.signed, key) for outer, inner, key in pairs]

    def pynacl() -> None:
        for issued, presented, key in signed:
            nacl.bindings.crypto_sign_open(issued, issuer)
            nacl.bindings.crypto_sign_open(presented, key)

    def openssl() -> None:
        issuer_key = Ed25519PublicKey.from_public_bytes(issuer)
        for outer, inner, key in pairs:
            issuer_key.verify(inner.signature, inner.signed)
            Ed25519PublicKey.from_public_bytes(key).verify(outer.signature, outer.signed)

    def seconds(work: Callable[[], None]) -> tuple[float, float]:
        started, busy = perf_counter(), process_time()
        work()
        return perf_counter() - started, process_time() - busy

    taken = [seconds(work) for work in (pynacl, openssl) * 3]
    return len(pairs) / min(wall for wall, _ in taken), min(busy for _, busy in taken) / len(pairs)
