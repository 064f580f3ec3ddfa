"""When a service is open, as its provider's staff change it."""

from datetime import date

import strawberry

from domain.timetable import Closure, ExtraOpening, Span, TimetableRefusal, WeeklyPattern
from schema import messages
from services.timetables import LaidOut

strawberry.enum(TimetableRefusal, name="TimetableRefusalReason", description="Why a service cannot be open so.")


@strawberry.input(description="Minutes of the local day, 0 to 1440, the last one excluded: 510 is half past eight.")
class SpanInput:
    """A span of a day."""

    from_minute: int
    until_minute: int

    def span(self) -> Span:
        """The same for the domain."""
        return Span(self.from_minute, self.until_minute)


@strawberry.input(description="A weekly opening, cut into sessions of the service's length.")
class WeeklyPatternInput:
    """One opening of a week."""

    weekday: int = strawberry.field(description="1 is Monday, 7 is Sunday.")
    span: SpanInput
    capacity: int = strawberry.field(description="Places of each session.")
    on_holidays: bool = strawberry.field(default=False, description="Open on public holidays too.")
    on_makeup_days: bool = strawberry.field(default=False, description="Open on working days that make up for one.")

    def pattern(self, start: date) -> WeeklyPattern:
        """The same for the domain, from a day on."""
        return WeeklyPattern(
            self.weekday, self.span.span(), self.capacity, start, None, self.on_holidays, self.on_makeup_days
        )


@strawberry.input(description="A time of one day that differs from the week: closed, or open where it has places.")
class DayExceptionInput:
    """One exception."""

    day: date
    span: SpanInput
    capacity: int | None = strawberry.field(
        default=None, description="Places of each session of an extra opening; absent to close."
    )
    reason: str = strawberry.field(description="In Chinese, 80 characters at most.")

    def exception(self) -> Closure | ExtraOpening:
        """The same for the domain."""
        span = self.span.span()
        return Closure(self.day, span) if self.capacity is None else ExtraOpening(self.day, span, self.capacity)


@strawberry.type(description="The slots of a service after its week changed.")
class TimetableChanged:
    """What became of the slots to come."""

    added: int
    withdrawn: int = strawberry.field(description="Slots to come that are not offered any more; nobody held them.")
    flagged: int = strawberry.field(description="Slots to come that no longer fit, but have bookings: look at them.")
    laid_out_until: date
    holidays_missing: bool = strawberry.field(
        description="Whether slots end there because the holidays after it are not announced."
    )

    @classmethod
    def of(cls, laid_out: LaidOut) -> "TimetableChanged":
        """The result as it was reckoned."""
        return cls(
            added=laid_out.added,
            withdrawn=laid_out.withdrawn,
            flagged=laid_out.flagged,
            laid_out_until=laid_out.until,
            holidays_missing=laid_out.stopped,
        )


@strawberry.type(description="The week was left as it is.")
class TimetableRefused:
    """A typed refusal."""

    reason: TimetableRefusal
    message: str

    @classmethod
    def of(cls, reason: TimetableRefusal) -> "TimetableRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.TIMETABLE[reason])
