"""Makes up residents from a seed: the same seed and day give the same people, and every card number is valid."""

import random
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from card.number import check_character
from cli.demo.facts import DemoFact, Traits, draw_traits, facts_of

DISTRICT_FILE: Final = Path(__file__).with_name("district.toml")
SEED: Final = 20161204
CARD_YEARS: Final = 10
ADULT_AGE: Final = 18
# How many in a hundred have a phone number in the register, and how many adults another person acts for.
PHONE_PERCENT: Final = 88
ADULT_WARD_PERCENT: Final = 60
REISSUE_PERCENT: Final = 3
REPRESENTED_CATEGORIES: Final = (5, 6)
SEVERE_GRADE: Final = 2
MULTIPLE: Final = 7
# A little more than ten years, so that a few cards have run out and nobody came to renew them.
OLDEST_CARD_DAYS: Final = 3750


@dataclass(frozen=True, slots=True)
class DemoCard:
    """One card of the register; `category` and `grade` are the digits that end its number.

    `categories` are the single ones: those of a multiple disability (7), or the card's own.
    """

    number: str
    category: int
    categories: tuple[int, ...]
    grade: int
    state: str
    issued_on: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class DemoGuardian:
    """Who acts for a resident, with the phone that proves it."""

    name: str
    phone: str
    relation: str


@dataclass(frozen=True, slots=True)
class DemoResident:
    """A made-up person with everything the register says of her; `cards` holds the one in force last."""

    id: UUID
    name: str
    id_number: str
    birth_date: date
    phone: str | None
    address: str
    town: str
    village: str
    cards: tuple[DemoCard, ...]
    facts: tuple[DemoFact, ...]
    guardian: DemoGuardian | None


@cache
def district() -> dict[str, Any]:
    """The places, names and shares of the made-up district."""
    return tomllib.loads(DISTRICT_FILE.read_text(encoding="utf-8"))


def residents(count: int, on: date, seed: int = SEED) -> Iterator[DemoResident]:
    """Yield `count` residents as of the day `on`, the featured ones first; memory stays flat for any count."""
    makers = _Makers(random.Random(seed), on)  # noqa: S311 # made-up people, no secret
    featured = district()["featured"]
    for position, person in enumerate(featured[:count]):
        yield makers.featured(position, person)
    for position in range(len(featured), count):
        yield makers.anyone(position)


