"""eSMS: what a delivery that went wrong comes to (D1, D2)."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from otpflow.errors import DeliveryError, DeliveryUnknownError
from otpflow.models import Receipt
from otpflow.testing.simulator import EsmsSimulator
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_server import SimulatorServer
from tests.transports.conftest import TIMEOUT, Build, Esms, fail, message

GRACE = 0.5
"""Seconds that a loaded machine may add to a deadline."""


HANGING = [Fault.accept_then_delay(60), Fault.drip_headers(0.02), Fault.drip_body(0.02)]
LOST = [
    *HANGING,
    Fault.accept_then_drop(),
    Fault.truncated(),
    Fault.accept_then(Fault.html()),
    Fault.accept_then(Fault.html(502)),
    Fault.accept_then(Fault.html(408)),
    Fault.accept_then(Fault.empty()),
    Fault.accept_then(Fault.huge()),
    Fault.accept_then(Fault.reply(b"[]")),
    Fault.accept_then(Fault.reply(b'"100"')),
    Fault.accept_then(Fault.reply(b"[" * 60_000)),
    Fault.accept_then(Fault.reply(b"\xff\xfe\x00")),
    Fault.accept_then(Fault.reply(b'{"CodeResult":null}')),
    Fault.accept_then(Fault.reply(b'{"CodeResult":true}')),
    Fault.accept_then(Fault.reply(b'{"CodeResult":1e999}')),
    Fault.accept_then(Fault.reply(b'{"CodeResult":' + b"1" * 5000 + b"}")),
    Fault.accept_then(Fault.reply('{"CodeResult":"１００"}'.encode())),
    Fault.accept_then(Fault.reply(b'{"SMSID":"x"}')),
    Fault.accept_then(Fault.error_without_code("Internal error")),
    Fault.accept_then(Fault.reply(b'{"CodeResult":"101"}', status=500)),
    Fault.accept_then(Fault.reply(b"{}", headers={"Content-Encoding": "gzip"})),
    Fault.accept_then(Fault.code("199")),
]


def name(fault: Fault) -> str:
    return fault.name


def patience(fault: Fault, hanging: float) -> float:
    """Seconds for a try: a busy machine may take its time where nothing hangs."""
    return hanging if fault in HANGING else 5.0


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("fault", LOST, ids=name)
def test_a_lost_answer_leads_to_one_call(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, fault: Fault
) -> None:
    """The very same request goes out again, 124 says it was taken: success, exactly one call."""
    voice = build(server.base_url, timeout=(timeout := patience(fault, 0.5)))
    simulator.misbehave(fault)
    started = time.monotonic()
    assert voice.send(message()) == Receipt(provider="esms", provider_ref=None)
    assert time.monotonic() - started < 2 * timeout + GRACE
    first, second = simulator.requests
    assert first.fields == second.fields
    assert second.fields["RequestId"] == "request-1"
    assert len(simulator.calls) == 1


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("fault", [Fault.drop(), Fault.html(502), Fault.code("199")], ids=name)
def test_a_request_that_was_not_taken_is_taken_on_the_repeat(
    voice: Esms, simulator: EsmsSimulator, fault: Fault
) -> None:
    """Where the first try got nowhere, the repeat makes the call, and its id is known."""
    simulator.misbehave(fault, times=2)
    assert voice.send(message()).provider_ref == simulator.calls[0].sms_id
    assert (len(simulator.requests), len(simulator.calls)) == (3, 1)


@pytest.mark.guarantee("D1")
def test_124_on_the_first_try_is_asked_again(voice: Esms, simulator: EsmsSimulator) -> None:
    """Another process may have sent this very request; the answer of the repeat decides."""
    voice.send(message())
    assert voice.send(message()) == Receipt(provider="esms", provider_ref=None)
    assert (len(simulator.requests), len(simulator.calls)) == (3, 1)
    simulator.misbehave(Fault.code("124"))
    simulator.misbehave(Fault.code("101"))
    assert fail(voice).code == "101"


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("fault", LOST, ids=name)
def test_an_outcome_that_stays_unknown_is_said_to_be(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, fault: Fault
) -> None:
    """At most three tries within twice the timeout, then a typed error that says nobody knows."""
    voice = build(server.base_url, timeout=(timeout := patience(fault, TIMEOUT)))
    simulator.misbehave(fault, times=9)
    started = time.monotonic()
    error = fail(voice)
    assert time.monotonic() - started < 2 * timeout + GRACE
    assert type(error) is DeliveryUnknownError
    assert 2 <= len(simulator.requests) <= 3
    assert len(simulator.calls) == 1


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (Fault.error_without_code(), "invalid_request", False),
        (Fault.html(404), "http_404", False),
        (Fault.html(403), "http_403", False),
        (Fault.html(429), "http_429", True),
        (Fault.reply(b'{"CodeResult":"101"}', status=401), "101", False),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else None,
)
def test_answers_that_surely_refuse(
    voice: Esms, simulator: EsmsSimulator, fault: Fault, code: str, retryable: bool
) -> None:
    """A typed error at once, nothing repeated."""
    simulator.misbehave(fault)
    error = fail(voice)
    assert (type(error), error.code, error.retryable) == (DeliveryError, code, retryable)
    assert len(simulator.requests) == 1


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("fault", [Fault.html(404), Fault.html(429), Fault.redirect("/x")], ids=name)
def test_a_proxy_that_refuses_a_repeat_says_nothing_of_the_first(
    voice: Esms, simulator: EsmsSimulator, fault: Fault
) -> None:
    """The first may have been taken all the same."""
    simulator.misbehave(Fault.accept_then_drop())
    simulator.misbehave(fault, times=2)
    assert type(fail(voice)) is DeliveryUnknownError


@pytest.mark.guarantee("D2")
def test_a_malformed_repeat_was_malformed_at_first(voice: Esms, simulator: EsmsSimulator) -> None:
    """The same bytes went out before."""
    simulator.misbehave(Fault.empty())
    simulator.misbehave(Fault.error_without_code())
    assert type(fail(voice)) is DeliveryError


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("injected", [False, True])
def test_a_redirect_is_never_followed(
    build: Build, twin: str, server: SimulatorServer, simulator: EsmsSimulator, status: int, injected: bool
) -> None:
    """The keys go nowhere else, even with a client that follows redirects by itself."""
    options: dict[str, Any] = {}
    if injected:
        kind = httpx.Client if twin == "sync" else httpx.AsyncClient
        options["client"] = kind(transport=simulator.transport(), follow_redirects=True)
    simulator.misbehave(Fault.redirect(server.base_url + "/elsewhere", status))
    error = fail(build(server.base_url, **options))
    assert (type(error), error.code, error.retryable) == (DeliveryError, "redirect", False)
    assert "base_url" in str(error)
    assert len(simulator.requests) == 1


@pytest.mark.guarantee("D2")
def test_the_whole_takes_twice_the_timeout(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator
) -> None:
    """There is no time for a third try where the first two used theirs up."""
    voice = build(server.base_url, timeout=0.5)
    simulator.misbehave(Fault.accept_then_delay(60), times=3)
    fail(voice)
    assert len(simulator.requests) == 2


def test_calls_after_a_failure_work(voice: Esms, simulator: EsmsSimulator) -> None:
    """Nothing is left behind by an exchange that was cut off."""
    for number, fault in enumerate((Fault.drip_headers(0.02), Fault.accept_then_delay(60), Fault.huge())):
        simulator.misbehave(fault)
        voice.send(message(request_id=f"slow-{number}"))
        assert voice.send(message(request_id=f"after-{number}")).provider_ref
