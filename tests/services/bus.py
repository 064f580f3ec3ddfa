"""A scanner without its gate: an enrolled device that chains whatever scans a test wants, and uploads them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg

from card.cose import SigningKey
from card.credential import CredentialClaims, CredentialKind, StatusReference, issue
from card.enrolment import prove_enrolment, split_enrolment_code
from card.presentation import encode_text, present
from card.scan import NO_RECORD, Scan, encode_scan, encode_upload, milliseconds, scan_hash, sign_head
from card.tariff import Outcome, Tariff, TariffRule, encode_tariff
from domain.dates import local_date
from models.credential import DeviceKind
from models.record import new_id
from services import devices, taps
from services.resources import Resources

_numbers = count(1)


@dataclass
class Bus:
    """One scanner with the chain of one epoch."""

    resources: Resources
    device: devices.Device
    key: SigningKey
    epoch: bytes = b"epoch--1"
    records: list[bytes] = field(default_factory=list)

    def scan(self, text: str, at: datetime, **changes: Any) -> bytes:
        """Write down a code, as if it had been let in for free under a bundle of that instant; returns the record."""
        scan = Scan(
            device_id=self.device.id,
            epoch=self.epoch,
            sequence=len(self.records) + 1,
            previous=scan_hash(self.records[-1]) if self.records else NO_RECORD,
            at=at,
            text=text,
            admission=Outcome.FREE,
            reason=None,
            companions=0,
            bundle_version=milliseconds(at),
            place="城东站",
            override=False,
        )
        self.records.append(encode_scan(replace(scan, **changes)))
        return self.records[-1]

    def body(self, *records: bytes, at: datetime | None = None) -> bytes:
        """An upload of those records, or of all, under a head that the device signs at an instant (now)."""
        head = sign_head(
            self.device.id,
            self.epoch,
            len(self.records),
            scan_hash(self.records[-1]),
            at or self.resources.clock(),
            self.key,
        )
        return encode_upload(head, records or self.records)

    async def upload(self, *records: bytes, at: datetime | None = None) -> taps.UploadAnswer:
        """Send them."""
        return await taps.upload(self.resources, self.device, self.body(*records, at=at))


async def enrolled_bus(
    resources: Resources, owner: asyncpg.Connection, operator_id: UUID | None = None, **tariff: Any
) -> Bus:
    """A bus of a new operator, or of that one, whose tariff lets the class `ride` in for free."""
    if operator_id is None:
        operator_id = new_id()
        terms = {
            "operator": f"公交 {next(_numbers)}",
            "effective": local_date(resources.clock()) - timedelta(days=400),
            "rules": (TariffRule("ride", Outcome.FREE, Decimal(0)),),
            **tariff,
        }
        rules = encode_tariff(Tariff(**terms))
        await owner.execute(
            "INSERT INTO operator (id, name, tariff) VALUES ($1, $2, $3)", operator_id, terms["operator"], rules
        )
    async with resources.database.transaction() as connection:
        code = await devices.register_device(connection, resources, operator_id, DeviceKind.BUS, "浙D·0001")
    key = SigningKey.generate()
    secret, _ = split_enrolment_code(code)
    proof = prove_enrolment(secret, key)
    device = await devices.enrol(resources, secret, key.verifying_key.public, proof)
    assert isinstance(device, devices.Device)
    return Bus(resources, device, key)


def shown_code(
    resources: Resources, resident_id: UUID, at: datetime, *, index: int = 7, classes: tuple[str, ...] = ("ride",)
) -> str:
    """The text that a resident's phone shows at an instant, under a pass of the same day."""
    phone = SigningKey.generate()
    claims = CredentialClaims(
        cti=b"",
        kind=CredentialKind.PASS,
        pseudonym=resources.vault.pseudonym(resident_id, local_date(at)),
        access_classes=classes,
        issued_at=at - timedelta(hours=1),
        expires_at=at + timedelta(days=1),
        holder_key=phone.verifying_key.public,
        status=StatusReference("sdc:1", index),
        masked_name=None,
    )
    return encode_text(present(issue(claims, resources.keys.issuer), phone, at))
