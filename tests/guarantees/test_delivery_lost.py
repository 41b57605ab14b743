"""D1: an answer of the provider's that gets lost leads to one call, and the code that was heard verifies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from otpflow import Challenge, Delivery, DeliveryState, EventKind, Outcome, ThrottledError
from otpflow.testing import EsmsSimulator, Fault
from otpflow.transports._esms_wire import TOTAL
from tests.conftest import Build
from tests.expected import MASKED, about
from tests.guarantees.canaries import HANGING, LOST, PATIENT, SHORT, UNTAKEN, Provider
from tests.subjects import NUMBER, Subject

MARGIN = 5
"""How many times its own deadline a send may take on a machine that is busy with other things."""

FOR_EVER = 9
ENOUGH = 0.6
"""Seconds for one try where the first hangs, and the second is answered at once."""

Start = Callable[[float], Provider]


@pytest.fixture
def start(style: str) -> Iterator[Start]:
    """Start providers; they end with the test."""
    with ExitStack() as running:

        def one(timeout: float) -> Provider:
            return running.enter_context(Provider(style, timeout))

        yield one


def _timeout(fault: Fault, hanging: float) -> float:
    return hanging if fault in HANGING.values() else PATIENT


def _timed(subject: Subject, timeout: float) -> Challenge:
    started = time.monotonic()
    challenge = subject.issue()
    assert time.monotonic() - started < MARGIN * TOTAL * timeout
    return challenge


def _challenge(challenge: Challenge, state: DeliveryState, reference: str | None = None) -> Challenge:
    return Challenge(
        id=challenge.id,
        recipient_masked=MASKED,
        channel="voice",
        purpose="login",
        expires_in=about(180),
        resend_after=about(60),
        sends_left=2,
        attempts_left=5,
        delivery=Delivery(state=state, provider="esms", provider_ref=reference),
    )


def _request_ids(simulator: EsmsSimulator) -> list[Any]:
    return [request.fields["RequestId"] for request in simulator.requests]


def _stays(subject: Subject, provider: Provider, challenge: Challenge) -> None:
    """The budget is spent, the challenge lives, and the code that was heard verifies, once."""
    with pytest.raises(ThrottledError) as caught:
        subject.issue()
    assert caught.value.limit == "cooldown"
    assert subject.inspect(challenge.id).delivery == challenge.delivery
    assert subject.verify(challenge.id, provider.code).recipient == NUMBER
    assert subject.verify(challenge.id, provider.code).outcome is Outcome.ALREADY_USED


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("fault", [*HANGING.values(), *LOST.values()], ids=[*HANGING, *LOST])
def test_a_lost_answer_leads_to_one_call(build: Build, start: Start, fault: Fault) -> None:
    """The same request goes out again, the provider knows it, and the challenge is as any other."""
    timeout = _timeout(fault, ENOUGH)
    provider = start(timeout)
    subject = build(transport=provider.transport)
    provider.simulator.misbehave(fault)

    challenge = _timed(subject, timeout)

    (call,) = provider.simulator.calls
    # What the first try was told is lost; where it was not even read in time, the second one is told.
    reference = call.sms_id if fault is HANGING["delay"] else None
    assert challenge == _challenge(challenge, DeliveryState.ACCEPTED, reference)
    first, second = provider.simulator.requests
    assert first.fields == second.fields
    assert call.request_id == first.fields["RequestId"]
    assert [event.kind for event in subject.events] == [EventKind.ISSUED]
    _stays(subject, provider, challenge)


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("fault", [*HANGING.values(), *LOST.values()], ids=[*HANGING, *LOST])
def test_what_stays_unknown_leaves_the_challenge_alive(build: Build, start: Start, fault: Fault) -> None:
    """Nobody knows, so nothing is given back; the phone may have rung, and the code that it said verifies."""
    timeout = _timeout(fault, SHORT)
    provider = start(timeout)
    subject = build(transport=provider.transport)
    provider.simulator.misbehave(fault, FOR_EVER)

    challenge = _timed(subject, timeout)

    assert challenge == _challenge(challenge, DeliveryState.UNKNOWN)
    assert len(set(_request_ids(provider.simulator))) == 1
    assert [event.kind for event in subject.events] == [EventKind.DELIVERY_UNKNOWN, EventKind.ISSUED]
    if fault is not HANGING["delay"]:
        assert len(provider.simulator.calls) == 1
        _stays(subject, provider, challenge)


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("fault", UNTAKEN.values(), ids=UNTAKEN)
def test_what_was_never_taken_can_be_sent_again(build: Build, start: Start, fault: Fault) -> None:
    """After the cooldown, in the same challenge; the new send has an id of its own, and is the only call."""
    provider = start(PATIENT)
    subject = build(transport=provider.transport)
    provider.simulator.misbehave(fault, 3)

    challenge = subject.issue()
    assert challenge == _challenge(challenge, DeliveryState.UNKNOWN)
    assert provider.simulator.calls == []
    subject.advance(61)
    again = subject.resend(challenge.id)

    (call,) = provider.simulator.calls
    assert (again.id, again.sends_left) == (challenge.id, 1)
    assert again.delivery == Delivery(state=DeliveryState.ACCEPTED, provider="esms", provider_ref=call.sms_id)
    *tries, last = _request_ids(provider.simulator)
    assert len(tries) == 3
    assert len({*tries, last}) == 2
    assert subject.verify(challenge.id, provider.code).recipient == NUMBER


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("fault", UNTAKEN.values(), ids=UNTAKEN)
def test_a_repeat_makes_the_call_that_the_first_try_did_not(build: Build, start: Start, fault: Fault) -> None:
    """It counts as one send, with the provider's reference."""
    provider = start(PATIENT)
    subject = build(transport=provider.transport)
    provider.simulator.misbehave(fault)

    challenge = subject.issue()

    (call,) = provider.simulator.calls
    assert challenge == _challenge(challenge, DeliveryState.ACCEPTED, call.sms_id)
    assert len(set(_request_ids(provider.simulator))) == 1
    _stays(subject, provider, challenge)


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_resend_whose_answer_is_lost_is_one_more_call(build: Build, start: Start, fault: Fault) -> None:
    """Not two: the earlier code is superseded, and the new one verifies."""
    provider = start(PATIENT)
    subject = build(transport=provider.transport)
    challenge = subject.issue()
    first = provider.code
    subject.advance(61)
    provider.simulator.misbehave(fault)

    again = subject.resend(challenge.id)

    assert (again.id, again.delivery.state, again.sends_left) == (challenge.id, DeliveryState.ACCEPTED, 1)
    assert len(provider.simulator.calls) == 2
    assert subject.verify(challenge.id, first).outcome is Outcome.SUPERSEDED
    assert subject.verify(challenge.id, provider.code)


