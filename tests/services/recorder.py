"""Notes the statements that a use case runs, for tests of what it does and in which order."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg

from services.database import Database
from services.resources import Resources


class Recorder(Database):
    """A database that runs everything on another and notes the statements of its transactions, in order."""

    def __init__(self, database: Database) -> None:
        super().__init__(database._client)
        self.statements: list[str] = []

    def over(self, resources: Resources) -> Resources:
        """The same resources with this database."""
        return replace(resources, database=self)

    @asynccontextmanager
    async def transaction(
        self, *, snapshot: bool = False, patience: float | None = None
    ) -> AsyncIterator[asyncpg.Connection]:
        """A transaction whose connection notes what it is asked."""
        async with super().transaction(snapshot=snapshot, patience=patience) as connection:
            yield _Noting(connection, self.statements)


class _Noting:
    """A connection that notes each statement before it runs."""

    def __init__(self, connection: asyncpg.Connection, statements: list[str]) -> None:
        self._connection, self._statements = connection, statements

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method: Callable[..., Awaitable[Any]] = getattr(self._connection, name)

        async def noted(sql: str, *values: object) -> Any:
            self._statements.append(sql)
            return await method(sql, *values)

        return noted


def after(statements: Sequence[str], mark: str) -> list[str]:
    """The statements behind the one that contains `mark`, which must be there."""
    (place,) = [number for number, sql in enumerate(statements) if mark in sql]
    return list(statements[place + 1 :])
