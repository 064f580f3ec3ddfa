"""What every use case is given: opened once at the start, and passed as one value."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.calendar import HolidayCalendar
from domain.priority import CallingRule
from domain.rulebook import RuleBooks
from services.database import Database
from services.desk import Desk
from services.keys import Keys
from services.message import Sms
from services.news import News
from services.settings import Settings
from services.vault import Vault
from services.wechat import Wechat


@dataclass(frozen=True)
class Resources:
    """Settings, secrets, the doors to database, WeChat and text messages, rules, holidays, the clock, and the desk."""

    settings: Settings
    keys: Keys
    vault: Vault
    database: Database
    wechat: Wechat
    sms: Sms | None
    news: News
    rules: RuleBooks
    calling: CallingRule
    holidays: HolidayCalendar
    clock: Callable[[], datetime]
    desk: Desk = field(default_factory=Desk)
