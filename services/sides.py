"""On which side of a statement a viewer stands: staff of the operator itself, or the federation's of the district."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access import Viewer
from domain.duty import Duty
from domain.statement_dispute import Side
from services.people import People
from services.resources import Resources
from services.second_factor import PROVEN, asking

# Whoever has not proven her second factor in this session is nobody here.
_OPERATORS = f"""
SELECT o.id, o.name, EXISTS (
    SELECT FROM operator_staff s WHERE s.operator_id = o.id AND s.account_id = $1
    AND (s.left_on IS NULL OR s.left_on > $2) AND {PROVEN}
) AS is_own
FROM operator o ORDER BY o.name, o.id
"""


@dataclass(frozen=True)
class Party:
    """An operator whose statements a viewer may see, and on which side of them she stands."""

    operator_id: UUID
    operator: str
    side: Side


async def parties_of(resources: Resources, viewer: Viewer, people: People) -> Sequence[Party]:
    """The operators whose statements a viewer may see; her own operator's as its side, even if she is both."""
    rows = await resources.database.fetch(_OPERATORS, *asking(resources, viewer, resources.clock()))
    sees_all = people.on_duty(Duty.SETTLE) is not None
    return [
        Party(row["id"], row["name"], Side.OPERATOR if row["is_own"] else Side.FEDERATION)
        for row in rows
        if row["is_own"] or sees_all
    ]


async def party(resources: Resources, viewer: Viewer, people: People, operator_id: UUID) -> Party | None:
    """The viewer's part towards one operator; None for none."""
    parties = await parties_of(resources, viewer, people)
    return next((each for each in parties if each.operator_id == operator_id), None)
