"""What members of staff may ask about everybody: who misses out, and what other figures would do."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from domain.coverage import Coverage
from domain.rulebook import RuleBook
from domain.simulation import Dimension, Effect
from domain.target import Target
from schema import messages
from schema.entitlement import Clause
from schema.limits import LIST_SIZE
from schema.session import NotSignedIn
from services.officers import RegisterRefusal
from services.simulation import Simulation

# Lists without pages, as long as a district's are.
_PROGRAMMES = 36
_TOWNS = 10
_TARGETS = 2
_GROUPS = 24
_SHARE = Decimal("0.0001")

strawberry.enum(RegisterRefusal, name="RegisterRefusalReason", description="Why there is no answer.")
strawberry.enum(Dimension, name="SimulationDimension", description="By what residents are put together.")


@strawberry.type(description="There is no answer about the register.")
class RegisterRefused:
    """A typed refusal."""

    reason: RegisterRefusal
    message: str

    @classmethod
    def of(cls, reason: RegisterRefusal) -> "RegisterRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.REGISTER[reason])


@strawberry.type(description="A share that the plan promises to reach.")
class CoverageTarget:
    """A target and whether it is reached."""

    share: Decimal
    reached: bool
    clause: Clause


@strawberry.type(description="How many stand how with a programme, in one place.")
class CoverageCounts:
    """Heads; `share` is of the entitled who receive."""

    entitled: int
    receiving: int = strawberry.field(description="Of the entitled, who receive.")
    missing_out: int = strawberry.field(description="Of the entitled, who do not receive.")
    undetermined: int = strawberry.field(description="Of whom something is not known.")
    receiving_not_entitled: int
    share: Decimal | None = strawberry.field(description="From 0 to 1; null where nobody is entitled.")

    @classmethod
    def of(cls, line: Coverage) -> "CoverageCounts":
        """The counts of a line."""
        return cls(
            entitled=line.entitled,
            receiving=line.receiving,
            missing_out=line.missing_out,
            undetermined=line.undetermined,
            receiving_not_entitled=line.not_entitled,
            share=None if line.share is None else line.share.quantize(_SHARE),
        )


@strawberry.type(description="A programme in one town.")
class TownCoverage:
    """A town and its counts."""

    town: str
    counts: CoverageCounts


@strawberry.type(description="A programme: all counts together, and by town.")
class ProgrammeCoverage:
    """A programme's coverage."""

    programme: str
    title: str
    counts: CoverageCounts
    targets: list[CoverageTarget] = strawberry.field(metadata={LIST_SIZE: _TARGETS})
    towns: list[TownCoverage] = strawberry.field(metadata={LIST_SIZE: _TOWNS})

    @classmethod
    def of(cls, title: str, lines: Sequence[Coverage], targets: Iterable[Target]) -> "ProgrammeCoverage":
        """A programme by its lines, the one of all first."""
        whole, *towns = lines
        return cls(
            programme=whole.programme,
            title=title,
            counts=CoverageCounts.of(whole),
            targets=[
                CoverageTarget(share=target.share, reached=whole.reaches(target), clause=Clause.of(target.clause))
                for target in targets
                if target.programme == whole.programme
            ],
            towns=[TownCoverage(town=line.town, counts=CoverageCounts.of(line)) for line in towns],
        )


@strawberry.type(description="Who receives what she is entitled to, on one day.")
class CoverageReport:
    """The coverage of programmes."""

    on: date
    programmes: list[ProgrammeCoverage] = strawberry.field(metadata={LIST_SIZE: _PROGRAMMES})

    @classmethod
    def of(cls, on: date, book: RuleBook, lines: Sequence[Coverage]) -> "CoverageReport":
        """The report of counted lines."""
        found = [
            ProgrammeCoverage.of(each.title, of_it, book.targets)
            for each in book.programmes
            if (of_it := [line for line in lines if line.programme == each.slug])
        ]
        return cls(on=on, programmes=found)


@strawberry.input(description="Another value of one of the district's figures, from the day of the question on.")
class FigureInput:
    """A parameter of the rules by its name."""

    name: str = strawberry.field(description="As in policy/parameters.toml: minimum_living_standard.")
    value: Decimal


@strawberry.input(description="What is supposed.")
class SimulationInput:
    """Figures, and for whom and when."""

    figures: list[FigureInput]
    on: date | None = strawberry.field(default=None, description="Today when not given.")
    town: str | None = strawberry.field(default=None, description="All that the viewer may see when not given.")


@strawberry.type(description="What would change for a group in a programme, or in all together.")
class SimulationEffect:
    """One line; yuan are what the certainly entitled get in a year, single amounts counted once."""

    programme: str | None = strawberry.field(description="Null for all together.")
    by: Dimension
    group: str | None = strawberry.field(description="A grade, a category or a town; null for all, and for unknown.")
    heads_before: int
    heads_after: int
    yuan_before: Decimal
    yuan_after: Decimal
    gainers: int
    losers: int
    illustrative: bool = strawberry.field(description="Whether the yuan rest on examples: show them so.")

    @classmethod
    def of(cls, effect: Effect, simulation: Simulation) -> "SimulationEffect":
        """The effect as it was counted."""
        return cls(
            programme=effect.programme or None,
            by=effect.dimension,
            group=effect.group or None,
            heads_before=effect.heads_before,
            heads_after=effect.heads_after,
            yuan_before=effect.yuan_before,
            yuan_after=effect.yuan_after,
            gainers=effect.gainers,
            losers=effect.losers,
            illustrative=simulation.is_illustrative(effect),
        )


@strawberry.type(description="What other figures would do on one day.")
class SimulationReport:
    """Each programme, and all together by grade, category and town."""

    on: date
    whole: SimulationEffect
    programmes: list[SimulationEffect] = strawberry.field(metadata={LIST_SIZE: _PROGRAMMES})
    groups: list[SimulationEffect] = strawberry.field(metadata={LIST_SIZE: _GROUPS})

    @classmethod
    def of(cls, on: date, simulation: Simulation) -> "SimulationReport":
        """The report of counted effects."""
        whole, *lines = [
            SimulationEffect.of(effect, simulation)
            for effect in simulation.effects
            if effect.dimension is Dimension.ALL
        ]
        groups = [
            SimulationEffect.of(effect, simulation)
            for effect in simulation.effects
            if effect.dimension is not Dimension.ALL and not effect.programme
        ]
        return cls(on=on, whole=whole, programmes=lines, groups=groups)


CoverageResult = Annotated[CoverageReport | RegisterRefused | NotSignedIn, strawberry.union("CoverageResult")]
SimulationResult = Annotated[SimulationReport | RegisterRefused | NotSignedIn, strawberry.union("SimulationResult")]
