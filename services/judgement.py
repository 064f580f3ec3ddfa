"""Judges scans again, by what their device could have known: an honest admission stands, whatever the device claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from card.admission import decide
from card.clock import ClockState, Reading
from card.presentation import VerifiedToken, verify_token
from card.refusal import CredentialRefused, RefusalReason
from card.scan import Scan
from card.statuslist import EntryStatus
from card.tariff import Outcome, local_day, tariff_on
from card.trust import KeyUse, TrustBundle, read_key_set
from domain.dates import local_date
from services.devices import Device
from services.resources import Resources
from services.status import STATUS_LIST_SIZE, STATUS_LIST_URI
from services.tariffs import Terms, terms_of

# A revocation is committed a moment after the instant it carries, and the list in a bundle was read a moment before it
# (STATUS_READ_SECONDS): what falls in between a bundle cannot hold.
COMMITTED_WITHIN = timedelta(seconds=5)

# What places of the status list are, other than valid, and since when.
_Statuses: TypeAlias = Mapping[int, tuple[EntryStatus, datetime]]


@dataclass(frozen=True)
class Judged:
    """The server's own answer to one scan: `resident_id` where the token is genuine, whatever became of it."""

    at: datetime
    outcome: Outcome
    reason: RefusalReason | None
    resident_id: UUID | None


@dataclass(frozen=True)
class _RegisterStatus:
    """The status list as it stood at an instant, read from the register instead of a signed copy."""

    issued_at: datetime
    expires_at: datetime
    since: _Statuses

    def status(self, index: int) -> EntryStatus:
        """Whether the entry was revoked or suspended by then.

        Raises:
            CredentialRefused: STATUS_UNKNOWN for an index beyond the list.
        """
        if not 0 <= index < STATUS_LIST_SIZE:
            raise CredentialRefused(RefusalReason.STATUS_UNKNOWN)
        status, since = self.since.get(index, (EntryStatus.VALID, self.issued_at))
        return status if since + COMMITTED_WITHIN <= self.issued_at else EntryStatus.VALID


class Judge:
    """Judges the scans of one device, whose clock was behind the server's by `offset`.

    What only a gate remembers (codes admitted before, rides of the day) is left to it and to the settlement.
    """

    def __init__(self, resources: Resources, device: Device, offset: timedelta) -> None:
        self._resources = resources
        self._device = device
        self._offset = offset
        self._key_set = read_key_set(resources.keys.key_set, resources.keys.root)

    async def judge(self, scans: Sequence[Scan]) -> Sequence[Judged]:
        """The answers in the order of the scans, for two queries whatever their number."""
        tokens = [self._verify(scan) for scan in scans]
        terms = await terms_of(self._resources.database, self._device.operator_id, self._device.id)
        statuses = await self._statuses([token for token in tokens if isinstance(token, VerifiedToken)])
        return [
            Judged(self.corrected(scan), Outcome.REFUSED, token, None)
            if isinstance(token, RefusalReason)
            else self._decide(scan, token, terms, statuses)
            for scan, token in zip(scans, tokens, strict=True)
        ]

    def corrected(self, scan: Scan) -> datetime:
        """When a scan was made, by the server's clock."""
        return scan.at + self._offset

    def _verify(self, scan: Scan) -> VerifiedToken | RefusalReason:
        try:
            return verify_token(scan.text, self._key_set.keys_for(KeyUse.ISSUER, self.corrected(scan)))
        except CredentialRefused as refusal:
            return refusal.reason

    def _decide(self, scan: Scan, token: VerifiedToken, terms: Terms, statuses: _Statuses) -> Judged:
        at, claims = self.corrected(scan), token.credential.claims
        resident_id = self._resources.vault.resident_of(claims.pseudonym, local_date(claims.issued_at))
        bundle = self._bundle(scan, statuses)
        tariff = tariff_on(terms.held(bundle.issued_at), local_day(at))
        if tariff is None:
            return Judged(at, Outcome.REFUSED, RefusalReason.NO_TARIFF, resident_id)
        admission = decide(token, Reading(at, ClockState.SIGNED), bundle, tariff)
        return Judged(at, admission.outcome, admission.reason, resident_id)

    def _bundle(self, scan: Scan, statuses: _Statuses) -> TrustBundle:
        """What the device held: all but the status list's instant is the same for every bundle under this key set."""
        issued_at = datetime.fromtimestamp(scan.bundle_version / 1000, UTC)
        expires_at = issued_at + timedelta(days=self._resources.settings.status_list_days)
        return TrustBundle(
            version=scan.bundle_version,
            device_id=self._device.id,
            issued_at=issued_at,
            key_set=self._key_set,
            status_lists={STATUS_LIST_URI: _RegisterStatus(issued_at, expires_at, statuses)},
            tariffs=(),
            root=self._resources.keys.root,
        )

    async def _statuses(self, tokens: Sequence[VerifiedToken]) -> _Statuses:
        indexes = {token.credential.claims.status.index for token in tokens if token.credential.claims.status}
        rows = await self._resources.database.fetch(
            "SELECT status_index, revoked_at, suspended_at FROM credential "
            "WHERE status_index = ANY($1) AND (revoked_at IS NOT NULL OR suspended_at IS NOT NULL)",
            sorted(indexes),
        )
        return {
            row["status_index"]: (EntryStatus.INVALID, row["revoked_at"])
            if row["revoked_at"]
            else (EntryStatus.SUSPENDED, row["suspended_at"])
            for row in rows
        }
