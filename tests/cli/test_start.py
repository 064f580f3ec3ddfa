"""Proves that a demo's keys are made once and renewed in time, that it can use another PostgreSQL, and a bad start."""

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from rich.console import Console

from card.trust import read_key_set
from cli.demo import session, sheet
from cli.demo.notes import DemoAccount, DemoScanner, Notes
from cli.demo.start import demo_keys
from models.credential import DeviceKind
from services.keys import KEY_SET_LIFETIME, KeysInvalid, read_keys
from services.settings import load_settings

if TYPE_CHECKING:
    from tests.cli.conftest import Demo, Sdc
    from tests.conftest import DatabaseAddresses

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:1"
NOTES = Notes(
    NOWHERE,
    150,
    (DemoAccount("demo-1", "陈玉兰", "19900100001", "3302991980051000071"),),
    "demo-clerk",
    (DemoScanner(DeviceKind.BUS, "云溪公交", "18路01号车", "AAAA-BBBB-CCCC-DDDD.XYZ"),),
)


def test_keys_are_made_once_and_marked_as_the_demos(tmp_path: Path) -> None:
    """A second start reads what the first wrote, and production would refuse it."""
    settings = load_settings({"MODE": "demo", "DATA_DIR": str(tmp_path)})

    first, second = demo_keys(settings, AT), demo_keys(settings, AT + timedelta(days=300))

    assert first == second
    assert first.demo


def test_keys_are_renewed_before_and_after_their_end(tmp_path: Path) -> None:
    """A demo that was left for two years starts as one that is used daily."""
    settings = load_settings({"MODE": "demo", "DATA_DIR": str(tmp_path)})
    first = demo_keys(settings, AT)

    soon = demo_keys(settings, AT + KEY_SET_LIFETIME - timedelta(days=10))
    late = demo_keys(settings, AT + 3 * KEY_SET_LIFETIME)

    ends = [read_key_set(keys.key_set, keys.root).expires_at for keys in (first, soon, late)]
    assert ends == sorted(set(ends))
    assert late.issuer == first.issuer
    assert read_keys(tmp_path / "keys.json", AT + 3 * KEY_SET_LIFETIME) == late


def test_named_keys_are_used_as_they_are(tmp_path: Path) -> None:
    """KEYS_FILE is somebody's own: a demo neither makes nor renews it."""
    settings = load_settings({"MODE": "demo", "DATA_DIR": str(tmp_path), "KEYS_FILE": str(tmp_path / "mine.json")})

    with pytest.raises(KeysInvalid, match=r"mine\.json"):
        demo_keys(settings, AT)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_answers_gets_no_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait ends by itself, and at once when the server has ended."""
    monkeypatch.setattr(session, "READY_SECONDS", 0.2)
    ended = threading.Event()

    waited = session._wait_until_ready(NOWHERE, ended)
    ended.set()

    assert not waited
    assert not session._wait_until_ready(NOWHERE, ended)


def test_a_large_log_is_begun_anew_and_its_predecessor_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo that runs for months does not fill the disk."""
    monkeypatch.setattr(session, "LOG_BYTES", 10)
    log = tmp_path / "log/server.log"
    log.parent.mkdir()
    log.write_text("more than ten bytes")

    with session._errors_to(log):
        pass

    assert (log.read_text(), log.with_name("server.log.1").read_text()) == ("", "more than ten bytes")


def test_a_part_of_the_sheet_that_fails_does_not_hide_the_rest(tmp_path: Path) -> None:
    """Whatever is wrong with the codes, the commands to go on with are printed."""
    written = io.StringIO()

    sheet.start_sheet(NOTES, tmp_path, Console(file=written, width=100))

    assert "No server answers" in written.getvalue()
    assert "No demo server gives codes" in written.getvalue()
    assert "card enrol AAAA-BBBB-CCCC-DDDD.XYZ" in written.getvalue()
    assert "Ctrl-C stops it" in written.getvalue()


def test_commands_name_the_folder_only_where_it_is_not_the_usual_one(tmp_path: Path) -> None:
    """What the sheet prints can be pasted into another terminal as it is."""
    assert sheet._sdc(Path(".data")) == ".venv/bin/python -m cli"
    assert sheet._sdc(tmp_path / "a b") == f"DATA_DIR='{tmp_path}/a b' .venv/bin/python -m cli"


@pytest.fixture
def elsewhere(demo: "Demo", database: "DatabaseAddresses") -> Iterator["Demo"]:
    """A demo that is told to use a PostgreSQL which runs already."""
    demo.environment |= {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url}
    yield demo
    if demo.process is not None:
        demo.end()


def test_another_postgresql_is_used_and_left_running(
    elsewhere: "Demo", database: "DatabaseAddresses", sdc: "Sdc"
) -> None:
    """With both addresses no server is made; the district is loaded there, and Ctrl-C leaves that server alone."""
    shown = elsewhere.start()
    ready = httpx.get(f"{elsewhere.address}/readyz")
    status, _ = elsewhere.end()
    verified = sdc("audit", "verify", DATABASE_URL=database.app_url)

    assert "陈玉兰" in shown
    assert (ready.status_code, status, verified.returncode) == (200, 0, 0)
    assert not (elsewhere.data_dir / "postgres").exists()


def test_production_refuses_a_demos_keys(elsewhere: "Demo", database: "DatabaseAddresses", sdc: "Sdc") -> None:
    """The keys file says whose it is, and `serve` names the variable."""
    refused = sdc(
        "serve",
        DATABASE_URL=database.app_url,
        KEYS_FILE=elsewhere.data_dir / "keys.json",
        WECHAT_API="https://api.weixin.qq.com",
        WECHAT_APP_ID="wx0",
        WECHAT_APP_SECRET="made-up",
        PORT=str(elsewhere.port),
    )

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("KEYS_FILE holds demo keys")


def test_serve_asks_for_what_is_missing(sdc: "Sdc") -> None:
    """Production is the default, and an empty environment is not enough for it."""
    refused = sdc("serve")

    assert refused.returncode == 2
    assert refused.stderr == "DATABASE_URL is missing, and MODE=production needs it.\n"


def test_reset_of_nothing_says_so(tmp_path: Path, sdc: "Sdc") -> None:
    """No folder is made in order to be removed."""
    done = sdc("reset", DATA_DIR=tmp_path / "none")

    assert (done.returncode, "no demo" in done.stdout) == (0, True)
    assert not (tmp_path / "none").exists()
