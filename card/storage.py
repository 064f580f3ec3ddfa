"""Opens the device's one database, whose transactions survive a power cut, and says plainly when it cannot be used."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from secrets import token_bytes
from typing import Final

from card.scan import EPOCH_BYTES, NO_RECORD

_APPLICATION_ID: Final = 0x53444331  # "SDC1"
_VERSION: Final = 2
_BUSY_SECONDS: Final = 5.0
_SCHEMA: Final = (
    # `forgotten`: the newest minute whose admissions are no longer remembered.
    (
        "CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), epoch BLOB NOT NULL, sequence INTEGER NOT NULL, "
        "hash BLOB NOT NULL, acknowledged INTEGER NOT NULL, not_taken INTEGER NOT NULL, forgotten INTEGER NOT NULL)"
    ),
    "CREATE TABLE scan (sequence INTEGER PRIMARY KEY, record BLOB NOT NULL)",
    "CREATE TABLE parcel (id INTEGER PRIMARY KEY, content BLOB NOT NULL UNIQUE, answer TEXT)",
    "CREATE TABLE remembered (minute INTEGER, identity BLOB, PRIMARY KEY (minute, identity)) WITHOUT ROWID",
    (
        "CREATE TABLE person (pseudonym BLOB PRIMARY KEY, last_at INTEGER NOT NULL, rides INTEGER NOT NULL, "
        "month_rides INTEGER NOT NULL) WITHOUT ROWID"
    ),
)
# From version 1, which counted no months: the rides of the day are the least that the month has had.
_FROM_FIRST: Final = (
    "ALTER TABLE person ADD COLUMN month_rides INTEGER NOT NULL DEFAULT 0",
    "UPDATE person SET month_rides = rides",
)


class StorageProblem(StrEnum):
    """Why the device's database cannot be used."""

    DAMAGED = "damaged"
    READ_ONLY = "read_only"
    FULL = "full"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


_ADVICE: Final = {
    StorageProblem.DAMAGED: "it is damaged: `scan` sets it aside and begins a new epoch",
    StorageProblem.READ_ONLY: "it cannot be written: mount the disk writable, or mend the owner of the directory",
    StorageProblem.FULL: "the disk is full: free some space; nothing that was stored is lost",
    StorageProblem.BUSY: "another process holds it: let that one end",
    StorageProblem.UNREACHABLE: "it cannot be opened: check the state directory and its disk",
}
_PROBLEMS: Final = {
    sqlite3.SQLITE_CORRUPT: StorageProblem.DAMAGED,
    sqlite3.SQLITE_NOTADB: StorageProblem.DAMAGED,
    sqlite3.SQLITE_READONLY: StorageProblem.READ_ONLY,
    sqlite3.SQLITE_FULL: StorageProblem.FULL,
    sqlite3.SQLITE_BUSY: StorageProblem.BUSY,
    sqlite3.SQLITE_LOCKED: StorageProblem.BUSY,
}


class StorageUnavailable(Exception):
    """The database cannot be used; the message names the file and what to do."""

    def __init__(self, problem: StorageProblem, path: Path) -> None:
        super().__init__(f"{path}: {_ADVICE[problem]}.")
        self.problem = problem


class Storage:
    """One connection to the database of a device; each thread opens its own."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    @classmethod
    def open(cls, path: Path) -> "Storage":
        """Open the database, made with a new epoch if there is none.

        Raises:
            StorageUnavailable: see there.
        """
        with _explained(path):
            connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def close(self) -> None:
        """Give the file free."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or none of it, on the disk before it ends.

        Raises:
            StorageUnavailable: see there; nothing of the block was kept.
        """
        with _explained(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For statements that change nothing.

        Raises:
            StorageUnavailable: see there.
        """
        with _explained(self.path):
            yield self.connection


def set_aside(path: Path) -> Path:
    """Move a damaged database out of the way, never delete it: `outbox export --from` saves what can be read of it.

    Raises:
        StorageUnavailable: the directory cannot be written either.
    """
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        try:
            part.rename(aside.with_name(aside.name + suffix))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StorageUnavailable(StorageProblem.READ_ONLY, path) from error
    return aside


def problem_of(error: sqlite3.Error) -> StorageProblem:
    """What is wrong, from SQLite's result code; an error without one is ours, and means a file of another shape."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_NOTADB)
    return _PROBLEMS.get(code & 0xFF, StorageProblem.UNREACHABLE)  # the low byte is the primary code


def _prepare(connection: sqlite3.Connection) -> None:
    # FULL: each commit is on the disk before it is answered. WAL: one fsync a commit, and readers never wait.
    connection.execute("PRAGMA synchronous = FULL")
    if _version(connection) == 0:
        _create(connection)
    if connection.execute("PRAGMA application_id").fetchone() != (_APPLICATION_ID,):
        raise sqlite3.DatabaseError("another kind of file")
    if _version(connection) == 1:
        _upgrade(connection)
    if _version(connection) != _VERSION:
        raise sqlite3.DatabaseError("another version")
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("damaged")
    if connection.execute("SELECT count(*) FROM state").fetchone() != (1,):
        raise sqlite3.DatabaseError("no state")


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        # Looked at again, now that nobody else can write: two starts at once must not draw two epochs.
        if _version(connection) == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO state VALUES (1, ?, 0, ?, 0, 0, -1)", (token_bytes(EPOCH_BYTES), NO_RECORD))
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")


def _upgrade(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        # Whoever waited for this lock finds it done.
        for statement in _FROM_FIRST if _version(connection) == 1 else ():
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageUnavailable(problem_of(error), path) from error
