"""The scanner's page in a real browser: enrolled, with a camera, without a network, and back."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import qrcode

from tests.api.browser.chromium import Page, chromium
from tests.api.browser.district import District
from tests.api.browser.scanning import ONLINE, answer, enrolled, scan

ALL_UPLOADED = "document.querySelector('#state').textContent === '已联网'"
OFFLINE = "document.querySelector('#state').textContent.includes('未联网')"
CONTACT = "dispatchEvent(new Event('online'))"
Shown = Callable[..., str]
Stored = Callable[[], Awaitable[list[Any]]]


async def test_a_code_is_admitted_and_its_scan_reaches_the_server(scanner: Page, shown: Shown, stored: Stored) -> None:
    """The answer is what the tariff grants, and the server verified the scan again and kept it."""
    said = scan(scanner, shown())
    scanner.evaluate(CONTACT)
    scanner.until(ALL_UPLOADED)

    assert said == "免费 · 本人 · 请进"
    assert [(each["sequence"], each["admission"], each["device_admission"]) for each in await stored()] == [
        (1, "free", "free")
    ]


async def test_it_scans_without_a_network_and_hands_in_when_it_is_back(
    district: District, enrolment_code: Callable[[], Awaitable[str]], shown: Shown, stored: Stored, tmp_path: Path
) -> None:
    """Closed and opened again without a server: it opens, admits, knows a code again, and later uploads one chain."""
    first, second = shown(), shown(pseudonym=bytes(16))
    with chromium(tmp_path, lasting=True) as browser:
        page = enrolled(browser.page("scanner"), district, await enrolment_code())
        page.until("navigator.serviceWorker.ready.then(() => true)")
    district.off()
    with chromium(tmp_path, lasting=True) as browser:
        page = browser.page("scanner")
        page.open(f"{district.url}/scanner/")
        admitted, replayed, another = scan(page, first), scan(page, first), scan(page, second)
        page.until(OFFLINE)
        offline = page.text("#state")
        district.on()
        page.evaluate(CONTACT)
        page.until(ALL_UPLOADED)

    assert (admitted, another) == ("免费 · 本人 · 请进", "免费 · 本人 · 请进")
    assert replayed == "此码已使用 · 请刷新后重试"
    assert "待上传 3 条" in offline
    taps = await stored()
    assert [(each["sequence"], each["device_admission"]) for each in taps] == [(1, "free"), (2, "refused"), (3, "free")]


async def test_what_was_admitted_is_known_after_a_power_cut(
    district: District, enrolment_code: Callable[[], Awaitable[str]], shown: Shown, tmp_path: Path
) -> None:
    """A browser that is killed just after an answer refuses the same code when it starts again."""
    text = shown()
    with chromium(tmp_path, lasting=True) as browser:
        page = enrolled(browser.page("scanner"), district, await enrolment_code())
        admitted = scan(page, text)
        browser.kill()
    with chromium(tmp_path, lasting=True) as browser:
        page = browser.page("scanner")
        page.open(f"{district.url}/scanner/")
        page.until(ONLINE)
        again = scan(page, text)

    assert (admitted, again) == ("免费 · 本人 · 请进", "此码已使用 · 请刷新后重试")


async def test_a_refused_person_is_let_in_by_hand_and_that_is_a_scan(
    scanner: Page, shown: Shown, stored: Stored
) -> None:
    """The driver's override is written down as a second scan that names the same refusal."""
    refused = scan(scanner, shown(seconds_ago=300))
    scanner.click("#override")
    scanner.until("document.querySelector('#answer').textContent.includes('人工放行')")
    scanner.evaluate(CONTACT)
    scanner.until(ALL_UPLOADED)

    assert refused == "码已失效 · 请刷新后重试"
    taps = await stored()
    assert [(each["device_reason"], each["overridden"]) for each in taps] == [("stale", False), ("stale", True)]


def test_a_foreign_code_is_refused_and_never_kept(scanner: Page) -> None:
    """Somebody's payment code leaves no trace on the device."""
    said = scan(scanner, "HTTPS://PAY.EXAMPLE/1")

    assert said == "无法识别此码 · 请出示助残码"
    assert scanner.text("#state") == "已联网"


def test_a_phone_that_stays_before_the_camera_is_read_once(scanner: Page, shown: Shown) -> None:
    """The picture has to be free of codes before the next is read, also when somebody taps on."""
    scan(scanner, shown())
    scanner.click("#next")
    scanner.until("document.querySelector('main').dataset.state === 'aim'")
    looked = scanner.evaluate(
        "new Promise((done) => setTimeout(() => done(document.querySelector('main').dataset.state), 1500))"
    )

    assert looked == "aim"
    assert "待上传 1 条" in scanner.text("#state")


