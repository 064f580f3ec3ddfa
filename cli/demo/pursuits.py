"""Draws what a made-up person learns, works at and asks for, as the answers that departments have given about her."""

import random
from typing import Final

from cli.demo.answers import Answers, chance

# By the last age of each stage of education, how many of these ages are in it.
STAGES: Final = ((2, "preschool", 0.0), (6, "preschool", 0.9), (14, "compulsory", 0.99), (17, "senior_secondary", 0.85))
LAST_AGE_OF_COLLEGE: Final = 22
AT_COLLEGE: Final = 0.25
PARENTS: Final = range(25, 56)
WORKING_AGE: Final = range(16, 60)
ABLE: Final = {True: 0.35, False: 0.85}  # by whether the disability is severe
WILLING: Final = 0.7
# Of those able and willing to work.
PLACES: Final = {
    "quota_place": 0.3,
    "concentrated_place": 0.15,
    "self_employment_conditions": 0.12,
    "e_commerce_conditions": 0.04,
}
VISION: Final = 1
MASSAGE: Final = 0.2
# Of all; nobody has asked the rest about the law.
ASKED_ABOUT_LEGAL_AID: Final = 0.1


def draw_pursuits(draw: random.Random, age: int, category: int, *, severe: bool, poor: bool, rural: bool) -> Answers:
    """Answers that hang together; what no rule asks of such a person stays unasked."""
    answers: Answers = {"education_stage": _stage(draw, age)}
    if answers["education_stage"] == "preschool":
        answers["boards_at_school"] = chance(draw, 0.15)
    if poor:
        answers["child_studies"] = age in PARENTS and chance(draw, 0.4)
    answers |= _work(draw, age, category, severe=severe)
    if rural:
        answers["rural_low_income"] = poor and chance(draw, 0.7)
    if answers.get("rural_low_income"):
        answers["poverty_base_place"] = chance(draw, 0.4)
    if chance(draw, ASKED_ABOUT_LEGAL_AID):
        answers["legal_aid_conditions"] = chance(draw, 0.3)
    answers["home_conversion_need"] = chance(draw, 0.3 if severe else 0.1)
    if answers["home_conversion_need"]:
        answers["home_conversion_listed"] = chance(draw, 0.4)
    answers["travels_by_car"] = chance(draw, 0.25)
    answers["asks_for_volunteer"] = chance(draw, 0.2 if severe else 0.08)
    return answers


def _stage(draw: random.Random, age: int) -> str:
    for last, stage, share in STAGES:
        if age <= last:
            return stage if chance(draw, share) else "none"
    return "higher" if age <= LAST_AGE_OF_COLLEGE and chance(draw, AT_COLLEGE) else "none"


def _work(draw: random.Random, age: int, category: int, *, severe: bool) -> Answers:
    family_seeks = chance(draw, 0.05)
    answers: Answers = {"family_seeks_public_post": family_seeks}
    if age >= WORKING_AGE.start:
        answers["able_to_work"] = chance(draw, ABLE[severe] if age in WORKING_AGE else 0.05)
    if answers.get("able_to_work"):
        answers["willing_to_work"] = chance(draw, WILLING)
    if answers.get("willing_to_work"):
        answers |= {place: chance(draw, share) for place, share in PLACES.items()}
    if family_seeks or answers.get("willing_to_work"):
        answers["public_post_place"] = chance(draw, 0.1)
    if category == VISION:
        answers["massage_trade"] = bool(answers.get("willing_to_work")) and chance(draw, MASSAGE)
    return answers
