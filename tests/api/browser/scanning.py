"""What a test does with a scanner's page, as its user would."""

from tests.api.browser.chromium import Page
from tests.api.browser.district import District

ONLINE = "document.querySelector('#state').textContent.includes('已联网')"


def enrolled(page: Page, district: District, code: str) -> Page:
    """The page as a scanner's that was enrolled with a code."""
    page.open(f"{district.url}/scanner/")
    page.fill("#code", code)
    page.click("#enrolment button")
    page.text("#place")
    page.until(ONLINE)
    return page


def scan(page: Page, text: str) -> str:
    """Hold a code before the camera, and say what the display says to it."""
    page.browser.camera.see_code(text)
    return answer(page)


def answer(page: Page) -> str:
    """Start the camera on what it sees just now, and say what the display says to that."""
    if page.evaluate("document.querySelector('#ready').hidden"):
        page.click("#stop")
    page.click("#start")
    page.text("#answer p")
    return " · ".join(page.text("#answer").split("\n\n")[1:])


def forbid_camera(page: Page) -> None:
    """Have the browser refuse the camera, as somebody who taps on Block."""
    refusal = "new DOMException('', 'NotAllowedError')"
    page.evaluate(f"navigator.mediaDevices.getUserMedia = () => Promise.reject({refusal})")
