"""What people agree to: counted once a tap, and only as WeChat lets a phone ask."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.notice import NoticeKind
from models.record import new_id
from services.consents import Agreement, ConsentRefusal, agree, agreements
from services.resources import Resources
from services.settings import load_settings
from tests.services.register import Register


@pytest.fixture
def mixed(resources: Resources) -> Resources:
    """A server to which WeChat gave one template for good."""
    return replace(
        resources, settings=load_settings({"MODE": "demo", "WECHAT_TEMPLATE_CHANGED": "for-good long thing1=place"})
    )


def remaining(answer: Sequence[Agreement] | ConsentRefusal) -> dict[NoticeKind, int]:
    """What is left of each kind that has something left."""
    assert not isinstance(answer, ConsentRefusal), answer
    return {each.kind: each.remaining for each in answer if each.remaining}


async def test_each_tap_counts_once(mixed: Resources, register: Register) -> None:
    """The same key again counts nothing, another adds one; a template named twice counts once."""
    viewer = await register.viewer()
    asked = ["demo-reminder", "demo-cancelled", "demo-reminder"]

    answers = [await agree(mixed, viewer, asked, key) for key in ("key-1", "key-1", "key-2")]

    assert [remaining(each) for each in answers] == [
        {NoticeKind.REMINDER: 1, NoticeKind.CANCELLED: 1},
        {NoticeKind.REMINDER: 1, NoticeKind.CANCELLED: 1},
        {NoticeKind.REMINDER: 2, NoticeKind.CANCELLED: 2},
    ]


async def test_an_agreement_for_good_is_not_counted_up(mixed: Resources, register: Register) -> None:
    """It is there or not."""
    viewer = await register.viewer()

    await agree(mixed, viewer, ["for-good"], "key-1")
    await agree(mixed, viewer, ["for-good"], "key-2")

    assert remaining(await agreements(mixed, viewer.account_id)) == {NoticeKind.CHANGED: 1}


@pytest.mark.parametrize(
    ("templates", "refusal"),
    [
        (["demo-reminder", "demo-cancelled", "demo-confirmed", "demo-offered"], ConsentRefusal.TOO_MANY),
        (["demo-reminder", "for-good"], ConsentRefusal.MIXED),
        (["demo-reminder", "somebody-elses"], ConsentRefusal.TEMPLATE_UNKNOWN),
        (["\ud800"], ConsentRefusal.TEMPLATE_UNKNOWN),
    ],
)
async def test_what_wechat_could_not_have_accepted_is_refused(
    mixed: Resources, register: Register, templates: list[str], refusal: ConsentRefusal
) -> None:
    """Three a tap, never those of one message together with those for good, and only ours."""
    viewer = await register.viewer()

    answer = await agree(mixed, viewer, templates, str(new_id()))

    assert answer is refusal
    assert remaining(await agreements(mixed, viewer.account_id)) == {}


async def test_a_key_stands_for_one_request(mixed: Resources, register: Register) -> None:
    """Another tap under the same key is the client's mistake."""
    viewer = await register.viewer()
    await agree(mixed, viewer, ["demo-reminder"], "key-1")

    assert await agree(mixed, viewer, ["demo-cancelled"], "key-1") is ConsentRefusal.KEY_REUSED
