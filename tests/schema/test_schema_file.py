"""The committed schema: it is the one that is served, and no change breaks a client unseen."""

import subprocess
import sys
from pathlib import Path

from graphql import build_schema as read_schema
from graphql.utilities import find_breaking_changes

from schema.root import build_schema

FILE = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    """A change of the schema shows in review: run `python -m schema > schema/schema.graphql`."""
    printed = subprocess.run([sys.executable, "-m", "schema"], capture_output=True, check=True, cwd=FILE.parents[1])

    assert printed.stdout.decode() == FILE.read_text(encoding="utf-8")


def test_no_change_breaks_a_client() -> None:
    """Lists what clients of the committed schema would stumble over."""
    committed = read_schema(FILE.read_text(encoding="utf-8"))

    breaking = find_breaking_changes(committed, read_schema(build_schema().as_str()))

    assert [f"{change.type.name}: {change.description}" for change in breaking] == []
