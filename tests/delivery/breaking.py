"""A provider that is down, and engines whose breakers go by a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otpflow import DeliveryError, Policy
from otpflow.transports._breaker import Breaker
from tests.delivery.providers import Provider, age
from tests.subjects import Subject

DOWN = DeliveryError("connect", True)
OFTEN = Policy(cooldown=0, sends_per_hour=1_000, sends_per_day=1_000)
MOST = 20


class Hands:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Counting(Provider):
    """A provider that counts how often it is asked, down or not."""

    requests = 0

    def send(self, message: Any, /) -> Any:
        """Count, and do what the plain one does."""
        self.requests += 1
        return super().send(message)


def timed(subject: Subject, hands: Hands) -> Subject:
    """Have an engine's breakers go by this clock."""
    for carrier in subject.engine._route.carriers:
        carrier.breaker = Breaker(hands)
    return subject


def fail(subject: Subject, times: int = 1) -> list[str]:
    """Issue for other numbers, in vain; tell why."""
    codes: list[str] = []
    for _ in range(times):
        with pytest.raises(DeliveryError) as caught:
            subject.issue()
        codes.append(str(caught.value.code))
    return codes


def wait(subject: Subject, hands: Hands, seconds: float) -> None:
    """Let time pass in the store and here."""
    age(subject, seconds)
    hands.now += seconds


def issuing(number: int) -> Callable[[Any], Any]:
    return lambda engine: engine.issue(f"+849018885{number:02d}", purpose="login")
