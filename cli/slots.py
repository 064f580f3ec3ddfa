"""The command that keeps the providers' slots laid out ahead, for an operator's clock to run every night."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from cli.environment import database_urls, operator_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.settings import Settings
    from services.timetables import LaidOut

app = typer.Typer(help="The times at which services can be booked.", no_args_is_help=True)


@app.callback()
def slots() -> None:
    """Keep the command a group: it has one member so far."""


@app.command()
def generate() -> None:
    """Lay out every service's slots up to its horizon; run it once a night, and again as often as you like."""
    settings = operator_settings()
    with database_urls(settings) as urls:
        laid_out = asyncio.run(_generate(settings, urls.app))
    added, withdrawn, flagged = (
        sum(getattr(each, name) for each in laid_out) for name in ("added", "withdrawn", "flagged")
    )
    typer.echo(f"{len(laid_out)} services: {added} slots added; of those to come, {withdrawn} are withdrawn.")
    if flagged:
        typer.echo(
            f"{flagged} slots no longer fit their week but are booked: their bookings are flagged, look at them."
        )
    stopped = [each for each in laid_out if each.stopped]
    if stopped:
        typer.echo(
            f"{len(stopped)} services end with {stopped[0].until}: the holidays of the next year are not announced "
            "here. Enter them under [[year]] in policy/calendar/days.toml."
        )


async def _generate(settings: "Settings", url: str) -> "Sequence[LaidOut]":
    from services.bootstrap import load_holidays
    from services.database import DatabaseLimits, open_database
    from services.timetables import lay_out_all

    async with open_database(url, DatabaseLimits(command=60, statement=60)) as database:
        return await lay_out_all(database, load_holidays(settings.policy_dir), datetime.now(UTC))
