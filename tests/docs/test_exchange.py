"""The handbook's table of files is that of the declared sources."""

import re
from pathlib import Path

from services.bootstrap import load_rules, load_sources

HANDBOOK = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_handbook_names_every_source_with_its_columns() -> None:
    """An officer who follows it sends a file that is not refused."""
    vocabulary = load_rules().chinese.reference.vocabulary
    rows = re.findall(r"^\| `([a-z-]+)` \| (\S+) \| ([^|]+) \|$", HANDBOOK.read_text(encoding="utf-8"), re.MULTILINE)

    told = {slug: (department, tuple(columns.split(", "))) for slug, department, columns in rows}

    assert told == {
        slug: (vocabulary.departments[source.department], source.headers)
        for slug, source in load_sources(vocabulary).items()
    }
