"""Makes every log line one JSON object, and keeps out of it what libraries would write about requests."""

import logging
import sys

import structlog

from services.settings import LogLevel

# At INFO these write whole URLs, and WeChat's hold the app secret and login codes.
_SILENCED = ("httpx", "httpcore", "asyncio")


def configure_logs(level: LogLevel) -> None:
    """Send structlog and the standard library's logging to standard error; once a process."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_traceback,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.value)
    for name in _SILENCED:
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_traceback(logger: object, name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A library's traceback quotes values; its kind is enough to find it by."""
    del logger, name
    problem = event.pop("exc_info", None)
    if isinstance(problem, tuple) and problem[0] is not None:
        event["error"] = problem[0].__name__
    return event
