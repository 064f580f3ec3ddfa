"""Proves that the command shows a fault with its traceback, and starts without loading what a command does not need."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli import main, serving


def test_a_fault_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing hides an error that nobody foresaw."""

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(serving, "operator_settings", fail)
    ended = CliRunner().invoke(main.app, ["reset"])

    assert isinstance(ended.exception, ZeroDivisionError)


def test_help_loads_no_database_driver_and_no_server() -> None:
    """Help and typing errors answer at once, on a small machine too."""
    code = (
        "import sys; sys.argv = ['sdc', '--help']; import cli.main\n"
        "heavy = {'asyncpg', 'tortoise', 'strawberry', 'uvicorn', 'pydantic', 'cryptography'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (loaded.returncode, loaded.stderr) == (0, "")


@pytest.mark.parametrize("group", [[], ["keys"], ["policy"], ["audit"], ["demo"]])
def test_every_group_has_a_help_that_names_its_commands(group: list[str]) -> None:
    """The help is complete: each command with a sentence."""
    shown = CliRunner().invoke(main.app, [*group, "--help"])

    assert shown.exit_code == 0
    assert "Commands" in shown.output


def test_an_unknown_command_is_a_wrong_call() -> None:
    """Status 2, as for a wrong environment."""
    assert CliRunner().invoke(main.app, ["rum"]).exit_code == 2
