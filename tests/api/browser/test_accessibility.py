"""Both pages for people who see little, hold the phone in one hand, or have them read aloud: in every state."""

from collections.abc import Callable, Iterator
from typing import Final

from tests.api.browser.chromium import Page
from tests.api.browser.district import District
from tests.api.browser.scanning import scan

TOUCH_PIXELS: Final = 44
LARGE_TOUCH_PIXELS: Final = 60
SMALLEST_TEXT_PIXELS: Final = 18
# What can be tapped, each with its smaller side.
TARGETS = """
    [...document.querySelectorAll('button, input, textarea, summary, a')]
        .filter((each) => each.checkVisibility())
        .map((each) => [each.id || each.tagName, each.getBoundingClientRect()])
        .map(([name, { width, height }]) => [name, Math.round(Math.min(width, height) * 10) / 10])
"""
TEXTS = """
    [...document.querySelectorAll('body *')]
        .filter((each) => each.checkVisibility())
        .filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
        .map((each) => Number.parseFloat(getComputedStyle(each).fontSize))
"""
OVERFLOW = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def looks(page: Page) -> Iterator[str]:
    """Both languages, each in both sizes of text; the name of each look, while the page has it."""
    for language in ("zh-CN", "en"):
        for size in ("ordinary", "large"):
            yield f"{language} {size}"
            page.click("#large")
        page.click("#language")


def findings(page: Page, state: str) -> list[str]:
    """Everything that is wrong with the page as it is, in every look."""
    wrong = []
    for look in looks(page):
        least = LARGE_TOUCH_PIXELS if look.endswith("large") else TOUCH_PIXELS
        small = [each for each in page.evaluate(TARGETS) if each[1] < least]
        found = [*page.accessibility(), *(f"{name} is {side} px" for name, side in small)]
        if min(page.evaluate(TEXTS)) < SMALLEST_TEXT_PIXELS:
            found.append("small text")
        if page.evaluate(OVERFLOW):
            found.append("wider than the screen")
        wrong += [f"{state}, {look}: {each}" for each in found]
    return wrong


def test_the_scanner_before_it_is_enrolled(page: Page, district: District) -> None:
    """The form, and the form with a sentence about a mistake."""
    page.open(f"{district.url}/scanner/")
    page.text("#enrolment h2")
    wrong = findings(page, "form")
    page.fill("#code", "ABCD")
    page.click("#enrolment button")
    page.text("#problem")
    wrong += findings(page, "mistake")

    assert wrong == []


def test_the_scanner_at_work(scanner: Page, shown: Callable[..., str]) -> None:
    """Ready, aiming, an admission, a refusal with its override, and a camera that nobody allows."""
    wrong = findings(scanner, "ready")
    scanner.browser.camera.see_nothing()
    scanner.click("#start")
    scanner.text("#aim")
    wrong += findings(scanner, "aiming")
    scan(scanner, shown())
    wrong += findings(scanner, "admitted")
    scan(scanner, shown(seconds_ago=300))
    wrong += findings(scanner, "refused")
    scanner.click("#stop")
    scanner.evaluate(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    scanner.click("#start")
    scanner.text("#problem")
    wrong += findings(scanner, "no camera")

    assert wrong == []


def test_the_phone(page: Page, district: District) -> None:
    """The choice of people; code, card and entitlements with one of them opened."""
    page.open(f"{district.url}/phone/")
    page.text("#people button")
    wrong = findings(page, "choice")
    page.click("#people button")
    page.text("#entitlements summary")
    page.click("#entitlements summary")
    wrong += findings(page, "code")

    assert wrong == []


def test_a_small_screen_shows_everything(scanner: Page, shown: Callable[..., str]) -> None:
    """On the smallest phones an answer with its buttons still fits the width, also in large text."""
    scanner.resize(320, 568)
    scan(scanner, shown(seconds_ago=300))
    scanner.click("#large")

    assert scanner.picture().width == 320
    assert scanner.evaluate(OVERFLOW) is False
