"""The commands about settlement: close a month of an operator, check it against the scans, prove a scan, export."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from cli.environment import database_urls, demo_keys_file, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.resources import Resources
    from services.statements import ClosedStatement, Difference

app = typer.Typer(help="Settle with operators.", no_args_is_help=True)

Answer = TypeVar("Answer")
OperatorName = Annotated[str, typer.Option("--operator", help="The operator's name, or its id.")]
Month = Annotated[datetime, typer.Option("--month", help="As 2026-03.", formats=["%Y-%m"])]

_REFUSED = {
    "not_over": "The month is not over: close it from the first day of the next.",
    "not_next": "Months are closed in their order: close the one after the newest statement.",
}


@app.command()
def close(operator: OperatorName, month: Month) -> None:
    """Make the statement of a month, once; asked again, tell of the same."""
    from services.settlement import CloseRefusal
    from services.settlement import close as close_month

    async def work(resources: "Resources") -> "ClosedStatement":
        operator_id = await _operator(resources, operator)
        answer = await close_month(resources, operator_id, month.date(), "operator:settle")
        if isinstance(answer, CloseRefusal):
            raise CommandFailed(_REFUSED[answer])
        return await _statement(resources, operator_id, month.date())

    made = _with_resources(work)
    typer.echo(f"{made.operator}, {made.month:%Y-%m}: {made.taps} scans, closed at {made.closed_at:%Y-%m-%d %H:%M}.")


@app.command()
def verify(operator: OperatorName, month: Month) -> None:
    """Derive a statement again from its scans, and check signature, root and totals; status 1 if anything differs."""
    from services.statements import verify as differences

    async def work(resources: "Resources") -> "tuple[ClosedStatement, Sequence[Difference]]":
        made = await _statement(resources, await _operator(resources, operator), month.date())
        return made, await differences(resources.database, resources.keys.root, made)

    made, found = _with_resources(work)
    for each in found:
        typer.echo(_told(each), err=True)
    if found:
        raise CommandFailed(f"{made.operator}, {made.month:%Y-%m}: the statement differs in {len(found)} places.")
    typer.echo(
        f"{made.operator}, {made.month:%Y-%m}: signature, totals, lines and root are those of {made.taps} scans."
    )


@app.command()
def prove(
    device: Annotated[UUID, typer.Argument(help="The scanner's id.")],
    epoch: Annotated[str, typer.Argument(help="The epoch of its storage, 16 hexadecimal digits.")],
    sequence: Annotated[int, typer.Argument(help="The scan's number.")],
    file: Annotated[Path, typer.Argument(help="File to write.")],
) -> None:
    """Write the proof that a scan is counted, for whoever trusts the root: see `sdc settle check`."""
    from services.statements import prove as proof_of

    try:
        raw_epoch = bytes.fromhex(epoch)
    except ValueError:
        raise CommandFailed("The epoch is no hexadecimal text: take it from the scanner's outbox.") from None
    proof = _with_resources(lambda resources: proof_of(resources.database, device, raw_epoch, sequence))
    if proof is None:
        raise CommandFailed("No statement counts this scan: it is not there, waits for a person, or was no ride.")
    file.write_bytes(proof)
    typer.echo(f"{file} holds the proof.")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A proof that `sdc settle prove` wrote.")],
    root: Annotated[str, typer.Option("--root", help="The root's public key, 64 hexadecimal digits.")],
) -> None:
    """Check a proof with nothing but the root's public key; no database and no secret is needed."""
    from card.cose import VerifyingKey
    from card.proof import read_proof
    from card.refusal import CredentialRefused
    from card.scan import read_scan

    try:
        proven = read_proof(file.read_bytes(), VerifyingKey.of(bytes.fromhex(root)))
        scan = read_scan(proven.record)
    except CredentialRefused as refusal:
        raise CommandFailed(f"{file} proves nothing: {refusal.reason}.") from None
    except ValueError:
        raise CommandFailed("The root is no public key: give its 64 hexadecimal digits.") from None
    typer.echo(
        f"Scan {scan.sequence} of {scan.device_id}, made at {scan.at:%Y-%m-%d %H:%M:%S} UTC, "
        f"is counted in the statement of {proven.statement.month:%Y-%m}."
    )


@app.command()
def export(
    operator: OperatorName,
    month: Month,
    file: Annotated[Path, typer.Argument(help="File to write; its end says how: .csv, .xlsx or .parquet.")],
) -> None:
    """Write the lines of a statement as a table."""
    from services.sheet import Sheet, SheetKindUnknown, write_sheet
    from services.statements import lines_of

    async def work(resources: "Resources") -> Sheet:
        made = await _statement(resources, await _operator(resources, operator), month.date())
        lines = await lines_of(resources.database, made.id)
        rows = [
            (made.operator, number, each.line, each.day, each.verdict.value, each.evidence.value, each.rides)
            for number, each in enumerate(lines, 1)
        ]
        return Sheet(("operator", "number", "line", "day", "class", "evidence", "rides"), rows)

    sheet = _with_resources(work)
    try:
        write_sheet(sheet, file)
    except SheetKindUnknown as unknown:
        raise CommandFailed(str(unknown)) from None
    typer.echo(f"{file} holds {len(sheet.rows)} lines.")


async def _operator(resources: "Resources", named: str) -> UUID:
    rows = await resources.database.fetch("SELECT id FROM operator WHERE name = $1 OR id::text = $1", named)
    if len(rows) != 1:
        raise CommandFailed("No operator, or more than one, has this name: give its id.")
    return UUID(bytes=rows[0]["id"].bytes)


async def _statement(resources: "Resources", operator_id: UUID, month: date) -> "ClosedStatement":
    from services.statements import statement_of

    made = await statement_of(resources.database, operator_id, month)
    if made is None:
        raise CommandFailed("There is no statement of this month: make it with `sdc settle close`.")
    return made


def _told(difference: "Difference") -> str:
    line = difference.line
    which = f" {line.line}, {line.day}, {line.verdict}, {line.evidence}" if line else ""
    return f"{difference.flaw}{which}: stated {difference.stated or '-'}, found {difference.found or '-'}"


def _with_resources(work: "Callable[[Resources], Awaitable[Answer]]") -> Answer:
    from pydantic import SecretStr

    from api.wechat import open_wechat
    from services.bootstrap import open_services
    from services.keys import read_keys

    settings = operator_settings()

    async def run(url: str) -> Answer:
        keys = read_keys(demo_keys_file(settings), datetime.now(UTC))
        named = settings.model_copy(update={"database_url": SecretStr(url)})
        async with open_wechat(named) as wechat, open_services(named, keys, wechat) as resources:
            return await work(resources)

    with database_urls(settings) as urls:
        return asyncio.run(run(urls.app))
