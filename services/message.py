"""What a notice says before any channel puts it into its words: the least that lets somebody keep an appointment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.notice import NoticeKind
from models.service import ServiceKind


@dataclass(frozen=True)
class Message:
    """No name, no number, nothing of the disability; `place` is empty where the service comes to the resident.

    News of a card has no service and no place: what it is stands behind the sign-in alone.

    `until` is when an offered place passes on, None for everything else.
    """

    kind: NoticeKind
    service: ServiceKind | None
    starts_at: datetime
    place: str
    until: datetime | None = None


class SmsRefused(Exception):
    """The gateway answered that it will not send this; the text is its status."""


class SmsUnavailable(Exception):
    """The gateway did not answer; whether the message went out is unknown."""


class Sms(Protocol):
    """A gateway for text messages; which vendor stands behind it is the operator's choice."""

    async def send(self, phone: str, message: Message) -> None:
        """Hand one message over for a mainland number.

        Raises:
            SmsRefused: see there.
            SmsUnavailable: see there.
        """
        ...
