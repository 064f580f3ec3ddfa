"""What the services need of WeChat and how it can fail, free of the protocol that api.wechat speaks."""

from typing import Protocol


class WechatRefusal(Exception):  # a refusal is an expected answer
    """WeChat did not answer with what was asked; only its four kinds below are raised."""


class WechatCodeInvalid(WechatRefusal):
    """The code is unknown, expired, or was used before (errcodes 40029, 40163)."""


class WechatRateLimited(WechatRefusal):
    """Too many calls for this user or this mini program (errcode 45011 and the daily quotas)."""


class WechatRisky(WechatRefusal):
    """WeChat blocks this user as high-risk (errcode 40226)."""


class WechatUnavailable(WechatRefusal):
    """No usable answer: time-out, lost connection, busy (errcode -1), wrong credentials, or not its protocol."""


class Wechat(Protocol):
    """The two questions that sign-in and card binding ask."""

    async def openid(self, code: str) -> str:
        """The WeChat user behind a login code, which this spends.

        Raises:
            WechatRefusal: one of its kinds.
        """
        ...

    async def phone_number(self, code: str) -> str:
        """The mainland phone number (digits, no country code) behind a phone code, which this spends.

        Raises:
            WechatRefusal: one of its kinds.
        """
        ...
