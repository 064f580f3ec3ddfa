"""Shows that a scanner gets in by its code once and by its own key from then on, and what it is told to trust."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from card.assertion import sign_assertion
from card.cose import SigningKey
from card.credential import prove
from card.enrolment import prove_enrolment, split_enrolment_code
from card.refusal import CredentialRefused
from card.statuslist import EntryStatus
from card.tariff import Outcome, Tariff, TariffRule, encode_tariff, read_tariff
from card.trust import KeyUse, read_bundle, read_key_set, read_time
from models.credential import DeviceKind
from models.record import new_id
from services.credentials import IssuedPass, issue_pass, new_challenge
from services.devices import (
    Device,
    DeviceUnknown,
    EnrolmentRefusal,
    device_of,
    enrol,
    register_device,
    scanner_of,
    signed_time,
    trust_bundle,
)
from services.resources import Resources
from services.status import STATUS_LIST_URI
from tests.services.register import Clock, Register, open_all

TARIFF = encode_tariff(Tariff("上虞公交", date(2026, 1, 1), (TariffRule("ride", Outcome.FREE, Decimal(0)),)))


@dataclass
class Scanner:
    """A device and the key that never leaves it."""

    device: Device
    key: SigningKey


@pytest.fixture
async def operator_id(owner: asyncpg.Connection) -> UUID:
    """A bus company."""
    operator_id = new_id()
    await owner.execute("INSERT INTO operator (id, name, tariff) VALUES ($1, '上虞公交', $2)", operator_id, TARIFF)
    return operator_id


@pytest.fixture
async def code(owner: asyncpg.Connection, resources: Resources, operator_id: UUID) -> str:
    """A fresh enrolment code as the technician types it."""
    return await register_device(owner, resources, operator_id, DeviceKind.BUS, "1 路 浙D00001")


@pytest.fixture
async def scanner(resources: Resources, code: str) -> Scanner:
    """An enrolled scanner."""
    key = SigningKey.generate()
    device = await enrol_with(resources, code, key)
    assert isinstance(device, Device)
    return Scanner(device, key)


async def enrol_with(resources: Resources, code: str, key: SigningKey) -> Device | EnrolmentRefusal:
    """Enrol as a scanner does."""
    secret, _ = split_enrolment_code(code)
    return await enrol(resources, secret, key.verifying_key.public, prove_enrolment(secret, key))


async def test_a_code_enrols_a_scanner_at_its_place(
    resources: Resources, code: str, operator_id: UUID, owner: asyncpg.Connection
) -> None:
    """The code brings operator, place, kind and the root's fingerprint, and its enrolment is logged."""
    key = SigningKey.generate()

    device = await enrol_with(resources, code.lower(), key)

    assert isinstance(device, Device)
    assert (device.operator_id, device.operator, device.place) == (operator_id, "上虞公交", "1 路 浙D00001")
    assert (device.kind, device.public_key) == (DeviceKind.BUS, key.verifying_key.public)
    assert split_enrolment_code(code)[1] == hashlib.sha256(resources.keys.root.public).digest()
    logged = await owner.fetchrow("SELECT actor, action, subject FROM audit ORDER BY sequence DESC LIMIT 1")
    assert tuple(logged) == (f"device:{device.id}", "enrol", str(operator_id))


async def test_a_code_is_spent_once(resources: Resources, code: str, owner: asyncpg.Connection) -> None:
    """Of many scanners that try one code at once one gets in, and later nobody; the code itself is never stored."""
    keys = [SigningKey.generate() for _ in range(8)]

    await open_all(resources)
    answers = await asyncio.gather(*(enrol_with(resources, code, key) for key in keys))

    assert sum(isinstance(answer, Device) for answer in answers) == 1
    assert answers.count(EnrolmentRefusal.CODE_INVALID) == 7
    assert await enrol_with(resources, code, keys[0]) is EnrolmentRefusal.CODE_INVALID
    assert code[:19] not in str(await owner.fetch("SELECT * FROM device"))


async def test_a_code_ends_after_a_week(resources: Resources, code: str, clock: Clock) -> None:
    """A forgotten slip of paper opens nothing."""
    clock.forward(days=7)

    assert await enrol_with(resources, code, SigningKey.generate()) is EnrolmentRefusal.CODE_INVALID


async def test_a_retired_place_enrols_nobody(resources: Resources, code: str, owner: asyncpg.Connection) -> None:
    """A device that was taken out before it was enrolled stays out."""
    await owner.execute("UPDATE device SET retired_at = now() WHERE enrolled_at IS NULL")

    assert await enrol_with(resources, code, SigningKey.generate()) is EnrolmentRefusal.CODE_INVALID


