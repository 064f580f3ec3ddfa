"""How Tortoise finds the tables, for the server and for the migration tool."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

MODULES = [
    "models.resident",
    "models.receipt",
    "models.session",
    "models.service",
    "models.booking",
    "models.waitlist",
    "models.attendance",
    "models.referral",
    "models.notice",
    "models.credential",
    "models.fleet",
    "models.lifecycle",
    "models.settlement",
    "models.ride",
    "models.exchange",
    "models.guardianship",
    "models.audit",
]


def tortoise_config(url: str, engine: str = "tortoise.backends.asyncpg", **options: Any) -> dict[str, Any]:
    """The configuration for the PostgreSQL at `url`; `options` go to the pool.

    A `host` in the query (`postgresql://user@/name?host=/run/pg`) names a Unix socket's folder.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    credentials = {
        "host": query.get("host") or parts.hostname or "localhost",
        "port": int(query.get("port") or parts.port or 5432),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or "") or None,
        "database": unquote(parts.path.lstrip("/")),
        **options,
    }
    return {
        "connections": {"default": {"engine": engine, "credentials": credentials}},
        "apps": {"models": {"models": MODULES, "default_connection": "default", "migrations": "models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


# What `tortoise makemigrations` reads: it compares models with migrations and connects to nothing.
TORTOISE_ORM = tortoise_config("postgresql://sdc_owner@localhost/sdc")
