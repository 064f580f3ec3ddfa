"""Shows what separates the roles of the staff from one another."""

from domain.access import Area
from domain.card_event import RULES, CardEvent
from domain.duty import DUTIES, STAFF, may
from domain.standing import Role


def test_the_events_of_a_card_are_duties_of_the_roles_that_their_rules_name() -> None:
    """One table: what a rule says of staff is what the duty says, and the register and holders are no staff."""
    assert {event: DUTIES[event] for event in CardEvent} == {event: RULES[event].roles & STAFF for event in CardEvent}


def test_whoever_looks_after_accounts_sees_no_resident() -> None:
    """No duty is an administrator's and a clerk's at once."""
    shared = {duty for duty, roles in DUTIES.items() if Role.ADMINISTRATOR in roles and len(roles) > 1}

    assert shared == set()


def test_a_higher_level_may_whatever_a_lower_one_may() -> None:
    """The town may what its villages may, the district what its towns may."""
    for duty in DUTIES:
        assert may(Role.TOWN, duty) >= may(Role.COMMISSIONER, duty)
        assert may(Role.DISTRICT, duty) >= may(Role.TOWN, duty)


def test_an_area_is_a_village_a_town_or_the_district() -> None:
    """Each covers what lies in it, and a village of the same name in another town does not."""
    village, town, district = Area("曹娥街道", "一村"), Area("曹娥街道"), Area()

    assert [area.covers("曹娥街道", "一村") for area in (village, town, district)] == [True, True, True]
    assert [area.covers("曹娥街道", "二村") for area in (village, town, district)] == [False, True, True]
    assert [area.covers("东关街道", "一村") for area in (village, town, district)] == [False, False, True]
