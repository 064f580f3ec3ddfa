"""The demo phone in a real browser: a made-up person's card and code, held to the scanner beside it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import zxingcpp

from api.app import create_app
from api.current import Current
from api.envelope import Lifecycle
from card.cose import VerifyingKey
from card.presentation import VerifiedToken, verify_token
from services.bootstrap import now
from services.keys import Keys
from services.resources import Resources
from services.settings import Mode
from tests.api.browser.chromium import Page
from tests.api.browser.district import District
from tests.api.browser.scanning import answer

DRAWN = "document.querySelector('#code').width > 40 && document.querySelector('#code').width < 200"
LATER = "{ const now = Date.now(); Date.now = () => now + 16_000; }"
KEY = """
    new Promise((resolve) => { indexedDB.open('sdc-phone').onsuccess = ({ target }) => {
        target.result.transaction('wallet').objectStore('wallet').get('content').onsuccess = async (found) => {
            const { secret } = found.target.result.key;
            resolve([secret.extractable, await crypto.subtle.exportKey('pkcs8', secret).catch(({ name }) => name)]);
        }; }; })
"""


def play(page: Page, district: District, number: int) -> Page:
    """The page as a phone that plays the person of a number, with her code on it."""
    page.open(f"{district.url}/phone/")
    page.click(f"#people button:nth-child({number})")
    page.until(DRAWN)
    return page


@pytest.fixture
def phone(page: Page, district: District) -> Page:
    """The phone of the first person of the start sheet."""
    return play(page, district, 1)


@pytest.fixture
def read(keys: Keys) -> Callable[[Page], VerifiedToken]:
    """Reads the code on a phone as a scanner of another make would, and checks both its signatures."""
    issuers = {keys.issuer.kid: VerifyingKey.of(keys.issuer.verifying_key.public)}

    def code(page: Page) -> VerifiedToken:
        (symbol,) = zxingcpp.read_barcodes(
            page.picture("#code"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
        return verify_token(symbol.text, issuers)

    return code


def test_one_window_is_held_to_the_other(phone: Page, scanner_beside: Page) -> None:
    """What the phone's window shows, the scanner's camera reads, and the person is let in."""
    scanner_beside.browser.camera.see(phone.picture())

    assert answer(scanner_beside) == "免费 · 本人+1(陪同购票) · 请进"


def test_the_code_is_signed_just_now_by_this_phones_key(phone: Page, read: Callable[[Page], VerifiedToken]) -> None:
    """Another reader finds a pass for the key, shown within the last seconds."""
    token = read(phone)

    assert token.presented_at is not None
    assert abs(now() - token.presented_at) < timedelta(minutes=1)
    assert phone.evaluate(KEY) == [False, "InvalidAccessError"]


def test_the_code_renews_itself_without_a_network(
    phone: Page, district: District, read: Callable[[Page], VerifiedToken]
) -> None:
    """Fifteen seconds on there is another code, though the server is gone; a page opened anew shows one as well."""
    phone.until("navigator.serviceWorker.ready.then(() => true)")
    first = read(phone)
    district.off()
    before = phone.evaluate("document.querySelector('#code').toDataURL()")

    phone.evaluate(LATER)
    phone.until(f"document.querySelector('#code').toDataURL() !== {before!r}")
    second = read(phone)
    phone.open(f"{district.url}/phone/")
    phone.until(DRAWN)
    third = read(phone)

    times = [token.presented_at for token in (first, second, third)]
    assert times[0] is not None
    assert times[1] is not None
    assert times[1] - times[0] >= timedelta(seconds=15)
    assert len({token.identity for token in (first, second, third)}) == 3
    assert len({token.credential.identity for token in (first, second, third)}) == 1


def test_the_card_is_masked_and_the_why_is_told_in_plain_sentences(phone: Page, district: District) -> None:
    """Neither the name, the number, the category nor the grade is readable; each programme says why."""
    account = district.cast.accounts[0]
    card = phone.text("#card")
    told = phone.text("#entitlements")
    phone.click("#entitlements summary")
    why = phone.text("#entitlements li")
    phone.click("#language")
    phone.until("document.querySelector('#entitlements h2').textContent === 'What you are entitled to'")
    phone.click("#entitlements summary")

    assert "**" in card
    assert account.name not in card
    assert account.card_number not in card
    assert not {"视力", "一级"} & set(card.split())
    assert "可以享受的待遇" in told
    assert why.endswith("。")
    assert phone.text("#entitlements li").isascii() or "’" in phone.text("#entitlements li")


def test_a_guardian_shows_her_wards_card(page: Page, district: District) -> None:
    """The fourth person acts for a child; the card is the child's."""
    phone = play(page, district, 4)

    assert phone.text("#card dd").startswith(str(district.cast.accounts[3].ward)[0])


def test_somebody_else_can_be_played(phone: Page) -> None:
    """The wallet is emptied, and the choice is there again."""
    phone.click("#other")

    assert "您想扮演谁" in phone.text("#choosing h2")
    assert phone.evaluate("document.querySelector('#holding').hidden") is True


def test_without_a_server_the_first_start_says_so(page: Page, district: District) -> None:
    """A phone that was never used has nothing to show, and says what is wrong."""
    page.open(f"{district.url}/phone/")
    page.until("navigator.serviceWorker.ready.then(() => true)")
    district.off()
    page.open(f"{district.url}/phone/")

    assert "连不上服务器" in page.text("#problem")


@pytest.mark.parametrize(("mode", "status"), [(Mode.DEMO, 200), (Mode.PRODUCTION, 404)])
async def test_the_phone_is_of_the_demo_alone(resources: Resources, mode: Mode, status: int) -> None:
    """In production the scanner is there and the phone is not."""
    settings = resources.settings.model_copy(update={"mode": mode})
    app = create_app(Current(replace(resources, settings=settings)), Lifecycle())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page.test") as client:
        answers = [await client.get(path) for path in ("/scanner/", "/phone/")]

    assert [answer.status_code for answer in answers] == [200, status]
