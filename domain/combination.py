"""Which programmes a resident is granted together: the best combination that the relations between them allow."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from graphlib import TopologicalSorter

from domain.legal import LegalReference
from domain.logic import Truth, all_of
from domain.relation import Relation, RelationKind
from domain.rulebook import Version

Ties = Mapping[str, tuple["Tie", ...]]
Links = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Tie:
    """A relation as one of its two programmes sees it; an exclusion binds both, whichever side wrote it."""

    kind: RelationKind
    other: str
    reason: str
    clause: LegalReference


@dataclass(frozen=True, eq=False)
class Group:
    """Programmes that relations tie together, directly or over others, the required ones before who requires them."""

    members: tuple[str, ...]
    requires: Links
    excludes: Links

    def settle(self, own: Mapping[str, Truth], worth: Callable[[str], Decimal]) -> dict[str, Truth]:
        """What is granted of the group, from the truth of each programme's own rule; one not in force has none.

        Among those whose rules, and whose requirements' rules, hold, the lawful combination of the most `worth` (yuan a
        year) is granted; of equal ones the one of more programmes, and then of the smaller slugs. What is unknown stays
        unknown, and takes nothing from what is certain.
        """
        held: dict[str, Truth] = {}
        for slug in self.members:
            held[slug] = all_of((own.get(slug, False), *(held[other] for other in self.requires[slug])))
        lawful = list(self._lawful(frozenset(slug for slug in self.members if held[slug])))
        granted = lawful[0] if len(lawful) == 1 else min(lawful, key=partial(_rank, worth=worth))
        return {slug: slug in granted if held[slug] else held[slug] for slug in self.members if slug in own}

    def _lawful(self, candidates: frozenset[str]) -> Iterator[frozenset[str]]:
        """Lawful combinations, every largest one among them.

        Of the candidate with the most rivals either it or all of its rivals are left out, until no two exclude each
        other; then whatever requires something that was left out is left out too.
        """
        rivals = {slug: self.excludes[slug] & candidates for slug in self.members if slug in candidates}
        contested = max(rivals, key=lambda slug: len(rivals[slug]), default=None)
        if contested is not None and rivals[contested]:
            yield from self._lawful(candidates - rivals[contested])
            yield from self._lawful(candidates - {contested})
            return
        granted: set[str] = set()
        for slug in rivals:
            if self.requires[slug] <= granted:
                granted.add(slug)
        yield frozenset(granted)


def _rank(combination: frozenset[str], worth: Callable[[str], Decimal]) -> tuple[Decimal, int, list[str]]:
    """The smaller the better."""
    return -sum(map(worth, combination), Decimal(0)), -len(combination), sorted(combination)


def ties_of(versions: Mapping[str, Version]) -> Ties:
    """The relations of each programme in force that has any, its own first, each other programme once a kind."""
    ties: dict[str, dict[tuple[RelationKind, str], Tie]] = defaultdict(dict)

    def tie(slug: str, kind: RelationKind, other: str, relation: Relation) -> None:
        ties[slug].setdefault((kind, other), Tie(kind, other, relation.reason, relation.clause))

    for slug, version in versions.items():
        for relation in version.requires:
            tie(slug, RelationKind.REQUIRES, relation.programme, relation)
        for relation in version.excludes:
            tie(slug, RelationKind.EXCLUDES, relation.programme, relation)
    for slug, version in versions.items():
        for relation in version.excludes:
            if relation.programme in versions:
                tie(relation.programme, RelationKind.EXCLUDES, slug, relation)
    return {slug: tuple(each.values()) for slug, each in ties.items()}


def groups_of(ties: Ties) -> tuple[Group, ...]:
    """The groups into which relations tie programmes; the reader made sure that no requirements form a circle."""
    linked: dict[RelationKind, dict[str, set[str]]] = {kind: defaultdict(set) for kind in RelationKind}
    neighbours: dict[str, set[str]] = defaultdict(set)
    for slug, each in ties.items():
        for tie in each:
            linked[tie.kind][slug].add(tie.other)
            neighbours[slug].add(tie.other)
            neighbours[tie.other].add(slug)
    requires, excludes = (
        {slug: frozenset(linked[kind][slug]) for slug in sorted(neighbours)}
        for kind in (RelationKind.REQUIRES, RelationKind.EXCLUDES)
    )
    order = tuple(TopologicalSorter(requires).static_order())
    return tuple(
        Group(tuple(slug for slug in order if slug in group), requires, excludes) for group in _connected(neighbours)
    )


def _connected(neighbours: Mapping[str, set[str]]) -> Iterator[set[str]]:
    left = set(neighbours)
    while left:
        reached: set[str] = set()
        edge = {min(left)}
        while edge:
            reached |= edge
            edge = set().union(*(neighbours[slug] for slug in edge)) - reached
        left -= reached
        yield reached
