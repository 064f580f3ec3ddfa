"""Where a resident stands with the federation: her card in force or last, and the application that is open, if any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from domain.card import CATEGORIES, GRADES, MULTIPLE, CardOnRecord, CardState

IN_FORCE = frozenset({CardState.ACTIVE, CardState.SUSPENDED, CardState.LOST})
# The suffix of a number has one digit: B1 to B9.
LAST_REISSUE = 9


class Role(StrEnum):
    """In which part somebody acts: the holder with her guardians, the federation's levels, and the register itself.

    An administrator looks after staff accounts and acts on nobody's card. The register acts by the passing of time
    and by what other departments report.
    """

    HOLDER = "holder"
    COMMISSIONER = "commissioner"
    TOWN = "town"
    DISTRICT = "district"
    ADMINISTRATOR = "administrator"
    REGISTER = "register"


class Cause(StrEnum):
    """Why a card is suspended or cancelled."""

    MOVED_OUT = "moved_out"
    INQUIRY = "inquiry"
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"
    DECEASED = "deceased"
    SUPERSEDED = "superseded"


class ApplicationKind(StrEnum):
    """What an application is for."""

    FIRST = "first"
    RENEWAL = "renewal"
    REASSESSMENT = "reassessment"


class ApplicationState(StrEnum):
    """How far an application has come; the first three are open."""

    APPLIED = "applied"
    UNDER_ASSESSMENT = "under_assessment"
    ASSESSED = "assessed"
    GRANTED = "granted"
    REJECTED = "rejected"
    CLOSED = "closed"


@dataclass(frozen=True)
class Findings:
    """What the hospital found: a grade (1 profound to 4 mild) for each single category (1–6); empty: no disability."""

    grades: tuple[tuple[int, int], ...]

    @property
    def categories(self) -> tuple[int, ...]:
        """The single categories, ascending."""
        return tuple(sorted(category for category, _ in self.grades))

    @property
    def category(self) -> int:
        """The category on the card: 7 where there are several."""
        return MULTIPLE if len(self.grades) > 1 else self.grades[0][0]

    @property
    def grade(self) -> int:
        """The grade on the card, which is the worst."""
        return min(grade for _, grade in self.grades)

    @property
    def are_sound(self) -> bool:
        """Whether they are possible: single categories, each once, with grades that there are."""
        categories = self.categories
        return (
            len(set(categories)) == len(categories)
            and all(category in CATEGORIES and category != MULTIPLE for category in categories)
            and all(grade in GRADES for _, grade in self.grades)
        )


@dataclass(frozen=True)
class HeldCard:
    """A card in its life. `reissue` is 0 for the plain number, 1 for B1 and so on; `valid_until` is the last day.

    `issued_on` is since when, without a gap, a card has said the same: a renewal or a reissue does not begin anew.
    """

    state: CardState
    categories: tuple[int, ...]
    category: int
    grade: int
    reissue: int
    issued_on: date
    valid_until: date
    cause: Cause | None = None
    moved_out_on: date | None = None
    lost_reported_by: UUID | None = None

    def bears(self, findings: Findings) -> bool:
        """Whether the card already says what was found."""
        return (self.categories, self.category, self.grade) == (findings.categories, findings.category, findings.grade)

    @property
    def on_record(self) -> CardOnRecord:
        """The card as rules read it."""
        return CardOnRecord(self.state, self.category, self.categories, self.grade, self.issued_on, self.valid_until)


@dataclass(frozen=True)
class Application:
    """An open application; `handled_by` are the accounts of those who took it in or wrote its findings down."""

    kind: ApplicationKind
    state: ApplicationState
    handled_by: frozenset[UUID]
    findings: Findings | None = None


@dataclass(frozen=True)
class Standing:
    """What a decision on a resident's card needs; `numbers` are the highest suffixes used, by category and grade."""

    born: date
    card: HeldCard | None = None
    application: Application | None = None
    appeal_is_open: bool = False
    deceased: bool = False
    numbers: Mapping[tuple[int, int], int] = field(default_factory=dict)

    def next_reissue(self, category: int, grade: int) -> int:
        """The suffix of the next new card: a number that was given once never comes back."""
        used = self.numbers.get((category, grade))
        return 0 if used is None else used + 1

    @property
    def state(self) -> CardState | None:
        """The one word for it: the card's state while a card is in force, else how far the application is."""
        if self.card is not None and self.card.state in IN_FORCE:
            return self.card.state
        if self.application is not None:
            applied = self.application.state is ApplicationState.APPLIED
            return CardState.APPLIED if applied else CardState.UNDER_ASSESSMENT
        return self.card.state if self.card else None
