"""Adds what the start sheet shows: accounts that are signed up already, a clerk, and scanners waiting to be enrolled."""

from datetime import timedelta
from typing import Final

DEVICE_CODE_LIFETIME: Final = timedelta(days=30)
