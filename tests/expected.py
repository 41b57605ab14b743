"""What tests compare with: whole values, with the moments taken out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from otpflow import Event
from otpflow.keys import Keyring
from tests.subjects import KEYS

MASKED = "+84*****8484"


def about(seconds: float) -> Any:
    """Give a number of seconds that may be smaller by what a busy machine takes."""
    return pytest.approx(seconds, abs=5)


def locator(challenge_id: str) -> str:
    """Give the name that events have for a challenge."""
    address = Keyring(KEYS).locate(challenge_id)
    assert address is not None
    return address.locator


def untimed(events: Iterable[Event]) -> list[Event]:
    """Take the moment out of events."""
    return [replace(event, at=0.0) for event in events]
