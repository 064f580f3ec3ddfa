"""Orders a statement from the queue, since counting millions of scans takes longer than a request may."""

from datetime import date
from uuid import UUID

from domain.dates import local_date
from domain.duty import Duty
from domain.settlement import month_after
from domain.statement_dispute import StatementRefusal
from services import jobs
from services.people import People
from services.resources import Resources
from services.settlement import close


async def order(resources: Resources, people: People, operator_id: UUID, month: date) -> StatementRefusal | None:
    """Have a month closed by a worker; for the federation's district staff. Ordered twice, it is closed once."""
    staff = people.on_duty(Duty.SETTLE)
    if staff is None:
        return StatementRefusal.NOT_ALLOWED
    rows = await resources.database.fetch(
        "SELECT (SELECT max(month) FROM statement WHERE operator_id = o.id) AS last FROM operator o WHERE o.id = $1",
        operator_id,
    )
    if not rows:
        return StatementRefusal.NOT_FOUND
    month, last = month.replace(day=1), rows[0]["last"]
    if local_date(resources.clock()) < month_after(month):
        return StatementRefusal.NOT_OVER
    if last is not None and last < month and month_after(last) != month:
        return StatementRefusal.NOT_NEXT
    async with resources.database.transaction() as connection:
        await jobs.close_later(connection, operator_id, month, f"staff:{staff.id}")
    return None


async def carry_out(resources: Resources, payload: bytes) -> None:
    """Close what was ordered; a month that was closed meanwhile, or is refused now, is left as it is."""
    operator_id, month, actor = jobs.read_closing(payload)
    await close(resources, operator_id, month, actor)
