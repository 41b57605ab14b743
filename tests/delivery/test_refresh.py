"""Asking the provider what became of a send: ever more seldom, a few times, and never in vain."""

from __future__ import annotations

from operator import methodcaller
from typing import Any

import pytest

from otpflow import (
    Delivery,
    DeliveryError,
    DeliveryState,
    DeliveryUnknownError,
    Event,
    EventKind,
    Policy,
    Report,
)
from tests.conftest import Build
from tests.delivery.providers import (
    ANSWERED,
    CALLBACK,
    FAILED,
    UNANSWERED,
    Provider,
    age,
    kinds,
    locator,
    report,
    untimed,
)
from tests.subjects import Subject

ACCEPTED = Delivery(state=DeliveryState.ACCEPTED, provider="voice", provider_ref="voice-1")
WAITS = (3, 6, 12, 24, 48, 96)


@pytest.fixture
def subject(build: Build, voice: Provider) -> Subject:
    return build(transport=voice, callback_url=CALLBACK, policy=Policy(cooldown=0))


@pytest.mark.parametrize("not_yet", [None, DeliveryState.ACCEPTED, "nonsense", 5])
def test_it_backs_off_and_ends(subject: Subject, voice: Provider, not_yet: Any) -> None:
    """At once, then 3, 6, 12 … seconds later; after the seventh time nobody can say."""
    challenge = subject.issue()
    voice.answers += [not_yet] * 20

    assert subject.refresh_delivery(challenge.id) == ACCEPTED
    for times, seconds in enumerate(WAITS, 1):
        age(subject, seconds - 2)
        assert subject.refresh_delivery(challenge.id) == ACCEPTED
        assert len(voice.asked) == times
        age(subject, 2)
        state = "UNKNOWN" if seconds == 96 else "ACCEPTED"
        assert subject.refresh_delivery(challenge.id).state == state
        assert len(voice.asked) == times + 1
    age(subject, 200)

    unknown = Delivery(state=DeliveryState.UNKNOWN, provider="voice", provider_ref="voice-1")
    assert subject.refresh_delivery(challenge.id) == unknown == subject.inspect(challenge.id).delivery
    assert voice.asked == ["voice-1"] * 7
    assert untimed(subject.events)[1:] == [
        Event(
            kind=EventKind.DELIVERY_REPORTED,
            at=0.0,
            challenge=locator(challenge.id),
            detail={"delivery": "UNKNOWN", "provider": "voice"},
        )
    ]


@pytest.mark.parametrize("state", [ANSWERED, UNANSWERED, FAILED, DeliveryState.UNKNOWN])
def test_an_answer_is_written_down(subject: Subject, voice: Provider, state: DeliveryState) -> None:
    """It is returned, seen by `inspect` and told to the hooks; then nobody asks any more."""
    challenge = subject.issue()
    voice.answers.append(Report(state=state, duration=13, price=850.0))

    found = subject.refresh_delivery(challenge.id)

    assert found == Delivery(state=state, provider="voice", provider_ref="voice-1")
    assert subject.inspect(challenge.id).delivery == found
    age(subject, 3)
    assert subject.refresh_delivery(challenge.id) == found
    assert len(voice.asked) == 1
    detail = {"delivery": state.value, "provider": "voice", "duration": 13, "price": 850.0}
    assert untimed(subject.events)[1:] == [
        Event(kind=EventKind.DELIVERY_REPORTED, at=0.0, challenge=locator(challenge.id), detail=detail)
    ]


def test_a_late_receipt_counts(subject: Subject, voice: Provider) -> None:
    """That nobody could say is not the last word."""
    challenge = subject.issue()
    for seconds in (0, *WAITS):
        age(subject, seconds)
        subject.refresh_delivery(challenge.id)
    assert subject.inspect(challenge.id).delivery.state == "UNKNOWN"

    told = subject.handle_receipt(report(voice.messages[0], ANSWERED))

    assert told is not None
    assert told.changed
    assert subject.refresh_delivery(challenge.id).state == ANSWERED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DeliveryError("101", concerns="operator"), "101"),
        (DeliveryUnknownError("timeout"), "timeout"),
        (DeliveryError(), ""),
        (RuntimeError("a bug with a secret in its words"), "RuntimeError at providers.py:"),
        (OSError("network"), "OSError at providers.py:"),
    ],
)
def test_a_provider_that_cannot_be_asked(
    subject: Subject, voice: Provider, error: Exception, code: str
) -> None:
    """What is known stays, an event says why, and it is asked again later; no foreign error comes out."""
    challenge = subject.issue()
    voice.answers += [error, ANSWERED]

    assert subject.refresh_delivery(challenge.id) == ACCEPTED
    _, event, *alarm = subject.events
    assert kinds(alarm) == (["ALARM"] if code == "101" else [])
    assert (event.kind, event.challenge) == (EventKind.DELIVERY_UNKNOWN, locator(challenge.id))
    assert (
        event.detail["provider"],
        str(event.detail["code"]).rstrip("0123456789" if ":" in code else ""),
    ) == (
        "voice",
        code,
    )
    age(subject, 3)
    assert subject.refresh_delivery(challenge.id).state == ANSWERED


def test_errors_to_the_end(subject: Subject, voice: Provider) -> None:
    """A provider that never answers ends in nobody knowing, too."""
    challenge = subject.issue()
    voice.answers += [DeliveryUnknownError("timeout")] * 7
    for seconds in (0, *WAITS):
        age(subject, seconds)
        subject.refresh_delivery(challenge.id)

    assert subject.inspect(challenge.id).delivery.state == "UNKNOWN"
    assert kinds(subject.events) == ["ISSUED", *["DELIVERY_UNKNOWN"] * 7, "DELIVERY_REPORTED"]


def test_each_send_is_asked_about_anew(subject: Subject, voice: Provider) -> None:
    """And only the latest one."""
    challenge = subject.issue()
    subject.refresh_delivery(challenge.id)
    subject.resend(challenge.id)

    assert subject.refresh_delivery(challenge.id).provider_ref == "voice-2"
    subject.refresh_delivery(challenge.id)
    assert voice.asked == ["voice-1", "voice-2"]


def test_many_at_once_ask_once(subject: Subject, voice: Provider) -> None:
    """However many pages are waiting."""
    challenge = subject.issue()
    voice.answers.append(ANSWERED)

    found = subject.at_once([methodcaller("refresh_delivery", challenge.id)] * 20)

    assert {delivery.state for delivery in found} <= {"ACCEPTED", ANSWERED}
    assert len(voice.asked) == 1
    assert kinds(subject.events) == ["ISSUED", "DELIVERY_REPORTED"]
