"""Officers' commands answer in tables, files and pictures, and refuse in one sentence what means nothing."""

import csv
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from PIL import Image

from card.cose import SigningKey
from cli.demo.load import load_district
from services.bootstrap import POLICY
from services.keys import make_keys, write_keys
from services.vault import Vault

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses

RESIDENTS = 300


@pytest.fixture(scope="module")
async def district(database: "DatabaseAddresses", tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an officer's machine: a filled register and the server's keys."""
    at = datetime.now(UTC)
    keys = make_keys(SigningKey.generate(), demo=True, at=at)
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    write_keys(file, keys)
    owner = await asyncpg.connect(database.owner_url)
    await load_district(owner, Vault(keys.master, keys.blind_index, keys.pseudonym), RESIDENTS, at, lambda _: None)
    await owner.close()
    return {"DATABASE_URL": database.app_url, "KEYS_FILE": str(file), "COLUMNS": "80"}


def lines_of(file: Path) -> list[dict[str, str]]:
    """The lines of a file as a spreadsheet would read them."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def test_coverage(sdc: "Sdc", district: dict[str, str], tmp_path: Path) -> None:
    """The table fits 80 columns and names every programme; the file has each town, and towns add up to all."""
    shown = sdc("coverage", "--csv", tmp_path / "coverage.csv", **district)

    assert shown.returncode == 0, shown.stderr
    assert all(len(line) <= 80 for line in shown.stdout.splitlines())
    lines = [line for line in lines_of(tmp_path / "coverage.csv") if line["programme"] == "living-subsidy"]
    whole, *towns = lines
    assert "living-subsidy" in shown.stdout
    assert whole["town"] == "(all)"
    assert int(whole["entitled"]) > 0
    assert "98% " in whole["targets"]
    for count in ("entitled", "receiving", "missing_out", "undetermined", "receiving_not_entitled"):
        assert int(whole[count]) == sum(int(town[count]) for town in towns)


def test_one_programme_in_one_town(sdc: "Sdc", district: dict[str, str]) -> None:
    """A programme is shown town by town, and a town alone as far as it goes."""
    shown = sdc("coverage", "--programme", "free-bus", "--town", "青禾街道", **district)

    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["town", "(all)", "青禾街道"]


def test_whom_to_visit(sdc: "Sdc", district: dict[str, str], tmp_path: Path) -> None:
    """Names are masked, each line has its village and its reason, and their number is told."""
    shown = sdc("coverage", "--visit", "living-subsidy", "--csv", tmp_path / "visits.csv", **district)

    lines = lines_of(tmp_path / "visits.csv")
    assert shown.returncode == 0, shown.stderr
    assert lines
    assert f"{len(lines)} residents to visit." in shown.stdout
    assert all(line["name"].endswith("*") and line["village"] for line in lines)
    assert {line["why"].split(":")[0].split(",")[0] for line in lines} <= {"ask", "entitled"}


def test_another_figure(sdc: "Sdc", district: dict[str, str], tmp_path: Path) -> None:
    """More gets everybody more: in the table, in the file and in the picture, whose amounts are said to be examples."""
    asked = ("simulate", "--set", "minimum_living_standard=2000", "--csv", tmp_path / "effects.csv")
    shown = sdc(*asked, "--chart", tmp_path / "effects.png", **district)

    assert shown.returncode == 0, shown.stderr
    assert "* Amounts are examples (illustrative)" in shown.stdout
    (living,) = [
        line
        for line in lines_of(tmp_path / "effects.csv")
        if line["programme"] == "living-subsidy" and line["by"] == "all"
    ]
    assert float(living["yuan_a_year_after"]) > float(living["yuan_a_year_before"]) > 0
    assert int(living["gainers"]) >= int(living["heads_after"]) > int(living["heads_before"])
    assert living["amounts"] == "illustrative"
    with Image.open(tmp_path / "effects.png") as picture:
        assert picture.size[0] >= 1000


def test_other_rules(sdc: "Sdc", district: dict[str, str], tmp_path: Path) -> None:
    """A folder of rules without a programme takes it from those who had it; the picture may be vectors."""
    rules = tmp_path / "policy"
    shutil.copytree(POLICY, rules)
    file = rules / "living-subsidy.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("share = 1.5", "share = 0.01"), encoding="utf-8")

    shown = sdc("simulate", "--policy", rules, "--town", "青禾街道", "--chart", tmp_path / "effects.svg", **district)

    assert shown.returncode == 0, shown.stderr
    (living,) = [line.split() for line in shown.stdout.splitlines() if line.startswith("living-subsidy")]
    assert int(living[-1]) > int(living[-2]) == 0
    assert "<svg" in (tmp_path / "effects.svg").read_text(encoding="utf-8")


def test_nothing_changes(sdc: "Sdc", district: dict[str, str], tmp_path: Path) -> None:
    """A figure as it is moves nobody, and the picture says so."""
    unmoved = ("simulate", "--policy", POLICY, "--chart", tmp_path / "effects.svg")

    shown = sdc(*unmoved, **district)

    assert shown.returncode == 0, shown.stderr
    assert [line.split()[0] for line in shown.stdout.splitlines()][:3] == ["programme", "(all)", "group"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("coverage", "--programme", "nonsense"), "No programme is called 'nonsense'. Use one of"),
        (("coverage", "--visit", "nonsense"), "No programme is called 'nonsense'. Use one of"),
        (("coverage", "--town", "无名镇"), "nobody in a town called '无名镇'"),
        (("simulate",), "Nothing would change: give a figure with --set"),
        (("simulate", "--set", "nonsense=1"), "No parameter is called 'nonsense'. Use one of"),
        (("simulate", "--set", "minimum_wage"), "--set minimum_wage is no figure: write PARAMETER=VALUE"),
        (("simulate", "--set", "minimum_wage=-1"), "is no figure"),
        (("simulate", "--set", "minimum_wage=1", "--chart", "effects.pdf"), "ends in .png or .svg: rename effects.pdf"),
    ],
)
def test_what_means_nothing(sdc: "Sdc", district: dict[str, str], arguments: tuple[str, ...], sentence: str) -> None:
    """One sentence says what is wrong and what to do."""
    refused = sdc(*arguments, **district)

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_day_that_is_none(sdc: "Sdc", district: dict[str, str]) -> None:
    """A typing error in the day is told by the command line itself; a day far away is answered."""
    assert sdc("coverage", "--on", "2026-02-30", **district).returncode == 2
    assert sdc("coverage", "--on", "1949-10-01", **district).returncode == 0
