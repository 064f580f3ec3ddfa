"""What the services need of WeChat and how it can fail, free of the protocol that api.wechat speaks."""

from typing import Protocol

from services.message import Message


class WechatRefusal(Exception):  # a refusal is an expected answer
    """WeChat did not answer with what was asked; only its kinds below are raised."""


class WechatCodeInvalid(WechatRefusal):
    """The code is unknown, expired, or was used before (errcodes 40029, 40163)."""


class WechatRateLimited(WechatRefusal):
    """Too many calls for this user or this mini program (errcode 45011 and the daily quotas)."""


class WechatRisky(WechatRefusal):
    """WeChat blocks this user as high-risk (errcode 40226)."""


class WechatUnavailable(WechatRefusal):
    """No usable answer: time-out, lost connection, busy (errcode -1), wrong credentials, or not its protocol."""


class WechatNotReached(WechatUnavailable):
    """WeChat cannot have acted: it was not reached, gave no access token, or was busy (errcode -1)."""


class WechatNoConsent(WechatRefusal):
    """The user has not agreed to this message, or not to another one (errcode 43101)."""


class WechatMessageInvalid(WechatRefusal):
    """WeChat will never send this message: template, field or user (40037, 47003, 40003 …); the text is its code."""


class Wechat(Protocol):
    """The two questions that sign-in and card binding ask, and the messages that are sent."""

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

    async def send(self, openid: str, message: Message) -> None:
        """Send a subscribe message by the template of its kind, which costs the user one agreement.

        Raises:
            WechatNotReached: nothing was sent.
            WechatUnavailable: nobody knows whether it was.
            WechatNoConsent: see there.
            WechatRateLimited: the day's quota is used up.
            WechatMessageInvalid: see there.
        """
        ...
