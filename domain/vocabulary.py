"""The words rules may use: facts with their type and keeper, departments, and whom to believe when they disagree."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from typing import assert_never

from domain.fact import CENT, Fact, FactInvalid, FactKind, Facts, FactValue
from domain.policy_file import Section

MOST_YUAN = Decimal(10**12)  # of which the fen still fit an integer of 64 bits, many thousand times over
MOST_CODES = 63  # bits of such an integer, its sign apart


@dataclass(frozen=True)
class FactType:
    """A fact that may be stated: its kind, its name in Chinese, who has it, and the words for its coded values."""

    name: str
    kind: FactKind
    label: str
    keeper: str
    words: Mapping[str, str]

    def accepts(self, value: FactValue) -> bool:
        """Whether a value is one this fact can have."""
        match self.kind:
            case FactKind.FLAG:
                return isinstance(value, bool)
            case FactKind.CHOICE:
                return isinstance(value, str) and value in self.words
            case FactKind.CODE:
                return type(value) is int and str(value) in self.words
            case FactKind.CODES:
                return (
                    isinstance(value, tuple)
                    and bool(value)
                    and all(type(code) is int and str(code) in self.words for code in value)
                )
            case FactKind.MONEY:
                return isinstance(value, Decimal) and value.is_finite() and _is_amount(value)
            case FactKind.DATE:
                return type(value) is date
            case _:
                assert_never(self.kind)


def _is_amount(value: Decimal) -> bool:
    """Whether somebody can have that much: in whole fen, and no slip of the keyboard."""
    return 0 <= value <= MOST_YUAN and value == value.quantize(CENT)


@dataclass(frozen=True)
class Precedence:
    """From a day on, the order in which departments are believed, the first most."""

    effective: date
    sources: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """All fact types and departments."""

    facts: Mapping[str, FactType]
    departments: Mapping[str, str]
    precedences: tuple[Precedence, ...]

    def type_of(self, name: str) -> FactType:
        """The type of a fact.

        Raises:
            FactInvalid: no such fact is known.
        """
        known = self.facts.get(name)
        if known is None:
            raise FactInvalid(
                f"Unknown fact {name!r}. Declare it in facts.toml, or use one of {', '.join(self.facts)}."
            )
        return known

    def check(self, facts: Facts) -> None:
        """Refuse statements that no rule can read.

        Raises:
            FactInvalid: unknown fact or department, or a value of another type.
        """
        for statements in facts.by_name.values():
            for fact in statements:
                self.check_one(fact)

    def check_one(self, fact: Fact) -> None:
        """Refuse a statement that no rule can read.

        Raises:
            FactInvalid: unknown fact or department, or a value of another type.
        """
        known = self.type_of(fact.name)
        if fact.source not in self.departments:
            raise FactInvalid(f"Fact {fact.name!r} comes from an unknown source. Declare the department in facts.toml.")
        if not known.accepts(fact.value):
            expected = f"{known.kind} of {', '.join(known.words)}" if known.words else known.kind.value
            raise FactInvalid(
                f"Fact {fact.name!r} from {fact.source!r} has a value of the wrong type. Send a {expected}."
            )

    def ranks(self, name: str, on: date) -> Mapping[str, int]:
        """How far each department is believed about a fact on a day: its keeper first, then the order of that day."""
        order = self.precedences[0].sources
        for precedence in self.precedences[1:]:
            if precedence.effective <= on:
                order = precedence.sources
        return {self.facts[name].keeper: -1} | {
            source: rank for rank, source in enumerate(order) if source != self.facts[name].keeper
        }

    def decode(self, name: str, raw: object) -> FactValue:
        """The value of a fact from JSON: money as text or whole number, a date as ISO text, codes as a list.

        Raises:
            FactInvalid: unknown fact, or no such value.
        """
        known = self.type_of(name)
        value = _decoded(known.kind, raw)
        if value is None or not known.accepts(value):
            raise FactInvalid(f"The stored value of fact {name!r} is no {known.kind}. Correct it at its source.")
        return value

    def encode(self, value: FactValue) -> object:
        """The value as JSON can carry it; `decode` is its inverse."""
        match value:
            case Decimal():
                return str(value)
            case date():
                return value.isoformat()
            case tuple():
                return list(value)
            case _:
                return value


def _decoded(kind: FactKind, raw: object) -> FactValue | None:
    try:
        match kind, raw:
            case FactKind.MONEY, str() | int() if not isinstance(raw, bool):
                return Decimal(raw)
            case FactKind.DATE, str():
                return date.fromisoformat(raw)
            case FactKind.CODES, list() | tuple():
                return tuple(raw)
            case FactKind.FLAG | FactKind.CHOICE | FactKind.CODE, bool() | str() | int():
                return raw
            case _:
                return None
    except (InvalidOperation, ValueError):
        return None


def parse_vocabulary(section: Section) -> Vocabulary:
    """Read facts.toml.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section.only("departments", "facts", "precedence")
    departments = _words(section, "departments")
    facts = {name: _fact_type(name, each, departments) for name, each in section.named_sections("facts").items()}
    stated = [_precedence(each, departments) for each in section.sections("precedence")]
    precedences = tuple(sorted(stated, key=attrgetter("effective")))
    if not precedences:
        raise section.wrong("precedence", "missing", "Add [[precedence]] with effective and sources")
    if len({precedence.effective for precedence in precedences}) != len(precedences):
        raise section.wrong("precedence", "two from the same day", "Give one [[precedence]] for each effective day")
    return Vocabulary(facts, departments, precedences)


def _words(section: Section, name: str) -> dict[str, str]:
    words = section.section(name)
    return {each: words.text(each) for each in words.content}


def _fact_type(name: str, section: Section, departments: Mapping[str, str]) -> FactType:
    section.only("kind", "label", "keeper", "words")
    try:
        kind = FactKind(section.text("kind"))
    except ValueError:
        raise section.wrong("kind", "unknown kind of fact", f"Use one of {', '.join(FactKind)}") from None
    keeper = section.text("keeper")
    if keeper not in departments:
        raise section.wrong("keeper", "unknown department", f"Use one of {', '.join(departments)}")
    coded = kind in {FactKind.CHOICE, FactKind.CODE, FactKind.CODES}
    if coded != ("words" in section.content):
        raise section.wrong(
            "words", "belongs to coded facts, and to all of them", "Give a word for each value, or none"
        )
    if kind is FactKind.CODES and len(section.section("words").content) > MOST_CODES:
        raise section.wrong("words", f"more than {MOST_CODES} codes", "Group them, or make two facts of one")
    return FactType(name, kind, section.text("label"), keeper, _words(section, "words") if coded else {})


def _precedence(section: Section, departments: Mapping[str, str]) -> Precedence:
    section.only("effective", "sources")
    sources = section.texts("sources")
    if sorted(sources) != sorted(departments):
        raise section.wrong("sources", "not each department exactly once", f"Order all of {', '.join(departments)}")
    return Precedence(section.day("effective"), sources)
