"""Tortoise's PostgreSQL client with the bounds it lacks: waits for a connection end, returning it costs nothing."""

from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient


class _Connection(asyncpg.Connection):  # type: ignore[misc] # asyncpg ships no types
    """A connection in which the application keeps no session state, so that nothing has to be reset between users."""

    def get_reset_query(self) -> str:
        return ""


class _Pool(asyncpg.Pool):  # type: ignore[misc] # asyncpg ships no types
    """A pool whose users wait `acquire_timeout` seconds at most; asyncpg's own waits for ever."""

    def __init__(self, *args: Any, acquire_timeout: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._acquire_timeout = acquire_timeout

    def acquire(self, *, timeout: float | None = None) -> Any:
        return super().acquire(timeout=timeout or self._acquire_timeout)


class Client(AsyncpgDBClient):
    """The engine that the server's configuration names."""

    connection_class = _Connection

    async def create_pool(self, **options: Any) -> Any:  # Tortoise passes `loop`, sizes and connect options
        """A pool by `options`, those of `asyncpg.create_pool` and `acquire_timeout` (seconds)."""
        return await _Pool(
            None,
            record_class=asyncpg.Record,
            max_queries=50_000,
            max_inactive_connection_lifetime=300.0,
            connect=None,
            setup=None,
            init=None,
            reset=None,
            **options,
        )


client_class = Client
