"""Going on to the next transport, and something fails on the way."""

from __future__ import annotations

import pytest

from otpflow import (
    Delivery,
    DeliveryError,
    DeliveryState,
    DeliveryUnknownError,
    Policy,
    Templates,
)
from otpflow.keys import new_key
from tests.conftest import Build
from tests.delivery.conftest import News
from tests.delivery.providers import (
    CALLBACK,
    UNANSWERED,
    Provider,
    fallback,
    kept,
    kinds,
    report,
    untimed,
    watched,
)
from tests.subjects import Subject


@pytest.fixture
def subject(build: Build, style: str, voice: Provider, sms: Provider) -> Subject:
    return build(transport=fallback(style, voice, sms), callback_url=CALLBACK)


def test_a_record_that_was_altered_is_not_sent_again(
    subject: Subject, sms: Provider, voice: Provider, news: News
) -> None:
    """There is no number to send to; the reservation is given back."""
    challenge = subject.issue()
    place = next(key for key in kept(subject) if ":challenge:" in key)
    subject.admin.hset(place, "sealed", "AAAA")

    news(subject, challenge, UNANSWERED)

    assert sms.messages == []
    assert kinds(subject.events)[-1] == "UNREADABLE"
    assert subject.admin.hget(place, "sends_left") == b"2"


def test_a_next_transport_that_refuses(subject: Subject, voice: Provider, sms: Provider, news: News) -> None:
    """The reservation is given back, and the code that was sent first goes on living."""
    challenge = subject.issue()
    sms.fail(DeliveryError("103", concerns="operator"))

    told = news(subject, challenge, UNANSWERED)

    assert told is not None
    assert kinds(subject.events)[1:] == [
        "DELIVERY_REPORTED",
        "WENT_ON",
        "DELIVERY_REFUSED",
        "ALARM",
        "DELIVERY_REFUSED",
    ]
    status = subject.inspect(challenge.id)
    assert (status.sends_left, status.delivery.state) == (2, UNANSWERED)
    assert subject.verify(challenge.id, voice.code)


def test_a_next_transport_of_which_nobody_knows(
    subject: Subject, voice: Provider, sms: Provider, news: News
) -> None:
    """Both codes work: the earlier one dies only when the next send was taken."""
    challenge = subject.issue()
    sms.fail(DeliveryUnknownError("timeout"))

    news(subject, challenge, UNANSWERED)

    status = subject.inspect(challenge.id)
    assert (status.sends_left, status.delivery) == (1, Delivery(state=DeliveryState.UNKNOWN, provider="sms"))
    assert subject.verify(challenge.id, voice.code)


def test_overlapping_codes(build: Build, style: str, voice: Provider, sms: Provider, news: News) -> None:
    """With `resend="overlap"` the code that nobody heard works on as well."""
    policy = Policy(resend="overlap")
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK, policy=policy)
    challenge = subject.issue()

    news(subject, challenge, UNANSWERED)

    assert len(sms.messages) == 1
    assert subject.verify(challenge.id, voice.code)


def test_no_text_for_the_next_channel(subject: Subject, voice: Provider, sms: Provider) -> None:
    """The report counts all the same; that the settings are wrong is an event, not the provider's error."""
    challenge = subject.issue()
    texts = {"vi": {"sms": "Mã cho $payee: $code"}}
    other = subject.another(transport=subject.outbox, templates=Templates(texts, fields=("payee",)))

    told = other.handle_receipt(report(voice.messages[0], UNANSWERED))

    assert told is not None
    assert untimed(other.events)[-1].detail == {"error": "ConfigurationError"}
    assert sms.messages == []
    assert subject.inspect(challenge.id).sends_left == 2


@pytest.mark.parametrize("lost", ["renew", "store", "confirm", "release", "breaker"])
def test_a_store_that_fails_on_the_way(
    subject: Subject, voice: Provider, sms: Provider, news: News, lost: str
) -> None:
    """Whoever brought the news hears what was written down; the rest is in the events."""
    engine, store = watched(subject)
    challenge = engine.issue()
    store.lost = (lost,)

    told = news(engine, challenge, UNANSWERED)

    assert told is not None
    assert len(sms.messages) == (lost not in {"renew", "store"})
    assert subject.verify(challenge.id, (sms if sms.messages else voice).code)


def test_keys_rotate_before_nobody_answers(
    subject: Subject, style: str, voice: Provider, sms: Provider, news: News
) -> None:
    """The challenge goes on under the key that it was made with."""
    challenge = subject.issue()
    both = f"{new_key('k2')},{subject.options['keys']}"
    rotated = subject.another(keys=both, transport=subject.outbox)

    news(rotated, challenge, UNANSWERED)

    assert rotated.verify(challenge.id, sms.code)
