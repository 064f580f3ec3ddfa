"""Sets the stage for the walk: what a request needs to come as far as the question who asks."""

from datetime import timedelta
from uuid import UUID

from card.cose import SigningKey
from card.credential import prove
from schema.credential import to_text
from schema.identity import to_id
from services.credentials import new_challenge
from services.feeds import Whose, make_feed
from services.resources import Resources
from services.vault import Sealed
from tests.schema.conftest import Ask
from tests.schema.walk import Part, Scene
from tests.services.register import Register

_OF_BOOKINGS = {
    *("cancelBooking", "rescheduleBooking", "appealMiss", "decideMissAppeal", "confirmBooking", "declineBooking"),
    *("keepBooking", "recordAttendance", "proposeReferral", "showVisit"),
}
_OF_THE_CATALOGUE = {
    *("changeSite", "closeSite", "renameResource", "retireResource", "useResource", "changeCourse", "closeCourse"),
}


async def prepared(
    name: str, ask: Ask, register: Register, resources: Resources, part: Part, scene: Scene
) -> dict[str, str | None]:
    """The arguments of one root field that name something of the scene, which is made for it."""
    made: dict[str, str | None] = {}
    match name:
        case "issueCredential" if scene.viewer is not None:
            key, challenge = SigningKey.generate(), new_challenge(resources, scene.viewer)
            made["holderKey"], made["challenge"] = to_text(key.verifying_key.public), to_text(challenge)
            made["proof"] = to_text(prove(challenge, key))
        case _ if name in _OF_BOOKINGS:
            made["bookingId"] = to_id("Booking", await _booking(register, scene))
        case "venue":
            made["id"] = to_id("Venue", await register.venue(scene.operator_id))
        case _ if name in _OF_THE_CATALOGUE:
            made = await _kept(register, scene)
        case "cancelCourse":
            made["courseBookingId"] = await _course_booking(ask, register, part, scene)
        case "leaveWaitlist" | "acceptOffer":
            made["entryId"] = to_id("WaitlistEntry", await _wish(register, scene))
        case "answerReferral" | "bookReferred":
            state = "proposed" if name == "answerReferral" else "consented"
            made["referralId"] = to_id("Referral", await _referral(register, scene, state))
            made["slotId"] = to_id("Slot", await register.slot(scene.service_id))
        case "endGuardian":
            made["guardianId"] = to_id("Guardian", await register.guardian(scene.resident))
        case "createCalendarFeed" | "revokeCalendarFeed":
            made = await _calendar(name, register, resources, part, scene)
    return made


async def _kept(register: Register, scene: Scene) -> dict[str, str | None]:
    """One of each thing that the provider's desk keeps."""
    room = await register._insert("resource", provider_id=scene.provider_id, kind="room", name="室")
    return {
        "siteId": to_id("Site", await register.site(scene.provider_id)),
        "resourceId": to_id("Resource", room),
        "courseId": to_id("Course", await register.course(scene.service_id, hours=[24])),
    }


async def _calendar(
    name: str, register: Register, resources: Resources, part: Part, scene: Scene
) -> dict[str, str | None]:
    """A calendar is a resident's or a provider's, never both."""
    if name == "revokeCalendarFeed":
        await _feed(register, resources, part, scene)
    return {"residentId" if part in {Part.DESK, Part.UNPROVEN_DESK} else "providerId": None}


async def _booking(register: Register, scene: Scene) -> UUID:
    """A place that the resident holds with the provider."""
    at = register._resources.clock()
    starts_at = at + timedelta(hours=24)
    return await register._insert(
        "booking",
        slot_id=await register.slot(scene.service_id, taken=1),
        resident_id=scene.resident.id,
        state="booked",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        booked_at=at,
    )


async def _wish(register: Register, scene: Scene) -> UUID:
    """The resident's wish for a place in a full slot."""
    return await register._insert(
        "waitlist_entry",
        slot_id=await register.slot(scene.service_id, taken=1),
        resident_id=scene.resident.id,
        state="waiting",
        priority=0,
        joined_at=register._resources.clock(),
    )


async def _referral(register: Register, scene: Scene, state: str) -> UUID:
    """The resident is to go from another provider to this one."""
    at, proposer = register._resources.clock(), await register.viewer()
    answer = {} if state == "proposed" else {"answered_at": at, "answered_by_id": proposer.account_id}
    return await register._insert(
        "referral",
        resident_id=scene.resident.id,
        from_provider_id=await register.provider(),
        to_provider_id=scene.provider_id,
        note_sealed=scene.resident.key.seal(Sealed.REFERRAL, "继续训练"),
        state=state,
        proposed_by_id=proposer.account_id,
        proposed_at=at,
        valid_until=at.date(),
        **answer,
    )


async def _feed(register: Register, resources: Resources, part: Part, scene: Scene) -> None:
    """An address of the viewer's, where she may have one."""
    if part in {Part.HOLDER, Part.GUARDIAN, Part.WATCHING_GUARDIAN, Part.DESK}:
        assert scene.viewer is not None
        people = await register.people(scene.viewer)
        whose = Whose(None, scene.provider_id) if part is Part.DESK else Whose(scene.resident.id)
        assert isinstance(await make_feed(resources, scene.viewer, people, whose), str)


async def _course_booking(ask: Ask, register: Register, part: Part, scene: Scene) -> str:
    """A place in a course that the resident of the scene holds."""
    booker = scene.viewer if part is Part.HOLDER else await register.viewer(scene.resident)
    course = to_id("Course", await register.course(scene.service_id, hours=[24, 48]))
    body = await ask(
        "mutation ($course: ID!, $key: IdempotencyKey!) "
        "{ answer: bookCourse(courseId: $course, key: $key) { ... on CourseBooking { id } } }",
        booker,
        course=course,
        key="joins-before-it-is-cancelled",
    )
    place: str = body["data"]["answer"]["id"]
    return place
