"""Proves that `sdc run` comes up from whatever an earlier run left, says how to use it, and ends without a trace."""

import os
import re
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from api.pages import BUILT
from card.number import CardNumber
from cli.demo.notes import Notes, read_notes
from cli.embedded import EmbeddedPostgres, is_free

if TYPE_CHECKING:
    from tests.cli.conftest import Demo, Sdc

# The tests of this module are the chapters of one demo's life: each begins where the one before ended.
SIGN_IN = "mutation ($code: String!) { signInWithWechat(code: $code) { __typename } }"


def notes_of(demo: "Demo") -> Notes:
    """What the demo wrote down for other commands."""
    return read_notes(demo.data_dir / "demo.json")


def postgres_of(demo: "Demo") -> EmbeddedPostgres:
    """The demo's database server."""
    return EmbeddedPostgres(demo.data_dir / "postgres")


def postmaster_of(demo: "Demo") -> int:
    """The process id of the demo's running database server."""
    pid = postgres_of(demo)._postmaster_pid()
    assert pid is not None
    return pid


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds."""
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("the condition did not come to hold")


def audit_length(demo: "Demo", sdc: "Sdc") -> int:
    """The audit log's length, which grows with every binding; the log is whole."""
    verified = sdc("audit", "verify", **demo.environment)
    assert verified.returncode == 0, verified.stderr
    return int(re.findall(r"(\d+) entries", verified.stdout)[0])


@pytest.fixture(scope="module")
def sheet(demo: "Demo") -> str:
    """The start sheet of the first start."""
    return demo.start()


def test_the_sheet_names_people_to_play_with_valid_numbers(sheet: str, demo: "Demo") -> None:
    """Three residents, a guardian and a clerk, each with what signing in and binding ask for."""
    accounts = notes_of(demo).accounts

    assert [account.name for account in accounts] == ["陈玉兰", "王建国", "李桂珍", "周志强"]
    assert accounts[3].ward == "周子涵"
    assert "clerk of" in sheet
    assert "150 made up" in sheet
    for account in accounts:
        assert CardNumber.parse(account.card_number)
        assert all(text in sheet for text in (account.name, account.card_number, account.phone))


def test_every_login_code_of_the_sheet_signs_in(sheet: str, demo: "Demo") -> None:
    """Five codes that WeChat's sandbox takes, each once."""
    codes = re.findall(r" ([\w-]{16}) *$", sheet, re.MULTILINE)
    answers = [
        httpx.post(f"{demo.address}/graphql", json={"query": SIGN_IN, "variables": {"code": code}}).json()
        for code in [*codes, codes[0]]
    ]

    kinds = [answer["data"]["signInWithWechat"]["__typename"] for answer in answers]
    assert kinds == ["Session"] * 5 + ["WechatRefused"]


def test_the_sheet_names_both_windows_where_the_pages_are_built(sheet: str, demo: "Demo") -> None:
    """Phone and scanner in the browser, and the phone knows whom it can play."""
    people = httpx.get(f"{demo.address}/sandbox/wechat/people").json()
    built = (BUILT / "phone" / "index.html").exists()

    assert [f"{demo.address}/{page}/" in sheet for page in ("phone", "scanner")] == [built, built]
    assert [person["name"] for person in people] == [account.name for account in notes_of(demo).accounts]
    assert [person["ward"] for person in people] == [None, None, None, "周子涵"]


def test_the_drawn_code_is_a_presentation(sheet: str, read_drawn: Callable[[str], str]) -> None:
    """A camera before the terminal reads the text of a code, small enough for cheap scanners."""
    text = read_drawn(sheet)

    assert text.startswith("SDC1:")
    assert len(text) < 500


def test_secrets_are_the_callers_alone(sheet: str, demo: "Demo") -> None:
    """Keys, notes, passwords and the phone's key are in files that nobody else may read."""
    assert sheet
    private = ["keys.json", "root.json", "demo.json", "postgres.json", "phone-19900100001.json", "log/server.log"]
    modes = {name: stat.S_IMODE((demo.data_dir / name).stat().st_mode) for name in private}

    assert modes == dict.fromkeys(private, 0o600)


def test_the_log_holds_nothing_personal(sheet: str, demo: "Demo") -> None:
    """The first start signed somebody in and bound her card; neither name, number, phone nor code is in the log."""
    log = (demo.data_dir / "log/server.log").read_text()
    codes = re.findall(r" ([\w-]{16}) *$", sheet, re.MULTILINE)

    assert "/graphql" in log
    assert not any(account.name in log or account.card_number in log for account in notes_of(demo).accounts)
    assert not any(account.phone in log for account in notes_of(demo).accounts)
    assert not any(code in log for code in codes)


def test_a_second_run_of_the_same_demo_is_refused_and_harms_nothing(sheet: str, demo: "Demo", sdc: "Sdc") -> None:
    """On the same folder or the same port: one sentence, and the first keeps serving."""
    assert sheet
    same_folder = sdc("run", **(demo.environment | {"PORT": "1"}))
    same_port = sdc("run", **(demo.environment | {"DATA_DIR": str(demo.data_dir.with_name("other"))}))
    reset = sdc("reset", **demo.environment)

    assert [ended.returncode for ended in (same_folder, same_port, reset)] == [1, 1, 1]
    assert "runs in" in same_folder.stderr
    assert "PORT" in same_port.stderr
    assert max(len(ended.stderr.splitlines()) for ended in (same_folder, same_port, reset)) == 1
    assert httpx.get(f"{demo.address}/readyz").is_success


