"""Proves that the private PostgreSQL comes up from whatever state a crash left."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from cli import account, embedded
from cli.account import Account, EmbeddedPostgresError, postgres_account
from cli.embedded import EmbeddedPostgres


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """A directory that the system account can reach, unlike pytest's own, which is private to the user."""
    parent = Path(tempfile.mkdtemp(prefix="sdc-embedded-"))
    parent.chmod(0o711)
    yield parent / "postgres"
    shutil.rmtree(parent)


@pytest.fixture(scope="module")
def server(directory: Path) -> Iterator[EmbeddedPostgres]:
    """One cluster for the module, because making one is what takes time: each test finds what the last one left."""
    cluster = EmbeddedPostgres(directory)
    yield cluster
    cluster.remove()


def query(url: str, sql: str) -> object:
    """The single value that `sql` returns."""

    async def fetch() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def postmaster(server: EmbeddedPostgres) -> int:
    """The process id of the running postmaster."""
    pid = server._postmaster_pid()
    assert pid is not None
    return pid


def wait_until_dead(server: EmbeddedPostgres) -> None:
    """Return once the killed postmaster is gone."""
    for _ in range(100):
        if not server.is_running():
            return
        time.sleep(0.05)
    pytest.fail("the postmaster outlived its kill")


def test_the_server_comes_up_with_both_roles_and_stops(server: EmbeddedPostgres) -> None:
    """Both roles sign in with their passwords, only one owns the database, and the clock is UTC."""
    server.start()
    owner = query(server.owner_url(), "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'sdc'")
    app = query(server.app_url(), "SELECT current_user || ' ' || current_setting('timezone')")
    server.stop()

    assert (owner, app) == ("sdc_owner", "sdc_app UTC")
    assert not server.is_running()


def test_a_role_without_its_password_is_refused(server: EmbeddedPostgres) -> None:
    """The loopback port is open to every account of the machine, so a wrong password must not do."""
    server.start()

    with pytest.raises(asyncpg.InvalidPasswordError):
        query(server.app_url().replace("sdc_app:", "sdc_app:wrong"), "SELECT 1")


def test_stopping_and_removing_twice_is_harmless(server: EmbeddedPostgres) -> None:
    """An operator may repeat either; a removed cluster forgets its addresses and says how to get new ones."""
    server.stop()
    server.start()
    server.stop()
    server.stop()
    server.remove()
    server.remove()

    with pytest.raises(EmbeddedPostgresError, match="make run"):
        server.app_url()


def test_committed_data_survives_kill_of_the_postmaster(server: EmbeddedPostgres) -> None:
    """After SIGKILL of a durable server the next start recovers what was committed."""
    server.start()
    query(server.owner_url(), "CREATE TABLE kept AS SELECT 42 AS answer")

    os.kill(postmaster(server), signal.SIGKILL)
    wait_until_dead(server)
    server.start()

    assert query(server.owner_url(), "SELECT answer FROM kept") == 42


def test_a_postmaster_left_by_a_killed_program_is_reused(server: EmbeddedPostgres, directory: Path) -> None:
    """Python dying by a signal leaves the postmaster up; the next start takes it over instead of failing."""
    server.stop()
    code = (
        "import os, sys, pathlib; from cli.embedded import EmbeddedPostgres;"
        "EmbeddedPostgres(pathlib.Path(sys.argv[1])).start(); os.kill(os.getpid(), 9)"
    )
    died = subprocess.run([sys.executable, "-c", code, str(directory)], check=False)
    left = postmaster(server)

    server.start()

    assert died.returncode == -signal.SIGKILL
    assert postmaster(server) == left
    assert query(server.app_url(), "SELECT 1") == 1


