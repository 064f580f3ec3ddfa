"""What the officer's manual shows can be done as it is written there."""

import re
import shutil
import tomllib
from datetime import date
from pathlib import Path

from domain.benefit import KINDS
from domain.comparison import KEYS
from domain.policy import parse_programme
from domain.policy_file import parse_document
from services.bootstrap import POLICY, load_rules

MANUAL = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
BLOCKS = [
    re.sub("^   ", "", block, flags=re.MULTILINE) for block in re.findall(r"```toml\n(.*?)```", MANUAL, re.DOTALL)
]
PROGRAMME, FIGURE, ENGLISH, CASE = BLOCKS


def test_the_programme_that_it_shows_is_a_programme() -> None:
    """Every key of the example is one that the loader takes."""
    document = parse_document("study-grant.toml", PROGRAMME)

    programme = parse_programme("study-grant.toml", document.content, load_rules().chinese.reference)

    assert programme.versions[0].review_months == 12


def test_the_notice_changes_the_amount_that_it_names(tmp_path: Path) -> None:
    """The two pieces, added where the manual says, give the amounts that it promises on either day."""
    rules = Path(shutil.copytree(POLICY, tmp_path / "policy"))
    for name, text in (("parameters.toml", FIGURE), ("en/parameters.toml", ENGLISH)):
        with (rules / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}")

    books = load_rules(rules)

    benefit = next(each for each in books.chinese.programmes if each.slug == "living-subsidy").versions[-1].benefits[0]
    figures = books.chinese.reference.parameters
    days = (date(2026, 6, 30), date(2026, 7, 1))
    for day in days:
        assert f"{benefit.amount_on(day, figures)} yuan on {day}" in re.sub(r"\s+", " ", MANUAL)
    assert [figures["minimum_living_standard"].on(day).illustrative for day in days] == [True, False]  # type: ignore[union-attr] # there is one


def test_the_case_that_it_shows_is_one_of_ours() -> None:
    """The example is written as the cases are that are run."""
    (case,) = tomllib.loads(CASE)["case"]
    cases = tomllib.loads((Path(__file__).parents[1] / "policy/living-subsidy.toml").read_text(encoding="utf-8"))[
        "case"
    ]

    assert {key: case[key] for key in ("facts", "on", "expected", "monthly")} in [
        {key: each.get(key) for key in ("facts", "on", "expected", "monthly")} for each in cases
    ]


def test_every_comparison_and_benefit_is_named() -> None:
    """The manual names each key that a criterion or a benefit may have."""
    assert [key for key in (*KEYS, *KINDS, "indexed_to") if f"`{key}" not in MANUAL] == []
