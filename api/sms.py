"""Hands text messages to the operator's gateway: a POST of phone and text, and nothing of any vendor's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from api.wording import sentence_of
from services.message import Message, SmsRefused, SmsUnavailable
from services.settings import Settings

_SECONDS = 5.0


class SmsClient:
    """`services.message.Sms` over HTTP."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url

    async def send(self, phone: str, message: Message) -> None:
        """See `Sms`; any status of 2xx means that the gateway took it."""
        try:
            answer = await self._http.post(self._url, json={"phone": phone, "text": sentence_of(message)})
        except httpx.HTTPError as error:
            # Without its cause, which carries the request.
            raise SmsUnavailable(type(error).__name__) from None
        if answer.is_server_error:
            raise SmsUnavailable(str(answer.status_code))
        if not answer.is_success:
            raise SmsRefused(str(answer.status_code))


@asynccontextmanager
async def open_sms(settings: Settings) -> AsyncIterator[SmsClient | None]:
    """The client of the gateway at `sms_api`; None without one."""
    if not settings.sms_api:
        yield None
        return
    async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as http:
        yield SmsClient(http, settings.sms_api)
