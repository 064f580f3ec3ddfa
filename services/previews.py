"""What a draft would have changed: recent scans judged again, by the tariff in force and by the draft, as gates do."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from card.admission import Admission, decide, refused
from card.clock import ClockState, Reading
from card.memory import Memory
from card.presentation import PassCache, VerifiedToken, verify_token
from card.refusal import CredentialRefused, RefusalReason
from card.scan import instant, read_scan
from card.statuslist import EntryStatus
from card.tariff import Outcome, Tariff, local_day, tariff_on
from card.trust import KeySet, KeyUse, TrustBundle, read_key_set
from domain.access import Viewer
from domain.scanner import FleetRefusal
from services.drafts import tariff_of
from services.operators import Acting, acting_for
from services.resources import Resources
from services.status import STATUS_LIST_URI
from services.tariffs import Terms, placements_of, versions_of

DAYS = 7
MAX_SCANS = 5_000
MAX_EXAMPLES = 20
_NOBODY = UUID(int=0)
# The newest that there are; a code that was revoked or suspended would tell nothing of a tariff.
_SCANS = """
SELECT t.device_id, t.at, t.record, d.place FROM tap t JOIN device d ON d.id = t.device_id
WHERE d.operator_id = $1 AND t.at >= $2 AND t.at <= $3 AND t.resident_id IS NOT NULL
AND coalesce(t.reason, '') NOT IN ('revoked', 'suspended', 'status_unknown')
ORDER BY t.at DESC LIMIT $4
"""


@dataclass(frozen=True)
class Answer:
    """What somebody is told at a gate."""

    outcome: Outcome
    reason: RefusalReason | None
    price_share: str
    companions: int

    @classmethod
    def of(cls, admission: Admission) -> "Answer":
        """The part of an admission in which two tariffs differ."""
        return cls(admission.outcome, admission.reason, f"{admission.price_share:f}", admission.companions)


@dataclass(frozen=True)
class Example:
    """One scan that would have gone otherwise; nothing tells whose it was."""

    at: datetime
    place: str
    before: Answer
    after: Answer


@dataclass(frozen=True)
class Preview:
    """How many scans were judged, how many of them otherwise by which answers, and a few of these."""

    scans: int
    changed: Mapping[tuple[Answer, Answer], int]
    examples: Sequence[Example]


@dataclass(frozen=True)
class _Valid:
    """A status list in which nothing is revoked: only the tariffs are compared."""

    expires_at: datetime

    def status(self, _: int) -> EntryStatus:
        """Valid."""
        return EntryStatus.VALID


class _Gate:
    """One scanner as it would have answered by some terms, with the memory that it would have had."""

    def __init__(self, terms: Terms, key_set: KeySet, resources: Resources) -> None:
        self._terms, self._key_set, self._resources = terms, key_set, resources
        self._memory = Memory()

    def answer(self, token: VerifiedToken, at: datetime, held: datetime, *, as_draft: bool) -> Answer:
        """The answer at an instant by a bundle of another; a draft counts as if its day had come."""
        now, tariffs = Reading(at, ClockState.SIGNED), self._terms.held(held)
        tariff = tariffs[0] if as_draft else tariff_on(tariffs, local_day(at))
        bundle = self._bundle(at, held)
        if tariff is None:
            return Answer.of(refused(RefusalReason.NO_TARIFF, now, bundle, None))
        admission = decide(token, now, bundle, tariff, self._memory.recall(token, at))
        if admission.admitted:
            self._memory.note(token, at)
        return Answer.of(admission)

    def _bundle(self, at: datetime, held: datetime) -> TrustBundle:
        lists = {STATUS_LIST_URI: _Valid(at + timedelta(days=1))}
        return TrustBundle(0, _NOBODY, held, self._key_set, lists, (), self._resources.keys.root)


async def preview(resources: Resources, viewer: Viewer, operator_id: UUID, draft_id: UUID) -> Preview | FleetRefusal:
    """What a draft, in force at once, would have changed in the operator's scans of the last week, 5,000 at most."""

    async def work(acting: Acting) -> tuple[Tariff, Sequence[asyncpg.Record]] | FleetRefusal:
        draft = await tariff_of(acting, draft_id)
        if draft is None:
            return FleetRefusal.UNKNOWN
        since = acting.at - timedelta(days=DAYS)
        return draft.tariff, await acting.connection.fetch(_SCANS, operator_id, since, acting.at, MAX_SCANS)

    everybody = resources.beyond_reach()
    found = await acting_for(everybody, viewer, operator_id, work)
    if isinstance(found, FleetRefusal):
        return found
    draft, rows = found
    versions = await versions_of(everybody.database, operator_id)
    places = await placements_of(everybody.database, {row["device_id"] for row in rows})
    key_set = read_key_set(resources.keys.key_set, resources.keys.root)

    def gates(device_id: UUID) -> tuple[_Gate, _Gate]:
        stands = places.get(device_id, ())
        terms = Terms(versions, stands), Terms([(None, draft)], stands)
        return _Gate(terms[0], key_set, resources), _Gate(terms[1], key_set, resources)

    return await asyncio.to_thread(_compared, list(reversed(rows)), key_set, gates)


def _compared(
    rows: Sequence[asyncpg.Record], key_set: KeySet, new_gates: Callable[[UUID], tuple[_Gate, _Gate]]
) -> Preview:
    gates: dict[UUID, tuple[_Gate, _Gate]] = {}
    cache, judged = PassCache(), 0
    changed: Counter[tuple[Answer, Answer]] = Counter()
    examples: list[Example] = []
    for row in rows:
        scan, at = read_scan(row["record"]), row["at"]
        try:
            token = verify_token(scan.text, key_set.keys_for(KeyUse.ISSUER, at), cache)
        except CredentialRefused:
            continue  # its key was withdrawn since: it tells nothing of a tariff
        if row["device_id"] not in gates:
            gates[row["device_id"]] = new_gates(row["device_id"])
        today, drafted = gates[row["device_id"]]
        held = instant(scan.bundle_version)
        before, after = today.answer(token, at, held, as_draft=False), drafted.answer(token, at, held, as_draft=True)
        judged += 1
        if before != after:
            changed[before, after] += 1
            examples.append(Example(at, row["place"], before, after))
    return Preview(judged, changed, examples[-MAX_EXAMPLES:][::-1])
