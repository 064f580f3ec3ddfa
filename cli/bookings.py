"""The command that looks whether bookings to come still stand on what they were made on."""

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from cli.environment import database_urls, demo_keys_file, operator_settings

if TYPE_CHECKING:
    from services.reviews import Reviewed
    from services.settings import Settings

app = typer.Typer(help="What residents have booked.", no_args_is_help=True)


@app.callback()
def bookings() -> None:
    """Keep the command a group: it has one member so far."""


@app.command()
def review() -> None:
    """Flag bookings to come whose resident is no longer entitled or has no card on that day; run it once a night.

    Nothing is cancelled: staff see the flags and decide. It opens facts, so it needs KEYS_FILE as the server does.
    """
    from services.settings import Mode, load_settings

    settings = operator_settings()
    with database_urls(settings) as urls:
        serving = load_settings({**os.environ, "MODE": Mode.DEMO, "DATABASE_URL": urls.app})
        reviewed = asyncio.run(_review(serving))
    typer.echo(
        f"{reviewed.looked_at} bookings to come: {reviewed.flagged} flagged, {reviewed.cleared} flags taken back."
    )


async def _review(settings: "Settings") -> "Reviewed":
    from api.wechat import open_wechat
    from services.bootstrap import open_services
    from services.keys import read_keys
    from services.reviews import review_bookings

    keys = read_keys(demo_keys_file(settings), datetime.now(UTC))
    async with open_wechat(settings) as wechat, open_services(settings, keys, wechat) as resources:
        return await review_bookings(resources)
