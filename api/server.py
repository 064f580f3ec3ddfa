"""Runs the server: uvicorn with the bounds of the settings, and a stop that finishes what was begun."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp

from api.app import create_app
from api.current import Current
from api.envelope import Lifecycle
from api.logs import configure_logs
from api.sms import open_sms
from api.wechat import open_wechat
from services.bootstrap import now, open_services
from services.checkpoints import keep_checkpoints
from services.keys import read_keys
from services.resources import Resources
from services.settings import Settings, SettingsInvalid
from services.worker import work

log = structlog.get_logger("server")

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(settings: Settings, *, works: bool = False) -> None:
    """Serve until a signal, on uvloop; see `serve`."""
    uvloop.run(serve(settings, works=works))


async def serve(settings: Settings, *, works: bool = False) -> None:
    """Serve on `host` and `port` until SIGTERM or SIGINT; returns when the running requests have ended.

    With `works` the process works the queue of jobs as well, which is enough for a demo.

    On a signal /readyz fails and answers say `Connection: close` for `drain_seconds`; then no connection is accepted,
    and running requests get `shutdown_seconds`. A second signal stops at once. SIGHUP reads the rules anew.

    Raises:
        services.settings.SettingsInvalid: the settings or the keys do not make a server.
        services.keys.KeysInvalid: the keys file cannot be used.
        domain.policy_file.PolicyInvalid: the rules cannot be used.
    """
    configure_logs(settings.log_level)
    lifecycle = Lifecycle()
    async with open_resources(settings) as resources:
        current = Current(resources)
        server = _Server(uvicorn_configuration(settings, create_app(current, lifecycle)), current, lifecycle)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            if works:
                tasks.create_task(work(resources, stop))
            async with _checkpoints_kept(resources):
                await server.serve()
            stop.set()


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Everything that a server or a worker uses, by its settings.

    Raises:
        services.settings.SettingsInvalid: the settings or the keys do not make a server.
        services.keys.KeysInvalid: the keys file cannot be used.
    """
    if settings.keys_file is None:
        raise SettingsInvalid("KEYS_FILE is missing: name the server's keys file.")
    keys = read_keys(settings.keys_file, now())
    async with (
        open_wechat(settings) as wechat,
        open_sms(settings) as sms,
        open_services(settings, keys, wechat, sms=sms) as resources,
    ):
        yield resources


@asynccontextmanager
async def _checkpoints_kept(resources: Resources) -> AsyncIterator[None]:
    """Beside the server, sign how far the audit log has come, where a folder for it was named."""
    settings = resources.settings
    if settings.audit_dir is None:
        log.warning("audit_dir_missing", effect="an end that is cut off the audit log will not show")
        yield
        return
    keeping = asyncio.create_task(
        keep_checkpoints(
            resources.database, resources.keys, settings.audit_dir, settings.audit_checkpoint_seconds, resources.clock
        )
    )
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


def uvicorn_configuration(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves an application by the settings: HTTP/1.1 alone, no log and no header of its own."""
    proxies = settings.trusted_proxies
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=settings.max_body_bytes,
        # Inflating costs what a message's limit does not show.
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        # The client's address limits card bindings: a header may name it only when a trusted proxy wrote it.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_seconds)),
    )


class _Server(uvicorn.Server):
    """uvicorn, with a stop that is announced before it begins, and rules that are read anew on SIGHUP."""

    def __init__(self, config: uvicorn.Config, current: Current, lifecycle: Lifecycle) -> None:
        super().__init__(config)
        self._drain_seconds = current.resources.settings.drain_seconds
        self._current = current
        self._lifecycle = lifecycle

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals in the event loop while serving."""
        loop = asyncio.get_running_loop()
        handlers = dict.fromkeys(SIGNALS, self._stop)
        # Whoever handles SIGHUP already goes on to: the demo ends with its terminal.
        if not callable(signal.getsignal(signal.SIGHUP)):
            handlers[signal.SIGHUP] = self._current.reload_rules
        for number, handle in handlers.items():
            loop.add_signal_handler(number, handle)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if self._lifecycle.draining:
            self.should_exit = True
            self.force_exit = True
            return
        log.info("draining", seconds=self._drain_seconds)
        self._lifecycle.draining = True
        asyncio.get_running_loop().call_later(self._drain_seconds, self._begin_exit)

    def _begin_exit(self) -> None:
        self.should_exit = True
