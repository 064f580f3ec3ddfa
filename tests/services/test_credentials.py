"""Shows that a pass goes only to a phone that proves its key, ends when its reasons end, and is one a person."""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from card.cose import SigningKey
from card.credential import CredentialClaims, CredentialKind, prove, verify_credential
from card.presentation import decode_text, verify_token
from domain.access import Viewer
from domain.dates import start_of
from services.bootstrap import POLICY
from services.credentials import (
    CredentialRefusal,
    IssuedCode,
    IssuedPass,
    StatusListFull,
    credentials_of,
    issue_online_code,
    issue_pass,
    new_challenge,
)
from services.resources import Resources
from services.status import STATUS_LIST_URI
from tests.services.lawbook import rules_with
from tests.services.register import Clock, Holder, Register, open_all


class Phone:
    """A phone with a key of its own, in the hands of a viewer."""

    def __init__(self, resources: Resources, register: Register, viewer: Viewer) -> None:
        self.resources, self.viewer, self._register = resources, viewer, register
        self.key = SigningKey.generate()

    async def ask(self, resident_id: UUID | None = None, **changes: Any) -> IssuedPass | CredentialRefusal:
        """Ask for a pass as the app does; `changes` are what goes wrong."""
        challenge = changes.get("challenge") or new_challenge(self.resources, self.viewer)
        return await issue_pass(
            self.resources,
            self.viewer,
            await self._register.people(self.viewer),
            resident_id,
            changes.get("holder_key", self.key.verifying_key.public),
            challenge,
            changes.get("proof") or prove(changes.get("proven", challenge), self.key),
        )

    async def given(self, resident_id: UUID | None = None) -> IssuedPass:
        """A pass, where no refusal is expected."""
        answer = await self.ask(resident_id)
        assert isinstance(answer, IssuedPass)
        return answer

    def claims(self, issued: IssuedPass) -> CredentialClaims:
        """What a gate reads in the pass."""
        return verify_credential(issued.token, self._trusted()).claims

    def _trusted(self) -> dict[bytes, Any]:
        return dict(self.resources.keys.trusted(self.resources.clock()))


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A severe holder with a card in force."""
    return await register.resident()


@pytest.fixture
async def phone(resources: Resources, register: Register, holder: Holder) -> Phone:
    """Her phone."""
    return Phone(resources, register, await register.viewer(holder))


async def status(owner: asyncpg.Connection, resident_id: UUID) -> list[tuple[bytes, int, datetime | None]]:
    """The resident's lines: key, place in the status list, and when revoked, in the order of issue."""
    rows = await owner.fetch(
        "SELECT holder_key, status_index, revoked_at FROM credential WHERE resident_id = $1 ORDER BY id", resident_id
    )
    return [tuple(row) for row in rows]


async def test_a_pass_says_only_what_a_gate_needs(
    phone: Phone, resources: Resources, holder: Holder, owner: asyncpg.Connection
) -> None:
    """Key, classes, times, pseudonym and place in the status list, and nothing of the disability or the person."""
    issued = await phone.given()

    claims = phone.claims(issued)
    ((_, index, _),) = await status(owner, holder.id)
    assert claims.kind is CredentialKind.PASS
    assert claims.holder_key == phone.key.verifying_key.public
    assert claims.access_classes == ("ride-accompanied", "venue-accompanied")
    assert (claims.issued_at, claims.expires_at) == (resources.clock(), resources.clock() + timedelta(days=7))
    assert resources.vault.resident_of(claims.pseudonym, date(2026, 3, 1)) == holder.id
    assert claims.status is not None
    assert (claims.status.uri, claims.status.index) == (STATUS_LIST_URI, index)
    assert (claims.masked_name, claims.cti) == (None, b"")
    assert await credentials_of(resources, [holder.id]) == [issued.line]
    assert issued.line.expires_at == claims.expires_at


async def test_fractions_of_a_second_do_not_matter(phone: Phone, clock: Clock) -> None:
    """A real clock has them, a pass has not, and never ends later than it may."""
    clock.forward(microseconds=987_654)

    claims = phone.claims(await phone.given())

    assert claims.issued_at <= clock()
    assert claims.expires_at <= clock() + timedelta(days=7)


