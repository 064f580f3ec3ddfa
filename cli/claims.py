"""The command that sums what programmes owe providers, as a table that a spreadsheet opens."""

import asyncio
import csv
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import database_urls, operator_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.claims import ClaimSum


def claims(
    month: Annotated[datetime, typer.Argument(help="The month of the sessions, as 2026-03.", formats=["%Y-%m"])],
) -> None:
    """Print the open claims of a month by provider and programme, in yuan, as CSV."""
    with database_urls(operator_settings()) as urls:
        sums = asyncio.run(_sums(urls.app, month))
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["month", "provider_id", "provider", "programme", "sessions", "amount"])
    for each in sums:
        table.writerow([f"{month:%Y-%m}", each.provider_id, each.provider, each.programme, each.sessions, each.amount])


async def _sums(url: str, month: datetime) -> "Sequence[ClaimSum]":
    from services.claims import claims_of
    from services.database import DatabaseLimits, open_database

    async with open_database(url, DatabaseLimits(command=60, statement=60)) as database:
        return await claims_of(database, month.date())
