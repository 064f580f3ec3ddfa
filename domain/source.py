"""What another department's file looks like: which column holds what, declared as data and checked before any file."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.card_event import CardEvent
from domain.fact import FactKind, FactValue
from domain.policy_file import Section
from domain.vocabulary import FactType, Vocabulary

# What departments report of people that drives the life of their cards.
_REPORTED = (CardEvent.RECORD_DEATH, CardEvent.MOVE_OUT)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a file: it states a fact, its cells in `words` or as they stand, or the day of an event."""

    header: str
    states: FactType | CardEvent
    words: Mapping[str, FactValue]

    @property
    def stated(self) -> str:
        """The name of the fact or event."""
        return self.states if isinstance(self.states, CardEvent) else self.states.name


@dataclass(frozen=True, eq=False)
class Source:
    """A kind of file that a department sends; `valid_from` and `valid_until` are headers where it has such columns."""

    slug: str
    department: str
    id_number: str
    name: str
    valid_from: str | None
    valid_until: str | None
    columns: tuple[Column, ...]
    date_formats: tuple[str, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Every column that a file must have, in the order of the declaration."""
        period = (header for header in (self.valid_from, self.valid_until) if header)
        return (self.name, self.id_number, *period, *(column.header for column in self.columns))


def parse_source(slug: str, section: Section, vocabulary: Vocabulary) -> Source:
    """Read one file of policy/exchange/sources/.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section.only("department", "person", "period", "columns", "date_formats")
    department = section.text("department")
    if department not in vocabulary.departments:
        raise section.wrong("department", "unknown department", f"Use one of {', '.join(vocabulary.departments)}")
    person = section.section("person")
    person.only("id_number", "name")
    period = section.section("period") if "period" in section.content else None
    if period is not None:
        period.only("from", "until")
    source = Source(
        slug=slug,
        department=department,
        id_number=person.text("id_number"),
        name=person.text("name"),
        valid_from=period.optional_text("from") if period else None,
        valid_until=period.optional_text("until") if period else None,
        columns=tuple(_column(header, each, vocabulary) for header, each in section.named_sections("columns").items()),
        date_formats=section.texts("date_formats"),
    )
    _check_whole(section, source)
    return source


def _check_whole(section: Section, source: Source) -> None:
    if not source.date_formats:
        raise section.wrong("date_formats", "missing", "Say how the department writes days, as %Y-%m-%d")
    if not source.columns:
        raise section.wrong("columns", "missing", "Add [columns.…] for each column that says something")
    repeated = {header for header in source.headers if source.headers.count(header) > 1}
    if repeated:
        raise section.wrong("columns", f"{', '.join(sorted(repeated))} declared twice", "Give each column one meaning")
    if len({column.stated for column in source.columns}) < len(source.columns):
        raise section.wrong("columns", "two columns state the same", "Name each fact and event once")


def _column(header: str, section: Section, vocabulary: Vocabulary) -> Column:
    section.only("fact", "event", "words")
    if ("fact" in section.content) == ("event" in section.content):
        raise section.wrong("fact", "a column states a fact or an event", "Give one of fact and event")
    if "event" in section.content:
        if "words" in section.content:
            raise section.wrong("words", "an event's cells are days", "Remove the words")
        return Column(header, _event(section), {})
    name = section.text("fact")
    fact = vocabulary.facts.get(name)
    if fact is None:
        raise section.wrong("fact", "unknown fact", f"Use one of {', '.join(vocabulary.facts)}")
    return Column(header, fact, _words(section, fact))


def _event(section: Section) -> CardEvent:
    name = section.text("event")
    if name not in _REPORTED:
        raise section.wrong("event", "no event that a department reports", f"Use one of {', '.join(_REPORTED)}")
    return CardEvent(name)


def _words(section: Section, fact: FactType) -> dict[str, FactValue]:
    """What cells may say: the vocabulary's own words, and those of the department beside them."""
    coded = fact.kind in {FactKind.CHOICE, FactKind.CODE}
    if fact.kind is FactKind.CODES:
        raise section.wrong("fact", "holds several values, and a cell has one", "Name a fact with one value")
    if not coded and fact.kind is not FactKind.FLAG:
        if "words" in section.content:
            raise section.wrong("words", f"a {fact.kind} is read as it stands", "Remove the words")
        return {}
    words: dict[str, FactValue] = {
        word: int(code) if fact.kind is FactKind.CODE else code for code, word in fact.words.items()
    }
    own = section.section("words").content if "words" in section.content else {}
    for word, value in own.items():
        if not isinstance(value, bool | int | str) or not fact.accepts(value):
            expected = ", ".join(fact.words) or "true, false"
            raise section.wrong(f"words.{word}", "no value of the fact", f"Use one of {expected}")
        words[word] = value
    if not words:
        raise section.wrong("words", "missing", "Say which words mean true and which false")
    return words
