"""Runs a private PostgreSQL under the data directory, so that one command is enough to try the project.

The package's own `get_server()` is not used: it leaves its postmaster behind when Python dies, takes a zombie for a
running server, and cannot listen on TCP.
"""

import fcntl
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.account import (
    Account,
    EmbeddedPostgresError,
    cluster_home,
    postgres_account,
    programs_for,
    remove_cluster_home,
)

DATABASE: Final = "sdc"
OWNER_ROLE: Final = "sdc_owner"
APP_ROLE: Final = "sdc_app"
ORPHAN_SECONDS: Final = 10.0
START_SECONDS: Final = 60
PROC: Final = Path("/proc")

# Statements and details are kept out of the log, because both carry the values of residents.
CONFIGURATION: Final = """
timezone = 'UTC'
log_timezone = 'UTC'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length_on_error = 0
"""
THROWAWAY: Final = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


@dataclass(frozen=True)
class Secrets:
    """What this program remembers of its server between starts: the TCP port and one password a role."""

    port: int
    owner: str
    app: str


class EmbeddedPostgres:
    """One PostgreSQL cluster under `directory`, reached by TCP on the loopback address with passwords.

    `durable=False` trades crash safety for speed and suits a cluster that a test run throws away.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        if not (PROC / "self/cmdline").exists():
            raise EmbeddedPostgresError("The embedded PostgreSQL needs Linux: set DATABASE_URL to another server.")
        self._directory = directory.absolute()
        self._durable = durable
        self._secrets_file = self._directory.with_name(f"{self._directory.name}.json")
        self._account: Account = postgres_account()
        self._programs = programs_for(self._account)

    def start(self) -> None:
        """Bring the server up, whatever state an earlier run left; returns when it accepts connections.

        Raises:
            EmbeddedPostgresError: if PostgreSQL does not start; the message names its log.
        """
        home = cluster_home(self._directory, self._account)
        with self._locked():
            if not (self._data / "PG_VERSION").exists():
                self._create(home)
            if not self._postmaster_pid():
                self._clear_leftovers()
                self._launch()

    def stop(self) -> None:
        """Stop the server, ending open connections; does nothing when it is not running."""
        if not self._directory.exists():
            return
        with self._locked():
            if self._postmaster_pid():
                stopped = self._program("pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w", "-t", "30")
                if stopped.returncode:
                    self._program("pg_ctl", "stop", "-D", str(self._data), "-m", "immediate", "-w", "-t", "10")

    def is_running(self) -> bool:
        """Whether the postmaster of this very directory is alive; a zombie or a foreign process is not."""
        return self._postmaster_pid() is not None

    def remove(self) -> None:
        """Stop the server and delete everything that it stored."""
        self.stop()
        remove_cluster_home(self._directory)
        self._secrets_file.unlink(missing_ok=True)

    def owner_url(self, database: str = DATABASE) -> str:
        """The address for the role that owns the schema and migrates it."""
        known = self._secrets()
        return f"postgresql://{OWNER_ROLE}:{known.owner}@127.0.0.1:{known.port}/{database}"

    def app_url(self, database: str = DATABASE) -> str:
        """The address for the role that serves and owns nothing."""
        known = self._secrets()
        return f"postgresql://{APP_ROLE}:{known.app}@127.0.0.1:{known.port}/{database}"

    @property
    def log_file(self) -> Path:
        """Where PostgreSQL writes its messages."""
        return self._home / "log"

    @property
    def _home(self) -> Path:
        return self._directory.readlink() if self._directory.is_symlink() else self._directory

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def _cluster_name(self) -> str:
        return f"sdc-{hashlib.sha256(bytes(self._data)).hexdigest()[:12]}"

    def _program(self, name: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self._account.run([str(self._programs / name), *arguments], stdin=stdin)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Two commands at once must not both find the server down and start it.
        with self._secrets_file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _secrets(self) -> Secrets:
        try:
            return Secrets(**json.loads(self._secrets_file.read_text()))
        except FileNotFoundError:
            raise EmbeddedPostgresError(
                f"There is no database in {self._directory} yet: start it with `make run`."
            ) from None

    def _remember(self, known: Secrets) -> None:
        written = self._secrets_file.with_suffix(".new")
        with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"port": known.port, "owner": known.owner, "app": known.app}, file)
        written.replace(self._secrets_file)

    def _create(self, home: Path) -> None:
        """Make the cluster beside its final place and rename it, so that one cut short is never taken for whole."""
        self._clear_leftovers()
        unfinished = home / "data.new"
        remove_cluster_home(unfinished)
        known = Secrets(free_port(), secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        self._remember(known)
        sync = () if self._durable else ("--no-sync",)
        options = ("--username=postgres", "--encoding=UTF8", "--locale=C", "--auth=trust", *sync)
        self._expect(self._program("initdb", "-D", str(unfinished), *options), "initdb")
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION + ("" if self._durable else THROWAWAY))
        (unfinished / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        statements = (
            f"CREATE ROLE {OWNER_ROLE} LOGIN CREATEDB PASSWORD '{known.owner}'",
            f"CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{known.app}'",
            f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}",
        )
        single = self._program("postgres", "--single", "-D", str(unfinished), "postgres", stdin="\n".join(statements))
        self._expect(single, "the first start")
        unfinished.rename(self._data)

    def _launch(self) -> None:
        known = self._secrets()
        if not is_free(known.port):
            known = Secrets(free_port(), known.owner, known.app)
            self._remember(known)
        options = f"-p {known.port} -c cluster_name={self._cluster_name}"
        started = self._program(
            *("pg_ctl", "start", "-D", str(self._data), "-l", str(self.log_file)),
            *("-o", options, "-w", "-t", str(START_SECONDS)),
        )
        self._expect(started, "pg_ctl start")

    def _expect(self, completed: subprocess.CompletedProcess[str], step: str) -> None:
        said = completed.stdout + completed.stderr
        # Single-user mode reports a failed statement only in words.
        if completed.returncode or "ERROR: " in said:
            last = (said.strip().splitlines() or ["it said nothing"])[-1]
            raise EmbeddedPostgresError(f"PostgreSQL failed at {step} ({last}); its log is {self.log_file}.")

    def _postmaster_pid(self) -> int | None:
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if pid in self._processes() else None

    def _processes(self) -> list[int]:
        """Live processes of this cluster. `cmdline` is empty for a zombie, and readable without any privilege."""
        found = []
        title = f"postgres: {self._cluster_name}:"
        for entry in PROC.glob("[0-9]*/cmdline"):
            try:
                arguments = entry.read_text(errors="replace").split("\0")
            except OSError:
                continue
            is_postmaster = arguments[0].endswith("/postgres") and str(self._data) in arguments
            if is_postmaster or arguments[0].startswith(title):
                found.append(int(entry.parent.name))
        return found

    def _clear_leftovers(self) -> None:
        """Remove the pid file of a dead postmaster, once none of its children can still write to the data.

        PostgreSQL itself refuses to start while the pid in that file exists at all, be it a zombie or, after a power
        cut, some other program's.
        """
        deadline = time.monotonic() + ORPHAN_SECONDS
        while orphans := self._processes():
            if time.monotonic() > deadline:
                for pid in orphans:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        (self._data / "postmaster.pid").unlink(missing_ok=True)


def free_port() -> int:
    """A TCP port on the loopback address that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server may listen on `port` of `host` now."""
    with socket.socket() as probe:
        # As PostgreSQL does, so that connections of an earlier run that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
