"""One transport after the other: the next one where the one before surely refused, and never otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from otpflow import (
    Delivery,
    DeliveryError,
    DeliveryState,
    DeliveryUnknownError,
    Event,
    EventKind,
    Message,
    Policy,
    Receipt,
    ThrottledError,
)
from tests.conftest import Build
from tests.delivery.providers import ANSWERED, CALLBACK, Provider, fallback, kinds, report, untimed, watched
from tests.subjects import NUMBER, Subject

REFUSAL = DeliveryError("103", concerns="operator")


@pytest.fixture
def zalo() -> Provider:
    return Provider("zalo", ("zalo", "sms"))


@pytest.fixture
def subject(build: Build, style: str, voice: Provider, sms: Provider, zalo: Provider) -> Subject:
    return build(transport=fallback(style, voice, sms, zalo))


def refused(provider: str, channel: str, code: str, challenge: str) -> Event:
    return Event(
        kind=EventKind.DELIVERY_REFUSED,
        at=0.0,
        challenge=challenge,
        recipient_masked="+84*****8484",
        purpose="login",
        channel=channel,
        detail={"provider": provider, "code": code},
    )


def test_the_first_one_is_asked_first(
    subject: Subject, voice: Provider, sms: Provider, zalo: Provider
) -> None:
    """The others hear nothing where it takes the send."""
    challenge = subject.issue()

    assert [len(provider.messages) for provider in (voice, sms, zalo)] == [1, 0, 0]
    assert challenge.delivery == Delivery(
        state=DeliveryState.ACCEPTED, provider="voice", provider_ref="voice-1"
    )


def test_the_next_ones_in_order(subject: Subject, voice: Provider, sms: Provider, zalo: Provider) -> None:
    """Each with a request id, a text and a channel of its own, with the same code; each refusal is an event."""
    voice.fail(REFUSAL)
    sms.fail(DeliveryError("177", concerns="recipient"))

    challenge = subject.issue(locale="en")

    [message] = zalo.messages
    assert (challenge.channel, message.channel, voice.messages, sms.messages) == ("zalo", "zalo", [], [])
    assert (
        message.content
        == f"{message.code} is your otpflow login code, valid for 3 min. Do not share it with anyone."
    )
    name = subject.events[0].challenge
    assert untimed(subject.events) == [
        refused("voice", "voice", "103", name),
        Event(kind=EventKind.ALARM, at=0.0, detail={"provider": "voice", "code": "103"}),
        refused("sms", "sms", "177", name),
        Event(
            kind=EventKind.ISSUED,
            at=0.0,
            challenge=name,
            recipient_masked="+84*****8484",
            purpose="login",
            channel="zalo",
            detail={"provider": "zalo", "delivery": "ACCEPTED"},
        ),
    ]
    assert subject.verify(challenge.id, message.code)


def test_what_each_of_them_is_asked(build: Build, style: str) -> None:
    """The messages differ in request id, channel and text alone."""
    asked: list[Message] = []

    class Refusing(Provider):
        def send(self, message: Message, /) -> Receipt:
            asked.append(message)
            raise REFUSAL

    providers = [
        Refusing(name, (channel,)) for name, channel in (("a", "voice"), ("b", "sms"), ("c", "voice"))
    ]
    with pytest.raises(DeliveryError):
        build(transport=fallback(style, *providers)).issue()

    first = asked[0]
    assert [message.channel for message in asked] == ["voice", "sms", "voice"]
    assert [message.request_id for message in asked] == [
        first.request_id,
        f"{first.request_id}.2",
        f"{first.request_id}.3",
    ]
    assert asked[2] == replace(first, request_id=f"{first.request_id}.3")
    assert asked[1] == replace(
        first, request_id=f"{first.request_id}.2", channel="sms", content=asked[1].content
    )
    assert asked[1].content != first.content
    assert all(len(message.request_id) <= 50 for message in asked)


@pytest.mark.parametrize("error", [DeliveryUnknownError("timeout"), RuntimeError("a bug"), KeyError("code")])
def test_nobody_else_is_asked_where_nobody_knows(
    subject: Subject, voice: Provider, sms: Provider, error: Exception
) -> None:
    """There could be two calls otherwise."""
    voice.fail(error)

    challenge = subject.issue()

    assert sms.messages == []
    assert challenge.delivery == Delivery(state=DeliveryState.UNKNOWN, provider="voice")
    assert (challenge.channel, kinds(subject.events)) == ("voice", ["DELIVERY_UNKNOWN", "ISSUED"])


def test_all_of_them_refuse(subject: Subject, voice: Provider, sms: Provider, zalo: Provider) -> None:
    """The last refusal is raised, and everything is given back."""
    for provider, code in ((voice, "103"), (sms, "146"), (zalo, "99")):
        provider.fail(DeliveryError(code, concerns="operator"))

    with pytest.raises(DeliveryError) as caught:
        subject.issue()

    assert (type(caught.value), caught.value.code) == (DeliveryError, "99")
    assert kinds(subject.events) == ["DELIVERY_REFUSED", "ALARM"] * 3
    assert subject.issue().sends_left == 2


def test_the_attempts_are_shared(build: Build, style: str, voice: Provider, sms: Provider) -> None:
    """Wrong guesses at the call count on when the message has come."""
    subject = build(transport=fallback(style, voice, sms), policy=Policy(cooldown=0))
    challenge = subject.issue()
    for _ in range(3):
        subject.verify(challenge.id, "000000" if voice.code != "000000" else "000001")
    voice.fail(REFUSAL)

    again = subject.resend(challenge.id)

    assert (again.channel, again.attempts_left) == ("sms", 2)
    assert subject.verify(challenge.id, voice.code).outcome == "SUPERSEDED"
    assert subject.verify(challenge.id, sms.code)


def test_one_send_counts_once(subject: Subject, voice: Provider) -> None:
    """However many transports it took: one of the challenge's sends, one cooldown."""
    voice.fail(REFUSAL)
    challenge = subject.issue()

    assert challenge.sends_left == 2
    with pytest.raises(ThrottledError):
        subject.resend(challenge.id)


