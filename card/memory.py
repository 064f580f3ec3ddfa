"""What a gate must still know after a power cut: which codes it admitted, and how often each person rode."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Final

from card.admission import Recollection
from card.credential import CredentialKind
from card.presentation import VerifiedToken
from card.scan import instant, milliseconds
from card.tariff import local_day

# Longer than any tariff's window and skew, so that nothing is forgotten that could still be fresh.
KEPT: Final = timedelta(hours=1)
# Longer than a month, so that its rides can be counted to its end.
_PERSON_KEPT: Final = timedelta(days=32)
_PRUNE_EVERY: Final = timedelta(minutes=5)
_MINUTE_MS: Final = 60_000


class Memory:
    """Admitted codes and persons' counts, in the database for power cuts and in RAM for speed.

    The caller writes within its own transaction, and notes in RAM what it wrote once that has ended. A code is filed
    under its own minute, never under the gate's: what was admitted is found again whatever the clock did in between,
    and once a minute is dropped, its codes and all older ones are refused.
    """

    def __init__(self) -> None:
        self._admitted: dict[int, set[bytes]] = {}
        # Pseudonym → (milliseconds of the last admission, rides on that day, rides in that month).
        self._persons: dict[bytes, tuple[int, int, int]] = {}
        self._pruned_at: datetime | None = None
        self._forgotten = -1

    def load(self, connection: Connection) -> None:
        """Add to what is in RAM what the database holds."""
        (forgotten,) = connection.execute("SELECT forgotten FROM state").fetchone()
        self._forgotten = max(self._forgotten, forgotten)
        for minute, identity in connection.execute("SELECT minute, identity FROM remembered"):
            self._admitted.setdefault(minute, set()).add(identity)
        for pseudonym, *person in connection.execute("SELECT pseudonym, last_at, rides, month_rides FROM person"):
            self._persons[pseudonym] = max(self._persons.get(pseudonym, (0, 0, 0)), tuple(person))

    def __len__(self) -> int:
        """How many admitted codes are remembered."""
        return sum(len(identities) for identities in self._admitted.values())

    def recall(self, token: VerifiedToken, at: datetime) -> Recollection:
        """What is remembered of a token and its person at an instant."""
        minute = _minute_of(token)
        admitted = minute is not None and token.identity in self._admitted.get(minute, ())
        forgotten = minute is not None and minute <= self._forgotten
        person = self._persons.get(token.credential.claims.pseudonym)
        if person is None:
            return Recollection(admitted, forgotten)
        last_at, (_, rides, month_rides) = instant(person[0]), person
        last_day, day = local_day(last_at), local_day(at)
        return Recollection(
            admitted=admitted,
            forgotten=forgotten,
            rides=rides if last_day == day else 0,
            month_rides=month_rides if last_day.replace(day=1) == day.replace(day=1) else 0,
            last_at=last_at,
        )

    def write(self, connection: Connection, token: VerifiedToken, at: datetime) -> None:
        """Put an admission into the database, within the caller's transaction; sometimes what is old is dropped too."""
        minute = _minute_of(token)
        if minute is not None:
            connection.execute("INSERT OR IGNORE INTO remembered VALUES (?, ?)", (minute, token.identity))
        connection.execute(
            "INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?)",
            (token.credential.claims.pseudonym, *self._after(token, at)),
        )
        if self._prunes_at(at):
            self._write_pruned(connection, at)

    def note(self, token: VerifiedToken, at: datetime) -> None:
        """Remember an admission in RAM."""
        self._persons[token.credential.claims.pseudonym] = self._after(token, at)
        minute = _minute_of(token)
        if minute is not None:
            self._admitted.setdefault(minute, set()).add(token.identity)
        if self._prunes_at(at):
            self._prune(at)

    def _after(self, token: VerifiedToken, at: datetime) -> tuple[int, int, int]:
        """What is to be remembered of the person once she is admitted."""
        past = self.recall(token, at)
        return milliseconds(at), past.rides + 1, past.month_rides + 1

    def _prunes_at(self, at: datetime) -> bool:
        return self._pruned_at is None or abs(at - self._pruned_at) >= _PRUNE_EVERY

    def _write_pruned(self, connection: Connection, at: datetime) -> None:
        old = list(self._old_minutes(at))
        if old:
            connection.execute("DELETE FROM remembered WHERE minute <= ?", (max(old),))
            connection.execute("UPDATE state SET forgotten = max(forgotten, ?)", (max(old),))
        connection.execute("DELETE FROM person WHERE last_at < ?", (milliseconds(at - _PERSON_KEPT),))

    def _prune(self, at: datetime) -> None:
        self._pruned_at = at
        for minute in list(self._old_minutes(at)):
            del self._admitted[minute]
            self._forgotten = max(self._forgotten, minute)
        limit = milliseconds(at - _PERSON_KEPT)
        for pseudonym in [each for each, (last_at, _, _) in self._persons.items() if last_at < limit]:
            del self._persons[pseudonym]

    def _old_minutes(self, at: datetime) -> Iterator[int]:
        limit = milliseconds(at - KEPT) // _MINUTE_MS
        return (minute for minute in self._admitted if minute < limit)


def _minute_of(token: VerifiedToken) -> int | None:
    """The minute under which a code is filed; None for a printed code, which is the same on every day of its months."""
    claims = token.credential.claims
    if token.presented_at is not None:
        return milliseconds(token.presented_at) // _MINUTE_MS
    return None if claims.kind is CredentialKind.PRINTED else milliseconds(claims.expires_at) // _MINUTE_MS
