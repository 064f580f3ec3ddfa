"""Answers a repeated request about places as the first time: with what it came to then, told as it stands now."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.booking import BookingRefusal
from services.bookings import answer_once
from services.resources import Resources

Told = TypeVar("Told")

_REFUSALS = frozenset(BookingRefusal)


async def answered(
    resources: Resources,
    viewer: Viewer,
    key: str,
    request: list[str],
    work: Callable[[asyncpg.Connection], Awaitable[str]],
    tell: Callable[[Resources, UUID], Awaitable[Told]],
) -> Told | BookingRefusal:
    """What `work` came to the first time, in one transaction: a refusal, or an id and what `tell` says of it."""
    answer = await answer_once(resources, viewer, key, request, work)
    return BookingRefusal(answer) if answer in _REFUSALS else await tell(resources, UUID(answer))
