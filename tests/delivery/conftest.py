"""Two providers, and two ways for news of a send to reach an engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from otpflow import Challenge, DeliveryState
from tests.delivery.providers import Provider, report
from tests.subjects import Subject

News: TypeAlias = Callable[[Subject, Challenge, DeliveryState], Any]


@pytest.fixture
def voice() -> Provider:
    return Provider()


@pytest.fixture
def sms() -> Provider:
    return Provider("sms", ("sms",))


@pytest.fixture(params=["receipt", "poll"])
def news(request: pytest.FixtureRequest, voice: Provider) -> News:
    """Bring it to the engine: by a callback, or by asking the provider."""

    def bring(subject: Subject, challenge: Challenge, state: DeliveryState) -> Any:
        if request.param == "receipt":
            return subject.handle_receipt(report(voice.messages[-1], state))
        voice.answers.append(state)
        return subject.refresh_delivery(challenge.id)

    return bring
