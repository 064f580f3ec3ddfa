"""How near offline verification comes to its two signature checks, what durability costs, and what fits a QR code."""

import gc
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import nacl.bindings
import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from card.admission import decide
from card.clock import ClockState, Reading
from card.cose import SigningKey, read_sign1
from card.credential import CredentialClaims, CredentialKind, StatusReference, issue
from card.device import Device, Enrolment, keep_key
from card.gate import Gate, Trusted
from card.memory import Memory
from card.presentation import PassCache, decode_text, encode_text, present, verify_token
from card.scan import milliseconds
from card.statuslist import EntryStatus, sign_status_list
from card.storage import Storage
from card.tariff import CompanionTerms, Outcome, Tariff, TariffRule, encode_tariff, local_day, tariff_on
from card.trust import KeySet, KeyUse, TrustedKey, sign_bundle, sign_key_set

TOKENS = {"small": 200, "default": 2_000, "large": 10_000}
ADMISSIONS = {"small": 100, "default": 1_000, "large": 5_000}
# What the gate remembers while it is measured.
REMEMBERED = {"small": 2_000, "default": 100_000, "large": 100_000}
ROUNDS = 5
URI = "sdc:1"
ENTRIES = 1 << 20
ONE_IN_HUNDRED = 100
_EMPTY = "from pathlib import Path; print(Path('/proc/self/statm').read_text().split()[1])"


