"""WeChat's message templates as the operator registered them: which field of each holds what, checked at the start."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_A_TAP: Final = 3

_FIELD = re.compile(r"(thing|phrase|time|date)(\d{1,2})=(\w+)")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Lifetime(StrEnum):
    """How often a template may be used for one agreement."""

    ONCE = "once"
    LONG = "long"


class Content(StrEnum):
    """What a field can hold."""

    SERVICE = "service"
    TIME = "time"
    PLACE = "place"
    STATUS = "status"
    UNTIL = "until"


# WeChat refuses a time in a `thing` and a word in a `time`.
_KINDS: Final = {
    Content.SERVICE: {"thing", "phrase"},
    Content.PLACE: {"thing"},
    Content.STATUS: {"thing", "phrase"},
    Content.TIME: {"time", "date"},
    Content.UNTIL: {"time", "date"},
}


@dataclass(frozen=True)
class Template:
    """A template's id and its fields by the names that WeChat gave them, like `thing1`."""

    id: str
    lifetime: Lifetime
    fields: tuple[tuple[str, Content], ...]


def parse_template(text: str) -> Template:
    """The template in a setting like `ID once thing1=service time2=time thing3=place phrase4=status`.

    Raises:
        ValueError: with what is wrong, as the rest of a sentence.
    """
    template_id, _, rest = text.strip().partition(" ")
    lifetime, _, rest = rest.strip().partition(" ")
    if _ID.fullmatch(template_id) is None:
        raise ValueError("must begin with the template's id")
    if lifetime not in set(Lifetime):
        raise ValueError("must say `once` or `long` after the template's id")
    fields = tuple(_field(each) for each in rest.split())
    if not fields or len(dict(fields)) < len(fields):
        raise ValueError("must name each field of the template once, like thing1=service")
    return Template(template_id, Lifetime(lifetime), fields)


def _field(text: str) -> tuple[str, Content]:
    match = _FIELD.fullmatch(text)
    if match is None or match[3] not in set(Content) or match[1] not in _KINDS[Content(match[3])]:
        raise ValueError(
            "has a field that is none: use thing1=service or place, phrase1=status or service, time1=time or until"
        )
    return f"{match[1]}{match[2]}", Content(match[3])
