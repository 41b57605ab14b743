"""The transport that the example swaps in: each answer of its gateway ends in the right way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from otpflow import Delivery, DeliveryError, DeliveryState, OTPEngine
from otpflow.keys import new_key
from otpflow.stores import EmbeddedStore
from tests.examples.running import load

HttpGateway = load("custom_transport").HttpGateway


class Gateway:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: httpx.Response | Exception = httpx.Response(202, json={"reference": "m-7"})
        self.heard: list[dict[str, str]] = []
        self.deadlines: list[dict[str, float]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.deadlines.append(request.extensions["timeout"])
        self.heard.append({"path": request.url.path, **json.loads(request.content)})
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def engine(gateway: Gateway) -> Iterator[OTPEngine]:
    transport = httpx.MockTransport(gateway)
    with (
        httpx.Client(base_url="https://gateway.example", transport=transport) as client,
        OTPEngine(EmbeddedStore(), HttpGateway(client), keys=new_key(), app="Shop") as engine,
    ):
        yield engine


def code_in(heard: dict[str, str]) -> str:
    return heard["text"][:6]


def test_what_it_sends_verifies(gateway: Gateway, engine: OTPEngine) -> None:
    challenge = engine.issue("0901 888 484", purpose="login")

    heard = gateway.heard[0]
    assert (heard["path"], heard["to"], heard["id"] != "") == ("/messages", "+84901888484", True)
    assert challenge.delivery == Delivery(
        state=DeliveryState.ACCEPTED, provider="gateway", provider_ref="m-7"
    )
    assert challenge.channel == "sms"
    assert engine.verify(challenge.id, code_in(heard), purpose="login")


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (httpx.Response(400), "http_400", False),
        (httpx.Response(307, headers={"Location": "https://elsewhere.example"}), "http_307", False),
        (httpx.Response(429), "http_429", True),
        (httpx.ConnectError("refused"), "connect", True),
        (httpx.ConnectTimeout("no route"), "connect", True),
        (httpx.PoolTimeout("no connection free"), "connect", True),
    ],
)
def test_a_refusal_gives_the_budget_back(
    answer: httpx.Response | Exception, code: str, retryable: bool, gateway: Gateway, engine: OTPEngine
) -> None:
    gateway.answer = answer

    with pytest.raises(DeliveryError) as caught:
        engine.issue("0901 888 484", purpose="login")

    assert (type(caught.value), caught.value.code, caught.value.retryable) == (DeliveryError, code, retryable)
    gateway.answer = httpx.Response(202, json={"reference": "m-8"})
    assert engine.issue("0901 888 484", purpose="login").delivery.provider_ref == "m-8"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502),
        httpx.ReadTimeout("no answer"),
        httpx.RemoteProtocolError("cut off"),
        httpx.Response(202, text="<html>"),
        httpx.Response(202, json={}),
    ],
)
def test_where_nobody_knows_the_code_lives(
    answer: httpx.Response | Exception, gateway: Gateway, engine: OTPEngine
) -> None:
    gateway.answer = answer

    challenge = engine.issue("0901 888 484", purpose="login")

    assert challenge.delivery == Delivery(state=DeliveryState.UNKNOWN, provider="gateway")
    assert engine.verify(challenge.id, code_in(gateway.heard[0]), purpose="login")


def test_it_waits_no_longer_than_it_says(gateway: Gateway, engine: OTPEngine) -> None:
    engine.issue("0901 888 484", purpose="login")

    assert gateway.deadlines == [{"connect": 4.0, "read": 4.0, "write": 4.0, "pool": 4.0}]
