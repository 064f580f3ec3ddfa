"""The check of a tariff: each mistake by name, with class, place and hours, and nothing for a sound one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from card.tariff import Outcome, TariffRule
from card.tariff_check import Finding, FindingKind, check_tariff
from card.window import Opening, Place, PlaceKind, Window

if TYPE_CHECKING:
    from tests.card.conftest import District

WEEKDAYS, WEEKEND = frozenset(range(1, 6)), frozenset({6, 7})
DAYS = frozenset(range(1, 8))
LINE = Place(PlaceKind.LINE, "line 1")
PARK, TOWN = Place(PlaceKind.VENUE, "park"), Place(PlaceKind.AREA, "town")
SPOTS = {LINE: (LINE,), PARK: (PARK, TOWN), TOWN: (TOWN,)}


def rule(name: str = "ride", window: Window | None = None, place: Place | None = None) -> TariffRule:
    """A free ride or entry."""
    return TariffRule(name, Outcome.FREE, Decimal(0), place=place, window=window)


def check(district: District, *rules: TariffRule, opening: tuple[Opening, ...] = ()) -> list[Finding]:
    """What is found in a tariff of those rules."""
    return check_tariff(district.tariff(rules=rules, opening=opening), {"ride", "venue"}, SPOTS)


def test_a_sound_tariff_has_no_finding(district: District) -> None:
    """Rules that meet without a gap, for everywhere and for one line, with another in between."""
    rules = (
        rule(window=Window(WEEKDAYS)),
        rule("venue"),
        rule(window=Window(WEEKEND, 0, 600)),
        rule(window=Window(WEEKEND, 600)),
        rule(window=Window(WEEKEND), place=LINE),
    )

    assert check(district, *rules) == []


def test_a_hole_in_time_is_named_by_day_and_hours(district: District) -> None:
    """Between ten and half past on Saturdays nobody would know what holds."""
    rules = (rule(window=Window(DAYS - {6})), rule(window=Window(frozenset({6}), 0, 600)))

    found = check(district, *rules, rule(window=Window(frozenset({6}), 630)))

    assert found == [Finding(FindingKind.HOLE, "ride", None, Window(frozenset({6}), 600, 630))]


def test_a_hole_at_one_place_is_that_place_s(district: District) -> None:
    """A class that has rules on one line alone must have them for the whole week there."""
    found = check(district, rule("venue"), rule(window=Window(DAYS - {7}), place=LINE))

    assert found == [Finding(FindingKind.HOLE, "ride", LINE, Window(frozenset({7})))]


def test_a_place_takes_over_what_holds_around_it(district: District) -> None:
    """A hole everywhere is said once, and one of the park is filled by the town that it lies in."""
    weekend = Window(WEEKEND)
    rules = (rule(window=Window(WEEKDAYS)), rule("venue", weekend, PARK), rule("venue", Window(WEEKDAYS), TOWN))

    found = check(district, *rules, rule(window=Window(frozenset({6})), place=LINE))

    assert found == [
        *(Finding(FindingKind.HOLE, "ride", None, Window(frozenset({day}))) for day in (6, 7)),
        *(Finding(FindingKind.HOLE, "venue", TOWN, Window(frozenset({day}))) for day in (6, 7)),
    ]


def test_hours_when_a_place_is_closed_need_no_rule(district: District) -> None:
    """A park that opens at eight has no hole before eight, but one where it is open longer than its rules hold."""
    hours = Window(DAYS, 480, 1_080)
    rules = (rule("venue", hours, PARK),)

    open_longer = (Opening(PARK, hours), Opening(PARK, Window(frozenset({6}), 1_080, 1_200)))

    assert check(district, *rules, opening=(Opening(PARK, hours),)) == []
    assert check(district, *rules, opening=open_longer) == [
        Finding(FindingKind.HOLE, "venue", PARK, Window(frozenset({6}), 1_080, 1_200))
    ]


def test_an_overlap_is_named_for_one_class_and_place(district: District) -> None:
    """The second of two rules for the same hours would never apply; at different places both do."""
    found = check(
        district, rule(), rule(place=LINE), rule("venue"), rule(window=Window(frozenset({3}), 60, 120)), rule("venue")
    )

    assert found[0] == Finding(FindingKind.OVERLAP, "ride", None, Window(frozenset({3}), 60, 120))
    assert {each.access_class for each in found[1:]} == {"venue"}
    assert len(found) == 8


def test_classes_and_places_that_nobody_knows_are_named(district: District) -> None:
    """A slip of the pen in a class would grant nothing to anybody."""
    elsewhere = Place(PlaceKind.LINE, "line 99")

    found = check(district, rule("rides"), rule(place=elsewhere), opening=(Opening(elsewhere, Window(DAYS)),))

    assert found == [
        Finding(FindingKind.UNKNOWN_CLASS, "rides"),
        Finding(FindingKind.UNKNOWN_PLACE, place=elsewhere),
    ]


def test_a_tariff_without_rules_grants_nothing(district: District) -> None:
    """And says so before it is published."""
    assert check(district) == [Finding(FindingKind.NO_RULES)]
