"""Pages in the Relay style: `first` is always asked for, and a cursor that this list did not give is refused."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import strawberry

from schema import messages
from schema.errors import ErrorCode, ExpectedError

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
