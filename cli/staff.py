"""The command that makes the first administrators of staff; from then on these give every post, two together."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.environment import database_urls, demo_keys_file, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from uuid import UUID

    from services.appointments import StaffRefusal
    from services.second_factor import Enrolment
    from services.settings import Settings

app = typer.Typer(help="Make the first administrators of staff.", no_args_is_help=True)

_WHY: Final = {
    "no_account": "No such account: she signs in once, and her mini program shows the id under `viewer { accountId }`.",
    "enough_administrators": "Two administrators are in office already: they give posts in the mini program.",
    "organisation_unusable": "The organisation needs a name of at most 80 characters.",
}


@app.command()
def first(
    account: Annotated[str, typer.Argument(help="The account's id, as `viewer { accountId }` shows it.")],
    organisation: Annotated[str, typer.Option(help="Whom she works for.")],
) -> None:
    """Make an account an administrator while there are not two, and show the secret of her second factor once."""
    from rich.console import Console

    from cli.demo.picture import draw
    from schema.identity import key_of
    from services.appointments import StaffRefusal

    settings = operator_settings()
    with database_urls(settings) as urls:
        given = asyncio.run(_appoint(settings, urls.app, key_of("Account", account), organisation))
    if isinstance(given, StaffRefusal):
        raise CommandFailed(_WHY[given])
    console = Console()
    console.print(draw(given.uri))
    console.print(
        f"Let her authenticator app read this, or type {given.secret}; it is not shown again. "
        "Her codes serve from now on, in `proveSecondFactor`.",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )


async def _appoint(settings: "Settings", url: str, account_id: "UUID", organisation: str) -> "Enrolment | StaffRefusal":
    from pydantic import SecretStr

    from api.wechat import open_wechat
    from services.appointments import appoint_first
    from services.bootstrap import open_services
    from services.keys import read_keys

    keys = read_keys(demo_keys_file(settings), datetime.now(UTC))
    serving = settings.model_copy(update={"database_url": SecretStr(url)})
    async with open_wechat(serving) as wechat, open_services(serving, keys, wechat) as resources:
        return await appoint_first(resources, account_id, organisation)