async def test_a_wrong_proof_does_not_spend_the_code(resources: Resources, code: str) -> None:
    """Another key's proof and one for another code are refused, and the right one still gets in."""
    key, other = SigningKey.generate(), SigningKey.generate()
    secret, _ = split_enrolment_code(code)
    public = key.verifying_key.public

    for proof in (prove_enrolment(secret, other), prove_enrolment("0" * 16, key), bytes(64), b""):
        assert await enrol(resources, secret, public, proof) is EnrolmentRefusal.PROOF_INVALID
    assert isinstance(await enrol(resources, secret, public, prove_enrolment(secret, key)), Device)


async def test_a_made_up_code_is_refused(resources: Resources) -> None:
    """Whatever the text, also one that is no proper text."""
    key = SigningKey.generate()

    for made_up in ("0000-0000-0000-0000", "", "\0", "\ud800"):
        answer = await enrol(resources, made_up, key.verifying_key.public, prove_enrolment(made_up, key))
        assert answer is EnrolmentRefusal.CODE_INVALID


async def test_a_scanner_proves_itself_by_its_key(resources: Resources, scanner: Scanner, clock: Clock) -> None:
    """Its assertion is taken while it lives, a clock up to five minutes off included."""
    for off in (-300, 0, 300):
        at = clock() + timedelta(seconds=off)
        assert await device_of(resources, sign_assertion(scanner.device.id, scanner.key, at)) == scanner.device


@pytest.mark.parametrize("off", [-601, 301])
async def test_an_assertion_of_another_time_is_refused(
    resources: Resources, scanner: Scanner, clock: Clock, off: int
) -> None:
    """Long over or not yet begun."""
    with pytest.raises(DeviceUnknown):
        await device_of(resources, sign_assertion(scanner.device.id, scanner.key, clock() + timedelta(seconds=off)))


def forge(
    scanner: Scanner,
    at: float,
    key: Any = "own",
    algorithm: str = "EdDSA",
    header: Mapping[str, Any] | None = None,
    **claims: Any,
) -> str:
    """An assertion with other claims (None: without it), header, key or algorithm than the scanner's own."""
    device_id = str(scanner.device.id)
    content = {
        "iss": device_id,
        "sub": device_id,
        "aud": "sdc",
        "iat": int(at),
        "exp": int(at) + 300,
        "jti": "1",
    } | claims
    kept = {name: value for name, value in content.items() if value is not None}
    signer = Ed25519PrivateKey.from_private_bytes(scanner.key.seed) if key == "own" else key
    fields = {"kid": device_id} if header is None else dict(header)
    return jwt.api_jws.encode(json.dumps(kept).encode(), signer, algorithm, headers=fields)


async def test_the_forging_of_this_test_is_sound(resources: Resources, scanner: Scanner, clock: Clock) -> None:
    """Unchanged, what the next tests alter is taken: so it is the alteration that is refused there."""
    assert await device_of(resources, forge(scanner, clock().timestamp())) == scanner.device


@pytest.mark.parametrize(
    "changes",
    [
        {"header": {}},
        {"header": {"kid": "no uuid"}},
        {"header": {"kid": "00000000-0000-0000-0000-000000000000"}},
        *({name: None} for name in ("iss", "sub", "aud", "iat", "exp", "jti")),
        {"aud": "another service"},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"exp": "soon"},
        {"iat": "now"},
        {"exp": 10**400},
        {"iat": 10**400},
        {"iat": float("nan")},
        {"exp": float("inf")},
        {"iat": float("-inf")},
    ],
)
async def test_an_altered_assertion_is_refused(
    resources: Resources, scanner: Scanner, clock: Clock, changes: dict[str, Any]
) -> None:
    """Every claim must be there in its own form, the audience must be this service, and the key must be named."""
    with pytest.raises(DeviceUnknown):
        await device_of(resources, forge(scanner, clock().timestamp(), **changes))


async def test_an_assertion_lives_for_five_minutes_at_most(
    resources: Resources, scanner: Scanner, clock: Clock
) -> None:
    """A scanner cannot give out a key to itself for longer."""
    at = clock().timestamp()

    with pytest.raises(DeviceUnknown):
        await device_of(resources, forge(scanner, at, exp=int(at) + 301))


async def test_other_keys_and_algorithms_are_refused(resources: Resources, scanner: Scanner, clock: Clock) -> None:
    """A stranger's key, the public key used as a shared secret, no signature, and no token at all."""
    at, public = clock().timestamp(), scanner.device.public_key
    stranger = Scanner(scanner.device, SigningKey.generate())
    own = forge(scanner, at)
    forged = [
        forge(stranger, at),
        forge(scanner, at, key=public, algorithm="HS256"),
        forge(scanner, at, key=None, algorithm="none"),
        own.rpartition(".")[0] + ".",
        own[:-2],
        "",
        "a.b.c",
        "é",
        base64.b64encode(b"[]").decode().rstrip("=") + ".e30.",
    ]

    for assertion in forged:
        with pytest.raises(DeviceUnknown):
            await device_of(resources, assertion)


