"""Puts a notice into a channel's words: WeChat's fields with their limits, and the one sentence of a text message."""

from datetime import datetime
from typing import assert_never

from domain.dates import DISTRICT_ZONE
from schema import messages
from services.message import Message
from services.template import Content, Template

_THING = 20
_PHRASE = 5


def fields_of(template: Template, message: Message) -> dict[str, str]:
    """The text of each field of a template, none empty and none longer than WeChat takes."""
    return {name: _fitted(name, _text(content, message)) for name, content in template.fields}


def sentence_of(message: Message) -> str:
    """The text message for a notice."""
    offer = messages.sms_until(_time(message.until)) if message.until else ""
    return messages.sms(message.kind, _service(message), _time(message.starts_at), _place(message)) + offer


def _text(content: Content, message: Message) -> str:
    match content:
        case Content.SERVICE:
            return _service(message)
        case Content.TIME:
            return _time(message.starts_at)
        case Content.PLACE:
            return _place(message)
        case Content.STATUS:
            return messages.NOTICE_STATUS[message.kind]
        case Content.UNTIL:
            return _time(message.until or message.starts_at)
        case _:
            assert_never(content)


def _service(message: Message) -> str:
    return messages.NEUTRAL_SERVICE[message.service] if message.service else messages.ERRAND


def _place(message: Message) -> str:
    return message.place or (messages.AT_HOME if message.service else messages.IN_THE_APP)


def _fitted(name: str, text: str) -> str:
    if name.startswith("thing"):
        return text if len(text) <= _THING else f"{text[: _THING - 1]}…"
    if name.startswith("phrase"):
        return text[:_PHRASE]
    return text


def _time(instant: datetime) -> str:
    return messages.moment(instant.astimezone(DISTRICT_ZONE))
