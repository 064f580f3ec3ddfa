"""Proves what is put before a person as hardly possible, and that ordinary days are not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.suspicion import LIMITS, Point, Shown, Sighting, Suspicion, distance_km, suspicions

NOON = datetime(2026, 3, 11, 4, tzinfo=UTC)
BUS_A, BUS_B = UUID(int=1), UUID(int=2)
EAST = Point(30.03, 120.87)
# Ten kilometres further north.
NORTH = Point(30.12, 120.87)


def seen(minutes: float = 0, **changes: object) -> Sighting:
    """A ride of somebody, on the first bus unless it says otherwise."""
    number = int(minutes * 60)
    at = NOON + timedelta(minutes=minutes)
    code = number.to_bytes(16, "big", signed=True)
    sighting = Sighting(BUS_A, b"epoch--1", number, at, Shown.PASS, code, "城东", EAST, admitted=True)
    return replace(sighting, **changes)  # type: ignore[arg-type] # of the test's own making


def found(*sightings: Sighting) -> list[tuple[Suspicion, int]]:
    """What is suspected, and on how many sightings."""
    return [(finding.suspicion, len(finding.evidence)) for finding in suspicions(sightings)]


def test_an_ordinary_day_is_not_suspected() -> None:
    """There and back with a change, and a code that the same bus refused when it was held up again."""
    way = [seen(0), seen(8, device_id=BUS_B, place="城西", point=NORTH), seen(300), seen(300.1, admitted=False)]

    assert found(*way) == []


def test_one_code_on_two_buses_is_found_once() -> None:
    """The same presentation, admitted by two scanners, whatever lies between; not also as a journey."""
    first, second = seen(0), seen(0.2, device_id=BUS_B, place="城西", point=NORTH)
    second = replace(second, presentation=first.presentation)

    assert found(second, first) == [(Suspicion.SAME_CODE, 2)]
    assert found(first, replace(second, admitted=False)) == []
    assert found(first, replace(second, device_id=BUS_A)) == []


def test_a_journey_is_impossible_by_its_speed() -> None:
    """Ten kilometres in four minutes are 120 km/h, a little less time is more, with the slack for clocks and stops."""
    needed = (distance_km(EAST, NORTH) - LIMITS.slack_km) / LIMITS.speed_km_h * 60 - LIMITS.clocks.total_seconds() / 60

    assert found(seen(0), seen(needed + 0.02, device_id=BUS_B, point=NORTH)) == []
    assert found(seen(0), seen(needed - 0.02, device_id=BUS_B, point=NORTH)) == [(Suspicion.IMPOSSIBLE_JOURNEY, 2)]


@pytest.mark.parametrize(
    ("seconds", "place", "expected"),
    [(39, "城西", [(Suspicion.IMPOSSIBLE_JOURNEY, 2)]), (40, "城西", []), (39, "城东", []), (39, None, [])],
)
def test_without_positions_the_stops_tell(
    seconds: int, place: str | None, expected: list[tuple[Suspicion, int]]
) -> None:
    """At two stops within the time that a change takes; at one stop, or an unknown one, nothing is said."""
    assert found(seen(0, point=None), seen(seconds / 60, device_id=BUS_B, place=place)) == expected


def test_a_printed_code_at_two_places_is_found() -> None:
    """One sheet at two stops within ten minutes, or further apart than anybody travels; one stop is no matter."""
    sheet = {"shown": Shown.PRINTED, "presentation": b"sheet"}
    first = seen(0, **sheet)

    assert found(first, seen(9.9, device_id=BUS_B, place="城西", **sheet)) == [(Suspicion.PRINTED_TWICE, 2)]
    assert found(first, seen(10, device_id=BUS_B, place="城西", **sheet)) == []
    assert found(first, seen(9.9, device_id=BUS_B, **sheet)) == []
    assert found(first, seen(1, device_id=BUS_B, place="城西", point=NORTH)) == [(Suspicion.PRINTED_TWICE, 2)]
    assert found(first, seen(9.9, device_id=BUS_B, place="城西", shown=Shown.PRINTED)) == []


def test_too_many_rides_on_a_day_are_found() -> None:
    """One ride more than one person makes; those after midnight in the district are of another day."""
    many = [seen(20 * number) for number in range(LIMITS.rides_a_day)]

    assert found(*many) == []
    assert found(*many, seen(20 * LIMITS.rides_a_day)) == [(Suspicion.SHARED, LIMITS.rides_a_day + 1)]
    assert found(*many, seen(13 * 60)) == []


def test_coming_again_too_soon_all_day_is_found() -> None:
    """Five refusals because she had just ridden look like a phone that is handed back."""
    refused = [seen(60 * number, admitted=False, too_soon=True) for number in range(LIMITS.too_soon_a_day)]

    assert found(*refused[1:]) == []
    assert found(*refused) == [(Suspicion.SHARED, LIMITS.too_soon_a_day)]


def test_the_distance_is_that_of_the_globe() -> None:
    """A degree of latitude has 111 km, half the globe 20,015."""
    assert distance_km(Point(0, 0), Point(1, 0)) == pytest.approx(111.2, abs=0.1)
    assert distance_km(Point(90, 0), Point(-90, 0)) == pytest.approx(20_015, abs=1)
