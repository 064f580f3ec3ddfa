"""Signs the status list once for all scanners that ask, and reads the register for it every other second at most."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from card.cose import SigningKey
from card.statuslist import EntryStatus, sign_status_list
from services.database import Database
from services.settings import Settings

STATUS_LIST_URI = "sdc:1"
STATUS_LIST_SIZE = 1 << 20
_ENTRIES = """
SELECT status_index, revoked_at IS NOT NULL AS revoked FROM credential
WHERE (revoked_at IS NOT NULL OR suspended_at IS NOT NULL) AND expires_at > $1 ORDER BY status_index
"""


@dataclass(frozen=True)
class SignedStatus:
    """The list as it stood at an instant; `tag` changes with its content and with the period in which it was signed."""

    read_at: datetime
    entries: Mapping[int, EntryStatus] = field(repr=False)
    tag: bytes
    token: bytes = field(repr=False)


class StatusLists:
    """This process's status list: whoever asks while it is being read waits for the same reading."""

    def __init__(self) -> None:
        self._reading = asyncio.Lock()
        self._held: SignedStatus | None = None

    async def current(self, database: Database, settings: Settings, key: SigningKey, at: datetime) -> SignedStatus:
        """The list, no older than `status_read_seconds`.

        Raises:
            DatabaseUnavailable: see there.
        """
        async with self._reading:
            held = self._held
            if held is None or abs((at - held.read_at).total_seconds()) >= settings.status_read_seconds:
                rows = await database.fetch(_ENTRIES, at)
                # Beside the event loop: of a hundred thousand changes at once it is a tenth of a second's work.
                held = await asyncio.to_thread(_signed, rows, held, settings, key, at)
                self._held = held
            return held


def _signed(
    rows: Sequence[asyncpg.Record], before: SignedStatus | None, settings: Settings, key: SigningKey, at: datetime
) -> SignedStatus:
    entries = {row["status_index"]: EntryStatus.INVALID if row["revoked"] else EntryStatus.SUSPENDED for row in rows}
    # With the period it changes too, so that a device fetches anew before its list is too old.
    period = int(at.timestamp() // settings.status_list_ttl_seconds)
    tag = hashlib.sha256(repr((period, key.kid, *entries.items())).encode()).digest()
    if before is not None and before.tag == tag:
        return SignedStatus(at, entries, tag, before.token)
    token = sign_status_list(
        uri=STATUS_LIST_URI,
        size=STATUS_LIST_SIZE,
        entries=entries,
        issued_at=at,
        expires_at=at + timedelta(days=settings.status_list_days),
        ttl=timedelta(seconds=settings.status_list_ttl_seconds),
        key=key,
    )
    return SignedStatus(at, entries, tag, token)
