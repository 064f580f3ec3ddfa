"""Writes what whole gates answer, code after code, into admissions.json: `python -m tests.vectors.admissions`.

A gate is a trust bundle and the codes that it reads in order. What it answers is what `card` answers: a vector is not
an opinion of its own, and every other implementation is held against it.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

from card.clock import ClockState, DeviceClock, Reading
from card.cose import VerifyingKey
from card.credential import CredentialKind, StatusReference, issue
from card.gate import Admission, Gate, Trusted
from card.presentation import encode_text, present
from card.scan import instant, milliseconds
from card.statuslist import EntryStatus, sign_status_list
from card.tariff import BearerRule, CompanionTerms, Outcome, OutOfServiceRule, Tariff, TariffRule, encode_tariff
from card.trust import KeySet, KeyUse, TrustedKey, read_bundle, sign_bundle, sign_key_set
from card.window import Opening, Place, PlaceKind, Window
from tests.vectors.generate import AT, BUNDLE, DEVICE, HOLDER, ISSUER, ROOT, STATUS, bearer_claims, files, pass_claims

SHARE_UNIT: Final = 10_000
RIDE: Final = TariffRule("ride", Outcome.FREE, Decimal(0))
HALF: Final = TariffRule("ride", Outcome.REDUCED, Decimal("0.5"))
ONLINE, PRINTED = CredentialKind.ONLINE, CredentialKind.PRINTED
BEARER: Final = {ONLINE: BearerRule(6, visual_check=False), PRINTED: BearerRule(2)}
_OLD: Final = timedelta(hours=2)


@dataclass(frozen=True)
class Read:
    """A code that a gate reads, and what its clock says then."""

    text: str
    at: datetime
    clock: ClockState = ClockState.SIGNED


class FixedClock:
    """A clock that says what the vector says."""

    def __init__(self) -> None:
        self.reading = Reading(AT, ClockState.SIGNED)

    def read(self) -> Reading:
        """The time of the vector's next code."""
        return self.reading


def answers(gate: dict[str, Any], directory: Path) -> Iterator[Admission]:
    """What `card` answers to each code of a gate in the file."""
    clock = FixedClock()
    root = VerifyingKey.of(ROOT.verifying_key.public)
    trusted = Trusted.of(read_bundle(bytes.fromhex(gate["bundle"]), root, DEVICE, -1))
    opened = Gate(DEVICE, directory / "gate.sqlite", cast("DeviceClock", clock), lambda: trusted)
    try:
        for read in gate["reads"]:
            clock.reading = Reading(instant(read["at"]), ClockState(read["clock"]))
            yield opened.admit(read["text"])
    finally:
        opened.close()


def told(admission: Admission) -> dict[str, Any]:
    """An answer as the file has it."""
    return {
        "outcome": admission.outcome.value,
        "reason": None if admission.reason is None else admission.reason.value,
        "share": int(admission.price_share * SHARE_UNIT),
        "companions": admission.companions,
        "companion_terms": admission.companion_terms.value,
        "cue": admission.cue.value,
        "masked_name": admission.masked_name,
        "bundle_stale": admission.bundle_stale,
    }


def content() -> dict[str, Any]:
    """The whole file."""
    gates = [_gate(*each) for each in _gates()]
    return {
        "about": "Gates, each with a fresh memory, that read codes in order; times are milliseconds since 1970, and a "
        "share, in ten-thousandths, is what is paid of the price.",
        "root": ROOT.verifying_key.public.hex(),
        "device_id": str(DEVICE),
        "gates": gates,
    }


def _gate(name: str, tariffs: Sequence[Tariff], reads: Iterable[Read]) -> dict[str, Any]:
    gate: dict[str, Any] = {
        "name": name,
        "bundle": _bundle(tariffs).hex(),
        "reads": [{"text": read.text, "at": milliseconds(read.at), "clock": read.clock.value} for read in reads],
    }
    with tempfile.TemporaryDirectory() as directory:
        admissions = list(answers(gate, Path(directory)))
    for read, admission in zip(gate["reads"], admissions, strict=True):
        read["admission"] = told(admission)
    return gate


