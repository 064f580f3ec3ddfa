"""The commands about cards: let time pass over them every night, and see how long they wait in each state."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from cli.environment import database_urls, demo_keys_file, operator_settings

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from services.card_times import StateTime
    from services.settings import Settings

app = typer.Typer(help="Cards in their life.", no_args_is_help=True)


@app.command()
def advance() -> None:
    """Expire cards, freeze or cancel those of people who moved away, end guardianships; run it every night."""
    settings = operator_settings()
    with database_urls(settings) as urls:
        happened = asyncio.run(_advance(settings, urls.app))
    told = ", ".join(f"{count} {event}" for event, count in sorted(happened.items()))
    typer.echo(f"Done: {told or 'nothing was due'}.")


@app.command()
def times() -> None:
    """How many days cards and applications spend in each state: the median and what nine of ten do not exceed."""
    from rich.console import Console
    from rich.table import Table

    with database_urls(operator_settings()) as urls:
        rows = asyncio.run(_times(urls.app))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("track", "state", "town", "left", "now in it", "median days", "90 % days"):
        table.add_column(name, no_wrap=True)
    for row in rows:
        days = ("–" if value is None else f"{value:.1f}" for value in (row.median_days, row.ninety_days))
        table.add_row(row.track, row.state, row.town or "(district)", str(row.finished), str(row.current), *days)
    Console().print(table, highlight=False)


async def _advance(settings: "Settings", url: str) -> "Counter[str]":
    from collections import Counter

    from pydantic import SecretStr

    from api.wechat import open_wechat
    from services import card_clock, guardian_clock
    from services.bootstrap import open_services
    from services.keys import read_keys

    keys = read_keys(demo_keys_file(settings), datetime.now(UTC))
    named = settings.model_copy(update={"database_url": SecretStr(url)})
    async with open_wechat(named) as wechat, open_services(named, keys, wechat) as resources:
        happened: Counter[str] = Counter()
        happened.update(await card_clock.advance(resources))
        happened.update(await guardian_clock.advance(resources))
        return happened


async def _times(url: str) -> "Sequence[StateTime]":
    from services.card_times import card_times
    from services.database import DatabaseLimits, open_database

    async with open_database(url, DatabaseLimits(command=60, statement=60)) as database:
        return await card_times(database)
