"""Pages in the Relay style: `first` is always asked for, and a cursor that is not ours begins at the start of nothing."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import strawberry
from graphql import GraphQLError

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


class CursorInvalid(GraphQLError):
    """The cursor was not given out by this list."""

    def __init__(self) -> None:
        super().__init__("翻页位置无效,请从第一页重新开始。", extensions={"code": "CURSOR_INVALID"})


def page_of(
    rows: Sequence[Row], first: int, node: Callable[[Row], Node], cursor: Callable[[Row], str]
) -> Connection[Node]:
    """A page of `first` entries from rows of which one more was asked for, to know whether there is a next page."""
    edges = [Edge(node=node(row), cursor=cursor(row)) for row in rows[:first]]
    end = edges[-1].cursor if edges else None
    return Connection(edges=edges, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end))
