"""Shows that a wrong environment stops the start with one sentence that names the variable and hides its value."""

from pathlib import Path

import pytest

from models.notice import NoticeKind
from services.settings import (
    LogLevel,
    Mode,
    Settings,
    SettingsInvalid,
    load_settings,
    refuse_demo_keys,
    variables,
)
from services.template import Content, Lifetime

# One wrong value for each variable that is no plain number; those take the two below.
WRONG = {
    "MODE": "testing",
    "TRUSTED_PROXIES": "10.0.0.0/8, everybody",
    "DATABASE_URL": "mysql://host/name",
    "DATABASE_OWNER_URL": "postgresql://someone@somewhere",
    "WECHAT_API": "ftp://api.weixin.qq.com",
    "LOG_LEVEL": "LOUD",
    "POLICY_DIR": "/nowhere/policy",
    "SMS_API": "sms.example",
    "WECHAT_TEMPLATE_REMINDER": "tmpl-1",
    "WECHAT_TEMPLATE_CONFIRMED": "tmpl-1 twice thing1=service",
    "WECHAT_TEMPLATE_CHANGED": "tmpl-1 once thing1=service thing1=place",
    "WECHAT_TEMPLATE_TERMS": "tmpl-1 long thing1=price",
    "WECHAT_TEMPLATE_CANCELLED": "tmpl-1 once time1=place",
    "WECHAT_TEMPLATE_OFFERED": "模板 once thing1=service",
    "WECHAT_TEMPLATE_CARD": "tmpl-1 once thing1=name",
}
# Any text is right for these, or what is wrong with them shows only in production.
FREE = {"HOST", "DATA_DIR", "KEYS_FILE", "AUDIT_DIR", "WECHAT_APP_ID", "WECHAT_APP_SECRET"}
NUMBERS = {variable.name for variable in variables()} - set(WRONG) - FREE


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """An environment with which production starts."""
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    return {
        "DATABASE_URL": "postgresql://sdc_app:secret@db.example:5432/sdc",
        "KEYS_FILE": str(keys),
        "WECHAT_API": "https://api.weixin.qq.com",
        "WECHAT_APP_ID": "wx0000000000000000",
        "WECHAT_APP_SECRET": "made-up",
    }


def refusal(environ: dict[str, str]) -> str:
    """The sentence with which the start ends."""
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(environ)
    return str(refused.value)


@pytest.mark.parametrize("name", sorted(WRONG))
def test_each_wrong_word_is_named(name: str) -> None:
    """The sentence says which variable, ends as a sentence, and repeats nothing of the value."""
    sentence = refusal({"MODE": "demo", name: WRONG[name]})

    assert name in sentence
    assert WRONG[name] not in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize("wrong", ["-1", "many", "1e99", "nan", "inf"])
@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_each_wrong_number_is_named(name: str, wrong: str) -> None:
    """Negative, absurd and unreadable numbers stop the start, for every number there is."""
    sentence = refusal({"MODE": "demo", name: wrong})

    assert sentence.startswith(f"{name} is wrong: ")


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL"])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://role:secret@host:port/name",
        "postgresql://role:secret@[host/name",
        "postgresql://role:secret@host/name?port=x",
        "postgresql://role:secret@host:0/name",
        "postgresql://role:secret@host:5432/",
        "host=localhost dbname=name password=secret",
    ],
)
def test_an_address_of_no_database_is_named(name: str, url: str) -> None:
    """What would fail at the first use fails at the start, and its password stays unsaid."""
    sentence = refusal({"MODE": "demo", name: url})

    assert name in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize(
    "url", ["postgres://role@host/name", "postgresql://role@/name?host=/run/pg", "postgresql://r@[::1]/n?port=1"]
)
def test_every_form_of_a_database_address_is_taken(url: str) -> None:
    """TCP, a Unix socket and an IPv6 address are all good."""
    settings = load_settings({"MODE": "demo", "DATABASE_URL": url})

    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == url
    assert url not in repr(settings)


def test_production_starts_when_all_is_there(production: dict[str, str]) -> None:
    """It is the default, so that nobody runs a demo for residents by forgetting a word."""
    settings = load_settings(production)

    assert (settings.mode, settings.log_level, settings.port) == (Mode.PRODUCTION, LogLevel.INFO, 8000)
    assert "made-up" not in repr(settings)


