"""The rules as they are shipped."""

from pathlib import Path

import pytest

from domain.rulebook import RuleBook
from services.bootstrap import load_rules


@pytest.fixture(scope="session")
def rules() -> RuleBook:
    """The rule book of policy/."""
    return load_rules(Path(__file__).parents[2] / "policy")
