"""Calendars over HTTP as iCalendar (RFC 5545): busy times with neutral words, for phones and other companies' apps."""

import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta

from icalendar import Calendar, Event
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.current import Current
from api.etag import is_known
from api.problem import Problem, Reason
from domain.dates import DISTRICT_ZONE
from models.booking import BookingState
from schema import messages
from services.feeds import Entry, FeedBusy, FeedUnknown, read_feed

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FRESH = timedelta(hours=1)
_BUSY = {"Retry-After": "3600"}
_STATUS = {BookingState.REQUESTED: "TENTATIVE", BookingState.CANCELLED: "CANCELLED"}


def calendar_routes(current: Current) -> list[Route]:
    """Where calendars are read; the path is in no log, since it is the key."""

    async def calendar(request: Request) -> Response:
        token = request.path_params["token"]
        if _TOKEN.fullmatch(token) is None:
            raise _unknown()
        try:
            entries = await read_feed(current.resources, token)
        except FeedUnknown:
            raise _unknown() from None
        except FeedBusy:
            raise Problem(429, Reason.TOO_OFTEN, messages.CALENDAR_TOO_OFTEN, _BUSY) from None
        text = render(entries)
        etag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if is_known(request, etag):
            return Response(status_code=304, headers=headers)
        return Response(text, headers=headers, media_type="text/calendar; charset=utf-8")

    return [Route("/calendar/{token}.ics", calendar, methods=["GET"])]


def render(entries: Sequence[Entry]) -> bytes:
    """The calendar; the same bookings always give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//smart-disability-card//calendar//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", messages.CALENDAR_NAME)
    calendar.add("refresh-interval", _FRESH, parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry))
    calendar.add_missing_timezones()
    text: bytes = calendar.to_ical()
    return text


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", str(entry.booking_id))
    event.add("sequence", entry.revision)
    event.add("dtstamp", entry.changed_at)
    event.add("dtstart", entry.starts_at.astimezone(DISTRICT_ZONE))
    event.add("dtend", entry.ends_at.astimezone(DISTRICT_ZONE))
    event.add("summary", messages.NEUTRAL_SERVICE[entry.service])
    event.add("location", entry.place or messages.AT_HOME)
    event.add("status", _STATUS.get(entry.state, "CONFIRMED"))
    event.add("class", "PRIVATE")
    return event


def _unknown() -> Problem:
    """A revoked address is answered like one that never was."""
    return Problem(404, Reason.NOT_FOUND, messages.NOT_FOUND)
