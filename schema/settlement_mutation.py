"""What is done about rides and statements: disputes of residents and of sides, and closing a month."""

from datetime import date
from typing import Annotated

import strawberry

from domain.ride_dispute import RideRefusal
from domain.statement_dispute import StatementRefusal
from schema import messages
from schema.context import Info
from schema.identity import key_of
from schema.ride import DisputedRide, Ride, RideRefused, ride_key
from schema.session import NotSignedIn, signed_in
from schema.settlement import LineDispute, StatementRefused
from services import closing, ride_disputes, statement_disputes


@strawberry.type(description="The month will be closed in the background within minutes.")
class ClosingOrdered:
    """The order was taken."""

    message: str


RideResult = Annotated[Ride | RideRefused | NotSignedIn, strawberry.union("RideResult")]
RideAnswerResult = Annotated[DisputedRide | RideRefused | NotSignedIn, strawberry.union("RideAnswerResult")]
ClosingResult = Annotated[ClosingOrdered | StatementRefused | NotSignedIn, strawberry.union("ClosingResult")]
LineDisputeResult = Annotated[LineDispute | StatementRefused | NotSignedIn, strawberry.union("LineDisputeResult")]


def _told(answer: statement_disputes.HeldDispute | StatementRefusal) -> LineDispute | StatementRefused:
    return StatementRefused.of(answer) if isinstance(answer, StatementRefusal) else LineDispute.of(answer)


@strawberry.type(description="What can be done about rides and statements.")
class SettlementMutation:
    """The mutations about rides and statements."""

    @strawberry.mutation(
        description="Say what is wrong with a ride or a refusal, within 90 days; for herself, or as her guardian."
    )
    async def dispute_ride(self, info: Info, ride_id: strawberry.ID, reason: str) -> RideResult:
        """The ride with its dispute."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = ride_key(ride_id)
        if key is None:
            return RideRefused.of(RideRefusal.NOT_FOUND)
        told = await ride_disputes.dispute_ride(info.context.resources, signed.viewer, signed.people, key, reason)
        return RideRefused.of(told) if isinstance(told, RideRefusal) else Ride.of(told)

    @strawberry.mutation(description="For the federation's staff of her area: say what was found about a dispute.")
    async def answer_ride_dispute(
        self, info: Info, dispute_id: strawberry.ID, answer: str, *, upheld: bool
    ) -> RideAnswerResult:
        """The disputed ride."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        told = await ride_disputes.answer_ride_dispute(
            info.context.resources, signed.people, key_of("RideDispute", dispute_id), answer, upheld=upheld
        )
        return RideRefused.of(told) if isinstance(told, RideRefusal) else DisputedRide.of(told)

    @strawberry.mutation(description="For the federation's district staff: close a month of an operator.")
    async def close_statement(self, info: Info, operator_id: strawberry.ID, month: date) -> ClosingResult:
        """The order; the statement is there when it is done."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        refusal = await closing.order(info.context.resources, signed.people, key_of("Operator", operator_id), month)
        return StatementRefused.of(refusal) if refusal else ClosingOrdered(message=messages.CLOSING_ORDERED)

    @strawberry.mutation(description="For either side: say how many rides a line should have, and why.")
    async def open_line_dispute(
        self, info: Info, statement_id: strawberry.ID, line_number: int, rides: int, reason: str
    ) -> LineDisputeResult:
        """The dispute."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("OperatorStatement", statement_id)
        return _told(
            await statement_disputes.open_dispute(
                info.context.resources, signed.viewer, signed.people, key, line_number, rides, reason
            )
        )

    @strawberry.mutation(description="For the other side: offer a number of rides.")
    async def answer_line_dispute(
        self, info: Info, dispute_id: strawberry.ID, rides: int, answer: str
    ) -> LineDisputeResult:
        """The dispute."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("LineDispute", dispute_id)
        return _told(
            await statement_disputes.answer_dispute(
                info.context.resources, signed.viewer, signed.people, key, rides, answer
            )
        )

    @strawberry.mutation(description="For the side that opened it: take the offer; what both agree on stays.")
    async def settle_line_dispute(self, info: Info, dispute_id: strawberry.ID) -> LineDisputeResult:
        """The dispute, settled."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("LineDispute", dispute_id)
        return _told(await statement_disputes.settle_dispute(info.context.resources, signed.viewer, signed.people, key))
