"""References to the clauses that rules rest on, and the index that shows each of them exists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.policy_file import Section


@dataclass(frozen=True)
class LegalReference:
    """One clause: the document's title, the clause as our files number it, and as the document itself does."""

    document: str
    clause: str
    citation: str


@dataclass(frozen=True)
class Clause:
    """What a clause promises and to whom, in our own words, with what is to be known where it contradicts another.

    `grants` names each benefit or service it promises to residents, with the slug of the programme that carries it out.
    """

    reference: LegalReference
    promise: str
    beneficiaries: str
    remark: str | None
    grants: Mapping[str, str]


@dataclass(frozen=True)
class LegalIndex:
    """The clauses of one document, by number."""

    document: str
    issued: date
    clauses: Mapping[str, Clause]

    def reference(self, section: Section, key: str, clause: str) -> LegalReference:
        """The reference for a clause that a rule cites.

        Raises:
            PolicyInvalid: the index has no such clause.
        """
        found = self.clauses.get(clause)
        if found is None:
            raise section.wrong(key, f"clause {clause!r} is not in the index", "Correct it, or add it to plan.toml")
        return found.reference


def parse_index(section: Section) -> LegalIndex:
    """Read plan.toml.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section.only("document", "issued", "clauses")
    document = section.text("document")
    clauses = {number: _clause(document, number, each) for number, each in section.named_sections("clauses").items()}
    return LegalIndex(document, section.day("issued"), clauses)


def _clause(document: str, number: str, section: Section) -> Clause:
    section.only("citation", "promise", "beneficiaries", "remark", "grants")
    grants = section.section("grants") if "grants" in section.content else Section(section.place, {})
    return Clause(
        reference=LegalReference(document, number, section.text("citation")),
        promise=section.text("promise"),
        beneficiaries=section.text("beneficiaries"),
        remark=section.optional_text("remark"),
        grants={what: grants.text(what) for what in grants.content},
    )
