"""Pages in the Relay style: `first` is always asked for, and a cursor that this list did not give is refused."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

import strawberry

from schema import messages
from schema.errors import ErrorCode, ExpectedError
from schema.identity import from_id, to_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Node = TypeVar("Node")
Row = TypeVar("Row")


@strawberry.type(description="Whether there is more, and where to go on.")
class PageInfo:
    """The end of a page."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type(description="An entry and the cursor behind which the next page begins.")
class Edge(Generic[Node]):
    """One entry of a page."""

    node: Node
    cursor: str


@strawberry.type(description="A page of entries.")
class Connection(Generic[Node]):
    """A page."""

    edges: list[Edge[Node]]
    page_info: PageInfo


class CursorInvalid(ExpectedError):
    """The cursor was not given out by this list."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.CURSOR_INVALID, messages.CURSOR_INVALID)


def page_of(
    rows: Sequence[Row], first: int, node: Callable[[Row], Node], cursor: Callable[[Row], str]
) -> Connection[Node]:
    """A page of `first` entries from rows of which one more was asked for, to know whether there is a next page."""
    edges = [Edge(node=node(row), cursor=cursor(row)) for row in rows[:first]]
    end = edges[-1].cursor if edges else None
    return Connection(edges=edges, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end))


def time_cursor(kind: str, at: datetime, key: UUID) -> str:
    """The place of an entry in a list in order of time: its instant, and its key among those of the same."""
    return f"{(at - _EPOCH) // _MICROSECOND}.{to_id(kind, key)}"


def time_place(kind: str, cursor: str) -> tuple[datetime, UUID]:
    """The instant and the key in a cursor.

    Raises:
        CursorInvalid: `time_cursor` did not make it for that kind.
    """
    instant, _, identity = cursor.partition(".")
    key = from_id(kind, identity)
    try:
        at = _EPOCH + int(instant) * _MICROSECOND
    except (ValueError, OverflowError):
        raise CursorInvalid from None
    if key is None:
        raise CursorInvalid
    return at, key
