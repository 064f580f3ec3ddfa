"""Reads the environment once, so that a wrong value stops the start with a sentence instead of surfacing later."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import DirectoryPath, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from models.notice import NoticeKind
from services.addresses import (
    SANDBOX_PATH,
    SMS_SANDBOX_PATH,
    check_database_url,
    check_proxies,
    check_sms_api,
    check_wechat_api,
    problem,
)
from services.template import Template, parse_template

_DEMO_TEMPLATE = "demo-{kind} once thing1=service time2=time thing3=place phrase4=status"
_DEMO_OFFER = "demo-offered once thing1=service time2=time thing3=place time4=until"


class SettingsInvalid(Exception):  # named, like every refusal here, for what is wrong
    """The environment does not describe a server that may start; its text is one sentence for the operator."""


class Mode(StrEnum):
    """What the server is for: `demo` brings its own sandbox and data, `production` refuses both."""

    DEMO = "demo"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    """The least severe record that is written."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


Count = Annotated[int, Field(ge=1, le=1_000_000)]
Bytes = Annotated[int, Field(ge=1_024, le=64 * 1_024 * 1_024)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Hours = Annotated[int, Field(ge=1, le=8_760)]
Days = Annotated[int, Field(ge=1, le=366)]


class Settings(BaseSettings):
    """Everything an operator decides; the environment variable of a field is its name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    mode: Mode = Field(
        Mode.PRODUCTION, description="`demo` or `production`, which refuses demo secrets and the sandbox"
    )
    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(8000, ge=1, le=65_535, description="port to listen on")
    trusted_proxies: str = Field(
        "", description="addresses or networks, by comma, of the proxies whose X-Forwarded-For names the client"
    )
    data_dir: Path = Field(Path(".data"), description="where the demo keeps its database, keys and log")
    residents: int = Field(30_000, ge=100, le=10_000_000, description="residents of the generated demo district")
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL 15 or newer, as the role that owns nothing; the demo starts its own when absent"
    )
    database_owner_url: SecretStr | None = Field(None, description="the same database as its owner, for migrations")
    database_pool_size: int = Field(10, ge=1, le=500, description="connections of one server process")
    keys_file: Path | None = Field(None, description="file with the server's keys; the demo makes its own when absent")
    policy_dir: DirectoryPath | None = Field(
        None, description="folder with the rules of the programmes; `policy/` of this version when absent"
    )
    audit_dir: Path | None = Field(
        None, description="folder outside the database for what must outlive it: the audit log's checkpoints, erasures"
    )
    wechat_api: str = Field("", description="base URL of WeChat's API; decides between the real one and the sandbox")
    wechat_app_id: str = Field("", description="the mini program's id")
    wechat_app_secret: SecretStr = Field(SecretStr(""), description="the mini program's secret")
    sms_api: str = Field(
        "", description="URL that sends a text message for a POST of phone and text; no text messages when empty"
    )
    wechat_template_reminder: str = Field(
        "", description="template of reminders: its id, `once` or `long`, its fields; only text messages when empty"
    )
    wechat_template_confirmed: str = Field("", description="template for a booking that its provider confirmed")
    wechat_template_changed: str = Field("", description="template for a booking at another time or place")
    wechat_template_terms: str = Field("", description="template for a booking that stays, at another price")
    wechat_template_cancelled: str = Field("", description="template for a cancelled booking")
    wechat_template_offered: str = Field("", description="template for a place that became free for who waits")
    wechat_template_card: str = Field("", description="template for news about a card, which it does not name")
    log_level: LogLevel = Field(LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR")

    max_depth: Count = Field(10, description="fields nested in an operation")
    max_aliases: Count = Field(15, description="aliases and repeated fields in an operation")
    max_tokens: Count = Field(1_000, description="tokens of a document")
    max_characters: Count = Field(15_000, description="characters of a document")
    max_directives: Count = Field(10, description="directives in an operation")
    max_fragment_spreads: Count = Field(50, description="fragments spread in an operation")
    max_cost: Count = Field(8_000, description="fields an operation may resolve, pages counted in full")
    max_page_size: Count = Field(100, description="entries of one page")
    max_nodes: Count = Field(5_000, description="objects an operation may return, pages counted in full")
    max_json_nesting: int = Field(32, ge=4, le=200, description="nested arrays and objects in a request")
    max_body_bytes: Bytes = Field(100 * 1_024, description="bytes of a request")
    max_upload_bytes: Bytes = Field(2 * 1_024 * 1_024, description="bytes of a scanner's upload")
    max_subscriptions: Count = Field(5, description="subscriptions on one WebSocket")
    websocket_init_seconds: Seconds = Field(10.0, description="time for a WebSocket to say who it is, then 4408")
    body_seconds: Seconds = Field(20.0, description="time to receive a request's body, then 408")
    request_seconds: Seconds = Field(2.8, description="time to answer a request, then 503")
    drain_seconds: float = Field(1.0, ge=0, le=300, description="time a shutdown is announced before it begins")
    shutdown_seconds: Seconds = Field(10.0, description="time for running requests to end at shutdown")

    job_heartbeat_seconds: Seconds = Field(30.0, description="silence after which a worker's jobs are given to another")

    access_token_seconds: Seconds = Field(600.0, description="life of an access token")
    refresh_token_days: Days = Field(30, description="life of a session from its sign-in")
    refresh_idle_days: Days = Field(7, description="life of a session that is not used")
    refresh_grace_seconds: Seconds = Field(10.0, description="time in which a repeated refresh is a retry, not a theft")
    pass_days: int = Field(7, ge=1, le=7, description="validity of a pass on the phone")
    printed_code_days: Days = Field(180, description="validity of a code printed on paper")
    status_list_ttl_seconds: Seconds = Field(900.0, description="age at which a device fetches the status list anew")
    status_read_seconds: float = Field(
        2.0, ge=0, le=3, description="age at which a server reads anew what was revoked or suspended"
    )
    status_list_days: Days = Field(7, description="validity of a status list")
    binding_attempts_account: Count = Field(5, description="card bindings tried a day by one account")
    binding_attempts_card: Count = Field(5, description="card bindings tried a day against one card")
    binding_attempts_address: Count = Field(100, description="card bindings tried a day from one address")
    reveals_staff: Count = Field(50, description="full values that one member of staff is shown a day")
    audit_checkpoint_seconds: Seconds = Field(600.0, description="time between two checkpoints of the audit log")
    second_factor_hours: Hours = Field(12, description="time for which a member of staff acts after her second factor")
    second_factor_attempts: Count = Field(10, description="second factors tried a day by one account, right or wrong")
    clock_warn_seconds: Seconds = Field(5.0, description="clock difference of a scanner that is reported")
    clock_quarantine_seconds: Seconds = Field(300.0, description="clock difference that quarantines a scanner's scans")
    max_batch_taps: Count = Field(1_000, description="taps in one upload")
    late_flag_hours: Hours = Field(24, description="age from which an uploaded tap is flagged")
    late_review_days: Days = Field(7, description="age from which an uploaded tap goes to review")

    database_command_seconds: Seconds = Field(2.0, description="time for one command, the network included")
    database_statement_seconds: Seconds = Field(1.5, description="time for one statement in PostgreSQL")
    database_lock_seconds: Seconds = Field(0.5, description="time to wait for a lock")
    database_acquire_seconds: Seconds = Field(1.0, description="time to wait for a connection, then 503")
    migration_lock_seconds: Seconds = Field(0.5, description="time a migration waits for a lock")
    migration_statement_seconds: Seconds = Field(60.0, description="time for one statement of a migration")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` was given counts: no hidden file, no environment behind the caller's back."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, url in (("DATABASE_URL", self.database_url), ("DATABASE_OWNER_URL", self.database_owner_url)):
            if url is not None:
                check_database_url(name, url.get_secret_value())
        check_proxies(self.trusted_proxies)
        match self.mode:
            case Mode.DEMO:
                for name, value in _demo_defaults(self.port).items():
                    if not getattr(self, name):
                        object.__setattr__(self, name, value)
            case Mode.PRODUCTION:
                _check_production(self)
        check_wechat_api(self.wechat_api, production=self.mode is Mode.PRODUCTION)
        check_sms_api(self.sms_api)
        _check_templates(self)
        return self

    def templates(self) -> Mapping[NoticeKind, Template]:
        """The template of each kind of notice that has one."""
        given = {kind: getattr(self, f"wechat_template_{kind}") for kind in NoticeKind}
        return {kind: parse_template(text) for kind, text in given.items() if text}


@dataclass(frozen=True, slots=True)
class Variable:
    """One row of the README's table."""

    name: str
    default: str
    description: str


def variables() -> tuple[Variable, ...]:
    """Every environment variable the server reads, in the order of the README's table."""
    return tuple(
        Variable(name.upper(), _shown(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    )


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings that `environ` describes; variables that are empty count as absent.

    Raises:
        SettingsInvalid: with one sentence that names the variable and never repeats its value.
    """
    given = {name: value for name in Settings.model_fields if (value := environ.get(name.upper(), "").strip())}
    try:
        return Settings(**given)  # type: ignore[arg-type] # pydantic parses the strings
    except ValidationError as invalid:
        problem = invalid.errors(include_input=False, include_url=False, include_context=False)[0]
        if not problem["loc"]:
            raise SettingsInvalid(f"{problem['msg']}.") from None
        name, message = str(problem["loc"][0]).upper(), problem["msg"]
        raise SettingsInvalid(f"{name} is wrong: {message[:1].lower()}{message[1:]}.") from None


def refuse_demo_keys(settings: Settings, *, demo: bool) -> None:
    """Stops a production server whose keys file was made for the demo (`demo` is the file's own mark).

    Raises:
        SettingsInvalid: naming KEYS_FILE.
    """
    if demo and settings.mode is Mode.PRODUCTION:
        raise SettingsInvalid("KEYS_FILE holds demo keys, which production refuses; make keys of its own for it.")


def _check_production(settings: Settings) -> None:
    missing = {
        "DATABASE_URL": settings.database_url,
        "KEYS_FILE": settings.keys_file,
        "WECHAT_API": settings.wechat_api,
        "WECHAT_APP_ID": settings.wechat_app_id,
        "WECHAT_APP_SECRET": settings.wechat_app_secret.get_secret_value(),
    }
    for name, value in missing.items():
        if not value:
            raise problem(f"{name} is missing, and MODE=production needs it")
    # Asked first, because a directory that may not be entered makes is_file() raise.
    if settings.keys_file is not None and not (os.access(settings.keys_file, os.R_OK) and settings.keys_file.is_file()):
        raise problem("KEYS_FILE names no readable file")


def _demo_defaults(port: int) -> dict[str, str]:
    templates = {kind: _DEMO_TEMPLATE.format(kind=kind) for kind in NoticeKind} | {NoticeKind.OFFERED: _DEMO_OFFER}
    return {
        "wechat_api": f"http://127.0.0.1:{port}{SANDBOX_PATH}",
        "sms_api": f"http://127.0.0.1:{port}{SMS_SANDBOX_PATH}",
        **{f"wechat_template_{kind}": text for kind, text in templates.items()},
    }


def _check_templates(settings: Settings) -> None:
    for kind in NoticeKind:
        try:
            if text := getattr(settings, f"wechat_template_{kind}"):
                parse_template(text)
        except ValueError as error:
            raise problem(f"WECHAT_TEMPLATE_{kind.upper()} {error}") from None


def _shown(default: object) -> str:
    match default:
        case SecretStr():
            return default.get_secret_value()
        case None:
            return ""
        case float() if default.is_integer():
            return str(int(default))
        case _:
            return str(default)
