"""Stands in for another year's law: the shipped programmes with some of them changed or gone."""

import shutil
from pathlib import Path

from domain.rulebook import RuleBooks
from services.bootstrap import POLICY, load_rules


def rules_with(directory: Path, changed: dict[str, str | None]) -> RuleBooks:
    """The project's rules with some files changed, or left out by None."""
    shutil.copytree(POLICY, directory, dirs_exist_ok=True)
    for name, text in changed.items():
        if text is None:
            (directory / name).unlink()
        else:
            (directory / name).write_text(text, encoding="utf-8")
    return load_rules(directory)