class _Makers:
    """What the residents of one district have in common: the source of chance, the day, and the ids given out."""

    def __init__(self, draw: random.Random, on: date) -> None:
        self._draw = draw
        self._on = on
        self._born: Counter[tuple[date, str]] = Counter()

    def featured(self, position: int, person: dict[str, Any]) -> DemoResident:
        """The person of the district file, with an active card."""
        made = self._made(position, person["sex"], person["age"], (person["category"], person["grade"]))
        issued_on = self._on - timedelta(days=400)
        card = replace(made.cards[0], state="active", issued_on=issued_on, valid_until=_valid_until(issued_on))
        return replace(
            made,
            name=person["name"],
            phone=person.get("phone"),
            cards=(card,),
            facts=facts_of(Traits(**person["traits"]), self._on),
            guardian=DemoGuardian(**person["guardian"]) if "guardian" in person else None,
        )

    def anyone(self, position: int) -> DemoResident:
        """A person by the shares of the district file."""
        age = self._age()
        weights = district()["category"]["adult" if age >= ADULT_AGE else "child"]
        category = 1 + self._draw.choices(range(7), weights)[0]
        grade = 1 + self._draw.choices(range(4), district()["grade"]["weights"])[0]
        return self._made(position, self._draw.choice(("female", "male")), age, (category, grade))

    def _made(self, position: int, sex: str, age: int, kind: tuple[int, int]) -> DemoResident:
        birth_date = self._birth_date(age)
        id_number = self._id_number(birth_date, sex)
        town, village, address = self._home()
        return DemoResident(
            id=self._id(position),
            name=self._name(sex),
            id_number=id_number,
            birth_date=birth_date,
            phone=self._phone(position),
            address=address,
            town=town,
            village=village,
            cards=self._cards(id_number, kind, birth_date),
            facts=facts_of(draw_traits(self._draw, age, *kind), self._on),
            guardian=self._guardian(position, age, kind),
        )

    def _id(self, position: int) -> UUID:
        # UUID version 7 (RFC 9562) by hand: the package that the server uses takes no seed.
        midnight = datetime(self._on.year, self._on.month, self._on.day, tzinfo=UTC)
        milliseconds = int(midnight.timestamp() * 1000) + position
        chance = self._draw.getrandbits(12) << 64 | self._draw.getrandbits(62)
        return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | chance)

    def _age(self) -> int:
        bands = district()["age"]
        band = self._draw.choices(bands, [band["weight"] for band in bands])[0]
        return self._draw.randint(band["from"], band["to"])

    def _birth_date(self, age: int) -> date:
        """A day that makes the person `age` years old on the day of the district."""
        youngest = _years_later(self._on, -age)
        return youngest - timedelta(days=self._draw.randrange(365))

    def _name(self, sex: str) -> str:
        names = district()["names"]
        given = self._draw.choices(names[f"given_{sex}"], k=self._draw.choice((1, 2, 2, 2)))
        surname: str = self._draw.choice(names["surnames"])
        return surname + "".join(given)

    def _id_number(self, birth_date: date, sex: str) -> str:
        """A citizen id by GB 11643: area, birth date, a sequence that is odd for men, check character."""
        sequence = self._born[birth_date, sex] * 2 + (sex == "male")
        self._born[birth_date, sex] += 1
        first = f"{district()['area_code']}{birth_date:%Y%m%d}{sequence:03d}"
        return first + check_character(first)

    def _home(self) -> tuple[str, str, str]:
        towns = district()["town"]
        town = self._draw.choices(towns, [town["weight"] for town in towns])[0]
        village = self._draw.choice(town["villages"])
        house = f"{self._draw.randint(1, 30)}组{self._draw.randint(1, 99)}号"
        return town["name"], village, f"{district()['name']}{town['name']}{village}{house}"

    def _phone(self, position: int) -> str | None:
        has_phone = self._draw.randrange(100) < PHONE_PERCENT
        return f"{district()['phone_prefix']}{200_000 + position % 800_000:06d}" if has_phone else None

    def _cards(self, id_number: str, kind: tuple[int, int], birth_date: date) -> tuple[DemoCard, ...]:
        days_ago = self._draw.randrange(1, OLDEST_CARD_DAYS)
        issued_on = min(max(self._on - timedelta(days=days_ago), birth_date), self._on)
        states = district()["state"]
        state: str = self._draw.choices(list(states), list(states.values()))[0]
        valid_until = _valid_until(issued_on)
        if state == "active" and valid_until < self._on:
            state = "expired"
        category, grade = kind
        categories = tuple(sorted(self._draw.sample(range(1, MULTIPLE), 2))) if category == MULTIPLE else (category,)
        card = DemoCard(f"{id_number}{category}{grade}", category, categories, grade, state, issued_on, valid_until)
        if self._draw.randrange(100) >= REISSUE_PERCENT:
            return (card,)
        return replace(card, state="cancelled"), replace(card, number=f"{card.number}B1")

    def _guardian(self, position: int, age: int, kind: tuple[int, int]) -> DemoGuardian | None:
        category, grade = kind
        is_represented = category in REPRESENTED_CATEGORIES and grade <= SEVERE_GRADE
        if age >= ADULT_AGE and not (is_represented and self._draw.randrange(100) < ADULT_WARD_PERCENT):
            return None
        relation, sex = self._draw.choice((("父亲", "male"), ("母亲", "female")))
        # Guardians' phones begin unlike residents', so that no phone is both.
        phone = f"{int(district()['phone_prefix']) + 1}{position % 1_000_000:06d}"
        return DemoGuardian(self._name(sex), phone, relation)


def _valid_until(issued_on: date) -> date:
    """The last day of a card: the one before the tenth return of the day of issue."""
    return _years_later(issued_on, CARD_YEARS) - timedelta(days=1)


def _years_later(day: date, years: int) -> date:
    """The same day of another year; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
