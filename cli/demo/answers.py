"""What the demo's departments have answered about a made-up person, and which of them keeps which fact."""

import random
import tomllib
from collections.abc import Mapping
from functools import cache

from services.bootstrap import POLICY

Answers = dict[str, str | bool]  # by the name of the fact, in words and JSON values of policy/facts.toml


@cache
def keepers() -> Mapping[str, str]:
    """The department that keeps each fact."""
    facts = tomllib.loads((POLICY / "facts.toml").read_text(encoding="utf-8"))["facts"]
    return {name: fact["keeper"] for name, fact in facts.items()}


def chance(draw: random.Random, share: float) -> bool:
    """True for that share of the draws."""
    return draw.random() < share
