"""Runs a worker: the queue of jobs with the doors to WeChat and to text messages, until a signal."""

import asyncio

import uvloop

from api.logs import configure_logs
from api.server import SIGNALS, open_resources
from services.settings import Settings
from services.worker import work


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; jobs that run then get `shutdown_seconds` to end.

    Raises:
        services.settings.SettingsInvalid: the settings or the keys do not make a worker.
        services.keys.KeysInvalid: the keys file cannot be used.
    """
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    configure_logs(settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with open_resources(settings) as resources:
        for each in SIGNALS:
            loop.add_signal_handler(each, stop.set)
        await work(resources, stop)
