"""Signs how far the audit log has come, in a file outside the database, so that an end that was cut off shows."""

import asyncio
import base64
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from card.cose import SigningKey, verifies
from services.audit import Head, head_of
from services.database import Database, DatabaseUnavailable
from services.keys import Keys

FILE_NAME = "checkpoints.jsonl"

_log = structlog.get_logger()


class CheckpointInvalid(Exception):
    """A line of the file is damaged or was signed by another key; the message names file, line and remedy."""


@dataclass(frozen=True)
class Checkpoint:
    """The log's newest entry at an instant.

    `restored` says that the database was brought back from a backup which ended here: later entries are lost, and
    that is known.
    """

    head: Head
    at: datetime
    restored: bool = False


class _Line(msgspec.Struct):
    """A checkpoint as one line of JSON; `hash` and `signature` are base64."""

    sequence: int
    hash: bytes
    at: datetime
    restored: bool
    signature: bytes = b""


def signing_key(keys: Keys) -> SigningKey:
    """The key that signs checkpoints and nothing else."""
    return SigningKey.from_seed(keys.derived("audit checkpoint"))


async def write_checkpoint(
    database: Database, keys: Keys, directory: Path, at: datetime, *, restored: bool = False
) -> Checkpoint | None:
    """Sign the newest entry and append it to the directory's file, on the disk when this returns; None of an empty log.

    Raises:
        OSError: the file cannot be written.
        DatabaseUnavailable: see there.
    """
    head = await head_of(database)
    if head is None:
        return None
    checkpoint = Checkpoint(head, at.astimezone(UTC), restored)
    line = _Line(head.sequence, head.hash, checkpoint.at, restored)
    line.signature = signing_key(keys).sign(_content(line))
    append_line(directory / FILE_NAME, msgspec.json.encode(line))
    return checkpoint


def read_checkpoints(directory: Path, keys: Keys) -> Sequence[Checkpoint]:
    """The checkpoints in the order in which they were written; none where there is no file yet.

    Raises:
        CheckpointInvalid: see there.
    """
    file = directory / FILE_NAME
    if not file.exists():
        return ()
    public = signing_key(keys).verifying_key.public
    return [_read(file, number, line, public) for number, line in enumerate(file.read_bytes().splitlines(), start=1)]


def signed_hashes(checkpoints: Sequence[Checkpoint]) -> Mapping[int, bytes]:
    """What the log must hold: every signed entry, but those that a restore is known to have lost."""
    signed: dict[int, bytes] = {}
    for each in checkpoints:
        if each.restored:
            signed = {sequence: content for sequence, content in signed.items() if sequence <= each.head.sequence}
        signed[each.head.sequence] = each.head.hash
    return signed


async def keep_checkpoints(
    database: Database, keys: Keys, directory: Path, seconds: float, clock: Callable[[], datetime]
) -> None:
    """Write a checkpoint now and every `seconds`, until cancelled; a failure is logged and tried again."""
    last: Head | None = None
    while True:
        try:
            if await head_of(database) != last:
                written = await write_checkpoint(database, keys, directory, clock())
                last = written.head if written else None
        except (OSError, DatabaseUnavailable) as error:
            _log.warning("checkpoint_failed", problem=type(error).__name__)
        await asyncio.sleep(seconds)


def append_line(file: Path, line: bytes) -> None:
    """Add one line to a file that only its owner may read; it is on the disk when this returns.

    Raises:
        OSError: see there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        # A line that a crash cut short must not spoil the next one too.
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (b"\n" if torn else b"") + line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(file: Path, number: int, text: bytes, public: bytes) -> Checkpoint:
    try:
        line = msgspec.json.decode(text, type=_Line)
    except (msgspec.DecodeError, ValueError):
        line = None
    if line is None or not verifies(public, _content(line), line.signature):
        raise CheckpointInvalid(
            f"Line {number} of {file} is damaged, or another server's keys signed it: "
            "bring the file back from its copy, or name the keys file of that time in KEYS_FILE."
        )
    return Checkpoint(Head(line.sequence, line.hash), line.at, line.restored)


def _content(line: _Line) -> bytes:
    """What is signed; it says itself what it is for."""
    known = [line.sequence, base64.b64encode(line.hash).decode(), line.at.astimezone(UTC).isoformat(), line.restored]
    return b"sdc audit checkpoint " + msgspec.json.encode(known)
