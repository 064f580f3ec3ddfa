"""Tells failures that an operator can mend from faults of the program, and says the first in one sentence."""

from dataclasses import dataclass
from typing import Final

FAILED: Final = 1
WRONG_CALL: Final = 2


class CommandFailed(Exception):
    """A command cannot do what it was asked; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Explanation:
    """What to print, and the status with which the command ends: 2 where the call or the environment is wrong."""

    sentence: str
    status: int


def explain(error: Exception) -> Explanation | None:
    """The explanation of a failure; None for a fault, which deserves its traceback.

    What it compares with is imported here, because most commands never fail and need little of it.
    """
    import asyncpg
    from tortoise.exceptions import DBConnectionError

    from cli.account import EmbeddedPostgresError
    from cli.backup import BackupFailed
    from domain.policy_file import PolicyInvalid
    from services.archive import ArchiveRefused
    from services.checkpoints import CheckpointInvalid
    from services.database import DatabaseUnavailable
    from services.erasure import ErasureListInvalid
    from services.keys import KeysInvalid
    from services.rewrapping import RewrapIncomplete
    from services.settings import SettingsInvalid

    match error:
        case SettingsInvalid():
            return Explanation(str(error), WRONG_CALL)
        case (
            CommandFailed()
            | ArchiveRefused()
            | EmbeddedPostgresError()
            | BackupFailed()
            | KeysInvalid()
            | PolicyInvalid()
            | CheckpointInvalid()
            | RewrapIncomplete()
            | ErasureListInvalid()
        ):
            return Explanation(str(error), FAILED)
        case DatabaseUnavailable():
            return Explanation("The database does not answer: see that it runs and that DATABASE_URL is right.", FAILED)
        case DBConnectionError() | asyncpg.PostgresError():
            return Explanation(f"The database refused: {_first_line(error)}.", FAILED)
        case OSError():
            return Explanation(f"{_first_line(error)}.", FAILED)
        case _:
            return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
