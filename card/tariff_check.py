"""Finds in a tariff what its operator did not mean, before anybody meets it at a gate: holes, overlaps, strangers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from card.rule import TariffRule
from card.tariff import Tariff
from card.window import Opening, Place, Window, minutes_of, windows_of


class FindingKind(StrEnum):
    """What is wrong."""

    HOLE = "hole"  # a class has rules here, but none for some of the hours in which people are let in
    OVERLAP = "overlap"  # two rules for one class, place and hour: the second would never apply
    UNKNOWN_CLASS = "unknown_class"
    UNKNOWN_PLACE = "unknown_place"
    NO_RULES = "no_rules"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: for a class, at a place (None: everywhere), in hours of one day, where it has them."""

    kind: FindingKind
    access_class: str | None = None
    place: Place | None = None
    window: Window | None = None


def check_tariff(tariff: Tariff, classes: Collection[str], spots: Mapping[Place, Sequence[Place]]) -> list[Finding]:
    """What is wrong with a tariff; nothing, if it may be published.

    `classes` are the access classes that the district grants; `spots` has each line, venue and area that the operator
    may name, with the places in which it lies, itself first, as `Tariff.at_places` takes them.
    """
    if not tariff.rules:
        return [Finding(FindingKind.NO_RULES)]
    return [*_strangers(tariff, classes, spots), *_overlaps(tariff.rules), *_holes(tariff, spots)]


def _strangers(tariff: Tariff, classes: Collection[str], spots: Collection[Place]) -> Iterator[Finding]:
    for name in dict.fromkeys(rule.access_class for rule in tariff.rules):
        if name not in classes:
            yield Finding(FindingKind.UNKNOWN_CLASS, name)
    for place in _places(tariff):
        if place not in spots:
            yield Finding(FindingKind.UNKNOWN_PLACE, place=place)


def _overlaps(rules: Sequence[TariffRule]) -> Iterator[Finding]:
    for one, other in combinations(rules, 2):
        if (one.access_class, one.place) == (other.access_class, other.place):
            for window in windows_of(minutes_of(one.window) & minutes_of(other.window)):
                yield Finding(FindingKind.OVERLAP, one.access_class, one.place, window)


def _holes(tariff: Tariff, spots: Mapping[Place, Sequence[Place]]) -> Iterator[Finding]:
    everywhere = _uncovered(tariff.at_places(()))
    yield from _as_findings(everywhere, None)
    for place in _places(tariff):
        # What is missing everywhere is said once.
        missing = {
            name: minutes & ~everywhere.get(name, 0)
            for name, minutes in _uncovered(tariff.at_places(spots.get(place, (place,)))).items()
        }
        yield from _as_findings(missing, place)


def _as_findings(missing: Mapping[str, int], place: Place | None) -> Iterator[Finding]:
    for name, minutes in missing.items():
        for window in windows_of(minutes):
            yield Finding(FindingKind.HOLE, name, place, window)


def _uncovered(here: Tariff) -> dict[str, int]:
    """The minutes in which people are let in and a class that has rules has none, by class."""
    wanted = _open_minutes(here.opening)
    covered: dict[str, int] = {}
    for rule in here.rules:
        covered[rule.access_class] = covered.get(rule.access_class, 0) | minutes_of(rule.window)
    return {name: wanted & ~minutes for name, minutes in covered.items()}


def _open_minutes(opening: Sequence[Opening]) -> int:
    if not opening:
        return minutes_of(None)
    minutes = 0
    for each in opening:
        minutes |= minutes_of(each.window)
    return minutes


def _places(tariff: Tariff) -> list[Place]:
    """The places that it names, each once, in its order."""
    named = [*(rule.place for rule in tariff.rules), *(each.place for each in tariff.opening)]
    return list(dict.fromkeys(place for place in named if place is not None))
