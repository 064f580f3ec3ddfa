"""Shows which targets are read and which are refused, with their place and remedy."""

from decimal import Decimal

import pytest

from domain.policy import load_rule_book
from domain.policy_file import PolicyInvalid

TARGET = '[[target]]\nprogramme = "trial"\nshare = 0.98\nclause = "1 para 1"\n'


def test_both_figures_of_a_programme_are_kept_in_order(policy: dict[str, str]) -> None:
    """Where the plan disagrees with itself, each figure is a target with its own clause."""
    policy["targets.toml"] = TARGET + TARGET.replace("0.98", "0.99").replace("1 para 1", "2 para 1")

    targets = load_rule_book(policy).targets

    assert [(each.programme, each.share, each.clause.clause) for each in targets] == [
        ("trial", Decimal("0.98"), "1 para 1"),
        ("trial", Decimal("0.99"), "2 para 1"),
    ]


def test_a_district_may_have_no_targets(policy: dict[str, str]) -> None:
    """Without the file the book has none."""
    assert load_rule_book(policy).targets == ()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (TARGET.replace("trial", "trail"), "no programme called 'trail'"),
        (TARGET.replace("0.98", "98"), "more than all of them"),
        (TARGET.replace("1 para 1", "9 para 9"), "not in the index"),
        (TARGET + TARGET, "the same target twice"),
        (TARGET + "shares = 1\n", "unknown key"),
        ("share = 1\n" + TARGET, "unknown key"),
    ],
)
def test_a_wrong_target_is_refused_with_its_place(policy: dict[str, str], written: str, message: str) -> None:
    """A mistake names the file and what is wrong."""
    policy["targets.toml"] = written

    with pytest.raises(PolicyInvalid, match=message) as caught:
        load_rule_book(policy)

    assert str(caught.value).startswith("targets.toml")
