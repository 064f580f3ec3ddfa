"""Opens everything once and hands it out as one value, so that nothing else asks how the server is set up."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from domain.calendar import FILE as CALENDAR
from domain.calendar import HolidayCalendar, load_calendar
from domain.card_terms import FILE as CARD_LAW
from domain.card_terms import CardLaw, parse_card_law
from domain.policy import load_rule_book, read_document
from domain.policy_file import Place, PolicyInvalid
from domain.recipient import Recipient, parse_recipients
from domain.report_words import ReportWords, parse_report_words
from domain.rulebook import RuleBook
from domain.source import Source, parse_source
from domain.vocabulary import Vocabulary
from services.database import DatabaseLimits, open_database
from services.keys import Keys
from services.resources import Resources
from services.settings import Settings, SettingsInvalid, refuse_demo_keys
from services.vault import Vault
from services.wechat import Wechat

POLICY = Path(__file__).parent.parent / "policy"
SOURCES = "exchange/sources"
REPORT = "exchange/report.toml"
RECIPIENTS = "exchange/recipients.toml"


def load_rules(directory: Path = POLICY) -> RuleBook:
    """The rule book from the TOML files of a directory.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return load_rule_book({file.name: _text(file) for file in sorted(directory.glob("*.toml"))})


def load_holidays(directory: Path = POLICY) -> HolidayCalendar:
    """The public holidays that are announced; a directory need not name more than the library knows.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    file = directory / CALENDAR
    return load_calendar(_text(file) if file.exists() else "")


def load_law_of_cards(directory: Path = POLICY) -> CardLaw:
    """The terms of cards, dated.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return parse_card_law(read_document(CARD_LAW, _text(directory / CARD_LAW)))


def load_sources(vocabulary: Vocabulary, directory: Path = POLICY) -> Mapping[str, Source]:
    """The kinds of files that other departments send, by their slugs.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return {
        file.stem: parse_source(file.stem, read_document(f"{SOURCES}/{file.name}", _text(file)), vocabulary)
        for file in sorted((directory / SOURCES).glob("*.toml"))
    }


def load_report_words(directory: Path = POLICY) -> ReportWords:
    """What the report on a file says.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return parse_report_words(read_document(REPORT, _text(directory / REPORT)))


def load_recipients(vocabulary: Vocabulary, directory: Path = POLICY) -> Mapping[str, Recipient]:
    """The departments that may be given data, by their slugs.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return parse_recipients(read_document(RECIPIENTS, _text(directory / RECIPIENTS)), vocabulary)


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
        yield Resources(
            settings, keys, vault, database, wechat, load_rules(), load_holidays(), load_law_of_cards(), clock
        )
