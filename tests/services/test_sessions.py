"""Shows that a session lasts as long as it should, and that a stolen token ends it."""

import asyncio
import json

import asyncpg
import jwt
import pytest

from services.people import SessionEnded
from services.resources import Resources
from services.sessions import (
    AUDIENCE,
    AccessTokenInvalid,
    RefreshRefusal,
    SignedIn,
    read_access_token,
    refresh,
    sign_in,
    sign_out,
)
from services.wechat import WechatCodeInvalid
from tests.services.register import Clock, FakeWechat, Register, open_all


async def signed_in(resources: Resources, wechat: FakeWechat, openid: str = "openid-of-sessions") -> SignedIn:
    """A fresh session of one WeChat user."""
    return await sign_in(resources, wechat.login_code(openid))


async def refreshed(resources: Resources, token: str, key: str = "key") -> SignedIn:
    """The next tokens, where no refusal is expected."""
    answer = await refresh(resources, token, key)
    assert isinstance(answer, SignedIn)
    return answer


async def test_the_same_wechat_user_gets_the_same_account(resources: Resources, wechat: FakeWechat) -> None:
    """The account is made once, also when two phones sign in at the same moment, and each has its own session."""
    await open_all(resources)
    first, second = await asyncio.gather(
        signed_in(resources, wechat, "openid-same"), signed_in(resources, wechat, "openid-same")
    )
    other = await signed_in(resources, wechat, "openid-other")

    assert first.account_id == second.account_id != other.account_id
    assert first.refresh_token != second.refresh_token
    sessions = [read_access_token(resources, one.access_token, "").session_id for one in (first, second)]
    assert sessions[0] != sessions[1]


async def test_a_login_code_is_good_once(resources: Resources, wechat: FakeWechat) -> None:
    """WeChat's refusal of a spent code reaches the caller as it is."""
    code = wechat.login_code("openid-once")
    await sign_in(resources, code)

    with pytest.raises(WechatCodeInvalid):
        await sign_in(resources, code)


async def test_neither_openid_nor_token_is_kept_in_the_clear(
    resources: Resources, wechat: FakeWechat, owner: asyncpg.Connection
) -> None:
    """Whoever reads the database can neither sign in nor tell who did."""
    openid = "openid-in-the-clear"
    tokens = await signed_in(resources, wechat, openid)
    tokens = await refreshed(resources, tokens.refresh_token)

    rows = [*await owner.fetch("SELECT * FROM account"), *await owner.fetch("SELECT * FROM refresh_token")]

    kept = b" ".join(value for row in rows for value in row.values() if isinstance(value, bytes))
    assert openid.encode() not in kept
    assert tokens.refresh_token.encode() not in kept


async def test_an_access_token_proves_its_account_until_it_ends(
    resources: Resources, wechat: FakeWechat, clock: Clock
) -> None:
    """It is good up to its last second and not in the next."""
    tokens = await signed_in(resources, wechat)
    clock.forward(seconds=599)
    viewer = read_access_token(resources, tokens.access_token, "192.0.2.7")
    clock.forward(seconds=1)

    with pytest.raises(AccessTokenInvalid):
        read_access_token(resources, tokens.access_token, "")

    assert (viewer.account_id, viewer.address) == (tokens.account_id, "192.0.2.7")


@pytest.mark.parametrize(
    "change",
    [
        {"exp": None},
        {"sid": None},
        {"sub": None},
        {"aud": None},
        {"aud": "somebody else"},
        {"exp": "soon"},
        {"exp": []},
        {"sid": "no uuid"},
        {"sid": 5},
        {"sub": 5},
    ],
)
async def test_an_access_token_with_other_claims_is_refused(
    resources: Resources, wechat: FakeWechat, change: dict[str, object]
) -> None:
    """A token must carry every claim in its own form, even under our own signature."""
    key = resources.keys.derived("access")
    tokens = await signed_in(resources, wechat)
    claims = jwt.decode(
        tokens.access_token, key, algorithms=["HS256"], audience=AUDIENCE, options={"verify_exp": False}
    )
    changed = {name: value for name, value in (claims | change).items() if value is not None}

    with pytest.raises(AccessTokenInvalid):
        read_access_token(resources, jwt.api_jws.encode(json.dumps(changed).encode(), key, "HS256"), "")


async def test_a_token_that_is_not_ours_is_refused(resources: Resources, wechat: FakeWechat) -> None:
    """Neither nonsense, nor another key, nor another algorithm, nor none at all opens a session."""
    tokens = await signed_in(resources, wechat)
    header, payload, _ = tokens.access_token.split(".")
    claims = jwt.decode(tokens.access_token, options={"verify_signature": False})
    forged = [
        "",
        "x.y.z",
        f"{header}.{payload}.",
        jwt.encode(claims, b"k" * 32, "HS256"),
        jwt.encode(claims, resources.keys.session, "HS256"),
        jwt.encode(claims, resources.keys.derived("access") + bytes(32), "HS512"),
        # The header says that there is no algorithm.
        f"eyJhbGciOiJub25lIn0.{payload}.",
    ]

    for token in forged:
        with pytest.raises(AccessTokenInvalid):
            read_access_token(resources, token, "")


