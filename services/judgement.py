"""Judges scans again, by what their device could have known: an honest admission stands, whatever the device claims."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

from card.admission import decide, refused
from card.clock import ClockState, Reading
from card.credential import CredentialKind
from card.presentation import VerifiedToken, verify_token
from card.refusal import CredentialRefused, RefusalReason
from card.scan import Scan, instant, milliseconds
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

PRESENTATION_BYTES = 16
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)

# What places of the status list are, other than valid, and since when.
_Statuses: TypeAlias = Mapping[int, tuple[EntryStatus, datetime]]


@dataclass(frozen=True)
class Judged:
    """The server's own answer to one scan; whose and how it was shown is known where the token is genuine.

    `presentation` is the same wherever this very code was read; 16 bytes tell apart all that are ever shown.
    """

    at: datetime
    outcome: Outcome
    reason: RefusalReason | None
    resident_id: UUID | None = None
    kind: CredentialKind | None = None
    presentation: bytes | None = None


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


@dataclass(frozen=True)
class _OneStatus:
    """The state of the one code that is asked about, read from the register at this moment."""

    expires_at: datetime
    entry: EntryStatus

    def status(self, index: int) -> EntryStatus:
        """What the register says of it.

        Raises:
            CredentialRefused: STATUS_UNKNOWN for an index beyond the list.
        """
        if not 0 <= index < STATUS_LIST_SIZE:
            raise CredentialRefused(RefusalReason.STATUS_UNKNOWN)
        return self.entry


class Judge:
    """Judges the scans of one device, whose clock was behind the server's by `offset`.

    What only a gate remembers (codes admitted before, rides of the day) is left to it and to the settlement.
    """

    def __init__(self, resources: Resources, device: Device, offset: timedelta) -> None:
        self._resources = resources
        self._device = device
        self._offset = offset
        self._key_set = _key_set(resources.keys.key_set, resources.keys.root)

    async def judge(self, scans: Sequence[Scan]) -> Sequence[Judged]:
        """The answers in the order of the scans, for two queries whatever their number."""
        # Beside the event loop: a thousand signatures take longer than a resident should wait.
        tokens = await asyncio.to_thread(self._verify_all, scans)
        terms = await self.terms()
        statuses = await self._statuses([token for token in tokens if isinstance(token, VerifiedToken)])
        return await asyncio.to_thread(self._decide_all, scans, tokens, terms, statuses)

    def corrected(self, scan: Scan) -> datetime:
        """When a scan was made, by the server's clock; an absurd time stays one that a calendar has."""
        try:
            at = scan.at + self._offset
        except OverflowError:
            at = scan.at
        return min(max(at, _EARLIEST), _LATEST)

    def _verify_all(self, scans: Sequence[Scan]) -> Sequence[VerifiedToken | RefusalReason]:
        return [self.verify(scan) for scan in scans]

    def _decide_all(
        self,
        scans: Sequence[Scan],
        tokens: Sequence[VerifiedToken | RefusalReason],
        terms: Terms,
        statuses: _Statuses,
    ) -> Sequence[Judged]:
        bundles = {version: self._bundle(version, statuses) for version in {scan.bundle_version for scan in scans}}
        residents = self._residents([token for token in tokens if isinstance(token, VerifiedToken)])
        return [
            Judged(self.corrected(scan), Outcome.REFUSED, token)
            if isinstance(token, RefusalReason)
            else self._decide(scan, token, terms, bundles[scan.bundle_version], residents)
            for scan, token in zip(scans, tokens, strict=True)
        ]

    def _residents(self, tokens: Sequence[VerifiedToken]) -> Mapping[tuple[date, bytes], UUID]:
        """Who is behind the pseudonyms, each of the month in which it was given."""
        by_month: dict[date, set[bytes]] = {}
        for token in tokens:
            by_month.setdefault(_month_of(token), set()).add(token.credential.claims.pseudonym)
        return {
            (month, pseudonym): resident_id
            for month, pseudonyms in by_month.items()
            for pseudonym, resident_id in zip(
                pseudonyms, self._resources.vault.residents_of(list(pseudonyms), month), strict=True
            )
        }

    def verify(self, scan: Scan) -> VerifiedToken | RefusalReason:
        """The token of a scan, its signatures checked, or why it is none."""
        keys = self._key_set.keys_for(KeyUse.ISSUER, self.corrected(scan))
        try:
            return verify_token(scan.text, keys, self._resources.passes)
        except CredentialRefused as refusal:
            return refusal.reason

    def _decide(
        self,
        scan: Scan,
        token: VerifiedToken,
        terms: Terms,
        bundle: TrustBundle,
        residents: Mapping[tuple[date, bytes], UUID],
    ) -> Judged:
        at, claims = self.corrected(scan), token.credential.claims
        tariff, now = tariff_on(terms.held(bundle.issued_at), local_day(at)), Reading(at, ClockState.SIGNED)
        admission = (
            refused(RefusalReason.NO_TARIFF, now, bundle, None)
            if tariff is None
            else decide(token, now, bundle, tariff)
        )
        resident_id = residents[_month_of(token), claims.pseudonym]
        presentation = token.identity[:PRESENTATION_BYTES]
        return Judged(at, admission.outcome, admission.reason, resident_id, claims.kind, presentation)

    def bundle_now(self, at: datetime, status: EntryStatus) -> TrustBundle:
        """What a device would hold that had just fetched its bundle, for a code whose state is known."""
        return self._bundle_of(at, _OneStatus(at + timedelta(days=1), status))

    def resident_of(self, token: VerifiedToken) -> UUID:
        """Who is behind a token."""
        return self._resources.vault.resident_of(token.credential.claims.pseudonym, _month_of(token))

    def _bundle(self, version: int, statuses: _Statuses) -> TrustBundle:
        """What the device held: all but the status list's instant is the same for every bundle under this key set."""
        issued_at = instant(min(version, milliseconds(_LATEST)))
        expires_at = issued_at + timedelta(days=self._resources.settings.status_list_days)
        return self._bundle_of(issued_at, _RegisterStatus(issued_at, expires_at, statuses))

    def _bundle_of(self, issued_at: datetime, status: "_RegisterStatus | _OneStatus") -> TrustBundle:
        return TrustBundle(
            version=milliseconds(issued_at),
            device_id=self._device.id,
            issued_at=issued_at,
            key_set=self._key_set,
            status_lists={STATUS_LIST_URI: status},
            tariffs=(),
            root=self._resources.keys.root,
        )

    async def terms(self) -> Terms:
        """What the device was ever given."""
        scanner = (self._device.operator_id, self._device.id)
        return await self._resources.together.ask(self._resources, terms_of, scanner)

    async def _statuses(self, tokens: Sequence[VerifiedToken]) -> _Statuses:
        indexes = {token.credential.claims.status.index for token in tokens if token.credential.claims.status}
        rows = await self._resources.database.fetch(
            "SELECT status_index, revoked_at, suspended_at FROM credential "
            "WHERE status_index = ANY($1) AND (revoked_at IS NOT NULL OR suspended_at IS NOT NULL)",
            sorted(index for index in indexes if index < STATUS_LIST_SIZE),
        )
        return {
            row["status_index"]: (EntryStatus.INVALID, row["revoked_at"])
            if row["revoked_at"]
            else (EntryStatus.SUSPENDED, row["suspended_at"])
            for row in rows
        }


def _month_of(token: VerifiedToken) -> date:
    return local_date(token.credential.claims.issued_at).replace(day=1)


# The root's signature is checked once for each key set that the server has.
_key_set = lru_cache(maxsize=4)(read_key_set)
