"""A hundred buses that hand in their scans over a network that cuts, repeats and reorders, past a server that dies."""

import asyncio
import gzip
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx

from card.assertion import sign_assertion
from card.cose import SigningKey
from card.scan import NO_RECORD, Scan, encode_scan, encode_upload, scan_hash, sign_head
from card.tariff import Outcome
from services.bootstrap import now
from tests.api.storm import Site

SCANS = 15
TAKEN = ("stored", "repeated")
PATH = "/v1/devices/scans"

Key = tuple[UUID, bytes, int]


@dataclass
class Bus:
    """One scanner: what it wrote, what of it the server acknowledged, and by how much its clock is off just now."""

    id: UUID
    key: SigningKey
    draw: Random
    codes: Sequence[str]
    epoch: bytes = b""
    off: timedelta = timedelta(0)
    written: dict[Key, bytes] = field(default_factory=dict)
    chain: list[bytes] = field(default_factory=list)
    waiting: dict[Key, bytes] = field(default_factory=dict)
    acknowledged: set[Key] = field(default_factory=set)

    def drive(self) -> None:
        """Read some codes; now and then the clock jumps, or the storage is lost and a new epoch begins."""
        if not self.epoch or self.draw.random() < 0.05:
            self.epoch, self.chain = self.draw.randbytes(8), []
        if self.draw.random() < 0.2:
            self.off = timedelta(seconds=self.draw.choice([0, 3, -70, 400, -86_400 * 40, 86_400 * 9_000]))
        for _ in range(self.draw.randint(1, 8)):
            self._write(now() + self.off)

    def _write(self, at: datetime) -> None:
        number = len(self.chain) + 1
        scan = Scan(
            device_id=self.id,
            epoch=self.epoch,
            sequence=number,
            previous=scan_hash(self.chain[-1]) if self.chain else NO_RECORD,
            at=at,
            text=self.draw.choice(self.codes),
            admission=Outcome.FREE,
            reason=None,
            companions=0,
            bundle_version=1,
            place=None,
            override=self.draw.random() < 0.1,
        )
        record = encode_scan(scan)
        self.chain.append(record)
        self.written[self.id, self.epoch, number] = self.waiting[self.id, self.epoch, number] = record

    def body(self) -> tuple[list[Key], bytes]:
        """Some of what waits, of one epoch, in any order, with some of what was acknowledged long ago among it."""
        epoch = self.draw.choice(list(self.waiting))[1]
        keys = [key for key in self.waiting if key[1] == epoch]
        keys = self.draw.sample(keys, self.draw.randint(1, len(keys)))
        old = [key for key in self.acknowledged if key[1] == epoch]
        keys += self.draw.sample(old, min(len(old), self.draw.randint(0, 3)))
        keys += self.draw.choices(keys, k=self.draw.randint(0, 2))
        last = max((key for key in self.written if key[1] == epoch), key=lambda key: key[2])
        head = sign_head(self.id, epoch, last[2], scan_hash(self.written[last]), now() + self.off, self.key)
        return keys, encode_upload(head, [self.written[key] for key in keys])

    def headers(self, **more: str) -> dict[str, str]:
        """What proves the bus; it knows the true time from the server, whatever its own clock says."""
        proof = f"Bearer {sign_assertion(self.id, self.key, now())}"
        return {"Authorization": proof, "Content-Type": "application/cbor", **more}


@dataclass
class Fleet:
    """All buses and the server that they talk to; each draws from its own seed."""

    site: Site
    http: httpx.AsyncClient
    buses: Sequence[Bus]
    draw: Random

    async def run(self, scans: int, kills: int) -> None:
        """Let every bus write so many scans and hand in all of them, while the server is killed so many times."""
        goal = sum(len(bus.acknowledged) for bus in self.buses) + scans * len(self.buses)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kill(goal, kills))
            for bus in self.buses:
                group.create_task(self._work(bus, len(bus.written) + scans))

    async def _work(self, bus: Bus, until: int) -> None:
        while len(bus.written) < until or bus.waiting:
            if len(bus.written) < until:
                bus.drive()
            await self._send(bus)

    async def _send(self, bus: Bus) -> None:
        keys, body = bus.body()
        choice = bus.draw.random()
        if choice < 0.1:
            await self._cut(bus, body)
        elif choice < 0.15:
            await self._half(bus, body)
        elif choice < 0.3:
            await asyncio.gather(*(self._upload(bus, keys, body) for _ in range(2)))
        elif choice < 0.4 and len(keys) == 1:
            await self._ask(bus, keys[0])
        else:
            await self._upload(bus, keys, body)

    async def _upload(self, bus: Bus, keys: Sequence[Key], body: bytes) -> None:
        zipped = bus.draw.random() < 0.5
        more = {"Content-Encoding": "gzip"} if zipped else {}
        answer = await self._post(PATH, gzip.compress(body) if zipped else body, bus.headers(**more))
        if answer is None:
            return
        assert len(answer["results"]) == len(keys)
        for key, result in zip(keys, answer["results"], strict=True):
            assert (result["epoch"], result["sequence"]) == (key[1].hex(), key[2])
            assert result["outcome"] in TAKEN, result
            self._note(bus, key)

    async def _ask(self, bus: Bus, key: Key) -> None:
        answer = await self._post("/v1/devices/verify", bus.written[key], bus.headers())
        if answer is not None:
            assert answer["outcome"] in TAKEN, answer
            self._note(bus, key)

    def _note(self, bus: Bus, key: Key) -> None:
        bus.acknowledged.add(key)
        bus.waiting.pop(key, None)

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any] | None:
        """The answer, None if there was none or the server was too busy: then it is asked again some time."""
        try:
            response = await self.http.post(path, content=body, headers=headers)
        except httpx.TransportError:
            response = None
        if response is None or response.status_code == 503:
            await asyncio.sleep(0.1)
            return None
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def _half(self, bus: Bus, body: bytes) -> None:
        """A gzip stream that ends in the middle is the sender's mistake, and typed."""
        half = gzip.compress(body)[:-12]
        with suppress(httpx.TransportError):
            headers = bus.headers(**{"Content-Encoding": "gzip"})
            response = await self.http.post(PATH, content=half, headers=headers)
            assert response.status_code in {400, 503}, response.text

    async def _cut(self, bus: Bus, body: bytes) -> None:
        """Drive into a tunnel: in the middle of the body, or when all of it is sent and nothing was answered yet."""
        lines = [f"POST {PATH} HTTP/1.1", "Host: test", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in bus.headers().items()]
        request = "\r\n".join([*lines, "", ""]).encode() + body
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.http.base_url.port)
            writer.write(request[: bus.draw.choice([len(request), bus.draw.randint(1, len(request))])])
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async def _kill(self, goal: int, kills: int) -> None:
        begun = sum(len(bus.acknowledged) for bus in self.buses)
        for after in sorted(self.draw.sample(range(begun + 10, goal - 50), kills)):
            while sum(len(bus.acknowledged) for bus in self.buses) < after:  # noqa: ASYNC110 - a count has no event
                await asyncio.sleep(0.01)
            await asyncio.to_thread(self.site.kill_server)
