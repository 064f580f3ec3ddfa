"""The command line, as a technician and a watchdog script meet it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from card import __main__ as program
from card.client import Server
from card.commands import exits, parser, status
from card.commands.exits import ExitStatus
from card.commands.scanning import lines
from card.cose import SigningKey
from card.credential import CredentialKind, StatusReference, issue
from card.device import Device
from card.outbox import Outbox
from card.presentation import encode_text
from card.scan import read_scan
from card.storage import Storage, StorageProblem, StorageUnavailable
from card.sync import synchronise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.card.conftest import District, RestServer

DAY = timedelta(days=1)


class Terminal:
    """A technician at a device: runs commands in its directory."""

    def __init__(self, state: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.state, self._capsys, self._patch = state, capsys, patch
        self.out = self.err = ""

    def run(self, *arguments: str, stdin: str = "") -> int:
        """Run a command to its end; what it printed is in `out` and `err`."""
        self._patch.setenv(parser.STATE_VARIABLE, str(self.state))
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = program.main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code

    def answers(self, *arguments: str, stdin: str) -> list[dict[str, Any]]:
        """The JSON lines of `scan`."""
        assert self.run("scan", *arguments, stdin=stdin) == ExitStatus.DONE
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal at an empty directory."""
    return Terminal(tmp_path / "state", capsys, monkeypatch)


@pytest.fixture
def device(terminal: Terminal, district: District, rest_server: RestServer) -> Device:
    """An enrolled device that has synced, with its terminal."""
    made = district.device(terminal.state, rest_server.url)
    synchronise(made, Server(rest_server.url))
    return made


@pytest.fixture
def shown(district: District) -> Callable[..., str]:
    """What a phone shows now."""

    def show(ago: timedelta = timedelta(0), **changes: object) -> str:
        now = datetime.now(UTC).replace(microsecond=0)
        return district.presentation(now - ago, **({"issued_at": now - DAY, "expires_at": now + DAY} | changes))

    return show


def test_a_device_is_enrolled_and_ready(terminal: Terminal, rest_server: RestServer) -> None:
    """One command makes a scanner: key made, root checked, clock set, bundle fetched."""
    code = terminal.run("enrol", rest_server.code.lower(), "--server", rest_server.url)

    assert code == ExitStatus.DONE
    assert "bus scanner of 云溪公交, 1 路" in terminal.out
    assert "Trust bundle" in terminal.out
    assert Device.open(terminal.state).trusted is not None


def test_a_key_is_rotated_by_one_command(terminal: Terminal, device: Device, rest_server: RestServer) -> None:
    """And the device says so."""
    code = terminal.run("rotate")

    assert code == ExitStatus.DONE
    assert "new key" in terminal.out
    assert Device.open(device.directory).key.verifying_key == rest_server.enrolled


def test_a_device_whose_clock_stood_still_is_told_so(terminal: Terminal, rest_server: RestServer) -> None:
    """A clock behind the bundle knew no time, so it is set without a difference."""
    rest_server.ahead = 20 * DAY

    assert terminal.run("enrol", rest_server.code, "--server", rest_server.url) == ExitStatus.DONE
    assert "Clock: set by the server's signed time." in terminal.out


def test_an_enrolled_directory_is_not_enrolled_again(
    terminal: Terminal, rest_server: RestServer, device: Device
) -> None:
    """A device in use is not overwritten, and the code is not spent."""
    code = terminal.run("enrol", rest_server.code, "--server", rest_server.url)

    assert code == ExitStatus.USAGE
    assert "another directory" in terminal.err
    assert "/v1/devices/enrol" not in rest_server.asked
    assert Device.open(terminal.state).key == device.key


@pytest.mark.parametrize(("code", "server"), [("0123", "http://127.0.0.1"), (None, "127.0.0.1")])
def test_a_mistyped_code_or_address_is_said_so(
    terminal: Terminal, rest_server: RestServer, code: str | None, server: str
) -> None:
    """Before anything is asked of anybody."""
    assert terminal.run("enrol", code or rest_server.code, "--server", server) == ExitStatus.USAGE
    assert terminal.err.startswith("card: ")
    assert rest_server.asked == []


def test_the_wrong_server_is_not_trusted(terminal: Terminal, rest_server: RestServer, district: District) -> None:
    """A server whose root is not the one of the code gets no device."""
    code = rest_server.code
    district.root = SigningKey.generate()

    assert terminal.run("enrol", code, "--server", rest_server.url) == ExitStatus.TRUST
    assert "not the right server" in terminal.err
    assert terminal.run("status") == ExitStatus.NOT_ENROLLED


