"""Proves that the rules' check names a mistake and its place, and that the audit log's check finds an altered entry."""

import shutil
import unicodedata
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from card.cose import SigningKey
from services import audit
from services.bootstrap import POLICY
from services.keys import make_keys, write_keys

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
async def owner(database: "DatabaseAddresses") -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do what the server may not."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


def test_the_rules_of_this_checkout_are_listed(sdc: "Sdc") -> None:
    """Every programme is named with its title and the day from which it applies."""
    checked = sdc("policy", "check", COLUMNS="80")

    assert checked.returncode == 0, checked.stderr
    for file in POLICY.glob("*-*.toml"):
        assert file.stem in checked.stdout
    assert "2016-12-04" in checked.stdout
    assert "Chinese and English: no mistake found, and no gap in time" in checked.stdout
    assert max(map(wide, checked.stdout.splitlines())) <= 80


def wide(line: str) -> int:
    """How many columns of a terminal a line takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1 for sign in line)


def test_gaps_and_periods_are_shown(tmp_path: Path, sdc: "Sdc") -> None:
    """Days on which a programme has no rules stand out, and each figure is listed with the days it is in force."""
    rules = shutil.copytree(POLICY, tmp_path / "policy")
    file = rules / "free-bus.toml"
    text = file.read_text(encoding="utf-8")
    later = text[text.index("[[version]]") :].replace("effective = 2016-12-04", "effective = 2027-02-01")
    ended = text.replace("effective = 2016-12-04", "effective = 2016-12-04\nended = 2026-12-31")
    file.write_text(f"{ended}\n{later}", encoding="utf-8")

    checked = sdc("policy", "check", rules)

    shown = [line.split() for line in checked.stdout.splitlines()]
    assert checked.returncode == 0, checked.stderr
    assert ["2027-01-01", "–", "2027-01-31", "NO", "RULES"] in shown
    assert ["2027-02-01", "–", "免费乘坐公交车"] in shown
    assert ["2021-07-01", "–", "2024-06-30", "890", "example", "示例数字,待区民政局确认"] in shown
    assert "at times none apply: see NO RULES above" in checked.stdout


def test_a_missing_translation_fails_the_check(tmp_path: Path, sdc: "Sdc") -> None:
    """Both languages are read: what a reader of English would miss is named with its file and key."""
    rules = shutil.copytree(POLICY, tmp_path / "policy")
    (rules / "en/free-bus.toml").unlink()

    checked = sdc("policy", "check", rules)

    assert checked.returncode == 1
    assert "free-bus.toml, key title: no English for '免费乘坐公交车'. Add it to en/free-bus.toml" in checked.stderr


def test_a_mistake_is_named_with_file_and_remedy(tmp_path: Path, sdc: "Sdc") -> None:
    """Whoever edits a rule sees where it is wrong, in one sentence."""
    rules = tmp_path / "policy"
    shutil.copytree(POLICY, rules)
    file = rules / "free-bus.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('title = "免费', 'titel = "免费', 1), encoding="utf-8")

    checked = sdc("policy", "check", rules)

    assert checked.returncode == 1
    assert "free-bus.toml" in checked.stderr
    assert "title" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_a_mistake_in_the_law_of_cards_is_named_too(tmp_path: Path, sdc: "Sdc") -> None:
    """A misspelt term of cards does not wait for the next start of the server."""
    rules = tmp_path / "policy"
    shutil.copytree(POLICY, rules)
    file = rules / "register" / "card.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("freeze_months", "freeze_month"), encoding="utf-8")

    checked = sdc("policy", "check", rules)

    assert checked.returncode == 1
    assert "register/card.toml" in checked.stderr
    assert "freeze_month" in checked.stderr


def test_a_folder_that_is_not_there_is_a_wrong_call(tmp_path: Path, sdc: "Sdc") -> None:
    """A typing error in the path is told by the command line itself."""
    assert sdc("policy", "check", tmp_path / "nowhere").returncode == 2


async def test_a_whole_log_is_counted_and_an_altered_entry_found(
    database: "DatabaseAddresses", owner: asyncpg.Connection, sdc: "Sdc"
) -> None:
    """The server's role suffices for the check; an alteration by the database's owner shows with its place."""
    for number in range(3):
        async with owner.transaction():
            await audit.record(owner, audit.Event("staff:1", "look", f"resident:{number}"), AT)
    whole = sdc("audit", "verify", DATABASE_URL=database.app_url)
    await owner.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")
    await owner.execute("UPDATE audit SET actor = 'staff:2' WHERE sequence = 2")

    broken = sdc("audit", "verify", DATABASE_URL=database.app_url)

    assert (whole.returncode, broken.returncode) == (0, 1)
    assert "3 entries" in whole.stdout
    assert "entry 2" in broken.stderr


def test_a_database_that_is_away_is_told_in_one_sentence(sdc: "Sdc") -> None:
    """Nothing listens on port 1: no traceback, and the password stays out of the message."""
    away = sdc("audit", "verify", DATABASE_URL="postgresql://sdc_app:very-secret@127.0.0.1:1/sdc")

    assert away.returncode == 1
    assert "DATABASE_URL" in away.stderr
    assert "Traceback" not in away.stderr
    assert "very-secret" not in away.stdout + away.stderr


def test_without_database_and_demo_the_remedy_is_named(tmp_path: Path, sdc: "Sdc") -> None:
    """A command for a demo that was never started does not make an empty one."""
    nothing = sdc("audit", "verify", DATA_DIR=tmp_path / "none")

    assert nothing.returncode == 1
    assert "make run" in nothing.stderr
    assert not (tmp_path / "none/postgres").exists()


@pytest.fixture
def signing(database: "DatabaseAddresses", tmp_path: Path) -> dict[str, str | Path]:
    """The environment of a server with keys and a folder for checkpoints."""
    keys_file = tmp_path / "keys.json"
    write_keys(keys_file, make_keys(SigningKey.generate(), demo=True, at=AT))
    return {"DATABASE_URL": database.app_url, "KEYS_FILE": keys_file, "AUDIT_DIR": tmp_path / "audit"}


@pytest.fixture
async def log(owner: asyncpg.Connection) -> asyncpg.Connection:
    """A log of four entries and nothing else."""
    await owner.execute("ALTER TABLE audit DISABLE TRIGGER USER")
    await owner.execute("DELETE FROM audit")
    for number in range(4):
        async with owner.transaction():
            await audit.record(owner, audit.Event("staff:1", "look", f"resident:{number}"), AT)
    return owner


async def test_an_end_that_was_cut_off_is_found_where_it_was(
    log: asyncpg.Connection, signing: dict[str, str | Path], sdc: "Sdc"
) -> None:
    """Without the file nobody could tell; after a restore that lost entries, the operator says so and it is whole."""
    signed = sdc("audit", "checkpoint", **signing)
    whole = sdc("audit", "verify", **signing)
    await log.execute("DELETE FROM audit WHERE sequence > 2")
    cut = sdc("audit", "verify", **signing)
    unseen = sdc("audit", "verify", DATABASE_URL=signing["DATABASE_URL"])
    declared = sdc("audit", "checkpoint", "--restored", **signing)
    forgiven = sdc("audit", "verify", **signing)

    assert "Signed entry 4" in signed.stdout
    assert "1 checkpoints hold" in whole.stdout
    assert cut.returncode == 1
    assert "ends before entry 3" in cut.stderr
    assert "signed entry 4" in cut.stderr
    assert "There is no checkpoint" in unseen.stdout
    assert (declared.returncode, forgiven.returncode) == (0, 0), forgiven.stderr


async def test_a_log_that_was_written_anew_is_found_between_two_checkpoints(
    log: asyncpg.Connection, signing: dict[str, str | Path], sdc: "Sdc"
) -> None:
    """Forged entries follow from one another, so only what was signed elsewhere gives them away."""
    sdc("audit", "checkpoint", **signing)
    for number in range(2):
        async with log.transaction():
            await audit.record(log, audit.Event("staff:1", "look", f"resident:{number}"), AT)
    sdc("audit", "checkpoint", **signing)
    await log.execute("DELETE FROM audit WHERE sequence > 4")
    for _ in range(2):
        async with log.transaction():
            await audit.record(log, audit.Event("staff:2", "look", "resident:9"), AT)

    forged = sdc("audit", "verify", **signing)

    assert forged.returncode == 1
    assert "between entries 4 and 6" in forged.stderr


async def test_a_removed_entry_and_a_damaged_file_are_told_apart(
    log: asyncpg.Connection, signing: dict[str, str | Path], sdc: "Sdc"
) -> None:
    """Each with its place."""
    sdc("audit", "checkpoint", **signing)
    await log.execute("DELETE FROM audit WHERE sequence = 2")
    removed = sdc("audit", "verify", **signing)
    (Path(signing["AUDIT_DIR"]) / "checkpoints.jsonl").write_text("{}\n")

    damaged = sdc("audit", "verify", **signing)

    assert "entry 2: it was removed" in removed.stderr
    assert (removed.returncode, damaged.returncode) == (1, 1)
    assert "Line 1 of" in damaged.stderr


async def test_a_checkpoint_needs_a_folder_and_an_entry(
    log: asyncpg.Connection, signing: dict[str, str | Path], sdc: "Sdc"
) -> None:
    """Without a folder the variable is named; of an empty log there is nothing to sign."""
    nowhere = sdc("audit", "checkpoint", DATABASE_URL=signing["DATABASE_URL"], KEYS_FILE=signing["KEYS_FILE"])
    await log.execute("DELETE FROM audit")

    empty = sdc("audit", "checkpoint", **signing)

    assert nowhere.returncode == 1
    assert "AUDIT_DIR is missing" in nowhere.stderr
    assert (empty.returncode, "nothing to sign" in empty.stdout) == (0, True)
