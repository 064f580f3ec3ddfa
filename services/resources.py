"""What every use case is given: opened once at the start, and passed as one value."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Self
from uuid import UUID

from card.presentation import PassCache
from domain.calendar import HolidayCalendar
from domain.card_terms import CardLaw
from domain.priority import CallingRule
from domain.rulebook import RuleBooks
from services.database import Database
from services.desk import Desk
from services.keys import Keys
from services.message import Sms
from services.news import News
from services.settings import Settings
from services.status import StatusLists
from services.together import Together
from services.vault import Vault
from services.wechat import Wechat

# Of about a kilobyte each: the passes that a district's riders show within some hours.
PASSES_KEPT = 20_000


@dataclass(frozen=True)
class Resources:
    """Settings, secrets, the doors to database and messages, what is in force, the clock, and who share work."""

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
    card_law: CardLaw
    clock: Callable[[], datetime]
    desk: Desk = field(default_factory=Desk)
    status_lists: StatusLists = field(default_factory=StatusLists)
    together: Together = field(default_factory=Together)
    passes: PassCache = field(default_factory=lambda: PassCache(PASSES_KEPT))

    def reaching(self, account_id: UUID | None, on: date) -> Self:
        """The same, with a database that shows only whom an account may see on a day (None: nobody)."""
        return replace(self, database=self.database.reaching(account_id, on))

    def reaching_only(self, resident_ids: Iterable[UUID]) -> Self:
        """The same, with a database that shows these residents alone."""
        return replace(self, database=self.database.reaching_only(resident_ids))

    def beyond_reach(self) -> Self:
        """The same, reaching everybody: for a use case that has checked by itself what its viewer may do or count."""
        return replace(self, database=self.database.beyond_reach())