async def test_each_refresh_token_is_exchanged_for_the_next(
    resources: Resources, wechat: FakeWechat, clock: Clock
) -> None:
    """The session goes on with new tokens, and stays the same one."""
    first = await signed_in(resources, wechat)
    clock.forward(days=1)
    second = await refreshed(resources, first.refresh_token)
    third = await refreshed(resources, second.refresh_token, "another key")

    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert read_access_token(resources, third.access_token, "").account_id == first.account_id


async def test_an_unknown_refresh_token_is_refused(resources: Resources) -> None:
    """A made-up token, also one that is no proper text, is unknown."""
    assert await refresh(resources, "made-up", "key") is RefreshRefusal.UNKNOWN
    assert await refresh(resources, "\ud800\0", "key") is RefreshRefusal.UNKNOWN


async def test_a_token_used_again_ends_the_whole_session(
    resources: Resources, wechat: FakeWechat, register: Register
) -> None:
    """When a copy turns up, neither thief nor owner goes on: successor and access token end as well."""
    first = await signed_in(resources, wechat)
    second = await refreshed(resources, first.refresh_token)

    answer = await refresh(resources, first.refresh_token, "the thief's key")

    assert answer is RefreshRefusal.REUSED
    assert await refresh(resources, second.refresh_token, "key") is RefreshRefusal.EXPIRED
    with pytest.raises(SessionEnded):
        await register.people(read_access_token(resources, second.access_token, ""))


async def test_a_retry_with_the_same_key_gets_the_first_answer(
    resources: Resources, wechat: FakeWechat, clock: Clock
) -> None:
    """A phone that lost the answer repeats itself within the grace period, with any text for a key."""
    key = "k" * 1_000 + "\0\ud800"
    first = await signed_in(resources, wechat)
    second = await refreshed(resources, first.refresh_token, key)
    clock.forward(seconds=10)

    again = await refreshed(resources, first.refresh_token, key)

    assert again.refresh_token == second.refresh_token
    await refreshed(resources, again.refresh_token)


async def test_two_refreshes_at_once_with_one_key_get_one_answer(resources: Resources, wechat: FakeWechat) -> None:
    """A retry that overtakes the first request is no theft."""
    first = await signed_in(resources, wechat)

    await open_all(resources)
    answers = await asyncio.gather(*(refreshed(resources, first.refresh_token, "one key") for _ in range(4)))

    assert len({answer.refresh_token for answer in answers}) == 1


async def test_a_retry_after_the_grace_period_is_a_theft(
    resources: Resources, wechat: FakeWechat, clock: Clock
) -> None:
    """The same key is believed for ten seconds only."""
    first = await signed_in(resources, wechat)
    await refreshed(resources, first.refresh_token)
    clock.forward(seconds=10.001)

    assert await refresh(resources, first.refresh_token, "key") is RefreshRefusal.REUSED


async def test_an_idle_session_ends(resources: Resources, wechat: FakeWechat, clock: Clock) -> None:
    """Seven days without a refresh end it; each refresh begins them anew."""
    tokens = await signed_in(resources, wechat)
    clock.forward(days=7, seconds=-1)
    tokens = await refreshed(resources, tokens.refresh_token)
    clock.forward(days=7)

    assert await refresh(resources, tokens.refresh_token, "key") is RefreshRefusal.EXPIRED


async def test_a_session_ends_after_its_longest_life(resources: Resources, wechat: FakeWechat, clock: Clock) -> None:
    """Thirty days end it however much it is used, and its last access token with it."""
    tokens = await signed_in(resources, wechat)
    for _ in range(5):
        clock.forward(days=5)
        tokens = await refreshed(resources, tokens.refresh_token)
    clock.forward(days=5, seconds=-1)
    last = await refreshed(resources, tokens.refresh_token)
    clock.forward(seconds=1)

    assert await refresh(resources, last.refresh_token, "key") is RefreshRefusal.EXPIRED
    with pytest.raises(AccessTokenInvalid):
        read_access_token(resources, last.access_token, "")


async def test_signing_out_ends_the_access_token_at_once(
    resources: Resources, wechat: FakeWechat, register: Register
) -> None:
    """After it neither token works, and the account's other session goes on."""
    tokens, other = await signed_in(resources, wechat), await signed_in(resources, wechat)
    viewer = read_access_token(resources, tokens.access_token, "")

    await sign_out(resources, viewer)

    with pytest.raises(SessionEnded):
        await register.people(viewer)
    assert await refresh(resources, tokens.refresh_token, "key") is RefreshRefusal.EXPIRED
    assert (await register.people(read_access_token(resources, other.access_token, ""))).own is None
