"""Opens everything once and hands it out as one value, so that nothing else asks how the server is set up."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from domain.calendar import FILE as CALENDAR
from domain.calendar import HolidayCalendar, load_calendar
from domain.card_terms import FILE as CARD_LAW
from domain.card_terms import CardLaw, parse_card_law
from domain.policy import load_rule_books
from domain.policy_file import Place, PolicyInvalid, Section, parse_document
from domain.priority import FILE as CALLING
from domain.priority import CallingRule, load_calling_rule
from domain.recipient import Recipient, parse_recipients
from domain.report_words import ReportWords, parse_report_words
from domain.retention import FILE as RETENTION
from domain.retention import Retention, parse_retention
from domain.rulebook import RuleBook, RuleBooks
from domain.source import Source, parse_source
from domain.vocabulary import Vocabulary
from services.database import DatabaseLimits, open_database
from services.keys import Keys
from services.message import Sms
from services.news import News
from services.resources import Resources
from services.settings import Settings, SettingsInvalid, refuse_demo_keys
from services.vault import Vault
from services.wechat import Wechat

POLICY = Path(__file__).parent.parent / "policy"
SOURCES = "exchange/sources"
REPORT = "exchange/report.toml"
RECIPIENTS = "exchange/recipients.toml"


def load_rules(directory: Path | None = None) -> RuleBooks:
    """The rule books from the TOML files of a directory, or of this version's own, and of its folder en/.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    directory = directory or POLICY
    files = sorted([*directory.glob("*.toml"), *directory.glob("en/*.toml")])
    return load_rule_books(
        {name: _text(directory, name) for name in (str(file.relative_to(directory)) for file in files)}
    )


def load_holidays(directory: Path | None = None) -> HolidayCalendar:
    """The public holidays that are announced; a directory need not name more than the library knows.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    directory = directory or POLICY
    return load_calendar(_text(directory, CALENDAR) if (directory / CALENDAR).exists() else "")


def load_calling(rules: RuleBook, directory: Path | None = None) -> CallingRule:
    """Who is called first to a freed place; without the file, who came first.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    directory = directory or POLICY
    return load_calling_rule(_text(directory, CALLING) if (directory / CALLING).exists() else "", rules)


def load_law_of_cards(directory: Path | None = None) -> CardLaw:
    """The terms of cards, dated.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return parse_card_law(_document(directory or POLICY, CARD_LAW))


def load_retention(directory: Path | None = None) -> Retention:
    """How long what is kept.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return parse_retention(_text(directory or POLICY, RETENTION))


def load_sources(vocabulary: Vocabulary, directory: Path | None = None) -> Mapping[str, Source]:
    """The kinds of files that other departments send, by their slugs.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    directory = directory or POLICY
    files = sorted((directory / SOURCES).glob("*.toml"))
    return {
        file.stem: parse_source(file.stem, _document(directory, f"{SOURCES}/{file.name}"), vocabulary) for file in files
    }


def load_report_words(directory: Path | None = None) -> ReportWords:
    """What the report on a file says.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return parse_report_words(_document(directory or POLICY, REPORT))


def load_recipients(vocabulary: Vocabulary, directory: Path | None = None) -> Mapping[str, Recipient]:
    """The departments that may be given data, by their slugs.

    Raises:
        domain.policy_file.PolicyInvalid: the first mistake found, with its place and remedy.
    """
    return parse_recipients(_document(directory or POLICY, RECIPIENTS), vocabulary)


def _document(directory: Path, name: str) -> Section:
    return parse_document(name, _text(directory, name))


def _text(directory: Path, name: str) -> str:
    try:
        return (directory / name).read_text(encoding="utf-8-sig")  # some editors mark their files
    except UnicodeDecodeError:
        raise PolicyInvalid(Place(name), "(file)", "not UTF-8", "Save the file as UTF-8") from None
    except OSError as error:
        remedy = "Give the file back, and the server the right to read it"
        raise PolicyInvalid(Place(name), "(file)", f"cannot be read: {error.strerror}", remedy) from None


def now() -> datetime:
    """The machine's time, aware."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_services(
    settings: Settings, keys: Keys, wechat: Wechat, *, sms: Sms | None = None, clock: Callable[[], datetime] = now
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
        rules, holidays = load_rules(settings.policy_dir), load_holidays(settings.policy_dir)
        calling, card_law = load_calling(rules.chinese, settings.policy_dir), load_law_of_cards(settings.policy_dir)
        news = News(settings.database_url.get_secret_value(), database, settings.database_command_seconds)
        doors = (settings, keys, vault, database, wechat, sms, news)
        resources = Resources(*doors, rules, calling, holidays, card_law, clock)
        try:
            yield resources
        finally:
            await resources.desk.close()
            await resources.together.close()
            await news.close()
