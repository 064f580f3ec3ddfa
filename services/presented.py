"""Whose code was shown at a desk: verified as a gate verifies it, by the server's own trust and register."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from card.admission import decide
from card.clock import ClockState, Reading
from card.credential import CredentialKind
from card.presentation import VerifiedToken, verify_token
from card.refusal import CredentialRefused, RefusalReason
from card.statuslist import EntryStatus
from card.tariff import BearerRule, Outcome, Tariff, TariffRule
from card.trust import KeySet, KeyUse, TrustBundle, read_key_set
from domain.dates import local_date
from services.resources import Resources
from services.status import STATUS_LIST_URI

_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class _Register:
    """The one entry that is asked for, read from the register at this moment."""

    expires_at: datetime
    entry: EntryStatus

    def status(self, _: int) -> EntryStatus:
        """What the register says of it."""
        return self.entry


async def resident_of_code(resources: Resources, text: str) -> UUID | RefusalReason:
    """The resident whose code this is, if it is genuine, fresh and not revoked; else the gate's reason."""
    at = resources.clock()
    key_set = read_key_set(resources.keys.key_set, resources.keys.root)
    try:
        token = verify_token(text, key_set.keys_for(KeyUse.ISSUER, at))
    except CredentialRefused as refusal:
        return refusal.reason
    claims = token.credential.claims
    lists = await _lists(resources, token, at)
    admission = decide(token, Reading(at, ClockState.SIGNED), _bundle(resources, key_set, lists, at), _desk(token, at))
    if admission.reason is not None:
        return admission.reason
    return resources.vault.resident_of(claims.pseudonym, local_date(claims.issued_at))


async def _lists(resources: Resources, token: VerifiedToken, at: datetime) -> Mapping[str, _Register]:
    status = token.credential.claims.status
    if status is None:
        return {}
    rows = await resources.database.fetch(
        "SELECT FROM credential WHERE status_index = $1 AND revoked_at IS NULL", status.index
    )
    entry = EntryStatus.VALID if rows else EntryStatus.INVALID
    return {STATUS_LIST_URI: _Register(at + timedelta(days=1), entry)}


def _bundle(resources: Resources, key_set: KeySet, lists: Mapping[str, _Register], at: datetime) -> TrustBundle:
    return TrustBundle(0, _NOBODY, at, key_set, lists, (), resources.keys.root)


def _desk(token: VerifiedToken, at: datetime) -> Tariff:
    """A desk asks who somebody is and grants nothing: every class is good, and so is a bearer code beside the name."""
    rules = tuple(TariffRule(each, Outcome.FREE, Decimal(0)) for each in token.credential.claims.access_classes)
    bearer = {kind: BearerRule() for kind in (CredentialKind.ONLINE, CredentialKind.PRINTED)}
    return Tariff("desk", local_date(at), rules, bearer=bearer)
