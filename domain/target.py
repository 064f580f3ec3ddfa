"""What share of the entitled the plan promises to reach, programme by programme, each figure with its clause."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from domain.legal import LegalIndex, LegalReference
from domain.policy_file import Section


@dataclass(frozen=True)
class Target:
    """A share from 0 to 1 of those entitled to a programme; where the plan names two figures, each is a target."""

    programme: str
    share: Decimal
    clause: LegalReference


def parse_targets(section: Section, index: LegalIndex, programmes: Collection[str]) -> tuple[Target, ...]:
    """Read targets.toml, in the order in which it is written.

    Raises:
        PolicyInvalid: an unknown programme or clause, a share beyond 1, or the same figure twice.
    """
    section.only("target")
    targets: list[Target] = []
    for each in section.sections("target"):
        target = _target(each, index, programmes)
        if target in targets:
            raise each.wrong("clause", "the same target twice", "Remove one of them")
        targets.append(target)
    return tuple(targets)


def _target(section: Section, index: LegalIndex, programmes: Collection[str]) -> Target:
    section.only("programme", "share", "clause")
    programme = section.text("programme")
    if programme not in programmes:
        raise section.wrong(
            "programme", f"no programme called {programme!r}", f"Use one of {', '.join(sorted(programmes))}"
        )
    share = section.number("share")
    if share > 1:
        raise section.wrong("share", "more than all of them", "Write a share between 0 and 1, as 0.98")
    return Target(programme, share, index.reference(section, "clause", section.text("clause")))