@pytest.mark.parametrize("wrong", ["proof", "another key", "another challenge", "weak key", "short key"])
async def test_without_proof_of_the_key_there_is_no_pass(
    phone: Phone, resources: Resources, holder: Holder, owner: asyncpg.Connection, wrong: str
) -> None:
    """The phone must have signed this very challenge with this very key, and the key must be sound."""
    changes: dict[str, dict[str, Any]] = {
        "proof": {"proof": bytes(64)},
        "another key": {"holder_key": SigningKey.generate().verifying_key.public},
        "another challenge": {"proven": new_challenge(resources, phone.viewer)},
        "weak key": {"holder_key": bytes([1]) + bytes(31), "proof": bytes([1]) + bytes(63)},
        "short key": {"holder_key": phone.key.verifying_key.public[:31]},
    }

    assert await phone.ask(**changes[wrong]) is CredentialRefusal.PROOF_INVALID
    assert await status(owner, holder.id) == []


async def test_a_challenge_is_for_one_account_and_five_minutes(
    phone: Phone, resources: Resources, register: Register, clock: Clock
) -> None:
    """A stranger's, an altered, a made-up, an old and a future one are refused; a fresh one is good to its end."""
    stranger = await register.viewer()
    own = new_challenge(resources, phone.viewer)
    bad = [
        new_challenge(resources, stranger),
        own[:-1] + bytes([own[-1] ^ 1]),
        bytes([own[0] ^ 1]) + own[1:],
        b"",
        b"x" * 40,
    ]
    answers = [await phone.ask(challenge=challenge or bytes(1)) for challenge in bad]
    clock.forward(minutes=5)
    at_its_end = await phone.ask(challenge=own)
    clock.forward(seconds=1)
    too_late = await phone.ask(challenge=own)
    future = new_challenge(resources, phone.viewer)
    clock.forward(seconds=-2)

    assert answers == [CredentialRefusal.CHALLENGE_INVALID] * 5
    assert isinstance(at_its_end, IssuedPass)
    assert too_late is CredentialRefusal.CHALLENGE_INVALID
    assert await phone.ask(challenge=future) is CredentialRefusal.CHALLENGE_INVALID


async def test_a_renewal_keeps_its_place_in_the_status_list(
    phone: Phone, clock: Clock, owner: asyncpg.Connection, holder: Holder
) -> None:
    """The same phone goes on with the same line, and its pass with a later end."""
    first = await phone.given()
    clock.forward(days=1)

    second = await phone.given()

    assert second.line.id == first.line.id
    assert second.line.expires_at == first.line.expires_at + timedelta(days=1)
    assert len(await status(owner, holder.id)) == 1


async def test_a_new_phone_revokes_the_old_one(
    phone: Phone, resources: Resources, register: Register, owner: asyncpg.Connection, holder: Holder
) -> None:
    """Two phones never both hold a good pass; coming back to the old one begins a new line."""
    new = Phone(resources, register, phone.viewer)
    await phone.given()
    await new.given()
    before = await status(owner, holder.id)
    await phone.given()

    after = await status(owner, holder.id)
    at, keys = resources.clock(), [phone.key.verifying_key.public, new.key.verifying_key.public]
    assert [(key, revoked) for key, _, revoked in before] == [(keys[0], at), (keys[1], None)]
    assert [(key, revoked) for key, _, revoked in after] == [(keys[0], at), (keys[1], at), (keys[0], None)]
    assert len({index for _, index, _ in after}) == 3


async def test_phones_at_the_same_moment_leave_one(
    phone: Phone, resources: Resources, register: Register, owner: asyncpg.Connection, holder: Holder
) -> None:
    """However their requests cross, one line stays good, and the same phone asking twice makes one line."""
    phones = [phone, phone, *(Phone(resources, register, phone.viewer) for _ in range(4))]

    await open_all(resources)
    await asyncio.gather(*(each.given() for each in phones))

    lines = await status(owner, holder.id)
    assert sum(revoked is None for _, _, revoked in lines) == 1
    assert len({key for key, _, _ in lines}) == 5


