"""The words of a notice: within WeChat's limits whatever the place is called, and telling nothing of anybody."""

from datetime import UTC, datetime

import pytest

from api.sandbox_messages import _fits
from api.wording import fields_of, sentence_of
from models.notice import NoticeKind
from models.service import ServiceKind
from services.message import Message
from services.template import parse_template

AT = datetime(2026, 3, 11, 2, tzinfo=UTC)
TEMPLATE = parse_template("id once thing1=service phrase2=service time3=time date4=until thing5=place phrase6=status")
TELLING = ("残疾", "康复", "手语", "法律", "视力", "听力", "智力", "精神", "肢体", "辅具")


def message(**changes: object) -> Message:
    """A message about a session at ten in the district."""
    given = {
        "kind": NoticeKind.OFFERED,
        "service": ServiceKind.LEGAL_AID,
        "starts_at": AT,
        "place": "城东站",
        **changes,
    }
    return Message(**given)  # type: ignore[arg-type] # as the tests give them


def test_the_fields_are_filled_as_the_template_names_them() -> None:
    """Times are the district's."""
    assert fields_of(TEMPLATE, message(until=AT.replace(hour=1))) == {
        "thing1": "咨询",
        "phrase2": "咨询",
        "time3": "2026年3月11日 10:00",
        "date4": "2026年3月11日 09:00",
        "thing5": "城东站",
        "phrase6": "有空位",
    }


@pytest.mark.parametrize("place", ["", "长" * 20, "长" * 21, "长" * 500, "Room 3, 二楼"])
@pytest.mark.parametrize("kind", list(NoticeKind))
@pytest.mark.parametrize("service", [*ServiceKind, None])
def test_every_text_fits_its_field(kind: NoticeKind, service: ServiceKind | None, place: str) -> None:
    """None empty, none too long, no phrase with anything but Chinese characters."""
    fields = fields_of(TEMPLATE, message(kind=kind, service=service, place=place))

    assert all(_fits(name, text) for name, text in fields.items()), fields
    assert not any(word in text for word in TELLING for text in fields.values())


def test_a_text_message_is_one_that_can_be_read_aloud() -> None:
    """Plain sentences; an offer says until when."""
    told = sentence_of(message(until=AT.replace(hour=1)))

    assert told == (
        "您等候的时段有空位了：2026年3月11日 10:00，内容是咨询，地点是城东站。请在2026年3月11日 09:00前答复。"
    )
    assert sentence_of(message(kind=NoticeKind.CANCELLED, place="")) == (
        "您2026年3月11日 10:00的预约已取消，内容是咨询，地点是上门服务。"
    )


def test_news_of_a_card_says_only_that_there_is_some() -> None:
    """What it is stands behind the sign-in; whoever looks over her shoulder learns nothing."""
    assert sentence_of(message(kind=NoticeKind.CARD, service=None, place="")) == (
        "您的业务办理在2026年3月11日 10:00有新进展。请打开小程序查看，也可以问村（社区）工作人员。"
    )
