"""How programmes depend on each other: one that must be granted first, or one that cannot be had beside another."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from domain.legal import LegalIndex, LegalReference
from domain.policy_file import Section


class RelationKind(StrEnum):
    """How one programme bears on another."""

    REQUIRES = "requires"  # granted only beside the other
    EXCLUDES = "excludes"  # never granted beside the other


@dataclass(frozen=True)
class Relation:
    """Another programme by its slug, why it matters, in Chinese, and the clause that says so."""

    programme: str
    reason: str
    clause: LegalReference


def parse_relations(section: Section, key: str, index: LegalIndex) -> tuple[Relation, ...]:
    """Read the tables [[version.requires]] or [[version.excludes]].

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    return tuple(_relation(each, index) for each in section.sections(key))


def _relation(section: Section, index: LegalIndex) -> Relation:
    section.only("programme", "reason", "clause")
    clause = index.reference(section, "clause", section.text("clause"))
    return Relation(section.text("programme"), section.text("reason"), clause)


def cycle_in(requires: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Programmes that require each other in a circle, its first one repeated at the end; empty where there is none."""
    try:
        TopologicalSorter(requires).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return tuple(reversed(circle))
    return ()
