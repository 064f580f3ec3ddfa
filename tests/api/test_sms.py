"""The text gateway's client: what each answer means, and that none of its errors carries a number."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from api.sms import SmsClient, open_sms
from models.notice import NoticeKind
from models.service import ServiceKind
from services.message import Message, SmsRefused, SmsUnavailable
from services.settings import load_settings

MESSAGE = Message(NoticeKind.REMINDER, ServiceKind.DAY_CARE, datetime(2026, 3, 11, 2, tzinfo=UTC), "城东站")
PHONE = "13912345678"


def client(answer: Callable[[httpx.Request], httpx.Response]) -> SmsClient:
    """A client whose gateway answers so."""
    return SmsClient(httpx.AsyncClient(transport=httpx.MockTransport(answer)), "http://sms.test/messages")


async def test_a_message_is_posted() -> None:
    """Phone and text, nothing else."""
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return httpx.Response(202)

    await client(answer).send(PHONE, MESSAGE)

    (content,) = asked
    assert httpx.Response(200, content=content).json() == {
        "phone": PHONE,
        "text": "提醒您：2026年3月11日 10:00有预约，内容是日间活动，地点是城东站。",
    }


def broken(request: httpx.Request) -> httpx.Response:
    """A line that breaks."""
    raise httpx.ReadError(f"while reading for {PHONE}", request=request)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (lambda _: httpx.Response(400), SmsRefused),
        (lambda _: httpx.Response(302), SmsRefused),
        (lambda _: httpx.Response(503), SmsUnavailable),
        (broken, SmsUnavailable),
    ],
)
async def test_a_refusal_is_not_an_unknown_outcome(
    answer: Callable[[httpx.Request], httpx.Response], failure: type[Exception]
) -> None:
    """What the gateway refused will not be sent; where it failed, nobody knows."""
    with pytest.raises(failure) as failed:
        await client(answer).send(PHONE, MESSAGE)

    assert PHONE not in str(failed.value)
    assert failed.value.__suppress_context__ or failed.value.__context__ is None


async def test_without_an_address_there_is_no_gateway() -> None:
    """Production sends no text message unless it was given one."""
    settings = load_settings({"MODE": "demo"}).model_copy(update={"sms_api": ""})

    async with open_sms(settings) as sms:
        assert sms is None
