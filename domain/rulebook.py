"""The rule book: programmes as dated versions of criteria and benefits, and all that these are written in terms of."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter
from typing import assert_never

from domain.benefit import BenefitTerm
from domain.comparison import Comparison
from domain.language import Language
from domain.legal import LegalIndex, LegalReference
from domain.logic import Rule
from domain.parameter import Parameter
from domain.relation import Relation
from domain.target import Target
from domain.vocabulary import FactType, Vocabulary
from domain.wording import Wording, number


@dataclass(frozen=True)
class Criterion:
    """One condition on one fact; `requirement` says it in Chinese and may name its limits as {at_most} and so on."""

    name: str
    fact: FactType
    comparison: Comparison
    requirement: str
    clause: LegalReference

    def requirement_on(self, day: date, parameters: Mapping[str, Parameter]) -> str:
        """The requirement with the limits of a day; a dash stands for one that nobody has set."""
        limits = {key: bound.on(day, parameters) for key, bound in self.comparison.limits().items()}
        return self.requirement.format(
            **{key: "—" if limit is None else number(limit) for key, limit in limits.items()}
        )


@dataclass(frozen=True)
class Version:
    """A programme's rules from a day on, until the next version or the last day `ended`.

    It is granted only beside all programmes it `requires`, and beside none that either side `excludes`.
    """

    effective: date
    ended: date | None
    clauses: tuple[LegalReference, ...]
    rule: Rule
    criteria: Mapping[str, Criterion]
    benefits: tuple[BenefitTerm, ...]
    documents: tuple[str, ...]
    notes: tuple[str, ...]
    requires: tuple[Relation, ...] = ()
    excludes: tuple[Relation, ...] = ()
    review_months: int | None = None


@dataclass(frozen=True)
class Programme:
    """A programme of the plan; `run_by` is the department that decides, its versions are in order of their days."""

    slug: str
    title: str
    run_by: str
    versions: tuple[Version, ...]

    def on(self, day: date) -> Version | None:
        """The version in force on a day."""
        begun = [version for version in self.versions if version.effective <= day]
        latest = begun[-1] if begun else None
        return None if latest is None or (latest.ended is not None and latest.ended < day) else latest

    def requires(self) -> Iterator[str]:
        """The programmes that any of its versions requires."""
        for version in self.versions:
            yield from (relation.programme for relation in version.requires)

    def replaced_on(self, day: date) -> date | None:
        """The first later day on which other rules apply than on a day, or none."""
        return min((turning for turning in self.turning_days() if turning > day), default=None)

    def periods(self) -> Iterator["Period"]:
        """The times from its first day on, in order and without a day between them; in some no rules apply."""
        days = sorted(set(self.turning_days()))
        ends = (following - timedelta(days=1) for following in days[1:])
        for day, last in zip(days, [*ends, None], strict=True):
            yield Period(day, last, self.on(day))

    def turning_days(self) -> Iterator[date]:
        """The days on which other rules begin to apply, or none."""
        for version in self.versions:
            yield version.effective
            if version.ended is not None and version.ended < date.max:
                yield version.ended + timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Days, both included, on which the same rules of a programme apply, or none; without an end for the last."""

    begins: date
    ends: date | None
    version: Version | None


@dataclass(frozen=True, eq=False)
class Reference:
    """What programmes are written in terms of: facts, figures, clauses and sentences."""

    vocabulary: Vocabulary
    parameters: Mapping[str, Parameter]
    index: LegalIndex
    wording: Wording


@dataclass(frozen=True, eq=False)
class RuleBook:
    """All programmes with what they refer to; equal only to itself, so that decisions can be compiled once per book."""

    programmes: tuple[Programme, ...]
    reference: Reference
    targets: tuple[Target, ...] = ()

    @classmethod
    def of(cls, programmes: Iterable[Programme], reference: Reference, targets: tuple[Target, ...] = ()) -> "RuleBook":
        """A book of programmes in order of their slugs."""
        return cls(tuple(sorted(programmes, key=attrgetter("slug"))), reference, targets)

    def turning_days(self) -> Iterator[date]:
        """Every day on which the book itself answers anew, whoever asks."""
        for parameter in self.reference.parameters.values():
            yield from parameter.turning_days()
        for precedence in self.reference.vocabulary.precedences:
            yield precedence.effective
        for programme in self.programmes:
            yield from programme.turning_days()


@dataclass(frozen=True, eq=False)
class RuleBooks:
    """One and the same rules in each language."""

    chinese: RuleBook
    english: RuleBook

    def of(self, language: Language) -> RuleBook:
        """The book in a language."""
        match language:
            case Language.CHINESE:
                return self.chinese
            case Language.ENGLISH:
                return self.english
            case _:
                assert_never(language)
