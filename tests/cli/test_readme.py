"""Proves that the README's table of environment variables is what the settings say, word for word."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from graphql.validation import LoneAnonymousOperationRule, specified_rules

from services.settings import variables

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
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


def test_the_readmes_graphql_can_be_sent() -> None:
    """Every field that it shows is in the committed schema; the operations are sent one by one."""
    shown = re.findall(r"```graphql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    schema = build_schema((ROOT / "schema/schema.graphql").read_text(encoding="utf-8"))
    rules = [rule for rule in specified_rules if rule is not LoneAnonymousOperationRule]

    assert shown
    assert [validate(schema, parse(text), rules) for text in shown] == [[]] * len(shown)


def test_the_documents_that_the_readme_names_are_there() -> None:
    """No reader is sent to a file that does not exist."""
    text = README.read_text(encoding="utf-8")
    named = re.findall(r"`((?:docs|tests|policy|schema|card)/[\w./-]*|[A-Z]+\.md|Dockerfile|compose\.yaml)`", text)

    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []
