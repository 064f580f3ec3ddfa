"""Proves that the README's table of environment variables is what the settings say, word for word."""

from pathlib import Path

import pytest

from services.settings import variables

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- variables: begin -->\n", "<!-- variables: end -->\n"


def expected() -> str:
    """The table as the settings describe it."""
    rows = [f"| `{each.name}` | {_code(each.default)} | {each.description} |" for each in variables()]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _code(default: str) -> str:
    return f"`{default}`" if default else ""


def test_the_readme_names_every_variable_with_its_default() -> None:
    """An operator reads the README, not the code; to mend a difference, put the printed table into it."""
    text = README.read_text(encoding="utf-8")
    table = text.partition(BEGIN)[2].partition(END)[0]

    if table != expected():
        pytest.fail(f"README.md is to hold this table:\n{expected()}")
