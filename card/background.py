"""Keeps a working gate in touch with its server from a thread of its own, so that nobody waits for the network."""

import threading
from collections.abc import Callable
from typing import Final

from card.client import Server, ServerRefused, ServerUnreachable
from card.clock import RoundTripTooLong
from card.device import Device, StateUnusable
from card.refusal import CredentialRefused
from card.storage import StorageUnavailable
from card.sync import synchronise, upload

FAILURES: Final = (
    ServerUnreachable,
    ServerRefused,
    CredentialRefused,
    RoundTripTooLong,
    StateUnusable,
    StorageUnavailable,
)
_LAST_WAIT_SECONDS: Final = 30.0


class BackgroundSync:
    """Syncs at once and then every so many seconds; `say` hears when a contact fails and when it works again."""

    def __init__(self, device: Device, server: Server, every: float, say: Callable[[str], None]) -> None:
        self._device = device
        self._server = server
        self._every = every
        self._say = say
        self._failing = ""
        self._ended = threading.Event()
        # A daemon, so that a call that hangs never keeps the process from ending.
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """End, and hand in what waits a last time, as far as the server can be reached."""
        self._ended.set()
        self._thread.join(_LAST_WAIT_SECONDS)
        if not self._thread.is_alive():
            self._attempt(lambda: upload(self._device, self._server))

    def _run(self) -> None:
        while not self._ended.is_set():
            self._attempt(lambda: synchronise(self._device, self._server))
            self._ended.wait(self._every)

    def _attempt(self, contact: Callable[[], object]) -> None:
        try:
            contact()
        except FAILURES as failure:
            problem = f"sync: {failure}"
            if problem != self._failing:
                self._say(problem)
            self._failing = problem
        else:
            if self._failing:
                self._say("sync: the server answers again")
            self._failing = ""
