"""Proves that made-up residents are sound: valid numbers, the promised shares, the same for the same seed and day."""

from collections import Counter
from datetime import date
from itertools import islice
from uuid import RFC_4122

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.number import CardNumber
from cli.demo.people import DemoResident, district, residents
from domain.birthday import age

DAY = date(2026, 11, 25)
LEAP_DAY = date(2028, 2, 29)


@pytest.fixture(scope="module")
def people() -> list[DemoResident]:
    """A village's worth, enough for shares to show."""
    return list(residents(4_000, DAY))


def test_every_card_number_is_valid_and_agrees_with_the_card(people: list[DemoResident]) -> None:
    """Check character, birth date, category and grade of each number are those of the person and the card."""
    for person in people:
        for card in person.cards:
            number = CardNumber.parse(card.number)

            assert number.citizen_id == person.id_number
            assert number.birth_date == person.birth_date
            assert (number.category, number.grade) == (card.category, card.grade)


def test_the_same_seed_and_day_make_the_same_people_and_another_seed_others() -> None:
    """A demo can be made again, and a report on it repeated."""
    first, again, other = (list(residents(50, DAY, seed)) for seed in (7, 7, 8))

    assert first == again
    assert first != other


def test_more_people_begin_with_the_same_people() -> None:
    """Making the district larger adds residents and changes none."""
    assert list(residents(20, DAY)) == list(islice(residents(200, DAY), 20))


def test_ids_and_numbers_are_unique_and_ids_are_version_7_in_order(people: list[DemoResident]) -> None:
    """Keys sort in the order of making, as the ids of the server do."""
    ids = [person.id for person in people]
    numbers = [card.number for person in people for card in person.cards]

    assert ids == sorted(set(ids))
    assert {(each.version, each.variant) for each in ids} == {(7, RFC_4122)}
    assert len(set(numbers)) == len(numbers)


def test_shares_follow_the_district_file(people: list[DemoResident]) -> None:
    """Categories, grades, towns and states come in the shares that the file promises, within sampling noise."""
    adults = [person for person in people if age(person.birth_date, DAY) >= 18]
    category = Counter(person.cards[-1].category for person in adults)
    grade = Counter(person.cards[-1].grade for person in people)
    town = Counter(person.town for person in people)
    active = sum(person.cards[-1].state == "active" for person in people)

    weights = district()["category"]["adult"]
    assert category[4] / len(adults) == pytest.approx(weights[3] / sum(weights), abs=0.04)
    weights = district()["grade"]["weights"]
    assert grade[1] / len(people) == pytest.approx(weights[0] / sum(weights), abs=0.03)
    assert town["青禾街道"] / len(people) == pytest.approx(0.22, abs=0.03)
    assert 0.85 < active / len(people) < 0.98


def test_one_card_at_most_is_in_force_and_a_reissue_follows_a_cancelled_one(people: list[DemoResident]) -> None:
    """The register's rule that a B1 card means the plain number is dead holds in the demo as well."""
    reissued = [person for person in people if len(person.cards) > 1]

    assert reissued
    for person in people:
        assert sum(card.state in {"active", "suspended", "lost"} for card in person.cards) <= 1
    for person in reissued:
        assert person.cards[0].state == "cancelled"
        assert person.cards[1].number == f"{person.cards[0].number}B1"


def test_a_multiple_disability_lists_two_and_any_other_its_own(people: list[DemoResident]) -> None:
    """`categories` is what the rules read, so it has to agree with the card's own digit."""
    cards = [card for person in people for card in person.cards]

    assert {len(card.categories) for card in cards if card.category == 7} == {2}
    assert all(card.categories == (card.category,) for card in cards if card.category != 7)


def test_children_have_guardians_and_no_phone_is_a_residents_and_a_guardians(people: list[DemoResident]) -> None:
    """Binding by phone must know whose phone it is."""
    own = {person.phone for person in people} - {None}
    guardians = [person.guardian for person in people if person.guardian]

    assert all(person.guardian for person in people if age(person.birth_date, DAY) < 18)
    assert own.isdisjoint(guardian.phone for guardian in guardians)
    assert len(own) == sum(person.phone is not None for person in people)


def test_the_featured_come_first_with_active_cards() -> None:
    """The start sheet counts on them in any demo, however small."""
    people = list(residents(4, DAY))

    assert [person.name for person in people] == ["陈玉兰", "王建国", "李桂珍", "周子涵"]
    assert [person.cards[0].state for person in people] == ["active"] * 4
    assert people[3].guardian is not None


def test_fewer_than_the_featured_are_possible() -> None:
    """A count below the number of featured people is no reason to fail."""
    assert len(list(residents(2, DAY))) == 2


@given(on=st.dates(date(2020, 1, 1), date(2060, 12, 31)) | st.just(LEAP_DAY), seed=st.integers(0, 1_000))
def test_any_day_makes_people_of_the_drawn_age_whose_dates_hang_together(on: date, seed: int) -> None:
    """Leap days and the ends of years break nothing: nobody is younger than her card or aged outside the bands."""
    for person in residents(30, on, seed):
        card = person.cards[-1]

        assert 0 <= age(person.birth_date, on) <= 98
        assert person.birth_date <= card.issued_on <= on
        assert card.issued_on < card.valid_until
        assert (card.state == "active") <= (card.valid_until >= on)


@pytest.mark.parametrize("on", [DAY, LEAP_DAY, date(2027, 3, 1), date(2027, 12, 31)])
def test_the_featured_have_their_ages_on_any_day(on: date) -> None:
    """A person introduced as five years old is five, whatever day the demo is made on."""
    ages = [age(person.birth_date, on) for person in residents(4, on)]

    assert ages == [46, 38, 71, 5]


def test_a_card_is_valid_for_ten_years_less_a_day(people: list[DemoResident]) -> None:
    """The last day of validity is the one before the tenth return of the day of issue."""
    card = next(card for person in people for card in person.cards if card.issued_on.day == 15)

    assert card.valid_until == date(card.issued_on.year + 10, card.issued_on.month, 14)