def test_a_code_from_another_server_or_mistyped_is_told(page: Page, district: District) -> None:
    """Each failure of enrolment is one sentence that says what to do."""
    page.open(f"{district.url}/scanner/")
    page.fill("#code", "ABCD")
    page.click("#enrolment button")
    mistyped = page.text("#problem")
    fingerprint = district.cast.scanners[0].code.partition(".")[2]
    page.fill("#code", f"0000-0000-0000-0000.{fingerprint}")
    page.click("#enrolment button")
    page.until("document.querySelector('#problem').textContent.includes('无效')")

    assert "16个字符" in mistyped


def test_a_second_window_stands_back(scanner: Page, district: District) -> None:
    """Two windows would give one number to two scans."""
    second = scanner.beside("second")
    second.open(f"{district.url}/scanner/")

    assert "另一个窗口" in second.text("#problem")


def test_nothing_is_loaded_from_elsewhere_and_the_page_can_be_installed(scanner: Page, shown: Shown) -> None:
    """Script, style and reader come from this server alone, and the browser would offer to install the page."""
    scan(scanner, shown())
    origins = scanner.evaluate(
        "[...new Set(performance.getEntriesByType('resource').map((each) => new URL(each.name).origin))]"
    )

    assert origins == [scanner.evaluate("location.origin")]
    # A visitor who leaves nothing behind is the only kind to whom browsers do not offer it.
    assert scanner.installability() == ["in-incognito"]


def test_no_script_can_read_the_devices_key(scanner: Page) -> None:
    """The private half stays inside WebCrypto, where even the page itself cannot take it out."""
    taken = scanner.evaluate("""
        new Promise((resolve) => { indexedDB.open('sdc-scanner').onsuccess = ({ target }) => {
            target.result.transaction('device').objectStore('device').get('key').onsuccess = async (found) => {
                const { secret } = found.target.result;
                resolve([secret.extractable, await crypto.subtle.exportKey('pkcs8', secret).catch(({ name }) => name)]);
            }; }; })
    """)

    assert taken == [False, "InvalidAccessError"]


def test_a_desk_without_a_camera_reads_off_another_window(scanner: Page, shown: Shown) -> None:
    """The window that somebody chooses to share is read as a camera's picture would be."""
    scanner.evaluate("navigator.mediaDevices.getDisplayMedia = (wish) => navigator.mediaDevices.getUserMedia(wish)")
    scanner.browser.camera.see_code(shown())
    scanner.click("#window")

    assert "免费" in scanner.text("#answer p:nth-child(2)")


def test_an_address_without_encryption_is_told(page: Page, district: District) -> None:
    """There is no camera and no key for such a page, so it says how to open it."""
    page.open(f"http://insecure.test:{district.port}/scanner/")

    assert "https" in page.text("#problem")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("crypto.subtle.generateKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))", "太旧"),
        ("indexedDB.open = () => { throw new DOMException('', 'InvalidStateError'); }", "无痕模式"),
        ("navigator.storage.persist = () => Promise.reject(new Error('made up'))", "页面出错了"),
    ],
    ids=["no signatures", "no storage", "no idea"],
)
def test_a_browser_that_lacks_something_is_told(page: Page, district: District, script: str, said: str) -> None:
    """No signatures, no storage, or what nobody thought of: a sentence, never a page that does nothing."""
    page.before(script)
    page.open(f"{district.url}/scanner/")

    assert said in page.text("#problem")


def test_a_full_disk_lets_in_and_counts_by_hand(scanner: Page, shown: Shown) -> None:
    """The bus's tariff lets people board when the device cannot write, and the display says what to do."""
    scanner.evaluate("IDBObjectStore.prototype.add = () => { throw new DOMException('', 'QuotaExceededError'); }")

    assert scan(scanner, shown()) == "免费 · 本人 · 请进 · 请人工计数"


def test_a_camera_that_is_refused_is_told(scanner: Page) -> None:
    """One sentence, and the button to try again stays."""
    scanner.evaluate(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    scanner.click("#start")

    assert "不能使用摄像头" in scanner.text("#problem")
    assert scanner.text("#start") == "开始扫码"


def test_a_code_with_small_modules_is_still_read(scanner: Page, shown: Shown) -> None:
    """The largest code there is, as a phone shows it, is read from a small picture."""
    text = shown(access_classes=("pool", "ride", "sauna-with-a-long-name"), cti=bytes(16))
    symbol = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, box_size=4, border=4)
    symbol.add_data(text)
    scanner.browser.camera.see(symbol.make_image().get_image())

    assert answer(scanner) == "免费 · 本人 · 请进"