def test_a_spent_code_is_refused(terminal: Terminal, rest_server: RestServer) -> None:
    """The server's reason reaches the technician."""
    rest_server.secret = "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    code = f"0000-0000-0000-0000.{rest_server.code.partition('.')[2]}"

    assert terminal.run("enrol", code, "--server", rest_server.url) == ExitStatus.SERVER_REFUSED
    assert "code_invalid" in terminal.err


@pytest.mark.usefixtures("device")
def test_codes_are_answered_and_handed_in(
    terminal: Terminal, rest_server: RestServer, shown: Callable[..., str]
) -> None:
    """One line in, one line of JSON out; at the end the server has the scans."""
    text = shown()
    typed = f"{text}\n\n{text}\n{shown(timedelta(minutes=5))}\n@override\n@override\n"

    first, again, late, override, nobody = terminal.answers("--place", "人民路", "--every", "30", stdin=typed)

    assert (first["outcome"], first["message"], first["sequence"]) == ("free", "免费 · 本人+1 · 请进", 1)
    assert (first["price_share"], first["companions"], first["cue"], first["clock"]) == ("0", 1, "go", "signed")
    assert (again["outcome"], again["reason"]) == ("refused", "replayed")
    assert late["reason"] == "stale"
    assert (override["override"], override["message"], override["sequence"]) == (True, "人工放行", 4)
    assert nobody == {"outcome": None, "message": "没有可放行的记录"}
    assert {read_scan(record).place for record in rest_server.stored.values()} == {"人民路"}
    assert len(rest_server.stored) == 4


@pytest.mark.usefixtures("device")
def test_a_gate_works_without_the_server(
    terminal: Terminal, rest_server: RestServer, shown: Callable[..., str]
) -> None:
    """Away from the network the answers are the same, and the scans wait."""
    before = list(rest_server.asked)
    (answer,) = terminal.answers("--offline", stdin=shown())

    assert answer["outcome"] == "free"
    assert rest_server.asked == before
    assert terminal.run("outbox", "list") == ExitStatus.DONE
    assert "free at 1 路" in terminal.out


def test_a_torn_database_is_said_so_and_replaced(terminal: Terminal, device: Device, shown: Callable[..., str]) -> None:
    """The gate goes on under a new epoch; the technician reads where the old file is, and `status` remembers it."""
    device.database.write_bytes(os.urandom(8_192))
    listed = terminal.run("outbox", "list")

    (answer,) = terminal.answers("--offline", stdin=shown())

    assert listed == ExitStatus.STORAGE
    assert answer["recorded"]
    assert "the damaged database was moved to" in terminal.err
    assert terminal.run("status", "--json") == ExitStatus.DONE
    assert len(json.loads(terminal.out)["storage"]["set_aside"]) == 1


