"""Log lines: JSON whoever writes them, and no text of a library's exception or request."""

import json
import subprocess
import sys

PROGRAM = """
import logging
import httpx, structlog
from api.logs import configure_logs
from services.settings import LogLevel

configure_logs(LogLevel.INFO)
structlog.get_logger("ours").info("told", number=1)
structlog.get_logger("ours").debug("too fine")
try:
    raise ValueError("secret-to-hide")
except ValueError:
    logging.getLogger("uvicorn.error").exception("failed")
with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200))) as client:
    client.get("http://wechat.test/sns/jscode2session?secret=secret-to-hide")
"""


def test_lines_are_json_without_the_text_of_exceptions_and_requests() -> None:
    """Our own lines keep their fields, a library's exception keeps its type, httpx says nothing."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in run.stderr.splitlines()]

    assert [(line["event"], line["level"], line["logger"]) for line in lines] == [
        ("told", "info", "ours"),
        ("failed", "error", "uvicorn.error"),
    ]
    assert (lines[0]["number"], lines[1]["error"]) == (1, "ValueError")
    assert "secret-to-hide" not in run.stdout + run.stderr