def _gates() -> Iterator[tuple[str, Sequence[Tariff], Iterable[Read]]]:
    """A name, the tariffs and the codes of each gate."""
    bus, second = _tariff(), timedelta(seconds=1)
    tokens = files()["tokens.json"]
    texts = [case["text"] for case in (*tokens["valid"], *tokens["invalid"])]
    open_to_all = _tariff(bearer={ONLINE: BearerRule(visual_check=False), PRINTED: BearerRule()})
    yield "every code of tokens.json", [open_to_all], [Read(text, AT + 5 * second) for text in texts]
    yield "the edges of time", [bus], _edges()
    yield "the status list", [bus], (_shown(status=_status(*each)) for each in ((1, 5), (1, 6), (1, 1 << 20), (2, 0)))
    yield "a code again, and a person again", [_tariff(pass_back_seconds=60)], _again()
    yield "caps of a day", [_tariff(daily_cap=4)], _many()
    yield "bearer codes where none is taken", [_tariff(bearer={})], [_online(0), _printed(1)]
    yield "what each class is granted", [_tariff(rules=_rules())], _classes()
    yield "an unknown clock that lets people board", [bus], _unknown_clock()
    refuse = _tariff(out_of_service=OutOfServiceRule.REFUSE)
    yield "an unknown clock that does not", [refuse], _unknown_clock()
    yield "a bundle that ages", [_tariff(stale_after_seconds=3_600)], _aging()
    yield "tariffs of two days", [_tariff(effective=date(2026, 11, 25)), _tariff(effective=date(2026, 11, 26))], _days()
    yield "what is forgotten", [bus], _forgotten()
    yield "a cap of a month", [_tariff(monthly_cap=3)], _monthly()
    yield (
        "hours in which it is open",
        [_tariff(opening=(Opening(None, Window(frozenset({1, 2}), 480, 720)),))],
        _hours(),
    )
    windows = (replace(RIDE, window=Window(frozenset({2}), 721)), replace(HALF, window=Window(frozenset({1, 2}))))
    yield "rules of some hours", [_tariff(rules=windows)], _hours()
    elsewhere = (replace(RIDE, place=Place(PlaceKind.LINE, "another")), HALF)
    yield "rules of another line", [_tariff(rules=elsewhere)], [_shown(0)]
    fresh = {ONLINE: BearerRule(visual_check=False, when_stale=False)}
    yield "bearer codes by an old bundle", [_tariff(bearer=fresh, stale_after_seconds=60)], [_online(60), _online(61)]


def _tariff(**changes: Any) -> Tariff:
    values: dict[str, Any] = {"operator": "vectors", "effective": date(2026, 1, 1), "rules": (RIDE,), "bearer": BEARER}
    return Tariff(**(values | changes))


def _bundle(tariffs: Sequence[Tariff]) -> bytes:
    end = AT + timedelta(days=400)
    uses = {KeyUse.ISSUER: ISSUER, KeyUse.STATUS: STATUS, KeyUse.BUNDLE: BUNDLE}
    keys = tuple(TrustedKey(key.verifying_key, use, AT - timedelta(days=1), end) for use, key in uses.items())
    status_list = sign_status_list(
        uri="sdc:1",
        size=1 << 17,
        entries={5: EntryStatus.INVALID, 6: EntryStatus.SUSPENDED},
        issued_at=AT,
        expires_at=AT + timedelta(days=3),
        ttl=timedelta(minutes=15),
        key=STATUS,
    )
    return sign_bundle(
        device_id=DEVICE,
        key_set=sign_key_set(KeySet(milliseconds(AT), AT, end, keys, None), ROOT),
        status_lists=[status_list],
        tariffs=[encode_tariff(tariff) for tariff in tariffs],
        at=AT,
        key=BUNDLE,
    )


def _status(number: int, index: int) -> StatusReference:
    return StatusReference(f"sdc:{number}", index)


def _shown(
    seconds: float = 1, clock: ClockState = ClockState.SIGNED, *, shown: datetime | None = None, **changes: Any
) -> Read:
    """A phone's code, read so many seconds after AT; shown just then unless told otherwise."""
    at = AT + timedelta(seconds=seconds)
    token = present(issue(pass_claims(**changes), ISSUER), HOLDER, at if shown is None else shown)
    return Read(encode_text(token), at, clock)


def _online(seconds: float, **changes: Any) -> Read:
    at = AT + timedelta(seconds=seconds)
    claims = bearer_claims(ONLINE, **({"issued_at": at, "expires_at": at + timedelta(seconds=30)} | changes))
    return Read(encode_text(issue(claims, ISSUER)), at)


