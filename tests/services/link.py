"""A TCP link to PostgreSQL that a test lets fall silent as a dead router does: nothing arrives, nothing is closed."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit


class Link:
    """Forwards to the PostgreSQL at `url` while it is up; `url` is where a client reaches it.

    With `passes_ends_on` false the client does not hear that the server closed the connection.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._up = asyncio.Event()
        self._up.set()
        self.passes_ends_on = True
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        account = self._target.netloc.rpartition("@")[0]
        self.url = self._target._replace(netloc=f"{account}@127.0.0.1:{port}").geturl()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()

    def silence(self) -> None:
        """From now on nothing gets through, though connections are still accepted."""
        self._up.clear()

    def restore(self) -> None:
        """Let everything through again, what was held back included."""
        self._up.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._run(self._join(reader, writer))

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._up.wait()
        there_reader, there_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._writers.add(there_writer)
        self._run(self._pump(reader, there_writer))
        self._run(self._pump(there_reader, writer))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                await self._up.wait()
                sink.write(data)
                await sink.drain()
        if self.passes_ends_on:
            sink.close()

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
