"""The device's database: whole or not at all, and clear about what is wrong with it."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from card.storage import Storage, StorageProblem, StorageUnavailable, problem_of, set_aside

if TYPE_CHECKING:
    from pathlib import Path


def put(storage: Storage, count: int = 1) -> None:
    """Store rows of some size."""
    with storage.transaction() as connection:
        for _ in range(count):
            connection.execute("INSERT INTO scan (record) VALUES (?)", (os.urandom(2_000),))


def scans(storage: Storage) -> int:
    """How many there are."""
    with storage.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM scan").fetchone()[0])


def test_what_was_stored_is_there_after_opening_again(tmp_path: Path) -> None:
    """A database keeps its epoch and its rows."""
    path = tmp_path / "gate.sqlite"
    with closing(Storage.open(path)) as storage:
        put(storage)
        epoch = storage.connection.execute("SELECT epoch FROM state").fetchone()

    with closing(Storage.open(path)) as storage:
        assert scans(storage) == 1
        assert storage.connection.execute("SELECT epoch FROM state").fetchone() == epoch
        assert storage.connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert storage.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_each_database_draws_its_own_epoch(tmp_path: Path) -> None:
    """A device that lost its storage begins a new epoch."""
    epochs = set()
    for name in ("one", "two"):
        with closing(Storage.open(tmp_path / name)) as storage:
            epochs.add(storage.connection.execute("SELECT epoch FROM state").fetchone()[0])

    assert len(epochs) == 2
    assert {len(epoch) for epoch in epochs} == {8}


def test_an_interrupted_transaction_leaves_nothing(tmp_path: Path) -> None:
    """All of a block or none of it."""
    with closing(Storage.open(tmp_path / "gate.sqlite")) as storage:
        with suppress(RuntimeError), storage.transaction() as connection:
            connection.execute("INSERT INTO scan (record) VALUES (x'00')")
            raise RuntimeError

        assert scans(storage) == 0


def test_two_starts_at_once_make_one_database(tmp_path: Path) -> None:
    """The scanning thread and the syncing one may both be first."""
    path, opened = tmp_path / "gate.sqlite", []

    def start() -> None:
        with closing(Storage.open(path)) as storage:
            opened.append(storage.connection.execute("SELECT epoch FROM state").fetchone())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(opened) == 8
    assert len(set(opened)) == 1


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """A scanner keeps its scans and its memory over the change; the rides of the day are the month's least."""
    path = tmp_path / "gate.sqlite"
    with closing(Storage.open(path)) as storage:
        put(storage, 3)
        storage.connection.execute("ALTER TABLE person DROP COLUMN month_rides")
        storage.connection.execute("INSERT INTO person VALUES (x'01', 5, 2)")
        storage.connection.execute("PRAGMA user_version = 1")

    with closing(Storage.open(path)) as storage:
        person = storage.connection.execute("SELECT last_at, rides, month_rides FROM person").fetchone()
        scans = storage.connection.execute("SELECT count(*) FROM scan").fetchone()

    assert (person, scans) == ((5, 2, 2), (3,))


@pytest.mark.parametrize("kind", ["garbage", "torn", "blank_page", "foreign", "stateless", "later"])
def test_a_damaged_file_is_named_so(tmp_path: Path, kind: str) -> None:
    """A torn file, another program's, or one without its state: each is damaged, and the message says what follows."""
    path = tmp_path / "gate.sqlite"
    if kind == "garbage":
        path.write_bytes(os.urandom(8_192))
    elif kind == "foreign":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 1")
    else:
        with closing(Storage.open(path)) as storage:
            put(storage, 50)
            if kind == "stateless":
                storage.connection.execute("DELETE FROM state")
            if kind == "later":
                storage.connection.execute("PRAGMA user_version = 99")
        if kind == "blank_page":
            raw = path.read_bytes()
            path.write_bytes(raw[:-8_192] + bytes(4_096) + raw[-4_096:])
        if kind == "torn":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(StorageUnavailable, match="sets it aside") as unavailable:
        Storage.open(path)

    assert unavailable.value.problem is StorageProblem.DAMAGED
    assert str(path) in str(unavailable.value)


def test_a_damaged_file_is_moved_never_deleted(tmp_path: Path) -> None:
    """Its bytes stay for a technician to save what can be saved."""
    path = tmp_path / "gate.sqlite"
    path.write_bytes(b"torn")
    path.with_name("gate.sqlite-wal").write_bytes(b"log")

    aside = set_aside(path)

    assert aside.read_bytes() == b"torn"
    assert aside.with_name(aside.name + "-wal").read_bytes() == b"log"
    assert not path.exists()


def test_a_disk_on_which_nothing_moves_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even setting aside fails, the disk cannot be written."""
    path = tmp_path / "gate.sqlite"
    path.write_bytes(b"torn")

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(type(path), "rename", refuse)

    with pytest.raises(StorageUnavailable) as unavailable:
        set_aside(path)
    assert unavailable.value.problem is StorageProblem.READ_ONLY


def test_a_full_disk_is_said_so_and_costs_nothing_stored(tmp_path: Path) -> None:
    """What does not fit is refused; what was stored stays, and works again once there is room."""
    with closing(Storage.open(tmp_path / "gate.sqlite")) as storage:
        put(storage)
        (pages,) = storage.connection.execute("PRAGMA page_count").fetchone()
        storage.connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageUnavailable, match="the disk is full") as unavailable:
            put(storage, 20)
        kept = scans(storage)
        storage.connection.execute("PRAGMA max_page_count = 1000000")
        put(storage)

        assert unavailable.value.problem is StorageProblem.FULL
        assert kept == 1
        assert scans(storage) == 2


def test_a_read_only_database_is_said_so(tmp_path: Path) -> None:
    """Reading goes on, writing is refused with advice."""
    with closing(Storage.open(tmp_path / "gate.sqlite")) as storage:
        storage.connection.execute("PRAGMA query_only = ON")

        with pytest.raises(StorageUnavailable, match="cannot be written") as unavailable:
            put(storage)

        assert unavailable.value.problem is StorageProblem.READ_ONLY
        assert scans(storage) == 0


def test_a_directory_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """A disk that was not mounted is told from a damaged file."""
    with pytest.raises(StorageUnavailable, match="cannot be opened") as unavailable:
        Storage.open(tmp_path / "missing" / "gate.sqlite")

    assert unavailable.value.problem is StorageProblem.UNREACHABLE


def test_another_holder_of_the_database_is_said_so(tmp_path: Path) -> None:
    """Whoever waits too long for the lock is told that somebody holds it."""
    path = tmp_path / "gate.sqlite"
    with closing(Storage.open(path)) as storage, closing(Storage.open(path)) as other:
        other.connection.execute("PRAGMA busy_timeout = 0")
        with storage.transaction(), pytest.raises(StorageUnavailable) as unavailable:
            put(other)

        assert unavailable.value.problem is StorageProblem.BUSY


def test_an_error_of_the_disk_is_unreachable() -> None:
    """An input/output error says that the disk is not to be reached, not that the file is damaged."""
    error = sqlite3.OperationalError()
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE

    assert problem_of(error) is StorageProblem.UNREACHABLE
