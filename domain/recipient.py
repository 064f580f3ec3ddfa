"""Who may be given which data of the register and for what, declared as data: nothing else leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.card import CardState
from domain.policy_file import Section
from domain.vocabulary import Vocabulary


class RegisterField(StrEnum):
    """What the register knows of a person beside facts."""

    NAME = "name"
    ID_NUMBER = "id_number"
    CARD_NUMBER = "card_number"
    TOWN = "town"
    VILLAGE = "village"


@dataclass(frozen=True, eq=False)
class Recipient:
    """A department that may receive `fields` (register fields and facts, each with its header) for its purposes.

    It is told of residents whose card is in one of `card_states`.
    """

    slug: str
    department: str
    card_states: frozenset[CardState]
    fields: Mapping[str, str]
    purposes: Mapping[str, str]


def parse_recipients(section: Section, vocabulary: Vocabulary) -> dict[str, Recipient]:
    """Read policy/exchange/recipients.toml: the recipients by slug.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section.only("labels", "recipients")
    labels = section.section("labels")
    labels.only(*RegisterField)
    headers = {field.value: labels.text(field) for field in RegisterField}
    headers |= {name: fact.label for name, fact in vocabulary.facts.items()}
    return {
        slug: _recipient(slug, each, headers, vocabulary) for slug, each in section.named_sections("recipients").items()
    }


def _recipient(slug: str, section: Section, headers: Mapping[str, str], vocabulary: Vocabulary) -> Recipient:
    section.only("department", "card_states", "fields", "purposes")
    department = section.text("department")
    if department not in vocabulary.departments:
        raise section.wrong("department", "unknown department", f"Use one of {', '.join(vocabulary.departments)}")
    fields, states = section.texts("fields"), section.texts("card_states")
    if not fields or not headers.keys() >= set(fields):
        raise section.wrong("fields", "no field, or an unknown one", f"Use {', '.join(RegisterField)} or facts")
    if not states or not set(CardState) >= set(states):
        raise section.wrong("card_states", "no state, or an unknown one", f"Use {', '.join(CardState)}")
    purposes = section.section("purposes")
    if not purposes.content:
        raise section.wrong("purposes", "missing", "Say for what the data may be used")
    return Recipient(
        slug,
        department,
        frozenset(map(CardState, states)),
        {name: headers[name] for name in fields},
        {name: purposes.text(name) for name in purposes.content},
    )
