"""Proves that every failure an operator can mend has its sentence and status, and that a fault keeps its traceback."""

import asyncpg
import pytest
from tortoise.exceptions import DBConnectionError

from cli.account import EmbeddedPostgresError
from cli.backup import BackupFailed
from cli.explanation import CommandFailed, explain
from domain.policy_file import Place, PolicyInvalid
from services.database import DatabaseUnavailable
from services.keys import KeysInvalid
from services.settings import SettingsInvalid


@pytest.mark.parametrize(
    ("error", "sentence", "status"),
    [
        (SettingsInvalid("PORT is wrong."), "PORT is wrong.", 2),
        (CommandFailed("No."), "No.", 1),
        (EmbeddedPostgresError("No."), "No.", 1),
        (BackupFailed("No."), "No.", 1),
        (KeysInvalid("No."), "No.", 1),
        (PolicyInvalid(Place("a.toml"), "title", "missing", "Add it"), "a.toml, key title: missing. Add it.", 1),
        (DBConnectionError("refused\nby nature"), "The database refused: refused.", 1),
        (asyncpg.InvalidPasswordError("wrong password"), "The database refused: wrong password.", 1),
        (FileNotFoundError(2, "No such file", "x"), "[Errno 2] No such file: 'x'.", 1),
        (OSError(), "OSError.", 1),
    ],
)
def test_a_failure_has_one_sentence_and_a_status(error: Exception, sentence: str, status: int) -> None:
    """2 where the environment is wrong, 1 for everything else that can be mended."""
    told = explain(error)

    assert told is not None
    assert (told.sentence, told.status) == (sentence, status)


def test_a_silent_database_is_told_by_its_variable() -> None:
    """What the driver raised would mean nothing to the reader."""
    told = explain(DatabaseUnavailable("ConnectionRefusedError"))

    assert told is not None
    assert "DATABASE_URL" in told.sentence


@pytest.mark.parametrize("error", [ValueError("a fault"), KeyError("a fault"), RuntimeError()])
def test_a_fault_of_the_program_is_not_explained_away(error: Exception) -> None:
    """A traceback is what its reporter needs."""
    assert explain(error) is None
