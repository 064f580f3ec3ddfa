"""A made-up district for the device's tests: keys, passes, codes and bundles, all signed by the card package itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from secrets import token_bytes
from uuid import UUID, uuid4

import pytest

from card.clock import Anchor, ClockState, DeviceClock, Reading
from card.cose import SigningKey
from card.credential import CredentialClaims, CredentialKind, StatusReference, issue
from card.device import Device, Enrolment, keep_key
from card.gate import Trusted
from card.presentation import encode_text, present
from card.statuslist import EntryStatus, sign_status_list
from card.tariff import BearerRule, CompanionTerms, Outcome, Tariff, TariffRule, encode_tariff
from card.trust import KeySet, KeyUse, TrustedKey, read_bundle, sign_bundle, sign_key_set

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


def reading(at: datetime = NOON, state: ClockState = ClockState.SIGNED) -> Reading:
    """What a clock says."""
    return Reading(at, state)


@pytest.fixture
def district() -> District:
    """A fresh district."""
    return District()


@pytest.fixture
def fake_time() -> FakeTime:
    """Clocks that stand until they are moved."""
    return FakeTime()
