"""Proves that keys are made once, kept private, vouched for by their own root only, and never overwritten."""

import asyncio
import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from cli.demo.load import load_district
from services.keys import (
    KEY_SET_LIFETIME,
    Keys,
    KeysInvalid,
    read_keys,
    read_root,
    renew_key_set,
    replace_keys,
    write_keys,
)
from services.vault import Vault

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses


@pytest.fixture(scope="module")
def root_file(tmp_path_factory: pytest.TempPathFactory, sdc: "Sdc") -> Path:
    """A root key that the command made."""
    file = tmp_path_factory.mktemp("root") / "root.json"
    assert sdc("keys", "root", file).returncode == 0
    return file


@pytest.fixture
def server_file(tmp_path: Path, root_file: Path, sdc: "Sdc") -> Path:
    """Server keys under that root, in a folder that the command had to make."""
    file = tmp_path / "keys/server.json"
    assert sdc("keys", "new", file, "--root", root_file).returncode == 0
    return file


def test_server_keys_are_for_production_private_and_vouched_for_by_the_root(root_file: Path, server_file: Path) -> None:
    """Both files are readable by their owner only, and the server's names the root that signed it."""
    keys = read_keys(server_file, datetime.now(UTC))

    assert not keys.demo
    assert keys.root == read_root(root_file).verifying_key
    assert {stat.S_IMODE(file.stat().st_mode) for file in (root_file, server_file)} == {0o600}


def test_a_file_is_never_overwritten(root_file: Path, server_file: Path, sdc: "Sdc") -> None:
    """Keys open the register: a command repeated by mistake must not replace them."""
    before = server_file.read_bytes(), root_file.read_bytes()

    again = sdc("keys", "new", server_file, "--root", root_file)
    root_again = sdc("keys", "root", root_file)

    assert (again.returncode, root_again.returncode) == (1, 1)
    assert "never overwritten" in again.stderr
    assert (server_file.read_bytes(), root_file.read_bytes()) == before


def test_no_secret_is_printed(tmp_path: Path, root_file: Path, sdc: "Sdc") -> None:
    """What a terminal shows ends in scroll-back and recordings."""
    made = sdc("keys", "new", tmp_path / "server.json", "--root", root_file)

    secrets = json.loads((tmp_path / "server.json").read_text())
    texts = [text for text in [*secrets.values(), *secrets["master"].values()] if isinstance(text, str)]
    assert len(texts) > 8
    assert not any(text in made.stdout + made.stderr for text in texts)


def test_renewal_brings_back_keys_whose_set_has_ended(root_file: Path, server_file: Path, sdc: "Sdc") -> None:
    """A server that was off for too long refuses its keys, says what to do, and that works."""
    long_ago = datetime.now(UTC) - KEY_SET_LIFETIME - timedelta(days=1)
    ended = renew_key_set(read_keys(server_file, long_ago), read_root(root_file), long_ago)
    replace_keys(server_file, ended)
    with pytest.raises(KeysInvalid, match="sdc keys renew"):
        read_keys(server_file, datetime.now(UTC))

    renewed = sdc("keys", "renew", server_file, "--root", root_file)

    assert renewed.returncode == 0, renewed.stderr
    keys = read_keys(server_file, datetime.now(UTC))
    assert (keys.issuer, keys.master, keys.root) == (ended.issuer, ended.master, ended.root)
    assert f"{datetime.now(UTC) + KEY_SET_LIFETIME:%Y-%m}" in renewed.stdout


def test_another_root_cannot_renew(tmp_path: Path, server_file: Path, sdc: "Sdc") -> None:
    """Scanners trust one root; a set signed by another would lock them out."""
    other = tmp_path / "other.json"
    sdc("keys", "root", other)
    before = server_file.read_bytes()

    refused = sdc("keys", "renew", server_file, "--root", other)

    assert refused.returncode == 1
    assert "not the one" in refused.stderr
    assert server_file.read_bytes() == before


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"root_seed": "AAAA"}'])
def test_a_missing_or_damaged_root_file_is_told_in_one_sentence(
    tmp_path: Path, sdc: "Sdc", content: str | None
) -> None:
    """No traceback, no keys file, and the path that was wrong."""
    root = tmp_path / "root.json"
    if content is not None:
        root.write_text(content)

    refused = sdc("keys", "new", tmp_path / "server.json", "--root", root)

    assert refused.returncode == 1
    assert str(root) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "server.json").exists()


def test_keys_are_rotated_by_command(tmp_path: Path, root_file: Path, server_file: Path, sdc: "Sdc") -> None:
    """Publish, switch and hand over to a new root: each says what to do next, and the file is readable after each."""
    successor = tmp_path / "successor.json"
    assert sdc("keys", "root", successor).returncode == 0
    before = read_keys(server_file, datetime.now(UTC))

    early = sdc("keys", "switch", server_file, "--root", root_file)
    steps = [
        sdc("keys", "publish", server_file, "--root", root_file),
        sdc("keys", "switch", server_file, "--root", root_file, "--withdraw"),
        sdc("keys", "succeed", server_file, "--root", root_file, "--successor", successor),
    ]

    assert (early.returncode, "sdc keys publish" in early.stderr) == (1, True)
    assert [step.returncode for step in steps] == [0, 0, 0]
    assert all("estart the server" in step.stdout for step in (steps[0], steps[2]))
    after = read_keys(server_file, datetime.now(UTC))
    assert after.issuer != before.issuer
    assert after.root == read_root(successor).verifying_key
    assert not after.former_issuers


def test_a_new_master_key_takes_over_the_register(
    database: "DatabaseAddresses", tmp_path: Path, server_file: Path, sdc: "Sdc"
) -> None:
    """Two commands: one more master key in the file, and everybody under it; a third time there is nothing to do."""
    environment: dict[str, str | Path] = {"DATABASE_URL": database.app_url, "KEYS_FILE": server_file}
    before = read_keys(server_file, datetime.now(UTC))
    asyncio.run(_fill(database, before))

    added = sdc("keys", "master", server_file)
    rewrapped, again = sdc("keys", "rewrap", **environment), sdc("keys", "rewrap", **environment)
    after = read_keys(server_file, datetime.now(UTC))
    other = tmp_path / "other.json"
    write_keys(other, replace(after, master={5: after.master[1]}))
    gone = sdc("keys", "rewrap", DATABASE_URL=database.app_url, KEYS_FILE=other)

    assert (added.returncode, rewrapped.returncode, again.returncode) == (0, 0, 0), rewrapped.stderr
    assert replace(after, master=before.master) == before
    assert "100 data keys were wrapped anew: every resident is under master key version 2." in rewrapped.stdout
    assert again.stdout.startswith("0 data keys")
    assert gone.returncode == 1
    assert "100 residents are under master key version 2" in gone.stderr


async def _fill(database: "DatabaseAddresses", keys: Keys) -> None:
    """A hundred residents, sealed with these keys."""
    connection = await asyncpg.connect(database.owner_url)
    vault = Vault(keys.master, keys.blind_index, keys.pseudonym)
    await load_district(connection, vault, 100, datetime.now(UTC), lambda _: None)
    await connection.close()
