"""A notice changes an amount while the server runs, and a slip of the pen does not stop it."""

import asyncio
import json
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from api.current import Current
from services.bootstrap import POLICY, load_rules
from services.resources import Resources
from services.sessions import sign_in
from tests.api.live import LiveServer, serving
from tests.conftest import DatabaseAddresses
from tests.services.register import FakeWechat, Register

HOME = """
{ viewer { entitlements(on: "2026-11-25") { programme effective benefits { monthly } } } }
"""
ONLINE_CODE = "mutation { onlineCode { __typename ... on CredentialRefused { reason } } }"
NOTICE = """
[[minimum_living_standard.values]]
effective = 2026-07-01
value = 1200
source = "示例数字,待区民政局确认"
illustrative = true
"""
WAIT_SECONDS = 30


@dataclass(frozen=True)
class Office:
    """A running server with a folder of rules of its own, and a resident's phone."""

    server: LiveServer
    rules: Path
    http: httpx.AsyncClient

    def amend(self, file: str, old: str, new: str) -> None:
        """Replace a piece of a file, as an officer does in an editor."""
        text = (self.rules / file).read_text(encoding="utf-8")
        assert old in text
        (self.rules / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    async def reload(self) -> dict[str, Any]:
        """Send SIGHUP, and what the server then logs of its rules."""
        before = len(self._of_rules())
        self.server.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                told = self._of_rules()
                if len(told) > before:
                    return told[-1]
                await asyncio.sleep(0.02)

    async def subsidy(self) -> Decimal:
        """The living subsidy of the resident, yuan a month."""
        answer = await self.http.post("/graphql", json={"query": HOME})
        amounts = {one["programme"]: one["benefits"] for one in answer.json()["data"]["viewer"]["entitlements"]}
        return Decimal(amounts["living-subsidy"][0]["monthly"])

    async def code(self) -> dict[str, str]:
        """What the resident gets who asks for a code."""
        answer = await self.http.post("/graphql", json={"query": ONLINE_CODE})
        given: dict[str, str] = answer.json()["data"]["onlineCode"]
        return given

    def _of_rules(self) -> list[dict[str, Any]]:
        complete = self.server.logged().rpartition("\n")[0]
        return [line for line in map(json.loads, complete.splitlines()) if line["logger"] == "rules"]


@pytest.fixture
async def office(
    environ: dict[str, str], database: DatabaseAddresses, resources: Resources, register: Register, tmp_path: Path
) -> AsyncIterator[Office]:
    """A server over a copy of the rules, and a resident who is entitled to the living subsidy and to rides."""
    holder = await register.resident(birth_date=date(1980, 5, 1))
    await register.fact(holder, "own_income", "820")
    assert isinstance(resources.wechat, FakeWechat)
    session = await sign_in(resources, resources.wechat.login_code("reader"))
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE account SET resident_id = $1", holder.id)
    await owner.close()
    rules = Path(shutil.copytree(POLICY, tmp_path / "policy"))
    headers = {"Authorization": f"Bearer {session.access_token}"}
    with serving(tmp_path / "log", {**environ, "POLICY_DIR": str(rules)}) as server:
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30, trust_env=False) as http:
            yield Office(server, rules, http)


async def test_rules_are_replaced_while_the_server_runs(office: Office) -> None:
    """After SIGHUP amounts are those of the new file, and no code is given for a programme that has ended."""
    before, code = await office.subsidy(), await office.code()
    with (office.rules / "parameters.toml").open("a", encoding="utf-8") as parameters:
        parameters.write(NOTICE)
    for file in ("free-bus.toml", "venue-access.toml"):
        office.amend(file, "effective = 2016-12-04", "effective = 2016-12-04\nended = 2020-01-01")

    unasked = await office.subsidy()
    told = await office.reload()

    assert (before, unasked, await office.subsidy()) == (Decimal("324.00"), Decimal("324.00"), Decimal("360.00"))
    assert code == {"__typename": "OnlineCode"}
    assert await office.code() == {"__typename": "CredentialRefused", "reason": "NO_ACCESS"}
    assert (told["event"], told["level"], told["programmes"]) == (
        "rules_replaced",
        "info",
        len(load_rules().chinese.programmes),
    )


async def test_a_mistake_leaves_the_rules_as_they_were(office: Office) -> None:
    """The log names file, programme, version, key and remedy in one line; mending the file is enough to go on."""
    office.amend("living-subsidy.toml", "share = 0.3", "share = -0.3")

    told = await office.reload()
    kept = await office.subsidy()
    office.amend("living-subsidy.toml", "share = -0.3", "share = 0.5")
    mended = await office.reload()

    assert {name: told[name] for name in told.keys() - {"logger", "timestamp"}} == {
        "event": "rules_kept",
        "level": "error",
        "file": "living-subsidy.toml",
        "programme": "living-subsidy",
        "version": "2016-12-04",
        "key": "version[1].benefits[1].monthly.share",
        "problem": "not a number of 0 or more",
        "remedy": "Write a number of 0 or more",
    }
    assert kept == Decimal("324.00")
    assert mended["event"] == "rules_replaced"
    assert await office.subsidy() == Decimal("540.00")


async def test_a_folder_that_is_gone_leaves_the_rules_as_they_were(office: Office) -> None:
    """Somebody who moves the folder away by mistake takes no service away."""
    shutil.rmtree(office.rules)

    told = await office.reload()

    assert (told["event"], told["file"]) == ("rules_kept", "facts.toml")
    assert await office.subsidy() == Decimal("324.00")


async def test_a_request_keeps_the_rules_it_began_with(resources: Resources) -> None:
    """What was handed out before a reload is not changed by it."""
    current = Current(resources)
    begun = current.resources

    current.reload_rules()

    assert begun is resources
    assert (current.resources.holidays, current.resources.card_law) == (begun.holidays, begun.card_law)
    assert current.resources.holidays is not begun.holidays
    assert current.resources.card_law is not begun.card_law
    assert current.resources.rules is not begun.rules
    assert current.resources.database is begun.database