async def test_a_retired_scanner_is_unknown(
    resources: Resources, scanner: Scanner, clock: Clock, owner: asyncpg.Connection
) -> None:
    """It is refused from the next request on, while its old scans can still be told whose they are."""
    await owner.execute("UPDATE device SET retired_at = now() WHERE id = $1", scanner.device.id)

    with pytest.raises(DeviceUnknown):
        await device_of(resources, sign_assertion(scanner.device.id, scanner.key, clock()))

    assert await scanner_of(resources, scanner.device.id) == scanner.device


async def test_a_scanner_that_was_never_enrolled_is_unknown(
    resources: Resources, code: str, owner: asyncpg.Connection, clock: Clock
) -> None:
    """A place that waits for its scanner has no key to prove anything with."""
    device_id = await owner.fetchval("SELECT id FROM device WHERE enrolled_at IS NULL ORDER BY id DESC LIMIT 1")

    with pytest.raises(DeviceUnknown):
        await device_of(resources, sign_assertion(device_id, SigningKey.generate(), clock()))

    assert await scanner_of(resources, device_id) is None
    assert code


async def new_pass(resources: Resources, register: Register, holder: Any) -> int:
    """A pass on a new phone of the holder; returns its place in the status list."""
    key, viewer = SigningKey.generate(), await register.viewer()
    await register.guardian(holder, viewer.account_id)
    challenge = new_challenge(resources, viewer)
    issued = await issue_pass(
        resources,
        viewer,
        await register.people(viewer),
        holder.id,
        key.verifying_key.public,
        challenge,
        prove(challenge, key),
    )
    assert isinstance(issued, IssuedPass)
    rows = await resources.database.fetch("SELECT status_index FROM credential WHERE id = $1", issued.line.id)
    return int(rows[0]["status_index"])


async def test_a_bundle_holds_what_a_gate_needs(
    resources: Resources, scanner: Scanner, register: Register, clock: Clock
) -> None:
    """Key set, tariff, the time, and which passes are revoked, for this scanner only and under the root's keys."""
    holder = await register.resident()
    old = await new_pass(resources, register, holder)
    new = await new_pass(resources, register, holder)

    bundle = await trust_bundle(resources, scanner.device)

    read = read_bundle(bundle.signed(), resources.keys.root, scanner.device.id, 0)
    assert read.tariffs == (TARIFF,)
    assert read.issued_at == clock()
    states = read.status_lists[STATUS_LIST_URI]
    assert (states.status(old), states.status(new)) == (EntryStatus.INVALID, EntryStatus.VALID)
    assert states.expires_at == clock() + timedelta(days=7)
    with pytest.raises(CredentialRefused):
        read_bundle(bundle.signed(), resources.keys.root, new_id(), 0)


async def test_a_tag_stays_until_something_changes(
    resources: Resources, scanner: Scanner, register: Register, clock: Clock, owner: asyncpg.Connection
) -> None:
    """Within a period it is the same, and another after a revocation, a new tariff, and a period's end."""
    holder = await register.resident()
    await new_pass(resources, register, holder)
    clock.at = clock.at.replace(minute=0)
    tags = [(await trust_bundle(resources, scanner.device)).etag]

    clock.forward(minutes=14)
    tags.append((await trust_bundle(resources, scanner.device)).etag)
    await new_pass(resources, register, holder)
    tags.append((await trust_bundle(resources, scanner.device)).etag)
    changed = encode_tariff(replace(read_tariff(TARIFF), daily_cap=4))
    await owner.execute("UPDATE operator SET tariff = $2 WHERE id = $1", scanner.device.operator_id, changed)
    tags.append((await trust_bundle(resources, scanner.device)).etag)
    clock.forward(minutes=1)
    tags.append((await trust_bundle(resources, scanner.device)).etag)

    assert tags[0] == tags[1]
    assert len(set(tags)) == 4
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


async def test_a_revoked_pass_is_listed_until_it_is_over(
    resources: Resources, scanner: Scanner, register: Register, clock: Clock
) -> None:
    """After its own end no gate takes it anyway, and the list stays short."""
    holder = await register.resident()
    index = await new_pass(resources, register, holder)
    await new_pass(resources, register, holder)
    states = []
    for seconds in (7 * 86_400 - 1, 1):
        clock.forward(seconds=seconds)
        bundle = await trust_bundle(resources, scanner.device)
        read = read_bundle(bundle.signed(), resources.keys.root, scanner.device.id, 0)
        states.append(read.status_lists[STATUS_LIST_URI].status(index))

    assert states == [EntryStatus.INVALID, EntryStatus.VALID]


async def test_the_time_is_bound_to_the_question(resources: Resources, clock: Clock) -> None:
    """An answer to one nonce is none to another, and it is signed by a key that the root names for it."""
    keys = read_key_set(resources.keys.key_set, resources.keys.root).keys_for(KeyUse.BUNDLE, clock())

    answer = signed_time(resources, b"n" * 16)

    assert read_time(answer, b"n" * 16, keys) == clock()
    with pytest.raises(CredentialRefused):
        read_time(answer, b"m" * 16, keys)
