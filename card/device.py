"""Keeps what a scanner is in one directory: its key, its server, what it trusts, and each file whole or not at all."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from card.client import base64url, from_base64url
from card.clock import Anchor, DeviceClock
from card.cose import SigningKey, VerifyingKey
from card.gate import Trusted
from card.refusal import CredentialRefused
from card.trust import read_bundle

DATABASE: Final = "gate.sqlite"
_ENROLMENT: Final = "device.json"
_KEY: Final = "device.key"
_NEXT_KEY: Final = "device.key.next"
_BUNDLE: Final = "bundle.cose"
_ETAG: Final = "bundle.etag"
_TIME: Final = "time.json"


class NotEnrolled(Exception):
    """The state directory holds no device; the message says how to get one."""


class StateUnusable(Exception):
    """A file of the state directory cannot be read or written; the message names it and says what to do."""


@dataclass(frozen=True)
class Enrolment:
    """What a device was enrolled as: where it stands, for whom, and which root it trusts."""

    device_id: UUID
    server: str
    operator: str
    place: str
    kind: str
    root: VerifyingKey


class Device:
    """An enrolled scanner, read from its directory. Used by the scanning thread and the one that syncs."""

    def __init__(self, directory: Path, enrolment: Enrolment, key: SigningKey) -> None:
        self.directory = directory
        self.enrolment = enrolment
        self.key = key
        self.bundle_problem: str | None = None
        self._trusted: Trusted | None = None
        self._etag: str | None = None
        self.clock = DeviceClock(self._kept_anchor())
        self._load_bundle()

    @classmethod
    def create(cls, directory: Path, enrolment: Enrolment, key: SigningKey) -> "Device":
        """Write down what a device was enrolled as, beside the key that `keep_key` wrote.

        Raises:
            StateUnusable: the directory cannot be written.
        """
        # After the key, because it is what makes the directory a device.
        _write_enrolment(directory, enrolment)
        return cls(directory, enrolment, key)

    @classmethod
    def open(cls, directory: Path) -> "Device":
        """Read the device of a directory.

        Raises:
            NotEnrolled: there is none.
            StateUnusable: its description or its key is damaged.
        """
        try:
            described = json.loads((directory / _ENROLMENT).read_bytes())
            seed = from_base64url((directory / _KEY).read_text().strip())
            enrolment = _enrolment(described)
            return cls(directory, enrolment, SigningKey.from_seed(seed))
        except FileNotFoundError as error:
            raise NotEnrolled(
                f"{directory} holds no enrolled device: run `python -m card enrol CODE --server URL` first."
            ) from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError, CredentialRefused) as error:
            raise StateUnusable(
                f"{directory}: {_ENROLMENT} or {_KEY} cannot be read ({type(error).__name__}): "
                "mend the file's owner, or enrol the device anew in an empty directory."
            ) from error

    @property
    def trusted(self) -> Trusted | None:
        """The newest good bundle; None before the first."""
        return self._trusted

    @property
    def etag(self) -> str | None:
        """The server's tag of the newest good bundle."""
        return self._etag

    @property
    def database(self) -> Path:
        """Where the device's memory and outbox are."""
        return self.directory / DATABASE

    def take_bundle(self, raw: bytes, etag: str | None) -> Trusted:
        """Trust a newer bundle from now on; a bad one changes nothing.

        Raises:
            CredentialRefused: it is forged, of another device, older than the one at hand, or cannot be read.
            StateUnusable: it is good and in use, but could not be kept for the next start.
        """
        trusted = self._checked(raw, self._trusted)
        self._use(trusted, etag)
        write_whole(self.directory / _BUNDLE, raw)
        write_whole(self.directory / _ETAG, (etag or "").encode())
        if trusted.bundle.root != self.enrolment.root:
            # The root has a successor, which the old one named: from now on nothing that the old one signs counts.
            self.enrolment = replace(self.enrolment, root=trusted.bundle.root)
            _write_enrolment(self.directory, self.enrolment)
        return trusted

    def next_key(self) -> SigningKey:
        """The key that is to follow, kept before the server hears of it: one whose answer was lost is found again.

        Raises:
            StateUnusable: it cannot be kept.
        """
        try:
            return SigningKey.from_seed(from_base64url((self.directory / _NEXT_KEY).read_text().strip()))
        except (OSError, ValueError, CredentialRefused):
            fresh = SigningKey.generate()
            write_whole(self.directory / _NEXT_KEY, base64url(fresh.seed).encode() + b"\n")
            return fresh

    def take_next_key(self, key: SigningKey) -> None:
        """Sign with the key that the server knows now.

        Raises:
            StateUnusable: it could not be kept; the running process signs with it all the same.
        """
        self.key = key
        keep_key(self.directory, key)
        (self.directory / _NEXT_KEY).unlink(missing_ok=True)

    def keep_anchor(self, anchor: Anchor) -> None:
        """Keep the signed time over a restart.

        Raises:
            StateUnusable: it could not be kept; the running process goes on with it.
        """
        write_whole(self.directory / _TIME, anchor.to_text().encode() + b"\n")

    def _kept_anchor(self) -> Anchor | None:
        try:
            return Anchor.from_text((self.directory / _TIME).read_text())
        except (OSError, ValueError):
            # Lost or torn: the clock then says by its state that it is not confirmed.
            return None

    def _load_bundle(self) -> None:
        try:
            raw = (self.directory / _BUNDLE).read_bytes()
            trusted = self._checked(raw, None)
        except FileNotFoundError:
            return
        except (OSError, CredentialRefused) as error:
            self.bundle_problem = f"{self.directory / _BUNDLE} cannot be used ({error}): run `python -m card sync`."
            return
        etag = None
        with suppress(OSError, ValueError):
            etag = (self.directory / _ETAG).read_text().strip() or None
        self._use(trusted, etag)

    def _checked(self, raw: bytes, before: Trusted | None) -> Trusted:
        # Neither an older bundle nor an older key set: it could hold a key that was withdrawn since.
        oldest = (-1, 0) if before is None else (before.bundle.version, before.bundle.key_set.version)
        return Trusted.of(read_bundle(raw, self.enrolment.root, self.enrolment.device_id, *oldest))

    def _use(self, trusted: Trusted, etag: str | None) -> None:
        self.bundle_problem = None
        self._trusted, self._etag = trusted, etag
        self.clock.at_least(trusted.bundle.issued_at)


def keep_key(directory: Path, key: SigningKey) -> None:
    """Write a device's private key for the owner's eyes only, before the code that it is enrolled with is spent.

    Raises:
        StateUnusable: the directory cannot be written.
    """
    write_whole(directory / _KEY, base64url(key.seed).encode() + b"\n")


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in its place whole, for its owner alone, and on the disk before this returns.

    Raises:
        StateUnusable: it cannot be written; what was there before is still there.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        raise StateUnusable(f"{path} cannot be written ({error.strerror}): check the disk and its space.") from error


def _write_enrolment(directory: Path, enrolment: Enrolment) -> None:
    described = {
        "device_id": str(enrolment.device_id),
        "server": enrolment.server,
        "operator": enrolment.operator,
        "place": enrolment.place,
        "kind": enrolment.kind,
        "root": base64url(enrolment.root.public),
    }
    write_whole(directory / _ENROLMENT, json.dumps(described, ensure_ascii=False, indent=2).encode() + b"\n")


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _enrolment(described: Mapping[str, str]) -> Enrolment:
    return Enrolment(
        UUID(described["device_id"]),
        described["server"],
        described["operator"],
        described["place"],
        described["kind"],
        VerifyingKey.of(from_base64url(described["root"])),
    )
