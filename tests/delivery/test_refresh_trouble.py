"""Asking the provider what became of a send, where there is nobody to ask, nothing to ask about, or somebody is quicker."""

from __future__ import annotations

from typing import Any

import pytest

from otpflow import (
    Delivery,
    DeliveryError,
    DeliveryState,
    DeliveryUnknownError,
    Policy,
    Report,
    StoreUnavailableError,
)
from otpflow.testing import Outbox
from tests.conftest import Build
from tests.delivery.providers import (
    ANSWERED,
    CALLBACK,
    FAILED,
    Provider,
    age,
    fallback,
    kept,
    watched,
)
from tests.subjects import Subject

ACCEPTED = Delivery(state=DeliveryState.ACCEPTED, provider="voice", provider_ref="voice-1")
WAITS = (3, 6, 12, 24, 48, 96)


@pytest.fixture
def subject(build: Build, voice: Provider) -> Subject:
    return build(transport=voice, callback_url=CALLBACK, policy=Policy(cooldown=0))


def test_the_transport_that_took_it_is_asked(
    build: Build, style: str, voice: Provider, sms: Provider
) -> None:
    """Of several, the one that knows."""
    subject = build(transport=fallback(style, voice, sms))
    voice.fail(DeliveryError("103"))
    challenge = subject.issue()
    sms.answers.append(ANSWERED)

    delivery = Delivery(state=ANSWERED, provider="sms", provider_ref="sms-1")
    assert subject.refresh_delivery(challenge.id) == delivery
    assert (voice.asked, sms.asked) == ([], ["sms-1"])


def test_a_transport_that_cannot_be_asked(build: Build) -> None:
    """What is known is returned."""
    subject = build(transport=Outbox())
    challenge = subject.issue()

    found = subject.refresh_delivery(challenge.id)

    assert found == Delivery(state=DeliveryState.ACCEPTED, provider="outbox", provider_ref="1")


def test_a_transport_that_is_gone(subject: Subject, voice: Provider, sms: Provider) -> None:
    """Nobody is left to ask."""
    challenge = subject.issue()

    assert subject.another(transport=sms).refresh_delivery(challenge.id) == ACCEPTED
    assert (voice.asked, sms.asked) == ([], [])


@pytest.mark.parametrize("unknown", [False, True])
def test_nothing_to_ask_about(subject: Subject, voice: Provider, unknown: bool) -> None:
    """Without the provider's reference, as after a lost answer, nobody is asked."""
    voice.reference = None
    if unknown:
        voice.fail(DeliveryUnknownError("timeout"))
    challenge = subject.issue()

    assert subject.refresh_delivery(challenge.id) == challenge.delivery
    assert voice.asked == []


@pytest.mark.parametrize("challenge_id", [None, "", "x", 5, "k1." + "A" * 44, "k9." + "A" * 44, "é" * 50])
def test_ids_of_nothing(subject: Subject, voice: Provider, challenge_id: Any) -> None:
    """Nothing is known of them, and nothing is made of them."""
    assert subject.refresh_delivery(challenge_id) == Delivery()
    assert (voice.asked, kept(subject), subject.events) == ([], {}, [])


def test_a_challenge_that_is_over(subject: Subject, voice: Provider) -> None:
    """Nothing is known of it any more."""
    challenge = subject.issue()
    subject.advance(601)

    assert subject.refresh_delivery(challenge.id) == Delivery()
    assert voice.asked == []


@pytest.mark.parametrize("change", ["gone", "earlier"])
def test_what_changes_while_the_provider_is_asked(subject: Subject, voice: Provider, change: str) -> None:
    """Its answer is then about nothing that matters; nothing is written."""
    challenge = subject.issue()
    engine, store = watched(subject)
    run = store.run

    def late(operation: Any) -> Any:
        if operation.name == "report" and change == "gone":
            subject.admin.flushall()
        elif operation.name == "report":
            place = next(key for key in kept(subject) if ":challenge:" in key)
            subject.admin.hset(place, "sequence", 2)
        return run(operation)

    store.run = late  # type: ignore[method-assign]
    voice.answers.append(FAILED)

    assert engine.refresh_delivery(challenge.id) == ACCEPTED
    assert engine.events == []
    assert subject.inspect(challenge.id).delivery == Delivery()


def test_a_receipt_that_was_quicker(subject: Subject, voice: Provider) -> None:
    """What it said is returned, where the provider's answer is behind it."""
    challenge = subject.issue()
    engine, store = watched(subject)
    run = store.run

    def late(operation: Any) -> Any:
        if operation.name == "report":
            place = next(key for key in kept(subject) if ":challenge:" in key)
            subject.admin.hset(place, "delivery", "1:DELIVERED")
        return run(operation)

    store.run = late  # type: ignore[method-assign]
    voice.answers.append(FAILED)

    assert engine.refresh_delivery(challenge.id).state == ANSWERED
    assert engine.events == []


@pytest.mark.parametrize("lost", ["poll", "report"])
def test_a_store_that_is_gone(subject: Subject, voice: Provider, lost: str) -> None:
    """It is said to be; nothing is invented."""
    challenge = subject.issue()
    engine, store = watched(subject)
    store.lost = (lost,)
    voice.answers.append(ANSWERED)

    with pytest.raises(StoreUnavailableError):
        engine.refresh_delivery(challenge.id)
    assert subject.inspect(challenge.id).delivery == ACCEPTED


def test_a_poll_that_should_have_been_awaited(subject: Subject, voice: Provider) -> None:
    """A plain function that gives a coroutine: awaited where it can be, otherwise no answer; no warning."""
    challenge = subject.issue()

    async def later() -> Report:
        return Report(state=ANSWERED)

    voice.answers.append(later())

    expected = ANSWERED if subject.style == "async" else "ACCEPTED"
    assert subject.refresh_delivery(challenge.id).state == expected


def test_a_state_by_its_name(subject: Subject, voice: Provider) -> None:
    """A transport of somebody's own may write it as a text; one that there is not says nothing."""
    challenge = subject.issue()
    voice.answers += [Report(state="GONE"), Report(state="DELIVERED")]  # type: ignore[arg-type]

    assert subject.refresh_delivery(challenge.id).state == "ACCEPTED"
    age(subject, 3)
    assert subject.refresh_delivery(challenge.id).state is ANSWERED
