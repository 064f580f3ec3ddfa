"""Courses: a series of sessions that is booked as one."""

from datetime import datetime

import strawberry

from schema.booking import Booking
from schema.identity import to_id
from schema.limits import LIST_SIZE
from schema.service import Service
from services.courses import OfferedCourse
from services.enrolments import HeldEnrolment

# Most courses meet once a week for a term.
_SESSIONS = 16


@strawberry.type(description="A series of sessions that is booked as one.")
class Course:
    """A course and what it is a course of."""

    id: strawberry.ID
    name: str
    capacity: int
    free: int = strawberry.field(description="Places that can still be had.")
    sessions: int
    first_at: datetime = strawberry.field(description="When the first session begins.")
    last_at: datetime = strawberry.field(description="When the last session ends.")
    service: Service

    @classmethod
    def of(cls, course: OfferedCourse) -> "Course":
        """The course of a loaded row."""
        return cls(
            id=to_id("Course", course.id),
            name=course.name,
            capacity=course.capacity,
            free=course.free,
            sessions=course.sessions,
            first_at=course.first_at,
            last_at=course.last_at,
            service=Service.of(course.service),
        )


@strawberry.type(description="A resident's place in a course.")
class CourseBooking:
    """A place in a course with a booking for each session."""

    id: strawberry.ID
    name: str
    booked_at: datetime
    cancelled_at: datetime | None
    bookings: list[Booking] = strawberry.field(
        description="A booking for each session, in order of time.", metadata={LIST_SIZE: _SESSIONS}
    )

    @classmethod
    def of(cls, held: HeldEnrolment) -> "CourseBooking":
        """The place of a loaded row."""
        return cls(
            id=to_id("CourseBooking", held.id),
            name=held.course_name,
            booked_at=held.enrolled_at,
            cancelled_at=held.cancelled_at,
            bookings=[Booking.of(booking) for booking in held.bookings],
        )
