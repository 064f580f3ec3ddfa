"""How fast scans come in: whole batches beside COPY and the bare signature checks, and one at a time beside an INSERT.

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
from multiprocessing import get_context
from time import perf_counter
from uuid import UUID

import asyncpg
import nacl.bindings
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import api.server
from bench.server import Place, a_place, process, until_listening
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
EPOCH = b"bench--1"


@dataclass(frozen=True)
class Bus:
    """An enrolled device and the key that makes it one."""

    id: UUID
    key: SigningKey

    def request(self, body: bytes, path: str = "/v1/devices/scans") -> bytes:
        """A whole HTTP request of the device."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/cbor\r\n"
            f"Authorization: Bearer {sign_assertion(self.id, self.key, now())}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(frozen=True)
class Shown:
    """A code as a phone shows it, and the key that its pass is bound to."""

    text: str
    holder: bytes


def run(size: str) -> dict[str, float]:
    """Rates as ratios: ours to the limit.

    Raises:
        AssertionError: an answer was not what it should be.
    """
    cores = sorted(os.sched_getaffinity(0))
    with a_place(cores[-1], durable=True) as place:
        return uvloop.run(_measure(place, cores[0], SCANS[size]))


async def _measure(place: Place, core: int, count: int) -> dict[str, float]:
    async with place.opened() as resources, place.owner() as owner:
        buses = [await _enrolled(owner) for _ in range(count // BATCH)]
        batches = [_batch(resources, bus) for bus in buses]
        requests = [bus.request(body) for bus, (body, _) in zip(buses, batches, strict=True)]
        issuer = resources.keys.issuer.verifying_key.public
        with process(core, api.server.run, place.settings):
            await until_listening(place.settings.port)
            ours = await _upload(place.settings.port, requests)
        rows = await owner.fetch("SELECT * FROM tap")
        assert len(rows) == count
        assert all(row["admission"] == "free" for row in rows)
        copied = await _copied(owner, rows)
    with get_context("spawn").Pool(1, os.sched_setaffinity, (0, {core})) as pool:
        checked = pool.apply(checks_per_second, (issuer, [each for _, shown in batches for each in shown][:4_000]))
    limit = min(copied, checked)
    return {
        "tap_ingest_vs_copy": ours / copied,
        "tap_ingest_vs_verify_limit": ours / limit,
        "tap_ingest_per_s": ours,
    }


async def _enrolled(owner: asyncpg.Connection) -> Bus:
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


def _shown(resources: Resources, at: datetime) -> Shown:
    """A presentation of somebody new, under a pass of her own."""
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
    return Shown(encode_text(present(issue(claims, resources.keys.issuer), phone, at)), phone.verifying_key.public)


def _batch(resources: Resources, bus: Bus) -> tuple[bytes, Sequence[Shown]]:
    """An upload of a thousand scans of the last minutes, each of somebody new."""
    end = now().replace(microsecond=0)
    shown, records, previous = [], [], NO_RECORD
    for number in range(BATCH):
        at = end - timedelta(seconds=BATCH - number) / 2
        shown.append(_shown(resources, at))
        records.append(encode_scan(_scan(bus, number + 1, previous, at, shown[-1].text)))
        previous = scan_hash(records[-1])
    return encode_upload(sign_head(bus.id, EPOCH, BATCH, previous, now(), bus.key), records), shown


def _scan(bus: Bus, sequence: int, previous: bytes, at: datetime, text: str) -> Scan:
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
        bundle_version=milliseconds(at),
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


async def _copied(owner: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> float:
    """Rows a second that COPY brings into the same, now empty, table."""
    await owner.execute("TRUNCATE tap")
    started = perf_counter()
    await owner.copy_records_to_table("tap", records=[tuple(row.values()) for row in rows])
    return len(rows) / (perf_counter() - started)


def checks_per_second(issuer: bytes, shown: Sequence[Shown]) -> float:
    """Scans a second whose two signatures are checked and nothing else, by the faster of PyNaCl and cryptography."""
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

    def seconds(work: Callable[[], None]) -> float:
        started = perf_counter()
        work()
        return perf_counter() - started

    return len(pairs) / min(seconds(work) for work in (pynacl, openssl, pynacl, openssl))
