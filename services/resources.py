"""What every use case is given: opened once at the start, and passed as one value."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.calendar import HolidayCalendar
from domain.card_terms import CardLaw
from domain.rulebook import RuleBooks
from services.database import Database
from services.desk import Desk
from services.keys import Keys
from services.settings import Settings
from services.vault import Vault
from services.wechat import Wechat


@dataclass(frozen=True)
class Resources:
    """The settings, the secrets, the doors to database and WeChat, what is in force, the clock, and the desk."""

    settings: Settings
    keys: Keys
    vault: Vault
    database: Database
    wechat: Wechat
    rules: RuleBooks
    holidays: HolidayCalendar
    card_law: CardLaw
    clock: Callable[[], datetime]
    desk: Desk = field(default_factory=Desk)
