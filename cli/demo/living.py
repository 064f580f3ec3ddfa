"""Draws how a made-up person is insured, housed, cared for and treated, as departments have answered about her."""

import random
from dataclasses import dataclass
from typing import Final

from cli.demo.answers import Answers, chance

ADULT_AGE: Final = 18
WORKING_AGE: Final = range(16, 60)
HEARING, PHYSICAL, MENTAL, MULTIPLE = 2, 4, 6, 7
CARE_CATEGORIES: Final = (5, 6)
AIDED_CATEGORIES: Final = (1, HEARING, PHYSICAL)
LIVING_STANDARD: Final = 1080
MARGIN_STANDARD: Final = 1620
HARDSHIPS: Final = ("disaster", "illness", "accident", "other")
ARRANGEMENTS: Final = {"residential": 10, "day": 20, "home": 40, "none": 30}
# A household that would get 低保 and has never asked for it: what `sdc coverage` is for.
NEVER_ASKED: Final = 0.02
ASSESSED_FOR_CARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Home:
    """The person and her household; `hardship` is in words of the fact household_hardship."""

    age: int
    category: int
    severe: bool
    hardship: str
    rural: bool
    care: str | None

    @property
    def poor(self) -> bool:
        """Whether the household gets 低保 or lies just above it."""
        return self.hardship != "none"


def draw_living(draw: random.Random, home: Home) -> Answers:
    """Answers that hang together; what no rule asks of such a person stays unasked."""
    return _means(draw, home) | _house(draw, home) | _insurance(draw, home) | _care(draw, home) | _treatment(draw, home)


def _means(draw: random.Random, home: Home) -> Answers:
    qualifies = home.hardship == "living_guarantee" or (not home.poor and chance(draw, NEVER_ASKED))
    answers: Answers = {"household_income": str(_household_income(draw, home.hardship, qualifies=qualifies))}
    if qualifies:
        answers["guarantee_conditions"] = chance(draw, 0.95)
    if home.age >= ADULT_AGE and (home.severe or home.category in (*CARE_CATEGORIES, MULTIPLE)):
        answers["kept_by_family"] = chance(draw, 0.4)
    answers["sudden_hardship"] = draw.choice(HARDSHIPS) if chance(draw, 0.03) else "none"
    if answers["sudden_hardship"] != "none" and chance(draw, 0.7):
        answers["temporary_relief_conditions"] = chance(draw, 0.6)
    return answers


def _household_income(draw: random.Random, hardship: str, *, qualifies: bool) -> int:
    if qualifies:
        return draw.randrange(0, LIVING_STANDARD + 1, 10)
    if hardship == "margin":
        return draw.randrange(LIVING_STANDARD + 10, MARGIN_STANDARD + 1, 10)
    return int(max(draw.gauss(3600, 1200), MARGIN_STANDARD + 10)) // 10 * 10


def _house(draw: random.Random, home: Home) -> Answers:
    if not home.rural:
        return {"housing_conditions": chance(draw, 0.04)}
    if not home.poor:
        return {}
    state = draw.choices(("dangerous", "none", "safe"), (5, 1, 94))[0]
    return {"housing_state": state} if state == "safe" else {"housing_state": state, "housing_conditions": True}


def _insurance(draw: random.Random, home: Home) -> Answers:
    pays = home.age in WORKING_AGE
    employee = pays and chance(draw, 0.15 if home.severe else 0.35)
    answers: Answers = {
        "pays_employee_pension": employee,
        # One insurance reports a change of work later than the other, so that for a while both seem to be paid.
        "pays_resident_pension": pays and chance(draw, 0.03 if employee else 0.85),
        "pays_resident_medical": not employee and chance(draw, 0.97),
    }
    if employee:
        answers["self_employed"] = chance(draw, 0.3)
    return answers


def _care(draw: random.Random, home: Home) -> Answers:
    needed = (home.severe and home.care is not None) or home.category in (*CARE_CATEGORIES, MULTIPLE)
    if needed and chance(draw, ASSESSED_FOR_CARE):
        return {"care_arrangement": draw.choices(list(ARRANGEMENTS), list(ARRANGEMENTS.values()))[0]}
    return {}


def _treatment(draw: random.Random, home: Home) -> Answers:
    answers: Answers = {"advanced_aid_need": home.category == PHYSICAL and chance(draw, 0.03)}
    if home.poor:
        answers["aid_indication"] = home.category in AIDED_CATEGORIES and chance(draw, 0.3)
        answers["joint_indication"] = home.category == PHYSICAL and chance(draw, 0.1)
    if home.category in (MENTAL, MULTIPLE):
        answers["takes_psychiatric_drugs"] = chance(draw, 0.8 if home.category == MENTAL else 0.1)
    if home.age < ADULT_AGE and home.category in (HEARING, MULTIPLE):
        answers["own_cochlear_implant"] = chance(draw, 0.3)
    if home.age >= ADULT_AGE and home.severe and home.category != MENTAL:
        answers["family_doctor_group"] = home.category == PHYSICAL and chance(draw, 0.6)
    return answers
