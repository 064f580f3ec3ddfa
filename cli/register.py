"""The commands for officers: who misses out on what she is entitled to, and what other rules would do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import database_urls, demo_keys_file, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from domain.coverage import Coverage
    from domain.rulebook import RuleBook
    from services.coverage import Visit
    from services.register import Enquiry
    from services.resources import Resources
    from services.simulation import Simulation

PICTURES = (".png", ".svg")

On = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], metavar="DATE", help="The day, past or future; today when absent."),
]
Town = Annotated[str, typer.Option(help="One town only.")]
Csv = Annotated[Path | None, typer.Option(help="Write the lines to this file, too.", dir_okay=False)]


@dataclass(frozen=True)
class _Asked:
    """The question of a command, in the terms of the services."""

    purpose: str
    on: date
    town: str


def show_coverage(
    on: On = None,
    town: Town = "",
    programme: Annotated[str | None, typer.Option(help="One programme, town by town.")] = None,
    visit: Annotated[
        str | None, typer.Option(metavar="PROGRAMME", help="List whom to visit about a programme.")
    ] = None,
    csv: Csv = None,
) -> None:
    """Count who is entitled and receives, misses out or is undetermined, against the plan's targets."""
    from cli.report import coverage_table, visits_table, write_coverage, write_visits

    if visit is not None:
        visits = asyncio.run(_visits(_Asked(f"visit {visit}", _day(on), town), visit))
        _show(visits_table(visits))
        typer.echo(f"{len(visits)} residents to visit.")
        if csv:
            write_visits(csv, visits)
        return
    book, lines = asyncio.run(_coverage(_Asked("coverage", _day(on), town), programme))
    _show(coverage_table(lines, book.targets, by_town=programme is not None))
    if csv:
        write_coverage(csv, lines, book.targets)


def show_simulation(
    figures: Annotated[
        list[str] | None, typer.Option("--set", metavar="PARAMETER=VALUE", help="Another value of a figure.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="A folder of other rules.", exists=True, file_okay=False)] = None,
    on: On = None,
    town: Town = "",
    csv: Csv = None,
    chart: Annotated[Path | None, typer.Option(help="Draw it: a .png or .svg.", dir_okay=False)] = None,
) -> None:
    """Say what other figures or rules would do on a day: heads, yuan a year, who gains and who loses."""
    from cli.chart import draw
    from cli.report import groups_table, programmes_table, write_simulation

    if not figures and policy is None:
        raise CommandFailed(
            "Nothing would change: give a figure with --set PARAMETER=VALUE, or other rules with --policy."
        )
    if chart is not None and chart.suffix not in PICTURES:
        raise CommandFailed(f"A chart is a file that ends in {' or '.join(PICTURES)}: rename {chart.name}.")
    asked = _Asked("simulation", _day(on), town)
    simulation = asyncio.run(_simulation(asked, [_figure(each) for each in figures or ()], policy))
    _show(programmes_table(simulation))
    _show(groups_table(simulation))
    if simulation.illustrative:
        typer.echo("* Amounts are examples (illustrative): the district has yet to enter its own.")
    if csv:
        write_simulation(csv, simulation)
    if chart:
        draw(chart, simulation, f"What would change on {asked.on}" + (" in one town" if town else ""))


def _day(on: datetime | None) -> date:
    from domain.dates import local_date
    from services.bootstrap import now

    return on.date() if on else local_date(now())


def _show(table: object) -> None:
    from rich.console import Console

    Console().print(table, highlight=False)


def _figure(written: str) -> tuple[str, Decimal]:
    name, _, text = written.partition("=")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and value >= 0):
        raise CommandFailed(f"--set {written} is no figure: write PARAMETER=VALUE, as minimum_living_standard=1200.")
    return name, value


@asynccontextmanager
async def _opened() -> AsyncIterator["Resources"]:
    from pydantic import SecretStr

    from api.wechat import open_wechat
    from services.bootstrap import now, open_services
    from services.keys import read_keys

    settings = operator_settings()
    with database_urls(settings) as urls:
        keys = read_keys(demo_keys_file(settings), now())
        named = settings.model_copy(update={"database_url": SecretStr(urls.app)})
        async with open_wechat(named) as wechat, open_services(named, keys, wechat) as resources:
            yield resources


def _known(book: "RuleBook", programme: str) -> str:
    slugs = [each.slug for each in book.programmes]
    if programme not in slugs:
        raise CommandFailed(f"No programme is called {programme!r}. Use one of {', '.join(slugs)}.")
    return programme


async def _coverage(asked: _Asked, programme: str | None) -> "tuple[RuleBook, Sequence[Coverage]]":
    from services.coverage import coverage_of
    from services.register import read_register

    async with _opened() as resources:
        book = resources.rules.chinese
        if programme is not None:
            _known(book, programme)
        (register,) = await read_register(resources, _enquiry(asked), asked.on, [book])
        _refuse_nobody(len(register.ids), asked.town)
        wanted = [line for line in coverage_of(book, register) if programme in (None, line.programme)]
        return book, wanted


async def _visits(asked: _Asked, programme: str) -> "Sequence[Visit]":
    from services.coverage import visits_of
    from services.register import read_register

    async with _opened() as resources:
        book = resources.rules.chinese
        _known(book, programme)
        (register,) = await read_register(resources, _enquiry(asked), asked.on, [book])
        _refuse_nobody(len(register.ids), asked.town)
        return await visits_of(resources, _enquiry(asked), register, programme)


async def _simulation(asked: _Asked, figures: Sequence[tuple[str, Decimal]], policy: Path | None) -> "Simulation":
    from domain.simulation import UnknownParameter, with_parameter
    from services.bootstrap import load_rules
    from services.register import read_register
    from services.simulation import simulate

    async with _opened() as resources:
        book = resources.rules.chinese
        other = load_rules(policy).chinese if policy else book
        for name, value in figures:
            try:
                other = with_parameter(other, name, value, asked.on)
            except UnknownParameter as error:
                raise CommandFailed(str(error)) from None
        books = [book, other] if policy else [book]
        registers = await read_register(resources, _enquiry(asked), asked.on, books)
        _refuse_nobody(len(registers[0].ids), asked.town)
        return simulate((book, registers[0]), (other, registers[-1]))


def _enquiry(asked: _Asked) -> "Enquiry":
    from domain.access import Area
    from services.register import Enquiry

    return Enquiry("operator", asked.purpose, Area(asked.town))


def _refuse_nobody(count: int, town: str) -> None:
    if not count:
        where = (
            f"in a town called {town!r}: see that it is written as in the register" if town else "yet: load it first"
        )
        raise CommandFailed(f"The register has nobody {where}.")
