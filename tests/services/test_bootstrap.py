"""Proves that a server which could not serve does not start, and says why in one sentence."""

import asyncio
from pathlib import Path

import pytest

from domain.policy_file import PolicyInvalid
from services.bootstrap import POLICY, load_rules, now, open_services
from services.keys import Keys
from services.settings import Settings, SettingsInvalid, load_settings
from tests.services.register import FakeWechat


async def opens(settings: Settings, keys: Keys) -> bool:
    """Whether the services open."""
    async with open_services(settings, keys, FakeWechat()) as resources:
        return resources.settings is settings


async def test_services_open_with_a_database(settings: Settings, keys: Keys) -> None:
    """With an address and keys, everything is there."""
    assert await opens(settings, keys)


async def test_services_open_while_the_database_is_away(keys: Keys) -> None:
    """A server starts and waits for its database instead of ending in a loop of restarts."""
    settings = load_settings({"MODE": "demo", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})

    assert await opens(settings, keys)


async def test_without_an_address_nothing_opens(keys: Keys) -> None:
    """The variable that is missing is named."""
    with pytest.raises(SettingsInvalid, match="DATABASE_URL"):
        await opens(load_settings({"MODE": "demo"}), keys)


async def test_production_refuses_the_keys_of_a_demo(keys: Keys, tmp_path: Path) -> None:
    """Keys that everybody could have read must not open a real register."""
    file = tmp_path / "keys.json"
    file.touch()
    production = load_settings(
        {
            "DATABASE_URL": "postgresql://sdc_app@localhost/sdc",
            "KEYS_FILE": str(file),
            "WECHAT_API": "https://api.weixin.qq.com",
            "WECHAT_APP_ID": "wx0",
            "WECHAT_APP_SECRET": "made-up",
        }
    )

    with pytest.raises(SettingsInvalid, match="KEYS_FILE holds demo keys"):
        await opens(production, keys)


def test_the_rules_of_the_project_are_read() -> None:
    """Each file that gives itself a slug is a programme in the book."""
    programmes = {file.stem for file in POLICY.glob("*.toml") if "\nslug = " in "\n" + file.read_text(encoding="utf-8")}

    assert {programme.slug for programme in load_rules().chinese.programmes} == programmes


def test_a_broken_rule_stops_the_start(tmp_path: Path) -> None:
    """The file is named."""
    for file in POLICY.glob("*.toml"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "free-bus.toml").write_text("slug = ")

    with pytest.raises(PolicyInvalid, match=r"free-bus\.toml"):
        load_rules(tmp_path)


async def test_services_do_not_open_with_broken_rules(settings: Settings, keys: Keys, tmp_path: Path) -> None:
    """A server whose own folder of rules cannot be used does not start."""
    with pytest.raises(PolicyInvalid, match=r"facts\.toml, key \(file\): missing"):
        await opens(settings.model_copy(update={"policy_dir": tmp_path}), keys)


async def test_the_machines_time_is_aware() -> None:
    """Later calls are later, and comparable with every other instant."""
    first = now()
    await asyncio.sleep(0)

    assert now() >= first
    assert first.tzinfo is not None
