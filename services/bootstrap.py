"""Opens everything once and hands it out as one value, so that nothing else asks how the server is set up."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from domain.policy import load_rule_book
from domain.policy_file import Place, PolicyInvalid
from domain.retention import FILE as RETENTION_FILE
from domain.retention import Retention, parse_retention
from domain.rulebook import RuleBook
from services.database import DatabaseLimits, open_database
from services.keys import Keys
from services.resources import Resources
from services.settings import Settings, SettingsInvalid, refuse_demo_keys
from services.vault import Vault
from services.wechat import Wechat

POLICY = Path(__file__).parent.parent / "policy"


def load_rules(directory: Path = POLICY) -> RuleBook:
    """The rule book from the TOML files of a directory.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return load_rule_book({file.name: _text(file) for file in sorted(directory.glob("*.toml"))})


def load_retention(directory: Path = POLICY) -> Retention:
    """How long what is kept, from the TOML file of a directory.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    file = directory / RETENTION_FILE
    if not file.exists():
        raise PolicyInvalid(Place(RETENTION_FILE), "(file)", "missing", "Put the file back into policy/register/")
    return parse_retention(_text(file))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")  # some editors mark their files
    except UnicodeDecodeError:
        raise PolicyInvalid(Place(file.name), "(file)", "not UTF-8", "Save the file as UTF-8") from None


def now() -> datetime:
    """The machine's time, aware."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_services(
    settings: Settings, keys: Keys, wechat: Wechat, *, clock: Callable[[], datetime] = now
) -> AsyncIterator[Resources]:
    """The resources of one server process, closed on leaving; the database may be away meanwhile.

    Raises:
        services.settings.SettingsInvalid: DATABASE_URL is missing, or production was given demo keys.
        domain.policy_file.PolicyInvalid: the rules cannot be used.
    """
    refuse_demo_keys(settings, demo=keys.demo)
    if settings.database_url is None:
        raise SettingsInvalid("DATABASE_URL is missing: name the database as the role that owns nothing.")
    limits = DatabaseLimits(
        command=settings.database_command_seconds,
        statement=settings.database_statement_seconds,
        lock=settings.database_lock_seconds,
        acquire=settings.database_acquire_seconds,
        pool_size=settings.database_pool_size,
    )
    vault = Vault(keys.master, keys.blind_index, keys.pseudonym)
    async with open_database(settings.database_url.get_secret_value(), limits) as database:
        yield Resources(settings, keys, vault, database, wechat, load_rules(), clock)