@dataclass(frozen=True)
class Bench:
    """A device with a full status list and a full memory, and those who sign for it."""

    device: Device
    issuer: SigningKey
    at: datetime
    holder: SigningKey = field(default_factory=SigningKey.generate)

    @property
    def trusted(self) -> Trusted:
        """What the device trusts."""
        assert self.device.trusted is not None
        return self.device.trusted

    def presentation(self, at: datetime | None = None) -> str:
        """What the phone of somebody new shows."""
        claims = self._claims(CredentialKind.PASS, self.at + timedelta(days=7))
        return encode_text(present(issue(claims, self.issuer), self.holder, at or self.at))

    def online(self) -> str:
        """An online code."""
        return encode_text(issue(self._claims(CredentialKind.ONLINE, self.at + timedelta(seconds=30)), self.issuer))

    def _claims(self, kind: CredentialKind, expires_at: datetime) -> CredentialClaims:
        # As services/credentials issues them.
        is_pass = kind is CredentialKind.PASS
        return CredentialClaims(
            cti=b"",
            kind=kind,
            pseudonym=secrets.token_bytes(16),
            access_classes=("ride", "venue"),
            issued_at=self.at,
            expires_at=expires_at,
            holder_key=self.holder.verifying_key.public if is_pass else None,
            status=StatusReference(URI, 100 * secrets.randbelow(ENTRIES // 100) + 1) if is_pass else None,
            masked_name=None if is_pass else "王**",
        )


def run(size: str) -> dict[str, float]:
    """The figures of a gate; ratios are to two bare Ed25519 verifications by the faster library, in the same run."""
    with _bench(REMEMBERED[size]) as bench:
        texts = [bench.presentation() for _ in range(TOKENS[size])]
        limit, cold, warm = _verification(bench, texts)
        return {
            "offline_verify_vs_limit": limit / statistics.median(cold),
            "offline_verify_warm_vs_limit": limit / statistics.median(warm),
            "offline_verify_p99_ms": _p99(cold) * 1_000,
            "durable_admission_p99_ms": _durable(bench, ADMISSIONS[size]) * 1_000,
            "qr_version_presentation": _qr_version(texts[0]),
            "qr_version_online": _qr_version(bench.online()),
            "gate_rss_mb": _gate_memory(bench),
        }


@contextmanager
def _bench(remembered: int) -> Iterator[Bench]:
    at = datetime.now(UTC).replace(microsecond=0)
    root, issuer, status, bundler = (SigningKey.generate() for _ in range(4))
    uses = {KeyUse.ISSUER: issuer, KeyUse.STATUS: status, KeyUse.BUNDLE: bundler}
    ends = at + timedelta(days=400)
    keys = tuple(TrustedKey(key.verifying_key, use, at - timedelta(days=1), ends) for use, key in uses.items())
    key_set = sign_key_set(KeySet(milliseconds(at), at, ends, keys, next_root=None), root)
    revoked = sign_status_list(
        uri=URI,
        size=ENTRIES,
        entries=dict.fromkeys(range(0, ENTRIES, ONE_IN_HUNDRED), EntryStatus.INVALID),
        issued_at=at,
        expires_at=ends,
        ttl=timedelta(minutes=15),
        key=status,
    )
    rules = (
        TariffRule("ride-accompanied", Outcome.FREE, Decimal(0), 1, CompanionTerms.FREE),
        TariffRule("ride", Outcome.FREE, Decimal(0)),
    )
    tariff = encode_tariff(Tariff("bench", date(2026, 1, 1), rules, pass_back_seconds=300, daily_cap=8))
    # Beside the repository and not in /tmp, which may be memory: a durable write must reach a disk.
    with tempfile.TemporaryDirectory(dir=".") as directory:
        key = SigningKey.generate()
        keep_key(Path(directory), key)
        enrolment = Enrolment(uuid4(), "http://127.0.0.1", "bench", "bench", "bus", root.verifying_key)
        device = Device.create(Path(directory), enrolment, key)
        signed = sign_bundle(
            device_id=enrolment.device_id,
            key_set=key_set,
            status_lists=[revoked],
            tariffs=[tariff],
            at=at,
            key=bundler,
        )
        device.take_bundle(signed, None)
        device.keep_anchor(device.clock.set(at, device.clock.elapsed()))
        _fill(device.database, remembered, at)
        yield Bench(device, issuer, at)


def _fill(database: Path, count: int, at: datetime) -> None:
    """Presentations admitted in the last half hour, each of somebody else."""
    minute = milliseconds(at) // 60_000
    with closing(Storage.open(database)) as storage, storage.transaction() as connection:
        connection.executemany(
            "INSERT INTO remembered VALUES (?, ?)", ((minute - each % 30, os.urandom(32)) for each in range(count))
        )
        connection.executemany(
            "INSERT INTO person VALUES (?, ?, 1)", ((os.urandom(16), milliseconds(at)) for _ in range(count))
        )


def _verification(bench: Bench, texts: Sequence[str]) -> tuple[float, list[float], list[float]]:
    """Seconds: two bare verifications (median), and each verification of a new and of a known pass.

    The three take turns over the same tokens, so that a busy minute of the machine falls on all of them.
    """
    limits: list[float] = []
    cold: list[float] = []
    warm: list[float] = []
    bare, memory = _fastest_bare(bench, texts), Memory()
    with closing(Storage.open(bench.device.database)) as storage:
        memory.load(storage.connection)
    for _ in range(ROUNDS):
        admit = _admitting(bench, memory, PassCache(len(texts)))
        limits += _timed(bare, texts)
        cold += _timed(admit, texts)
        warm += _timed(admit, texts)
    return statistics.median(limits), cold, warm


def _admitting(bench: Bench, memory: Memory, cache: PassCache) -> Callable[[str], None]:
    """From text to admission, as `card.gate.Gate` goes before it writes."""
    trusted, now = bench.trusted, Reading(bench.at, ClockState.SIGNED)

    def admit(text: str) -> None:
        token = verify_token(text, trusted.bundle.key_set.keys_for(KeyUse.ISSUER, now.at), cache)
        tariff = tariff_on(trusted.tariffs, local_day(now.at))
        assert tariff is not None
        assert decide(token, now, trusted.bundle, tariff, memory.recall(token, now.at)).admitted

    return admit


def _fastest_bare(bench: Bench, texts: Sequence[str]) -> Callable[[str], None]:
    """The two signature checks of each text and nothing else, by the faster of PyNaCl and cryptography."""
    holder, issuer = bench.holder.verifying_key.public, bench.issuer.verifying_key.public
    by_pynacl, by_openssl = {}, {}
    holder_key, issuer_key = map(Ed25519PublicKey.from_public_bytes, (holder, issuer))
    for text in texts:
        outer = read_sign1(decode_text(text))
        assert outer.certificate is not None
        inner = read_sign1(outer.certificate)
        by_pynacl[text] = (outer.signature + outer.signed, inner.signature + inner.signed)
        by_openssl[text] = (outer.signature, outer.signed, inner.signature, inner.signed)

    def pynacl(text: str) -> None:
        shown, issued = by_pynacl[text]
        nacl.bindings.crypto_sign_open(issued, issuer)
        nacl.bindings.crypto_sign_open(shown, holder)

    def openssl(text: str) -> None:
        shown, signed_by_holder, issued, signed_by_issuer = by_openssl[text]
        issuer_key.verify(issued, signed_by_issuer)
        holder_key.verify(shown, signed_by_holder)

    return min(pynacl, openssl, key=lambda bare: statistics.median(_timed(bare, texts[:200])))


def _timed(work: Callable[[str], None], texts: Sequence[str]) -> list[float]:
    durations = []
    gc.collect()
    for text in texts:
        begun = time.perf_counter()
        work(text)
        durations.append(time.perf_counter() - begun)
    return durations


def _durable(bench: Bench, count: int) -> float:
    """The slow end (P99, seconds) of admissions that are on the disk before they are answered."""
    device = bench.device
    texts = [bench.presentation(device.clock.read().at) for _ in range(count)]
    with closing(Gate(device.enrolment.device_id, device.database, device.clock, lambda: device.trusted)) as gate:

        def admit(text: str) -> None:
            assert gate.admit(text).recorded

        return _p99(_timed(admit, texts))


def _p99(durations: Sequence[float]) -> float:
    return statistics.quantiles(durations, n=100)[98]


def _qr_version(text: str) -> float:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    code.make(fit=True)
    return float(code.version)


def _gate_memory(bench: Bench) -> float:
    """Megabytes (2^20 bytes) resident above an empty interpreter."""
    code = bench.presentation(bench.device.clock.read().at)
    gate = _pages(["-m", "bench.gate_memory", str(bench.device.directory), code])
    return (gate - _pages(["-c", _EMPTY])) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _pages(program: Sequence[str]) -> int:
    return int(subprocess.run([sys.executable, *program], check=True, capture_output=True, text=True).stdout)
