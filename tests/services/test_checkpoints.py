"""Shows that checkpoints outlive the database, are believed only as they were signed, and never stop a server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from card.cose import SigningKey
from services import audit
from services.audit import Head
from services.checkpoints import (
    FILE_NAME,
    Checkpoint,
    CheckpointInvalid,
    append_line,
    keep_checkpoints,
    read_checkpoints,
    signed_hashes,
    signing_key,
    write_checkpoint,
)
from services.database import DatabaseUnavailable
from services.keys import Keys, make_keys
from services.resources import Resources
from tests.conftest import DatabaseAddresses, fresh_database

AT = datetime(2026, 3, 11, 2, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
async def database(postgres: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """A database for each test, whose log begins empty."""
    async with fresh_database(postgres, template) as made:
        yield made


async def append(resources: Resources, count: int) -> None:
    """Some entries, each in a transaction of its own."""
    for number in range(count):
        async with resources.database.transaction() as connection:
            await audit.record(connection, audit.Event("account:1", "act", str(number)), AT)


async def test_a_checkpoint_comes_back_as_it_was_signed(resources: Resources, keys: Keys, tmp_path: Path) -> None:
    """Each is a line with the newest entry, in a file for its owner alone; an empty log gives none."""
    directory = tmp_path / "audit"
    empty = await write_checkpoint(resources.database, keys, directory, AT)
    await append(resources, 2)
    first = await write_checkpoint(resources.database, keys, directory, AT)
    await append(resources, 1)
    second = await write_checkpoint(resources.database, keys, directory, AT, restored=True)

    assert empty is None
    assert read_checkpoints(tmp_path / "none", keys) == ()
    assert read_checkpoints(directory, keys) == [first, second]
    assert first is not None
    assert (first.head.sequence, first.restored) == (2, False)
    assert (directory / FILE_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"sequence":1', b'"sequence":2'),
        (b'"restored":false', b'"restored":true'),
        (b"2026-03-11", b"2026-03-12"),
        (b'"signature":"', b'"signature":"AAAA'),
        (b"{", b""),
        (b'"hash"', b'"hush"'),
    ],
)
async def test_a_line_that_was_changed_is_named(
    resources: Resources, keys: Keys, tmp_path: Path, old: bytes, new: bytes
) -> None:
    """Whatever was changed in it, the file and the line are told, and what to do."""
    await append(resources, 1)
    await write_checkpoint(resources.database, keys, tmp_path, AT)
    file = tmp_path / FILE_NAME
    line = file.read_bytes()
    append_line(file, line.rstrip().replace(old, new, 1))

    with pytest.raises(CheckpointInvalid, match=r"Line 2 of .* is damaged"):
        read_checkpoints(tmp_path, keys)


async def test_another_servers_checkpoints_are_refused(resources: Resources, keys: Keys, tmp_path: Path) -> None:
    """Only this server's secret signs, and with a key that serves nothing else."""
    await append(resources, 1)
    await write_checkpoint(resources.database, keys, tmp_path, AT)
    others = make_keys(SigningKey.generate(), demo=True, at=AT)

    with pytest.raises(CheckpointInvalid, match="another server's keys"):
        read_checkpoints(tmp_path, others)
    assert signing_key(keys) not in {keys.issuer, keys.status, keys.bundle, SigningKey.from_seed(keys.session)}


def test_a_line_that_a_crash_cut_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    """What follows stands on a line of its own."""
    file = tmp_path / FILE_NAME
    file.write_bytes(b"whole\nhal")

    append_line(file, b"next")

    assert file.read_bytes() == b"whole\nhal\nnext\n"


def test_a_restore_that_was_declared_forgives_what_it_lost() -> None:
    """Entries that were signed later than the backup are expected no longer; earlier and later ones are."""
    hashes = [bytes([number]) for number in range(10)]
    checkpoints = [Checkpoint(Head(sequence, hashes[sequence]), AT) for sequence in (2, 5, 8)]
    restored = Checkpoint(Head(6, b"restored"), AT, restored=True)

    signed = signed_hashes([*checkpoints, restored, Checkpoint(Head(7, b"new"), AT)])

    assert signed == {2: hashes[2], 5: hashes[5], 6: b"restored", 7: b"new"}


async def test_the_server_writes_one_whenever_the_log_has_grown(
    resources: Resources, keys: Keys, tmp_path: Path
) -> None:
    """At once, then only after new entries; a database that is away is tried again."""
    await append(resources, 1)
    asked = 0
    fetch = resources.database.fetch

    async def growing(sql: str, *values: object) -> object:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise DatabaseUnavailable
        if asked == 5:
            await append(resources, 1)
        if asked == 12:
            raise asyncio.CancelledError
        return await fetch(sql, *values)

    watched = replace(resources, database=resources.database.beyond_reach())
    watched.database.fetch = growing  # type: ignore[method-assign, assignment]

    with suppress(asyncio.CancelledError):
        await keep_checkpoints(watched.database, keys, tmp_path, 0, resources.clock)

    assert [each.head.sequence for each in read_checkpoints(tmp_path, keys)] == [1, 2]


async def test_a_folder_that_cannot_be_written_stops_no_server(
    resources: Resources, keys: Keys, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    """It goes on trying; nobody's request depends on it."""
    await append(resources, 1)
    (tmp_path / "audit").write_text("a file in the way")

    keeping = asyncio.create_task(keep_checkpoints(resources.database, keys, tmp_path / "audit", 0, resources.clock))
    for _ in range(20):
        await owner.fetch("SELECT 1")

    assert not keeping.done()
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
