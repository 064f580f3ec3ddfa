"""What an operator is owed, for both sides of it: statements with their lines and disputes, and the dashboard."""

from datetime import date, datetime

import strawberry

from card.refusal import CredentialRefused
from domain.settlement import Evidence, StatementLine, Verdict
from domain.statement_dispute import Side, StatementRefusal
from schema import messages
from schema.context import Info
from schema.dashboard import Dashboard, dashboard_of
from schema.identity import to_id
from schema.limits import LIST_SIZE
from schema.paging import Connection, CursorInvalid, page_of
from services import statement_disputes, statements
from services.sides import Party

strawberry.enum(Evidence, name="RideEvidence", description="What shows that a ride took place, the strongest first.")
strawberry.enum(Verdict, name="RideClass", description="What was paid of the price.")
strawberry.enum(Side, name="StatementSide", description="On which side of a statement somebody stands.")
strawberry.enum(StatementRefusal, name="StatementRefusalReason", description="Why nothing was done about a statement.")

_KINDS_OF_EVIDENCE = 4
_USUAL_DISPUTES = 3
_LINE = "StatementLine"


@strawberry.type(description="Rides by the strength of their evidence.")
class EvidenceTotal:
    """One total."""

    evidence: Evidence
    name: str
    rides: int


@strawberry.type(description="Rides on a line and a day, by class and strength of evidence.")
class SettledLine:
    """One line of a statement."""

    number: int = strawberry.field(description="By which a dispute names it.")
    line: str
    day: date
    ride_class: Verdict
    evidence: Evidence
    rides: int

    @classmethod
    def of(cls, number: int, line: StatementLine) -> "SettledLine":
        """The line of a loaded row."""
        return cls(
            number=number,
            line=line.line,
            day=line.day,
            ride_class=line.verdict,
            evidence=line.evidence,
            rides=line.rides,
        )


@strawberry.type(description="What one side says of a line, what the other offers, and what both agreed on, in rides.")
class LineDispute:
    """A dispute between the operator and the federation."""

    id: strawberry.ID
    line: SettledLine
    side: Side = strawberry.field(description="Who opened it.")
    claimed: int
    words: str = strawberry.field(description="Why.")
    opened_at: datetime
    offered: int | None
    answer: str | None
    answered_at: datetime | None
    agreed: int | None
    settled_at: datetime | None

    @classmethod
    def of(cls, held: statement_disputes.HeldDispute) -> "LineDispute":
        """The dispute of a loaded row."""
        return cls(
            id=to_id("LineDispute", held.id),
            line=SettledLine.of(held.number, held.line),
            side=held.dispute.side,
            claimed=held.dispute.claimed,
            words=held.reason,
            opened_at=held.opened_at,
            offered=held.dispute.offered,
            answer=held.answer,
            answered_at=held.answered_at,
            agreed=held.dispute.agreed,
            settled_at=held.settled_at,
        )


@strawberry.type(description="A closed month of an operator, as it was signed; it never changes.")
class OperatorStatement:
    """A statement."""

    closed: strawberry.Private[statements.ClosedStatement]
    id: strawberry.ID
    operator: str
    month: date = strawberry.field(description="Its first day.")
    closed_at: datetime
    scans: int = strawberry.field(description="How many scans it counts, in the tree of its root.")
    signed: str = strawberry.field(description="The COSE message in hexadecimal digits.")

    @classmethod
    def of(cls, closed: statements.ClosedStatement) -> "OperatorStatement":
        """The statement of a loaded row."""
        return cls(
            closed=closed,
            id=to_id("OperatorStatement", closed.id),
            operator=closed.operator,
            month=closed.month,
            closed_at=closed.closed_at,
            scans=closed.taps,
            signed=closed.signed.hex(),
        )

    @strawberry.field(
        description="The signed totals; null where the signature does not hold.",
        metadata={LIST_SIZE: _KINDS_OF_EVIDENCE},
    )
    def totals(self, info: Info) -> list[EvidenceTotal] | None:
        """The rides by evidence."""
        try:
            content = self.closed.content(info.context.resources.keys.root)
        except CredentialRefused:
            return None
        names = messages.EVIDENCE
        return [EvidenceTotal(evidence=each, name=names[each], rides=content.rides[each]) for each in Evidence]

    @strawberry.field(description="Its lines, by line, day, class and evidence.")
    async def lines(self, info: Info, first: int, after: str | None = None) -> Connection[SettledLine]:
        """A page of lines."""
        behind = 0 if after is None else _line_number(after)
        rows = await statements.lines_of(info.context.resources.database, self.closed.id, behind, first + 1)
        numbered = list(enumerate(rows, behind + 1))
        return page_of(numbered, first, lambda row: SettledLine.of(*row), lambda row: f"{_LINE}.{row[0]}")

    @strawberry.field(
        description="What the two sides do not, or did not, agree on.", metadata={LIST_SIZE: _USUAL_DISPUTES}
    )
    async def disputes(self, info: Info) -> list[LineDispute]:
        """The disputes on its lines."""
        return [
            LineDispute.of(held)
            for held in await statement_disputes.disputes_of(info.context.resources, self.closed.id)
        ]


@strawberry.type(description="An operator with which the viewer settles, as its staff or as the federation's.")
class Settlement:
    """One operator."""

    party: strawberry.Private[Party]
    operator_id: strawberry.ID
    operator: str
    side: Side

    @classmethod
    def of(cls, party: Party) -> "Settlement":
        """The operator of a loaded row."""
        return cls(
            party=party,
            operator_id=to_id("Operator", party.operator_id),
            operator=party.operator,
            side=party.side,
        )

    @strawberry.field(description="Its statements, the newest first.")
    async def statements(self, info: Info, first: int, after: str | None = None) -> Connection[OperatorStatement]:
        """A page of statements."""
        before = None
        if after is not None:
            before = _month(after)
        rows = await statements.statements_of(
            info.context.resources.database, self.party.operator_id, before, first + 1
        )
        return page_of(rows, first, OperatorStatement.of, lambda row: row.month.isoformat())

    @strawberry.field(description="What its scanners did on up to 31 days.")
    async def dashboard(self, info: Info, since: date, until: date) -> Dashboard:
        """The dashboard."""
        return await dashboard_of(info, self.party.operator_id, self.operator, since, until)


@strawberry.type(description="Nothing was done about the statement.")
class StatementRefused:
    """A typed refusal."""

    reason: StatementRefusal
    message: str

    @classmethod
    def of(cls, reason: StatementRefusal) -> "StatementRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.STATEMENT[reason])


def _line_number(cursor: str) -> int:
    kind, _, number = cursor.partition(".")
    if kind != _LINE or not number.isascii() or not number.isdigit() or len(number) > 9:  # noqa: PLR2004 - an int4
        raise CursorInvalid
    return int(number)


def _month(cursor: str) -> date:
    try:
        return date.fromisoformat(cursor)
    except ValueError:
        raise CursorInvalid from None
