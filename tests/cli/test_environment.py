"""Proves that a command finds the database, keys and folder that it is about."""

from pathlib import Path

import pytest

from cli.environment import APP, OWNER, DatabaseUrls, database_urls, demo_keys_file, given_urls, operator_settings
from cli.serving import address_of
from services.settings import Mode, Settings, SettingsInvalid, load_settings

OWNER_URL, APP_URL = "postgresql://owner@h/d", "postgresql://app@h/d"


def settings(**variables: str) -> Settings:
    """Settings as of a command that is no server."""
    return load_settings({"MODE": "demo", **variables})


def test_an_operators_command_needs_no_complete_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """MODE=production alone would ask for WeChat's secret to make a backup."""
    monkeypatch.setenv("MODE", "production")

    assert operator_settings().mode is Mode.DEMO


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({OWNER: OWNER_URL}, DatabaseUrls(OWNER_URL, OWNER_URL)),
        ({APP: APP_URL}, DatabaseUrls(APP_URL, APP_URL)),
        ({OWNER: OWNER_URL, APP: APP_URL}, DatabaseUrls(OWNER_URL, APP_URL)),
    ],
)
def test_one_address_stands_in_for_the_other(given: dict[str, str], expected: DatabaseUrls | None) -> None:
    """A command that only reads is content with either role."""
    assert given_urls(settings(**given)) == expected


@pytest.mark.parametrize(("given", "missing"), [({OWNER: OWNER_URL}, APP), ({APP: APP_URL}, OWNER)])
def test_where_a_role_is_needed_the_other_does_not_do(given: dict[str, str], missing: str) -> None:
    """The message names the variable and what the role does."""
    with pytest.raises(SettingsInvalid, match=f"^{missing} is missing"):
        given_urls(settings(**given), OWNER, APP)


def test_a_given_database_is_used_as_it_is() -> None:
    """Nothing is started for it, and nothing stopped."""
    with database_urls(settings(DATABASE_OWNER_URL=OWNER_URL), OWNER) as urls:
        assert urls.owner == OWNER_URL


def test_the_demos_keys_are_beside_its_data_unless_named() -> None:
    """KEYS_FILE wins."""
    assert demo_keys_file(settings(DATA_DIR="/d")) == Path("/d/keys.json")
    assert demo_keys_file(settings(DATA_DIR="/d", KEYS_FILE="/k.json")) == Path("/k.json")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 # nothing is bound
        ("::", "http://[::1]:8000"),
        ("10.0.0.7", "http://10.0.0.7:8000"),
    ],
)
def test_the_address_to_type_is_one_that_answers(host: str, address: str) -> None:
    """Where the server listens on every address, this machine reaches it by the loopback one."""
    assert address_of(settings(HOST=host)) == address