@pytest.mark.parametrize("name", ["DATABASE_URL", "KEYS_FILE", "WECHAT_API", "WECHAT_APP_ID", "WECHAT_APP_SECRET"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_production_misses_what_is_absent(production: dict[str, str], name: str, value: str | None) -> None:
    """Absent and empty are the same, and named."""
    environ = {key: text for key, text in (production | {name: value}).items() if text is not None}

    assert refusal(environ).startswith(f"{name} is missing")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.weixin.qq.com",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3",
        "https://localhost:8000/sandbox/wechat",
        "https://wechat",
        "https://wechat.internal",
        "https://wechat.local",
        "https://some.localhost",
        "https://api.example.com/sandbox/wechat",
    ],
)
def test_production_refuses_the_sandbox(production: dict[str, str], url: str) -> None:
    """Neither the sandbox nor anything on this machine or network may say who signs in."""
    assert refusal(production | {"WECHAT_API": url}).startswith("WECHAT_API must be WeChat's own https address")


@pytest.mark.parametrize("url", ["https://", "no url", "https://[half", "https://host/?a=b", "https://host/#a"])
def test_an_address_of_no_wechat_is_named(url: str) -> None:
    """In the demo too, what is no base URL is refused."""
    assert refusal({"MODE": "demo", "WECHAT_API": url}).startswith("WECHAT_API ")


def test_production_refuses_a_keys_file_that_cannot_be_read(production: dict[str, str], tmp_path: Path) -> None:
    """No file and a directory are both named."""
    for path in (tmp_path / "absent", tmp_path):
        assert refusal(production | {"KEYS_FILE": str(path)}) == "KEYS_FILE names no readable file."


def test_production_refuses_demo_keys(production: dict[str, str]) -> None:
    """Keys whose file says that they are the demo's stop production and not the demo."""
    demo = load_settings({"MODE": "demo"})

    refuse_demo_keys(demo, demo=True)
    refuse_demo_keys(load_settings(production), demo=False)
    with pytest.raises(SettingsInvalid, match="KEYS_FILE holds demo keys"):
        refuse_demo_keys(load_settings(production), demo=True)


def test_the_demo_talks_to_its_own_sandbox() -> None:
    """Without an address it is the one that this server itself serves, on the port that was asked for."""
    assert load_settings({"MODE": "demo", "PORT": "8123"}).wechat_api == "http://127.0.0.1:8123/sandbox/wechat"
    assert load_settings({"MODE": "demo", "WECHAT_API": "https://x.example"}).wechat_api == "https://x.example"


def test_only_what_is_given_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's environment is read by whoever calls, and foreign variables are none of ours."""
    monkeypatch.setenv("PORT", "1234")

    assert load_settings({"MODE": "demo", "PATH": "/bin"}).port == 8000


def test_every_variable_is_described() -> None:
    """The README's table has a row for each, with its default and what it is for."""
    rows = {row.name: row for row in variables()}

    assert set(rows) == {name.upper() for name in Settings.model_fields}
    assert all(row.description for row in rows.values())
    assert (rows["REFRESH_GRACE_SECONDS"].default, rows["MODE"].default) == ("10", "production")
    assert (rows["DATABASE_LOCK_SECONDS"].default, rows["DATABASE_URL"].default) == ("0.5", "")
    assert rows["WECHAT_APP_SECRET"].default == ""


def test_a_template_names_its_fields() -> None:
    """The order and the names are WeChat's, what stands in them is ours."""
    settings = load_settings({"MODE": "demo", "WECHAT_TEMPLATE_REMINDER": "Ab_1-2 long thing4=place time2=time"})

    template = settings.templates()[NoticeKind.REMINDER]

    assert (template.id, template.lifetime) == ("Ab_1-2", Lifetime.LONG)
    assert template.fields == (("thing4", Content.PLACE), ("time2", Content.TIME))


def test_production_has_the_templates_it_was_given_and_no_other(production: dict[str, str]) -> None:
    """The demo's are the sandbox's, which WeChat does not know."""
    production["WECHAT_TEMPLATE_CHANGED"] = "t once thing1=place"

    assert set(load_settings(production).templates()) == {NoticeKind.CHANGED}
