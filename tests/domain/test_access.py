"""An area covers its residents and nobody else's."""

import pytest

from domain.access import Area


@pytest.mark.parametrize(
    ("area", "covered"),
    [
        (Area(), [True, True, True]),
        (Area("曹娥街道"), [True, True, False]),
        (Area("曹娥街道", "一村"), [True, False, False]),
    ],
)
def test_an_area_covers_its_residents(area: Area, covered: list[bool]) -> None:
    """The district everybody, a town its villages, a village itself; a village of that name elsewhere is another."""
    places = [("曹娥街道", "一村"), ("曹娥街道", "二村"), ("东关街道", "一村")]

    assert [area.covers(*place) for place in places] == covered
