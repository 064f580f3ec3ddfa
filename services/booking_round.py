"""Books for everybody who asks at the same moment in one transaction, so that they share its statements and its commit.

Each keeps its own key, its own refusal and its own line in the log. What is locked, is locked in the order of ADR 16.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from domain.booking import BookingRefusal
from services import audit
from services.idempotency import IN_FLIGHT, KEY_REUSED, Claim, InFlight, KeyReused, claim, settle
from services.locks import lock_residents
from services.places import Order
from services.resources import Resources
from services.taking import take

# Several do not wait long for one of them: each is then served alone.
_PATIENCE: Final = 0.1


class Contended(Exception):
    """Somebody else holds what one of several needs: each of them is to try alone."""


@dataclass(frozen=True)
class Asked:
    """One request: its claim, what is ordered or why nothing is, and what the log is to say of it."""

    claim: Claim
    order: Order | BookingRefusal
    event: audit.Event | None = None


async def book_round(resources: Resources, asked: Sequence[Asked]) -> Sequence[str]:
    """The answer to each: its booking's id, or a refusal's value.

    Orders that need resources must come alone, see `services.taking.take`. A second request of one resident, or with
    one key, sees what the first came to.

    Raises:
        Contended: see there.
        InFlight: a key of several is under way; alone that is an answer.
        DatabaseUnavailable: see there.
    """
    answers: dict[int, str] = {}
    left = dict(enumerate(asked))
    while left:
        now = _apart(left)
        answers |= zip(now, await _book(resources, list(now.values())), strict=True)
        left = {number: each for number, each in left.items() if number not in now}
    return [answers[number] for number in range(len(asked))]


def _apart(left: Mapping[int, Asked]) -> dict[int, Asked]:
    """The first of each resident and of each key."""
    chosen: dict[int, Asked] = {}
    seen: set[object] = set()
    for number, each in left.items():
        marks: set[object] = {(each.claim.account_id, each.claim.key)}
        if isinstance(each.order, Order):
            marks.add(each.order.resident_id)
        if not marks & seen:
            chosen[number] = each
        seen |= marks
    return chosen


async def _book(resources: Resources, asked: Sequence[Asked]) -> list[str]:
    at, orders = resources.clock(), [each.order for each in asked if isinstance(each.order, Order)]
    reach = resources.reaching_only(order.resident_id for order in orders)
    try:
        patience = None if len(asked) == 1 else _PATIENCE
        async with reach.database.transaction(patience=patience) as connection:
            try:
                return await _answer(connection, asked, at)
            except (asyncpg.LockNotAvailableError, asyncpg.TransactionRollbackError) as error:
                if len(asked) == 1:
                    raise
                raise Contended from error
    except InFlight:
        if len(asked) == 1:
            return [IN_FLIGHT]
        raise


async def _answer(connection: asyncpg.Connection, asked: Sequence[Asked], at: datetime) -> list[str]:
    claims = await claim(connection, [each.claim for each in asked])
    fresh = [each for each, mine in zip(asked, claims, strict=True) if isinstance(mine, UUID)]
    taken = await _take(connection, [each.order for each in fresh if isinstance(each.order, Order)], at)
    answers = [_told(each, mine, taken) for each, mine in zip(asked, claims, strict=True)]
    unexpected = {
        mine: answer
        for each, mine, answer in zip(asked, claims, answers, strict=True)
        if isinstance(mine, UUID) and answer != each.claim.expected
    }
    if unexpected:
        await settle(connection, unexpected)
    for each in fresh:
        if each.event is not None and isinstance(each.order, Order) and taken[each.order.id] == each.order.id:
            await audit.record(connection, each.event, at)
    return answers


async def _take(
    connection: asyncpg.Connection, orders: Sequence[Order], at: datetime
) -> dict[UUID, UUID | BookingRefusal]:
    """What each order came to, by its id."""
    if not orders:
        return {}
    await lock_residents(connection, *(order.resident_id for order in orders))
    taken = await take(connection, orders, at)
    return dict(zip((order.id for order in orders), taken, strict=True))


def _told(asked: Asked, mine: UUID | str | KeyReused, taken: Mapping[UUID, UUID | BookingRefusal]) -> str:
    if isinstance(mine, KeyReused):
        return KEY_REUSED
    if isinstance(mine, str):
        return mine
    return str(taken[asked.order.id] if isinstance(asked.order, Order) else asked.order)
