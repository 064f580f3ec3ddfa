"""What every use case is given: opened once at the start, and passed as one value."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self
from uuid import UUID

from domain.rulebook import RuleBook
from services.database import Database
from services.keys import Keys
from services.settings import Settings
from services.vault import Vault
from services.wechat import Wechat


@dataclass(frozen=True)
class Resources:
    """The settings, the secrets, the doors to database and WeChat, the rules in force, and the clock."""

    settings: Settings
    keys: Keys
    vault: Vault
    database: Database
    wechat: Wechat
    rules: RuleBook
    clock: Callable[[], datetime]

    def reaching(self, account_id: UUID | None, on: date) -> Self:
        """The same, with a database that shows only whom an account may see on a day (None: nobody)."""
        return replace(self, database=self.database.reaching(account_id, on))
