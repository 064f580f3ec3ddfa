"""Finds in what gates read what one person can hardly have done: evidence for a person to judge, never a verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Final
from uuid import UUID

from domain.dates import local_date

_EARTH_KM: Final = 6_371.0
_HOUR: Final = timedelta(hours=1)


class Suspicion(StrEnum):
    """What may be wrong; each has an innocent explanation as well."""

    SAME_CODE = "same_code"  # one phone's code of one moment, admitted by two scanners: a screenshot perhaps
    IMPOSSIBLE_JOURNEY = "impossible_journey"  # faster from one scanner to the other than anybody travels
    SHARED = "shared"  # more rides on a day than one person makes, or again and again too soon after the last
    PRINTED_TWICE = "printed_twice"  # one printed code at two places in short order: a copy perhaps


class Shown(StrEnum):
    """How a code was proven: by a phone's key, or by whoever held it up."""

    PASS = "pass"  # noqa: S105 - the word of the trade, no password
    ONLINE = "online"
    PRINTED = "printed"


@dataclass(frozen=True)
class Point:
    """A place on the globe, in degrees north and east."""

    north: float
    east: float


@dataclass(frozen=True)
class Sighting:
    """One scan of a resident's code: by which scanner and when by the corrected clock, where, and what came of it.

    `presentation` is the same wherever this very code was read. `too_soon` is a refusal because she had just ridden.
    """

    device_id: UUID
    epoch: bytes
    sequence: int
    at: datetime
    shown: Shown
    presentation: bytes
    place: str | None
    point: Point | None
    admitted: bool
    too_soon: bool = False


@dataclass(frozen=True)
class Limits:
    """What is still taken for possible.

    Clocks of two scanners may differ by `clocks` after correction, and a position may be a stop old: so the first
    `slack_km` are free.
    """

    speed_km_h: float = 120.0
    slack_km: float = 2.0
    clocks: timedelta = timedelta(seconds=20)
    change: timedelta = timedelta(seconds=60)
    printed_apart: timedelta = timedelta(minutes=10)
    rides_a_day: int = 16
    too_soon_a_day: int = 5


@dataclass(frozen=True)
class Finding:
    """What may be wrong, and the sightings that say so, in order of time."""

    suspicion: Suspicion
    evidence: tuple[Sighting, ...]


LIMITS: Final = Limits()


def suspicions(sightings: Iterable[Sighting], limits: Limits = LIMITS) -> Sequence[Finding]:
    """What may be wrong with the sightings of one resident, in whatever order they come."""
    ordered = sorted(sightings, key=lambda each: (each.at, each.device_id, each.epoch, each.sequence))
    admitted = [each for each in ordered if each.admitted]
    same = _same_codes(admitted)
    known = {frozenset(finding.evidence) for finding in same}
    pairs = [
        Finding(suspicion, (first, second))
        for first, second in pairwise(admitted)
        # A screenshot is no journey.
        if frozenset((first, second)) not in known and (suspicion := _of_pair(first, second, limits)) is not None
    ]
    return [*same, *pairs, *_shared(ordered, limits)]


def distance_km(first: Point, second: Point) -> float:
    """As the crow flies (haversine), which no road is shorter than."""
    north, east = radians(second.north - first.north), radians(second.east - first.east)
    half = sin(north / 2) ** 2 + cos(radians(first.north)) * cos(radians(second.north)) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(min(half, 1.0)))


def _same_codes(admitted: Sequence[Sighting]) -> Sequence[Finding]:
    # A printed code is the same on every day of its months.
    by_code: dict[bytes, list[Sighting]] = {}
    for each in admitted:
        if each.shown is not Shown.PRINTED:
            by_code.setdefault(each.presentation, []).append(each)
    return [
        Finding(Suspicion.SAME_CODE, tuple(seen))
        for seen in by_code.values()
        if len({each.device_id for each in seen}) > 1
    ]


def _of_pair(first: Sighting, second: Sighting, limits: Limits) -> Suspicion | None:
    """What is wrong with two rides that follow one another."""
    if first.device_id == second.device_id:
        return None
    apart = second.at - first.at
    if _impossible(first, second, apart, limits):
        printed = Shown.PRINTED in {first.shown, second.shown}
        return Suspicion.PRINTED_TWICE if printed else Suspicion.IMPOSSIBLE_JOURNEY
    one_sheet = first.shown is second.shown is Shown.PRINTED and first.presentation == second.presentation
    return Suspicion.PRINTED_TWICE if one_sheet and apart < limits.printed_apart and _elsewhere(first, second) else None


def _impossible(first: Sighting, second: Sighting, apart: timedelta, limits: Limits) -> bool:
    if first.point is not None and second.point is not None:
        way = distance_km(first.point, second.point) - limits.slack_km
        return way > limits.speed_km_h * ((apart + limits.clocks) / _HOUR)
    # Without positions it is told from the stops alone: she cannot change there in so short a time.
    return apart + limits.clocks < limits.change and _elsewhere(first, second)


def _elsewhere(first: Sighting, second: Sighting) -> bool:
    return first.place is not None and second.place is not None and first.place != second.place


def _shared(ordered: Sequence[Sighting], limits: Limits) -> Sequence[Finding]:
    by_day: dict[date, list[Sighting]] = {}
    for each in ordered:
        by_day.setdefault(local_date(each.at), []).append(each)
    return [
        Finding(Suspicion.SHARED, tuple(day))
        for day in by_day.values()
        if sum(each.admitted for each in day) > limits.rides_a_day
        or sum(each.too_soon for each in day) >= limits.too_soon_a_day
    ]