@pytest.mark.usefixtures("device")
def test_a_disk_that_cannot_be_written_is_said_so(
    terminal: Terminal, shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer names the trouble and asks for a count by hand; the technician reads it once."""

    def refuse(path: Path) -> Storage:
        raise StorageUnavailable(StorageProblem.READ_ONLY, path)

    monkeypatch.setattr(Storage, "open", refuse)

    first, second = terminal.answers("--offline", stdin=f"{shown()}\n{shown(timedelta(seconds=1))}\n")

    assert first["out_of_service"] == second["out_of_service"] == "read_only"
    assert first["message"] == "免费 · 本人+1 · 请进 · 请人工计数"
    assert terminal.err.count("cannot be written") == 1
    assert terminal.run("status") == ExitStatus.STORAGE
    assert "cannot be written" in terminal.out


def test_overlong_and_odd_lines_are_cut() -> None:
    """A reader gone mad fills neither memory nor the next line."""
    stream = io.BytesIO(b"one\r\n\n" + b"x" * 20_000 + b"\n\xff\xfe\nlast")

    found = list(lines(stream))

    assert [len(line) for line in found] == [3, 8_192, 2, 4]
    assert found[0] == "one"
    assert found[2] == "\ufffd\ufffd"


def test_a_bus_killed_at_any_instant_has_what_it_showed(
    tmp_path: Path, district: District, shown: Callable[..., str]
) -> None:
    """Kill -9 of the real program in the middle of its work: each answer that was printed is in the outbox, once."""
    device = district.device(tmp_path)
    device.take_bundle(district.bundle(datetime.now(UTC)), None)
    texts = "".join(f"{shown(timedelta(seconds=each % 20), cti=os.urandom(8))}\n" for each in range(200))
    command = [sys.executable, "-m", "card", "scan", "--offline", "--state", str(tmp_path)]
    printed: list[int] = []
    for answers in (3, 11, 29):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bus:
            assert bus.stdin is not None
            assert bus.stdout is not None
            bus.stdin.write(texts.encode())
            bus.stdin.flush()
            printed += [json.loads(bus.stdout.readline())["sequence"] for _ in range(answers)]
            bus.send_signal(signal.SIGKILL)
            printed += [json.loads(line)["sequence"] for line in bus.stdout if line.endswith(b"\n")]

    with closing(Storage.open(device.database)) as storage:
        stored = [read_scan(record).sequence for batch in Outbox(storage).batches() for record in batch.records]
    assert stored == list(range(1, len(stored) + 1))
    assert len(set(printed)) == len(printed)
    assert set(printed) <= set(stored)
    # Of each run at most one scan was stored whose answer the kill cut off.
    assert len(stored) - len(printed) <= 3


@pytest.mark.usefixtures("device")
def test_verify_answers_by_its_exit_status(terminal: Terminal, shown: Callable[..., str]) -> None:
    """Nought for a code that is admitted, one for any other; nothing is remembered."""
    good, late = shown(), shown(timedelta(hours=1))

    assert [terminal.run("verify", good), terminal.run("verify", "-", stdin=good)] == [ExitStatus.DONE] * 2
    assert json.loads(terminal.out)["outcome"] == "free"
    assert terminal.run("verify", late) == ExitStatus.REFUSED
    assert json.loads(terminal.out)["reason"] == "stale"
    assert terminal.run("verify", "SDC1:?") == ExitStatus.REFUSED
    assert json.loads(terminal.out)["reason"] == "malformed"


def test_verify_needs_something_to_trust(terminal: Terminal, district: District, shown: Callable[..., str]) -> None:
    """Without a bundle, or a tariff in it, there is no answer, and the message says what to do."""
    device = district.device(terminal.state)
    without = terminal.run("verify", shown())
    no_bundle = terminal.err
    device.take_bundle(district.bundle(datetime.now(UTC), tariffs=[]), None)

    assert without == ExitStatus.TRUST
    assert "python -m card sync" in no_bundle
    assert terminal.run("verify", shown()) == ExitStatus.TRUST
    assert "no tariff" in terminal.err
    assert terminal.run("status") == ExitStatus.TRUST


@pytest.mark.usefixtures("device")
def test_inspect_explains_without_secrets(terminal: Terminal, district: District, shown: Callable[..., str]) -> None:
    """What a code claims, whether it is genuine and how old it is; never pseudonym or key."""
    code = terminal.run("inspect", shown(timedelta(seconds=90)))

    assert code == ExitStatus.DONE
    for sentence in ("bound to a phone's key", "Access classes: ride.", "Signatures: hold", "valid, as of", "s ago"):
        assert sentence in terminal.out
    assert district.pseudonym.hex() not in terminal.out
    assert district.holder.verifying_key.public.hex() not in terminal.out
    assert terminal.run("inspect", shown(timedelta(seconds=-90))) == ExitStatus.DONE
    assert "in the future" in terminal.out


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(
    ("status_reference", "words"),
    [
        (None, "on no list"),
        (StatusReference("sdc:9", 1), "not in the trust bundle"),
        (StatusReference("sdc:1", 1 << 19), "does not know it"),
    ],
)
def test_inspect_says_what_is_known_of_the_state(
    terminal: Terminal,
    shown: Callable[..., str],
    status_reference: StatusReference | None,
    words: str,
) -> None:
    """A pass that cannot be looked up is said to be so."""
    terminal.run("inspect", shown(status=status_reference))

    assert words in terminal.out


@pytest.mark.usefixtures("device")
def test_inspect_of_other_codes(terminal: Terminal, district: District) -> None:
    """A printed code, a bare pass, a forgery and something else altogether."""
    now = datetime.now(UTC)
    printed = district.bearer(CredentialKind.PRINTED, issued_at=now, expires_at=now + DAY)
    bare = encode_text(issue(district.claims(), district.issuer))
    forged = encode_text(issue(district.claims(), SigningKey.from_seed(bytes(32))))

    assert terminal.run("inspect", printed) == ExitStatus.DONE
    assert "a printed code" in terminal.out
    assert "the masked name is in the code" in terminal.out
    assert terminal.run("inspect", bare) == ExitStatus.REFUSED
    assert "no phone signed it" in terminal.out
    assert terminal.run("inspect", forged) == ExitStatus.REFUSED
    assert "do not hold" in terminal.out
    assert terminal.run("inspect", "https://pay.example") == ExitStatus.REFUSED
    assert "no code of this system" in terminal.out


def test_inspect_works_without_a_device(terminal: Terminal, district: District, shown: Callable[..., str]) -> None:
    """What a code claims can be read anywhere; whether it is genuine cannot."""
    assert terminal.run("inspect", shown()) == ExitStatus.DONE
    assert "not checked" in terminal.out
    district.device(terminal.state)
    assert terminal.run("inspect", shown()) == ExitStatus.DONE
    assert "not checked" in terminal.out


def test_scans_are_carried_from_a_dead_modem(
    terminal: Terminal, device: Device, rest_server: RestServer, shown: Callable[..., str], tmp_path: Path
) -> None:
    """Exported on one bus, imported on another, handed in there; a torn file is refused and the others taken."""
    terminal.answers("--offline", stdin=shown())
    assert terminal.run("outbox", "export", str(tmp_path / "stick")) == ExitStatus.DONE
    (file,) = (tmp_path / "stick").iterdir()
    torn = tmp_path / "torn"
    torn.write_bytes(file.read_bytes()[:-1])

    imported = terminal.run("outbox", "import", str(torn), str(file), str(tmp_path / "missing"), str(file))

    assert imported == ExitStatus.REFUSED
    assert terminal.out.count("refused") == 2
    assert f"scans 1 to 1 of device {device.enrolment.device_id}, taken." in terminal.out
    assert "carried already" in terminal.out
    assert terminal.run("outbox", "import", str(file)) == ExitStatus.DONE
    assert terminal.run("outbox", "upload") == ExitStatus.DONE
    assert "1 scans handed in, 1 parcels handed in, 0 not taken; the chain is whole." in terminal.out
    assert len(rest_server.stored) == 1


@pytest.mark.usefixtures("device")
def test_scans_the_server_does_not_take_are_said_so(
    terminal: Terminal, rest_server: RestServer, shown: Callable[..., str]
) -> None:
    """Handed in and refused: the exit status tells."""
    terminal.answers("--offline", stdin=shown())
    answer = {"results": [{"epoch": "", "sequence": 0, "outcome": "malformed"}], "chain": "broken"}
    rest_server.replies["/v1/devices/scans"] = type(rest_server.refusal(1, "")).of(200, answer)

    assert terminal.run("outbox", "upload") == ExitStatus.SERVER_REFUSED
    assert "1 of them not taken" in terminal.out
    assert "the chain is broken" in terminal.out


def test_a_damaged_database_is_exported(
    terminal: Terminal, device: Device, shown: Callable[..., str], tmp_path: Path
) -> None:
    """What can be read of a file set aside is written out like any other scans."""
    terminal.answers("--offline", stdin=shown())
    aside = tmp_path / "aside"
    aside.write_bytes(device.database.read_bytes())

    saved = terminal.run("outbox", "export", "--from", str(aside), str(tmp_path / "stick"))

    assert saved == ExitStatus.DONE
    assert "1 scans exported" in terminal.out
    missing = terminal.run("outbox", "export", "--from", str(tmp_path / "nothing"), str(tmp_path / "stick"))
    assert missing == ExitStatus.STORAGE


@pytest.mark.usefixtures("device")
def test_the_list_of_scans_shows_no_code(terminal: Terminal, shown: Callable[..., str]) -> None:
    """Number, time, answer and place, for people and programs; what was read is about a person."""
    text = shown(timedelta(hours=1))
    terminal.answers("--offline", stdin=f"{text}\n@override\n")
    terminal.run("outbox", "list")
    plain = terminal.out
    terminal.run("outbox", "list", "--json", "--all")

    rows = [json.loads(line) for line in terminal.out.splitlines()]
    assert "refused (stale), let in by the driver at 1 路" in plain
    assert [(row["sequence"], row["admission"], row["reason"]) for row in rows] == [
        (1, "refused", "stale"),
        (2, "refused", "stale"),
    ]
    assert text not in plain + terminal.out


@pytest.mark.usefixtures("device")
def test_status_tells_a_technician_and_a_program(terminal: Terminal) -> None:
    """Clock, bundle, disk and outbox, as lines and as JSON."""
    plain_code = terminal.run("status")
    plain = terminal.out
    json_code = terminal.run("status", "--json")

    told = json.loads(terminal.out)
    assert plain_code == json_code == ExitStatus.DONE
    assert "scans waiting" in plain
    assert "set aside              -" in plain
    assert told["clock"]["state"] == "signed"
    assert told["clock"]["warning"] is False
    assert told["trust"]["stale"] is False
    assert told["storage"]["scans_waiting"] == 0
    assert told["storage"]["free_bytes"] > 0


def test_status_of_a_device_out_of_its_box(terminal: Terminal, district: District) -> None:
    """No time, no bundle: both are said, and the exit status names the bundle."""
    district.device(terminal.state)

    assert terminal.run("status", "--json") == ExitStatus.TRUST
    told = json.loads(terminal.out)
    assert told["clock"]["state"] == "unknown"
    assert told["clock"]["signed_at"] is None
    assert "sync" in told["trust"]["problem"]


def test_status_of_a_device_with_an_old_bundle(terminal: Terminal, district: District) -> None:
    """A bundle beyond the tariff's age admits nobody, and one whose keys have ended neither."""
    device = district.device(terminal.state)
    device.take_bundle(district.bundle(datetime.now(UTC) - 8 * DAY), None)

    assert terminal.run("status", "--json") == ExitStatus.TRUST
    told = json.loads(terminal.out)
    assert "too old" in told["trust"]["problem"]
    assert told["trust"]["stale"] is True


def test_status_of_a_device_with_a_clock_in_1970(terminal: Terminal, district: District) -> None:
    """The bundle is fresh by all the device knows, but the time is not known: the exit status says that."""
    district.device(terminal.state).take_bundle(district.bundle(datetime.now(UTC) + DAY), None)

    assert terminal.run("status", "--json") == ExitStatus.CLOCK
    assert json.loads(terminal.out)["clock"]["state"] == "unknown"


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize(
    ("reply", "expected"),
    [((503, "unavailable"), ExitStatus.SERVER_REFUSED), ((200, ""), ExitStatus.UNREACHABLE)],
)
def test_sync_ends_with_what_went_wrong(
    terminal: Terminal, rest_server: RestServer, reply: tuple[int, str], expected: ExitStatus
) -> None:
    """Each kind of failure has its own exit status, and one sentence."""
    refusal = rest_server.refusal(*reply)
    if expected is ExitStatus.UNREACHABLE:
        refusal = type(refusal)(200, b"?", {"Content-Encoding": "gzip"})
    rest_server.replies["/v1/time"] = refusal

    assert terminal.run("sync") == expected
    assert len(terminal.err.splitlines()) == 1


@pytest.mark.usefixtures("device")
def test_sync_tells_what_it_did(terminal: Terminal) -> None:
    """Difference of the clock, bundle, outbox."""
    assert terminal.run("sync") == ExitStatus.DONE
    assert "s from the server's signed time, and is set." in terminal.out
    assert "still the newest" in terminal.out
    assert "0 scans handed in; the chain is whole." in terminal.out


@pytest.mark.parametrize(
    "arguments",
    [["enrol"], ["sync"], ["scan"], ["inspect"], ["verify"], ["status"], ["outbox"], ["outbox", "export"], []],
)
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """`--help` shows usage, and where the command has exit statuses of its own, what they mean."""
    with pytest.raises(SystemExit) as ended:
        program.main([*arguments, "--help"])

    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert "usage: python -m card" in printed
    assert arguments == ["outbox"] or "exit status:" in printed


def test_every_exit_status_has_its_meaning() -> None:
    """The table in `--help` is whole."""
    assert exits.MEANINGS.keys() == set(ExitStatus)
    assert all(f"  {each.value}  " in exits.epilog() for each in ExitStatus)


@pytest.mark.parametrize("seconds", ["0", "1e9", "often"])
def test_an_absurd_interval_is_refused(capsys: pytest.CaptureFixture[str], seconds: str) -> None:
    """A slip of the hand neither floods the server nor cuts the device off."""
    with pytest.raises(SystemExit) as ended:
        program.main(["scan", "--every", seconds])

    assert ended.value.code == ExitStatus.USAGE
    assert "--every" in capsys.readouterr().err


@pytest.mark.usefixtures("device")
def test_ctrl_c_ends_quietly(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A technician who has seen enough gets no traceback."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "describe", interrupt)

    assert terminal.run("status") == 130
    assert terminal.err == ""


def test_a_reader_that_goes_away_ends_the_program_quietly(tmp_path: Path, district: District) -> None:
    """`python -m card … | head` is no error."""
    district.device(tmp_path)
    shell = f"'{sys.executable}' -m card status --state '{tmp_path}' | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert ended.returncode in (ExitStatus.DONE, ExitStatus.TRUST)