async def test_a_taken_place_is_not_given_twice(
    phone: Phone, resources: Resources, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draw that meets a taken place is drawn again, and not for ever."""
    draws = [7, 7, 7, 8]
    monkeypatch.setattr(secrets, "randbelow", lambda _: draws.pop(0) if draws else 8)
    other = Phone(resources, register, await register.viewer(await register.resident()))
    third = Phone(resources, register, await register.viewer(await register.resident()))
    claims = [each.claims(await each.given()) for each in (phone, other)]

    with pytest.raises(StatusListFull):
        await third.ask()

    assert [claim.status and claim.status.index for claim in claims] == [7, 8]


@pytest.mark.parametrize(
    ("now", "card_until", "ends"),
    [
        # Seven days, when nothing ends before.
        (datetime(2026, 3, 11, 2, tzinfo=UTC), date(2029, 12, 31), datetime(2026, 3, 18, 2, tzinfo=UTC)),
        # The card's last day counts in full.
        (datetime(2026, 3, 11, 2, tzinfo=UTC), date(2026, 3, 12), datetime(2026, 3, 12, 16, tzinfo=UTC)),
        # The pseudonym is renewed with the district's month, and the year turns too.
        (datetime(2026, 3, 31, 2, tzinfo=UTC), date(2029, 12, 31), datetime(2026, 3, 31, 16, tzinfo=UTC)),
        (datetime(2026, 12, 30, 2, tzinfo=UTC), date(2029, 12, 31), datetime(2026, 12, 31, 16, tzinfo=UTC)),
        # On the month's last evening it lasts for minutes.
        (datetime(2026, 3, 31, 15, 59, tzinfo=UTC), date(2029, 12, 31), datetime(2026, 3, 31, 16, tzinfo=UTC)),
    ],
)
async def test_a_pass_ends_with_its_week_card_and_month(
    resources: Resources, register: Register, clock: Clock, now: datetime, card_until: date, ends: datetime
) -> None:
    """Whichever comes first; the line says the same as the pass."""
    clock.at = now
    phone = Phone(resources, register, await register.viewer(await register.resident(valid_until=card_until)))

    issued = await phone.given()

    assert phone.claims(issued).expires_at == issued.line.expires_at == ends


async def test_a_pass_ends_before_a_rule_changes_its_class(
    resources: Resources, register: Register, holder: Holder, tmp_path: Path
) -> None:
    """When a dated version gives another class, no pass with the old one lives on that day."""
    bus = (POLICY / "free-bus.toml").read_text(encoding="utf-8")
    version = bus[bus.index("[[version]]") :].replace("2016-12-04", "2026-03-14")
    rules = rules_with(tmp_path, {"free-bus.toml": bus + version.replace('"ride-accompanied"', '"ride-plus"')})
    phone = Phone(replace(resources, rules=rules), register, await register.viewer(holder))

    claims = phone.claims(await phone.given())

    assert claims.access_classes == ("ride-accompanied", "venue-accompanied")
    assert claims.expires_at == start_of(date(2026, 3, 14))


async def test_a_pass_ends_before_a_birthday_changes_its_class(
    resources: Resources, register: Register, tmp_path: Path
) -> None:
    """Where a class depends on age, the pass ends with the last day before the birthday."""
    bus = (POLICY / "free-bus.toml").read_text(encoding="utf-8")
    age = '[version.criteria.age]\nfact = "birth_date"\nage_to = 6\n'
    age += 'requirement = "0至{age_to}周岁"\nclause = "1 para 1"\n'
    bus = bus.replace('rule = "card"', 'rule = { all = ["card", "age"] }')
    bus = bus.replace("[version.criteria.severe]", f"{age}\n[version.criteria.severe]")
    rules = rules_with(tmp_path, {"free-bus.toml": bus})
    child = await register.resident(birth_date=date(2019, 3, 15))
    phone = Phone(replace(resources, rules=rules), register, await register.viewer(child))

    claims = phone.claims(await phone.given())

    assert "ride-accompanied" in claims.access_classes
    assert claims.expires_at == start_of(date(2026, 3, 15))


@pytest.mark.parametrize("card", [{"state": "suspended"}, {"state": "lost"}, {"valid_until": date(2026, 3, 10)}])
async def test_a_card_that_is_not_in_force_gives_no_code(
    resources: Resources, register: Register, card: dict[str, Any]
) -> None:
    """Neither pass nor online code."""
    phone = Phone(resources, register, await register.viewer(await register.resident(**card)))
    people = await register.people(phone.viewer)

    assert await phone.ask() is CredentialRefusal.CARD_NOT_USABLE
    assert await issue_online_code(resources, phone.viewer, people, None) is CredentialRefusal.CARD_NOT_USABLE


async def test_a_stranger_gets_no_code(resources: Resources, register: Register, holder: Holder) -> None:
    """Somebody who is no one, and a guardian who may only look, hold no code of the resident."""
    stranger, onlooker = await register.viewer(), await register.viewer()
    await register.guardian(holder, onlooker.account_id, scope="view")

    for viewer in (stranger, onlooker):
        people = await register.people(viewer)
        assert await Phone(resources, register, viewer).ask(holder.id) is CredentialRefusal.NOT_ALLOWED
        assert await issue_online_code(resources, viewer, people, holder.id) is CredentialRefusal.NOT_ALLOWED


async def test_without_a_class_there_is_no_code(
    resources: Resources, register: Register, holder: Holder, tmp_path: Path
) -> None:
    """A code that opens nothing is not given."""
    rules = rules_with(tmp_path, {"free-bus.toml": None, "venue-access.toml": None})
    bare = replace(resources, rules=rules)
    viewer = await register.viewer(holder)

    assert await Phone(bare, register, viewer).ask() is CredentialRefusal.NO_ACCESS
    answer = await issue_online_code(bare, viewer, await register.people(viewer), None)
    assert answer is CredentialRefusal.NO_ACCESS


async def test_an_online_code_lives_for_half_a_minute(resources: Resources, phone: Phone, register: Register) -> None:
    """It is a bearer code with the masked name for a look, the same pseudonym as the pass, and no place to revoke."""
    people = await register.people(phone.viewer)

    code = await issue_online_code(resources, phone.viewer, people, None)

    assert isinstance(code, IssuedCode)
    token = verify_token(code.text, resources.keys.trusted(resources.clock()))
    claims = token.credential.claims
    assert decode_text(code.text)
    assert token.presented_at is None
    assert (claims.kind, claims.masked_name, claims.status) == (CredentialKind.ONLINE, "王**", None)
    assert claims.expires_at == code.expires_at == resources.clock() + timedelta(seconds=30)
    assert claims.issued_at == resources.clock()
    assert claims.pseudonym == phone.claims(await phone.given()).pseudonym


async def test_a_guardians_codes_for_a_ward_are_logged(
    resources: Resources, register: Register, holder: Holder, owner: asyncpg.Connection
) -> None:
    """Pass and online code of a ward leave an entry each; a resident's own leave none."""
    guardian, own = await register.viewer(), await register.viewer(holder)
    await register.guardian(holder, guardian.account_id)
    await Phone(resources, register, own).given()
    await issue_online_code(resources, own, await register.people(own), None)

    await Phone(resources, register, guardian).given(holder.id)
    await issue_online_code(resources, guardian, await register.people(guardian), holder.id)

    logged = await owner.fetch(
        "SELECT actor, action, detail FROM audit WHERE subject = $1 ORDER BY sequence", str(holder.id)
    )
    actor = f"account:{guardian.account_id}"
    assert [tuple(entry) for entry in logged] == [(actor, "issue_pass", ""), (actor, "online_code", "")]


async def test_lines_long_over_are_left_out(resources: Resources, phone: Phone, holder: Holder, clock: Clock) -> None:
    """Thirty days after its end a line is shown no more."""
    issued = await phone.given()
    clock.at = issued.line.expires_at + timedelta(days=30, seconds=-1)
    shown = await credentials_of(resources, [holder.id])
    clock.forward(seconds=1)

    assert shown == [issued.line]
    assert await credentials_of(resources, [holder.id]) == []
