"""The `sdc` command: its groups, and one sentence in place of a traceback for whatever an operator can put right."""

import signal
from typing import Any

import typer
from typer.core import TyperGroup

from cli import (
    bookings,
    cards,
    checks,
    claims,
    database,
    exports,
    imports,
    keys,
    register,
    retention,
    serving,
    slots,
    staff,
    taps,
)
from cli.demo import commands as demo
from cli.explanation import explain


class _Explaining(TyperGroup):
    """Turns the failures that are the operator's to mend into their sentence and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        # Set outright, because a shell starts what runs in its background with the interrupt ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = explain(error)
            if told is None:
                raise
            typer.echo(told.sentence, err=True)
            raise typer.Exit(told.status) from error


app = typer.Typer(
    cls=_Explaining,
    help="Run, inspect and try the smart disability card (智能化残疾人证) system.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(serving.run)
app.command()(serving.serve)
app.command()(serving.work)
app.command()(serving.reset)
app.command()(database.migrate)
app.command()(database.backup)
app.command()(database.restore)
app.command("coverage")(register.show_coverage)
app.command("simulate")(register.show_simulation)
app.add_typer(keys.app, name="keys")
app.add_typer(bookings.app, name="bookings")
app.add_typer(slots.app, name="slots")
app.command()(claims.claims)
app.add_typer(checks.policy, name="policy")
app.add_typer(checks.audit, name="audit")
app.add_typer(cards.app, name="cards")
app.add_typer(retention.app, name="retention")
app.add_typer(retention.residents, name="residents")
app.command()(exports.export)
app.add_typer(imports.app, name="import")
app.add_typer(staff.app, name="staff")
app.add_typer(taps.app, name="taps")
app.add_typer(demo.app, name="demo")
