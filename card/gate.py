"""Ties verification, decision and the device's disk together: an answer is on the disk before anybody sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from card.admission import Admission, Cue, Recollection, decide, out_of_service, refused
from card.clock import DeviceClock, Reading
from card.memory import Memory
from card.outbox import Read, append
from card.presentation import TEXT_PREFIX, PassCache, VerifiedToken, verify_token
from card.refusal import CredentialRefused, RefusalReason
from card.scan import MAX_PLACE, MAX_TEXT, Position
from card.storage import Storage, StorageProblem, StorageUnavailable, set_aside
from card.tariff import Outcome, Tariff, local_day, read_tariff, tariff_on
from card.trust import KeyUse, TrustBundle

if TYPE_CHECKING:
    from card.cose import VerifyingKey

__all__ = ["Admission", "Cue", "Gate", "Outcome", "Recollection", "Trusted", "decide", "refused"]


@dataclass(frozen=True)
class Trusted:
    """A trust bundle with its tariffs read."""

    bundle: TrustBundle
    tariffs: tuple[Tariff, ...]

    @classmethod
    def of(cls, bundle: TrustBundle) -> "Trusted":
        """The bundle with its tariffs.

        Raises:
            CredentialRefused: a tariff in it cannot be read, so the bundle cannot be used.
        """
        return cls(bundle, tuple(read_tariff(raw) for raw in bundle.tariffs))


@dataclass(frozen=True)
class _Judged:
    """A code on its way from the verdict to the disk."""

    text: str
    token: VerifiedToken | None
    admission: Admission
    tariff: Tariff | None
    place: str | None = None
    position: Position | None = None


class Gate:
    """One scanner's answers. `trusted` gives what it trusts at the moment, None before the first bundle.

    Used by one thread. A database that cannot be written does not stop it: `problem` says so, the tariff's
    out-of-service rule is followed, and each further code tries the disk again. A damaged database is set aside (in
    `set_aside`) and a new one, with a new epoch, begun.
    """

    def __init__(
        self, device_id: UUID, database: Path, clock: DeviceClock, trusted: Callable[[], Trusted | None]
    ) -> None:
        self._device_id = device_id
        self._database = database
        self._clock = clock
        self._trusted = trusted
        self._cache = PassCache()
        self._keys: Mapping[bytes, VerifyingKey] = {}
        self._memory = Memory()
        self._storage: Storage | None = None
        self._last: _Judged | None = None
        self.problem: StorageUnavailable | None = None
        self.set_aside: list[Path] = []
        try:
            self._opened()
        except StorageUnavailable as unavailable:
            self.problem = unavailable

    def close(self) -> None:
        """Give the database free."""
        if self._storage is not None:
            self._storage.close()

    def admit(self, text: str, place: str | None = None, position: Position | None = None) -> Admission:
        """Answer one code that was read, wherever the scanner stands, and write the answer down.

        What is not of this system (somebody's payment code, say) is refused and never kept.
        """
        now = self._clock.read()
        judged = replace(self._judge(text, now), place=place, position=position)
        self._last = judged
        if not text.startswith(TEXT_PREFIX):
            return judged.admission
        return self._written(judged, now, override=False)

    def override(self) -> Admission | None:
        """Write down that the person refused last was let in all the same; None if nobody was refused last."""
        judged, self._last = self._last, None
        if judged is None or judged.admission.admitted:
            return None
        return self._written(replace(judged, token=None), self._clock.read(), override=True)

    def _judge(self, text: str, now: Reading) -> _Judged:
        trusted = self._trusted()
        if trusted is None:
            return _Judged(text, None, refused(RefusalReason.NO_BUNDLE, now, None, None), None)
        bundle, tariff = trusted.bundle, tariff_on(trusted.tariffs, local_day(now.at))
        if tariff is None:
            return _Judged(text, None, refused(RefusalReason.NO_TARIFF, now, bundle, None), None)
        keys = bundle.key_set.keys_for(KeyUse.ISSUER, now.at)
        if keys != self._keys:
            # A pass that was verified under keys no longer trusted must be verified anew.
            self._cache.clear()
            self._keys = keys
        try:
            token = verify_token(text, keys, self._cache)
        except CredentialRefused as refusal:
            return _Judged(text, None, refused(refusal.reason, now, bundle, tariff), tariff)
        admission = decide(token, now, bundle, tariff, self._memory.recall(token, now.at))
        return _Judged(text, token, admission, tariff)

    def _written(self, judged: _Judged, now: Reading, *, override: bool) -> Admission:
        admission, token = judged.admission, judged.token
        trusted = self._trusted()
        read = Read(
            at=now.at,
            text=_recordable(judged.text),
            admission=admission.outcome,
            reason=admission.reason,
            companions=admission.companions,
            bundle_version=0 if trusted is None else trusted.bundle.version,
            place=None if judged.place is None else _printable(judged.place)[:MAX_PLACE],
            override=override,
            position=judged.position,
        )
        remembered = token if admission.admitted else None
        try:
            with self._opened().transaction() as connection:
                sequence = append(connection, self._device_id, read)
                if remembered is not None:
                    self._memory.write(connection, remembered, now.at)
            self.problem = None
            admission = replace(admission, recorded=True, sequence=sequence)
        except StorageUnavailable as unavailable:
            self.problem = unavailable
            if unavailable.problem is StorageProblem.DAMAGED:
                self._abandon()
            if judged.tariff is not None:
                admission = out_of_service(admission, judged.tariff)
        if remembered is not None and admission.admitted:
            self._memory.note(remembered, now.at)
        return admission

    def _opened(self) -> Storage:
        if self._storage is None:
            try:
                storage = Storage.open(self._database)
            except StorageUnavailable as unavailable:
                if unavailable.problem is not StorageProblem.DAMAGED:
                    raise
                self.set_aside.append(set_aside(self._database))
                storage = Storage.open(self._database)
            with storage.reading() as connection:
                self._memory.load(connection)
            self._storage = storage
        return self._storage

    def _abandon(self) -> None:
        # The next code opens the file anew, finds it damaged and begins another.
        self.close()
        self._storage = None


def _recordable(text: str) -> str:
    return _printable(text)[:MAX_TEXT] if text.startswith(TEXT_PREFIX) else ""


def _printable(text: str) -> str:
    # No token has other characters, and neither the record nor the server's database holds all of them.
    return "".join(character if character.isprintable() else "?" for character in text)
