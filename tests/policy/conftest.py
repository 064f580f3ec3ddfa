"""The rules as they are shipped."""

from pathlib import Path

import pytest

from domain.rulebook import RuleBook, RuleBooks
from services.bootstrap import load_rules


@pytest.fixture(scope="session")
def books() -> RuleBooks:
    """The rules of policy/ in each language."""
    return load_rules(Path(__file__).parents[2] / "policy")


@pytest.fixture(scope="session")
def rules(books: RuleBooks) -> RuleBook:
    """The rules as they are written."""
    return books.chinese