def _printed(seconds: float, **changes: Any) -> Read:
    claims = bearer_claims(PRINTED, cti=bytes(8), status=_status(1, 7), **changes)
    return Read(encode_text(issue(claims, ISSUER)), AT + timedelta(seconds=seconds))


def _edges() -> Iterator[Read]:
    for number, seconds in enumerate((40, 40.001, -10, -10.001)):
        yield _shown(seconds, shown=AT, pseudonym=_person(number))
    ends = AT + timedelta(seconds=60)
    for number, seconds in enumerate((69.999, 70), 4):
        yield _shown(seconds, expires_at=ends, pseudonym=_person(number))
    begins = AT + timedelta(seconds=100)
    for number, seconds in enumerate((90, 89.999), 6):
        yield _shown(seconds, issued_at=begins, pseudonym=_person(number))
    yield _shown(4 * 86_400, pseudonym=_person(8))


def _again() -> Iterator[Read]:
    first = _shown(0)
    yield first
    yield Read(first.text, AT + timedelta(seconds=5))
    yield _shown(30)
    yield _shown(59.999)
    yield _shown(60)
    yield _online(90)
    yield _online(125)


def _many() -> Iterator[Read]:
    for number in range(6):
        yield _printed(number)
    for number in range(6, 9):
        yield _shown(number)
    # At midnight in the district, at 16:00 by UTC, another day begins.
    yield _shown(12 * 3_600)


def _rules() -> tuple[TariffRule, ...]:
    return (
        TariffRule("ride-accompanied", Outcome.FREE, Decimal(0), 1, CompanionTerms.PAYING),
        TariffRule("venue-accompanied", Outcome.REDUCED, Decimal("0.5"), 2, CompanionTerms.FREE),
        TariffRule("venue", Outcome.REDUCED, Decimal("0.125"), 1, CompanionTerms.REQUIRED),
        TariffRule("pool", Outcome.FULL, Decimal(1), 1, CompanionTerms.REQUIRED_PAYING),
        TariffRule("sauna", Outcome.REFUSED, Decimal(1)),
    )


def _classes() -> Iterator[Read]:
    sets = (("ride-accompanied", "venue"), ("venue-accompanied",), ("venue",), ("pool",), ("sauna",), ("ride",), ())
    for number, classes in enumerate(sets):
        yield _shown(number, access_classes=classes, pseudonym=_person(number))


def _unknown_clock() -> Iterator[Read]:
    old = AT - _OLD
    yield _shown(0, ClockState.UNKNOWN, shown=old)
    yield _shown(1, ClockState.UNCONFIRMED, pseudonym=_person(1))
    yield _shown(7 * 86_400, ClockState.UNKNOWN, pseudonym=_person(2))


def _aging() -> Iterator[Read]:
    month = AT + timedelta(days=30)
    for number, hours in enumerate((1, 1.001, 24 * 7, 24 * 7.01)):
        yield _shown(hours * 3_600, pseudonym=_person(number), expires_at=month, status=None)


def _days() -> Iterator[Read]:
    for number, day in enumerate((0, 0.5, 1.5)):
        yield _shown(day * 86_400, pseudonym=_person(number))


def _forgotten() -> Iterator[Read]:
    first = _shown(0)
    yield first
    yield _shown(_OLD.total_seconds())
    yield _shown(_OLD.total_seconds() + 400)
    yield Read(first.text, AT + timedelta(seconds=20))


def _monthly() -> Iterator[Read]:
    # The fourth is too many in November; December, and with it another day, begins at 16:00 by UTC.
    for days in (0, 1, 2, 6, 6.5, 7):
        yield _shown(days * 86_400, expires_at=AT + timedelta(days=30), status=None)


def _hours() -> Iterator[Read]:
    # AT is noon on a Tuesday in the district.
    for number, minutes in enumerate((-1, 0, 1, -240, -241, -1_440, 1_440)):
        yield _shown(minutes * 60, pseudonym=_person(number), issued_at=AT - timedelta(days=2))
    yield _shown(1_440 * 60, ClockState.UNKNOWN, pseudonym=_person(9))


def _person(number: int) -> bytes:
    return UUID(int=number + 1).bytes


def main() -> None:
    """Write the file next to this script."""
    text = json.dumps(content(), ensure_ascii=False, indent=1)
    (Path(__file__).parent / "admissions.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
