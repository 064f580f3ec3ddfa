"""The sentences in which decisions are explained: templates of a policy file, filled with the resident's values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from string import Formatter

from domain.birthday import age
from domain.comparison import AgeRange, Comparison
from domain.fact import FactValue
from domain.policy_file import Section
from domain.vocabulary import FactType


@dataclass(frozen=True)
class Wording:
    """One template for each thing an explanation says; the comment names the fields it may use."""

    judged: str  # label, value, requirement
    judged_age: str  # value, requirement
    unknown: str  # label, requirement
    contradicted: str  # label, source, value, day
    becomes_met: str  # day, requirement
    becomes_not_met: str  # day, requirement
    becomes_unknown: str  # day, label
    not_in_force: str  # day
    rules_begin: str  # day
    rules_change: str  # day
    rules_end: str  # day
    requires_met: str  # reason, programme
    requires_not_met: str  # reason, programme
    requires_unknown: str  # reason, programme
    excludes_met: str  # reason, programme
    excludes_not_met: str  # reason, programme
    excludes_unknown: str  # reason, programme
    left_out: str  # reason, programme
    yes: str
    no: str
    calendar_day: str  # year, month, day
    money: str  # value
    years: str  # value
    separator: str

    def value(self, fact: FactType, value: FactValue) -> str:
        """A fact's value as a resident would say it."""
        match value:
            case bool():
                return self.yes if value else self.no
            case Decimal():
                return self.money.format(value=number(value))
            case date():
                return self.day(value)
            case tuple():
                return self.separator.join(fact.words[str(code)] for code in value)
            case _:
                return fact.words[str(value)]

    def day(self, day: date) -> str:
        """A day as it is read aloud."""
        return self.calendar_day.format(year=day.year, month=day.month, day=day.day)

    def judgement(self, fact: FactType, comparison: Comparison, value: FactValue, on: date, requirement: str) -> str:
        """What the resident's value is and what is required."""
        if isinstance(comparison, AgeRange) and isinstance(value, date):
            years = self.years.format(value=age(value, on))
            return self.judged_age.format(value=years, requirement=requirement)
        return self.judged.format(label=fact.label, value=self.value(fact, value), requirement=requirement)


FIELDS = {
    "judged": {"label", "value", "requirement"},
    "judged_age": {"value", "requirement"},
    "unknown": {"label", "requirement"},
    "contradicted": {"label", "source", "value", "day"},
    "becomes_met": {"day", "requirement"},
    "becomes_not_met": {"day", "requirement"},
    "becomes_unknown": {"day", "label"},
    "not_in_force": {"day"},
    "rules_begin": {"day"},
    "rules_change": {"day"},
    "rules_end": {"day"},
    "requires_met": {"reason", "programme"},
    "requires_not_met": {"reason", "programme"},
    "requires_unknown": {"reason", "programme"},
    "excludes_met": {"reason", "programme"},
    "excludes_not_met": {"reason", "programme"},
    "excludes_unknown": {"reason", "programme"},
    "left_out": {"reason", "programme"},
    "calendar_day": {"year", "month", "day"},
    "money": {"value"},
    "years": {"value"},
}


def number(value: Decimal) -> str:
    """A number without trailing zeros and never with an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def placeholders(section: Section, key: str, template: str) -> Iterator[str]:
    """The fields of a template, of which each may have a width in digits, as {month:02}.

    Raises:
        PolicyInvalid: unbalanced braces, or a field that could fail once it is filled in.
    """
    try:
        fields = [(name, width, how) for _, name, width, how in Formatter().parse(template) if name is not None]
    except ValueError:
        raise section.wrong(key, "unbalanced braces", "Write fields as {name}, and a brace itself twice") from None
    for name, width, how in fields:
        if how is not None or not re.fullmatch("[0-9]{0,2}", width or ""):
            raise section.wrong(key, f"field {name!r} says how to write it", "Write it as {name}, or as {name:02}")
        yield name


def parse_wording(section: Section) -> Wording:
    """Read sentences.toml.

    Raises:
        PolicyInvalid: a sentence is missing, or uses a field it does not get.
    """
    keys = [field.name for field in fields(Wording)]
    section.only(*keys)
    for key in keys:
        allowed = FIELDS.get(key, set())
        if not allowed.issuperset(placeholders(section, key, section.text(key))):
            raise section.wrong(key, "unknown field", f"Use only {', '.join(sorted(allowed)) or 'plain text'}")
    return Wording(**{key: section.text(key) for key in keys})
