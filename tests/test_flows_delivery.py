"""What becomes of a challenge when the transport refuses, does not know, or misbehaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import pytest

from otpflow import (
    Delivery,
    DeliveryError,
    DeliveryState,
    DeliveryUnknownError,
    Event,
    EventKind,
    Policy,
    ThrottledError,
)
from otpflow.models import Message, Receipt
from otpflow.testing import Outbox
from tests.conftest import Build
from tests.expected import MASKED, about, locator, untimed
from tests.subjects import Subject


class Faulty(Outbox):
    """An outbox that keeps every message, and then does something else."""

    def __init__(self, then: Callable[[Message], Any]) -> None:
        super().__init__()
        self.then = then

    def send(self, message: Message, /) -> Any:
        """Keep the message, then misbehave."""
        super().send(message)
        return self.then(message)


async def forgotten() -> None:
    """Stand for a send that nobody awaits."""


def refuse(message: Message) -> Receipt:
    """Fail as a transport does whose provider may have taken the message."""
    raise DeliveryUnknownError("timeout", message=f"no answer for {message.request_id}")


def crash(message: Message) -> Receipt:
    """Fail as a transport does that has a mistake, with a secret in its words."""
    raise KeyError(message.code, message.to)


def interrupted(message: Message) -> Receipt:
    """Fail in a way that no transport should."""
    raise OSError(111, message.content)


@pytest.fixture
def refusing(subject: Subject) -> tuple[Subject, DeliveryError]:
    """An engine whose next send is surely refused."""
    error = DeliveryError("104", message="the account's brand is not allowed")
    subject.outbox.fail(error)
    return subject, error


def test_a_sure_refusal_is_raised_as_it_is(refusing: tuple[Subject, DeliveryError]) -> None:
    """The transport's own error comes out, and is told as an event."""
    subject, error = refusing
    with pytest.raises(DeliveryError) as caught:
        subject.issue()

    assert caught.value is error
    assert untimed(subject.events) == [
        Event(
            kind=EventKind.DELIVERY_REFUSED,
            at=0.0,
            challenge=subject.events[0].challenge,
            recipient_masked=MASKED,
            purpose="login",
            channel="voice",
            detail={"provider": "outbox", "code": "104"},
        )
    ]


def test_a_sure_refusal_gives_everything_back(refusing: tuple[Subject, DeliveryError]) -> None:
    """Cooldown and budgets are as before; nothing is left but that the provider failed."""
    subject, _ = refusing
    with pytest.raises(DeliveryError):
        subject.issue()

    assert [key.rpartition(b":")[2] for key in subject.admin.scan_iter("otpflow:*")] == [b"breaker"]
    challenge = subject.issue()
    assert subject.verify(challenge.id, subject.code)


def test_refusals_never_add_up(build: Build) -> None:
    """However often the provider refuses, the hour has room."""
    subject = build(policy=Policy(sends_per_hour=1))
    subject.outbox.fail(DeliveryError(), times=5)
    for _ in range(5):
        with pytest.raises(DeliveryError):
            subject.issue()

    subject.issue()
    with pytest.raises(ThrottledError) as caught:
        subject.issue()
    assert caught.value.limit == "hour"


def answering(answer: Any) -> Callable[[Message], Any]:
    """Answer every send alike."""
    return lambda message: answer


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (refuse, "timeout"),
        (crash, r"KeyError at test_flows_delivery\.py:\d+"),
        (interrupted, r"ConnectionRefusedError at test_flows_delivery\.py:\d+"),
        (answering("100"), r"TypeError at _carrier\.py:\d+"),
        (answering(True), r"TypeError at _carrier\.py:\d+"),
        (answering(Receipt(provider="x", state=cast("Any", "RINGING"))), r"ValueError at enum\.py:\d+"),
    ],
    ids=["unknown", "mistake", "system", "text", "flag", "state"],
)
def test_what_nobody_knows_lets_the_challenge_live(
    build: Build, then: Callable[[Message], Any], code: str
) -> None:
    """The phone may ring: the code verifies, the send is counted, and the event says where it broke."""
    subject = build(transport=Faulty(then))
    challenge = subject.issue()

    assert challenge.delivery == Delivery(state=DeliveryState.UNKNOWN, provider="outbox")
    assert (challenge.sends_left, challenge.resend_after) == (2, about(60))
    assert challenge.expires_in == about(180)
    unknown, issued = subject.events
    assert [unknown.kind, issued.kind] == ["DELIVERY_UNKNOWN", "ISSUED"]
    assert unknown.detail == {"provider": "outbox", "code": unknown.detail["code"]}
    assert re.fullmatch(code, str(unknown.detail["code"]))
    with pytest.raises(ThrottledError):
        subject.issue()
    assert subject.inspect(challenge.id).delivery == challenge.delivery
    assert subject.verify(challenge.id, subject.code)


def test_a_send_that_would_have_to_be_awaited_is_not_taken_for_sent(build: Build, style: str) -> None:
    """A plain `send` that returns a coroutine: awaited by the async engine, of unknown fate in the other."""
    subject = build(transport=Faulty(lambda _: forgotten()))
    expected = DeliveryState.ACCEPTED if style == "async" else DeliveryState.UNKNOWN

    assert subject.issue().delivery.state == expected


@pytest.mark.parametrize(
    ("receipt", "delivery"),
    [
        (None, Delivery(state=DeliveryState.ACCEPTED, provider="outbox")),
        (
            Receipt(provider="esms", provider_ref="ref-1", state=DeliveryState.DELIVERED),
            Delivery(state=DeliveryState.DELIVERED, provider="outbox", provider_ref="ref-1"),
        ),
        (
            Receipt(provider="esms", state=DeliveryState.UNKNOWN),
            Delivery(state=DeliveryState.UNKNOWN, provider="outbox"),
        ),
    ],
)
def test_what_the_transport_knows_is_kept(build: Build, receipt: Receipt | None, delivery: Delivery) -> None:
    """Challenge, status and event tell the same; the transport is named as it is called, whatever it says."""
    subject = build(transport=Faulty(answering(receipt)))
    challenge = subject.issue()

    assert challenge.delivery == subject.inspect(challenge.id).delivery == delivery
    assert untimed(subject.events) == [
        Event(
            kind=EventKind.ISSUED,
            at=0.0,
            challenge=locator(challenge.id),
            recipient_masked=MASKED,
            purpose="login",
            channel="voice",
            detail={"provider": "outbox", "delivery": delivery.state.value},
        )
    ]


def test_a_receipt_without_knowledge_supersedes_nothing(build: Build) -> None:
    """A re-send whose receipt says `UNKNOWN` leaves the earlier code working."""
    state = DeliveryState.ACCEPTED
    subject = build(transport=Faulty(lambda _: Receipt(provider="x", state=state)), policy=Policy(cooldown=0))
    challenge = subject.issue()
    first = subject.code
    state = DeliveryState.UNKNOWN
    subject.resend(challenge.id)

    assert subject.verify(challenge.id, first)