@pytest.mark.parametrize(("channel", "carrier"), [("voice", "voice"), ("sms", "sms"), ("zalo", "zalo")])
def test_a_channel_begins_where_it_is_served(
    subject: Subject, voice: Provider, sms: Provider, zalo: Provider, channel: str, carrier: str
) -> None:
    """Those before it are passed over."""
    challenge = subject.issue(channel=channel)

    assert (challenge.channel, challenge.delivery.provider) == (channel, carrier)
    assert sum(len(provider.messages) for provider in (voice, sms, zalo)) == 1


def test_a_later_transport_keeps_a_channel_that_it_serves(
    subject: Subject, sms: Provider, zalo: Provider
) -> None:
    """Only one that does not serve it uses its own."""
    sms.fail(REFUSAL)

    subject.issue(channel="sms")

    assert [message.channel for message in zalo.messages] == ["sms"]


def test_a_channel_that_nobody_serves_any_more(
    build: Build, style: str, voice: Provider, sms: Provider
) -> None:
    """A challenge whose transport was taken away since cannot be re-sent, and nothing is spent for it."""
    subject = build(transport=fallback(style, voice, sms), policy=Policy(cooldown=0))
    challenge = subject.issue(channel="sms")
    other = subject.another(transport=voice)

    with pytest.raises(DeliveryError) as caught:
        other.resend(challenge.id)

    assert (caught.value.code, caught.value.retryable, caught.value.concerns) == ("channel", False, "caller")
    assert subject.inspect(challenge.id).sends_left == 2
    assert subject.verify(challenge.id, sms.code)


def test_an_idempotency_key_gives_the_same_challenge(
    subject: Subject, voice: Provider, sms: Provider
) -> None:
    """Also where another transport than the first one took it; no second call of either."""
    voice.fail(REFUSAL)
    first = subject.issue(NUMBER, idempotency_key="order-1")

    again = subject.issue(NUMBER, idempotency_key="order-1")

    assert (again.id, again.delivery) == (first.id, first.delivery)
    assert (len(voice.messages), len(sms.messages)) == (0, 1)


def test_a_store_that_fails_after_the_hop(subject: Subject, voice: Provider, sms: Provider) -> None:
    """The message is out: the user gets the challenge's id, and the code verifies."""
    engine, store = watched(subject)
    voice.fail(REFUSAL)
    store.lost = ("confirm",)

    challenge = engine.issue()

    assert (challenge.channel, challenge.delivery.provider) == ("sms", "sms")
    assert subject.verify(challenge.id, sms.code)


@pytest.mark.parametrize("channel", ["voice", "sms"])
def test_a_receipt_says_how_it_was_sent_in_the_end(
    build: Build, style: str, voice: Provider, sms: Provider, channel: str
) -> None:
    """The channel of the transport that took it, whichever was asked for."""
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK)
    voice.fail(REFUSAL)
    subject.issue(channel=channel)

    told = subject.handle_receipt(report(sms.messages[0], ANSWERED))

    assert told is not None
    assert (told.channel, told.delivery.provider) == ("sms", "sms")
    assert (subject.events[-1].channel, subject.events[-1].detail["provider"]) == ("sms", "sms")