@pytest.mark.guarantee("D1")
def test_124_is_success_on_the_repeat(build: Build, start: Start) -> None:
    """On the first try it is asked again, and the answer of the repeat decides."""
    provider = start(PATIENT)
    subject = build(transport=provider.transport)
    provider.simulator.misbehave(Fault.code("124", "Request exist 1"))

    challenge = subject.issue()

    (call,) = provider.simulator.calls
    assert challenge == _challenge(challenge, DeliveryState.ACCEPTED, call.sms_id)
    subject.advance(61)
    provider.simulator.misbehave(Fault.code("124", "Request exist 1"), times=2)
    taken = Delivery(state=DeliveryState.ACCEPTED, provider="esms", provider_ref=None)
    assert subject.resend(challenge.id).delivery == taken


@pytest.mark.guarantee("D1")
def test_an_idempotent_issue_after_a_lost_answer_makes_no_second_call(build: Build, start: Start) -> None:
    """The application, too, may ask again because it got no answer."""
    provider = start(PATIENT)
    subject = build(transport=provider.transport)
    provider.simulator.misbehave(LOST["accept_then_drop"], FOR_EVER)

    challenge = subject.issue(idempotency_key="order-1")
    asked = len(provider.simulator.requests)
    again = subject.issue(idempotency_key="order-1")

    assert (again.id, again.delivery) == (challenge.id, challenge.delivery)
    assert (len(provider.simulator.calls), len(provider.simulator.requests)) == (1, asked)