def test_a_stale_pid_of_a_foreign_process_does_not_count(server: EmbeddedPostgres, directory: Path) -> None:
    """After a power cut the pid in postmaster.pid may belong to any program, here this very test."""
    server.start()
    lines = (directory / "data/postmaster.pid").read_text().split("\n")
    server.stop()
    (directory / "data/postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    running = server.is_running()

    server.start()

    assert not running
    assert query(server.app_url(), "SELECT 1") == 1


def test_a_zombie_postmaster_does_not_count(server: EmbeddedPostgres, directory: Path) -> None:
    """A dead process that nobody reaped still has its pid, and must not look like a server."""
    server.start()
    server.stop()
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    (directory / "data/postmaster.pid").write_text(f"{zombie.pid}\n")

    server.start()

    assert query(server.app_url(), "SELECT 1") == 1
    zombie.wait()


def test_a_creation_cut_short_is_begun_again(server: EmbeddedPostgres, directory: Path) -> None:
    """A half-made cluster is thrown away, because its roles or its database may be missing."""
    server.remove()
    directory.mkdir()
    (directory / "data.new").mkdir()
    (directory / "data.new/PG_VERSION").write_text("18\n")

    server.start()

    assert query(server.app_url(), "SELECT 1") == 1


def test_a_taken_port_is_replaced(server: EmbeddedPostgres) -> None:
    """When another program took the remembered port, the server moves and its addresses follow."""
    server.start()
    before = server.app_url()
    server.stop()
    port = int(before.rsplit(":", 1)[1].split("/")[0])
    taker = socket.create_server(("127.0.0.1", port))

    server.start()

    assert server.app_url() != before
    assert query(server.app_url(), "SELECT 1") == 1
    taker.close()


def test_orphans_that_do_not_end_are_killed(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend of a dead postmaster that hangs must not write beside the next server."""
    monkeypatch.setattr(embedded, "ORPHAN_SECONDS", 0.1)
    server.start()
    server.stop()
    name = f"postgres: {server._cluster_name}: hanging"
    orphan = subprocess.Popen(["/bin/bash", "-c", f"exec -a '{name}' sleep 60"])
    while orphan.pid not in server._processes():
        time.sleep(0.01)

    server.start()

    assert orphan.wait() == -signal.SIGKILL
    assert server.is_running()


def test_a_broken_configuration_is_told_with_the_log(server: EmbeddedPostgres, directory: Path) -> None:
    """A server that cannot start names the step that failed and the log to read."""
    server.start()
    server.stop()
    configuration = directory / "data/postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text(sound + "nonsense = 1\n")

    with pytest.raises(EmbeddedPostgresError, match=str(directory / "log")):
        server.start()
    configuration.write_text(sound)


def test_a_machine_without_proc_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where liveness cannot be told, the message says to use another server rather than guess."""
    monkeypatch.setattr(embedded, "PROC", directory / "no-proc")

    with pytest.raises(EmbeddedPostgresError, match="DATABASE_URL"):
        EmbeddedPostgres(directory)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Production installs no embedded server; asking for it says what to set instead."""
    monkeypatch.setattr(account, "PACKAGE", "no_such_package_of_ours")

    with pytest.raises(EmbeddedPostgresError, match="DATABASE_URL"):
        account.postgres_programs()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
class TestAsRoot:
    """PostgreSQL refuses root, and root's directories are often closed to everyone else."""

    def test_a_private_data_directory_and_private_programs_are_worked_around(
        self, tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither a checkout nor a data directory under a mode-700 home keeps the server from running."""
        home = directory.with_name("home")
        monkeypatch.setattr(account, "SYSTEM_HOME", home)
        monkeypatch.setattr(Account, "may_read", lambda _self, path: home in path.parents)
        private = tmp_path / "postgres"
        server = EmbeddedPostgres(private, durable=False)

        server.start()
        answered = query(server.app_url(), "SELECT 1")
        server.remove()

        assert answered == 1
        assert not private.is_symlink()
        assert [path.name[:9] for path in home.iterdir()] == ["software-"]

    def test_an_account_that_cannot_be_made_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The message carries useradd's own words and the two ways out."""
        monkeypatch.setattr(account, "SYSTEM_ACCOUNT", "-not-a-name")

        with pytest.raises(EmbeddedPostgresError, match="run as another user, or set DATABASE_URL"):
            postgres_account()