def test_ctrl_c_leaves_no_process(sheet: str, demo: "Demo") -> None:
    """Server and database end, with status 0, and the port is free again."""
    assert sheet
    status, said = demo.end()

    assert status == 0
    assert "Stopped" in said
    assert not postgres_of(demo).is_running()
    assert postgres_of(demo)._processes() == []
    assert is_free(demo.port)


def test_the_next_start_keeps_people_keys_and_waiting_scanners(demo: "Demo", sdc: "Sdc") -> None:
    """Nothing is made up anew: the same cards, the same enrolment code, the same phone with its pass."""
    before, keys = notes_of(demo), (demo.data_dir / "keys.json").read_bytes()
    length = audit_length(demo, sdc)
    pass_before = (demo.data_dir / "phone-19900100001.json").read_bytes()

    sheet = demo.start()

    assert notes_of(demo) == before
    assert "Making up" not in sheet
    assert (demo.data_dir / "keys.json").read_bytes() == keys
    assert (demo.data_dir / "phone-19900100001.json").read_bytes() == pass_before
    assert audit_length(demo, sdc) == length


def test_after_kill_of_the_server_the_next_run_takes_over(demo: "Demo", sdc: "Sdc") -> None:
    """SIGKILL leaves the database server behind: the next run uses it, and what was committed is there."""
    bound = sdc("demo", "phone", "2", "--once", "--text", **demo.environment)
    assert bound.returncode == 0, bound.stderr
    length = audit_length(demo, sdc)
    left = postmaster_of(demo)

    status, _ = demo.end(signal.SIGKILL)
    demo.start()

    assert status == -signal.SIGKILL
    assert postmaster_of(demo) == left
    assert audit_length(demo, sdc) == length


def test_after_kill_of_the_database_requests_get_503_and_the_next_run_recovers(demo: "Demo", sdc: "Sdc") -> None:
    """SIGKILL of the postmaster: the server says that its database is away, Ctrl-C still works, nothing is lost."""
    length = audit_length(demo, sdc)
    os.kill(postmaster_of(demo), signal.SIGKILL)
    wait_until(lambda: not postgres_of(demo).is_running())

    away = httpx.get(f"{demo.address}/readyz", timeout=10)
    alive = httpx.get(f"{demo.address}/healthz", timeout=10)
    status, _ = demo.end()
    demo.start()

    assert (away.status_code, alive.status_code, status) == (503, 200, 0)
    assert audit_length(demo, sdc) == length


def test_a_supervisors_signal_ends_it_as_ctrl_c_does(demo: "Demo") -> None:
    """SIGTERM stops the database as well."""
    status, _ = demo.end(signal.SIGTERM)

    assert status == 0
    assert not postgres_of(demo).is_running()


def test_a_terminal_that_is_closed_ends_it(demo: "Demo") -> None:
    """SIGHUP, on which a server without a demo around it reads its rules anew, stops everything here."""
    demo.start()

    status, _ = demo.end(signal.SIGHUP)

    assert status == 0
    assert not postgres_of(demo).is_running()


def test_a_register_of_other_keys_is_told(demo: "Demo", sdc: "Sdc", tmp_path: Path) -> None:
    """Without its keys a register is noise: the message says so instead of showing nobody."""
    keys = demo.data_dir / "keys.json"
    kept = keys.rename(tmp_path / "keys.json")

    refused = sdc("run", **demo.environment)

    keys.write_bytes(kept.read_bytes())
    assert refused.returncode == 1
    assert "keys do not open" in refused.stderr
    assert not postgres_of(demo).is_running()


def test_reset_throws_all_of_it_away(demo: "Demo", sdc: "Sdc") -> None:
    """Only the lock files stay; a second reset says that there is nothing."""
    first = sdc("reset", **demo.environment)
    left = {path.name for path in demo.data_dir.iterdir()}

    assert first.returncode == 0, first.stderr
    assert left <= {"run.lock", "postgres.lock"}
    assert not postgres_of(demo).is_running()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PORT", "banana"), ("PORT", "0"), ("RESIDENTS", "5"), ("LOG_LEVEL", "LOUD"), ("DATABASE_URL", "mysql://x/y")],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable(
    variable: str, value: str, tmp_path: Path, sdc: "Sdc"
) -> None:
    """Nothing is started, nothing is written, and the value is not repeated."""
    variables: dict[str, str | Path] = {"DATA_DIR": tmp_path / "data", variable: value}
    refused = sdc("run", **variables)

    assert refused.returncode == 2
    assert refused.stderr.startswith(variable)
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_a_host_that_is_not_this_machines_is_told(tmp_path: Path, sdc: "Sdc") -> None:
    """An address of another machine, and a name that is none."""
    foreign = sdc("run", DATA_DIR=tmp_path / "data", HOST="192.0.2.1")
    nonsense = sdc("run", DATA_DIR=tmp_path / "data", HOST="no.such.host.invalid")

    assert (foreign.returncode, nonsense.returncode) == (1, 1)
    assert "192.0.2.1" in foreign.stderr
    assert "HOST is wrong" in nonsense.stderr
