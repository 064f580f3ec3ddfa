"""Shows that a backup of the demo district, in the wrong hands, names nobody: everything personal in it is sealed."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from card.cose import SigningKey
from cli.account import postgres_programs
from cli.demo.fixtures import add_fixtures
from cli.demo.load import load_district
from cli.demo.people import DemoResident, residents
from domain.dates import local_date
from services.binding import BindingRequest, Bound, bind_card
from services.bootstrap import open_services
from services.keys import make_keys
from services.message import Message
from services.resources import Resources
from services.sessions import read_access_token, sign_in
from services.settings import load_settings

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
RESIDENTS = 300
_CELL = re.compile(r"[\t\n]")
_BYTES = re.compile(r"\\\\x((?:[0-9a-f]{2})+)")


class _Wechat:
    """Takes a code for what it proves."""

    async def openid(self, code: str) -> str:
        return code

    async def phone_number(self, code: str) -> str:
        return code

    async def send(self, openid: str, message: Message) -> None:
        """Take it."""


@pytest.fixture(scope="module")
def people() -> tuple[DemoResident, ...]:
    """Everybody in the demo district."""
    return tuple(residents(RESIDENTS, local_date(AT)))


@pytest.fixture(scope="module")
def dump(
    database: "DatabaseAddresses",
    people: tuple[DemoResident, ...],
    tmp_path_factory: pytest.TempPathFactory,
    sdc: "Sdc",
) -> str:
    """What `sdc backup` saves of the demo, with a few accounts bound, as the text that pg_restore makes of it."""
    asyncio.run(_fill(database, people))
    file = tmp_path_factory.mktemp("leak") / "sdc.dump"
    saved = sdc("backup", file, DATABASE_OWNER_URL=database.owner_url)
    assert saved.returncode == 0, saved.stderr
    return _as_text(file)


def _as_text(file: Path) -> str:
    command = [str(postgres_programs() / "pg_restore"), "--file=-", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C.UTF-8"}).stdout


async def _fill(database: "DatabaseAddresses", people: tuple[DemoResident, ...]) -> None:
    keys = make_keys(SigningKey.generate(), demo=True, at=AT)
    settings = load_settings({"MODE": "demo", "DATABASE_URL": database.app_url})
    async with open_services(settings, keys, _Wechat(), clock=lambda: AT) as resources:
        owner = await asyncpg.connect(database.owner_url)
        await load_district(owner, resources.vault, RESIDENTS, AT, lambda _: None)
        await owner.close()
        await add_fixtures(resources, ())
        bound = [await _bind(resources, person) for person in people[:8]]
    assert any(isinstance(one, Bound) for one in bound)


async def _bind(resources: Resources, person: DemoResident) -> object:
    signed_in = await sign_in(resources, f"openid-{person.id}")
    viewer = read_access_token(resources, signed_in.access_token, "192.0.2.1")
    proof = person.guardian or person
    return await bind_card(
        resources, viewer, BindingRequest(proof.name, person.cards[-1].number, proof.phone or "none", None)
    )


def _personal(person: DemoResident) -> Iterator[str]:
    yield from (person.name, person.id_number, person.address)
    yield from (card.number for card in person.cards)
    if person.phone:
        yield person.phone
    if person.guardian:
        yield from (person.guardian.name, person.guardian.phone)


def _amounts(person: DemoResident) -> Iterator[str]:
    """What she earns and owns, as the register would write it."""
    return (json.dumps(fact.value) for fact in person.facts if isinstance(fact.value, str))


def test_a_backup_names_nobody(dump: str, people: tuple[DemoResident, ...]) -> None:
    """No name, id number, card number, phone or address of anybody, guardians included, as text or as bytes."""
    sealed = b"\n".join(bytes.fromhex(found) for found in _BYTES.findall(dump))
    known = set(chain.from_iterable(map(_personal, people)))

    assert len(known) > 4 * RESIDENTS
    assert len(sealed) > 100_000
    assert [value for value in known if value in dump or value.encode() in sealed] == []
    assert [value for value in known if value.encode().hex() in dump] == []


def test_a_backup_tells_no_income(dump: str, people: tuple[DemoResident, ...]) -> None:
    """No cell holds what anybody earns or owns; other cells may hold the same digits, so cells are compared whole."""
    amounts = {amount for person in people for amount in _amounts(person) if len(amount.strip('"')) > 2}
    cells = set(_CELL.split(_section(dump, "fact")))
    opened = {bytes.fromhex(found) for found in _BYTES.findall(dump)}

    assert len(amounts) > RESIDENTS / 2
    assert not amounts & cells
    assert not {amount.strip('"') for amount in amounts} & cells
    assert not {amount.encode() for amount in amounts} & opened


def _section(dump: str, table: str) -> str:
    """The rows of one table."""
    begin = dump.index(f"COPY public.{table} (")
    return dump[begin : dump.index("\n\\.\n", begin)]


def test_the_search_would_find_what_is_plain(dump: str, people: tuple[DemoResident, ...]) -> None:
    """Villages and birth dates are readable on purpose, and the same search finds those of everybody."""
    rows = _section(dump, "resident")

    assert all(person.village in rows and str(person.birth_date) in rows for person in people)
