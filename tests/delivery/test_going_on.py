"""Where nobody answers, the next transport is tried: a new code, in the same challenge, from the same budgets."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from otpflow import (
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Policy,
)
from tests.conftest import Build
from tests.delivery.conftest import News
from tests.delivery.providers import (
    ANSWERED,
    CALLBACK,
    FAILED,
    UNANSWERED,
    Provider,
    changed,
    fallback,
    kinds,
    locator,
    report,
    untimed,
)
from tests.subjects import Subject

MASKED = "+84*****8484"


@pytest.fixture
def subject(build: Build, style: str, voice: Provider, sms: Provider) -> Subject:
    return build(transport=fallback(style, voice, sms), callback_url=CALLBACK)


@pytest.mark.parametrize("state", [UNANSWERED, FAILED])
def test_the_next_transport_gets_a_new_code(
    subject: Subject, voice: Provider, sms: Provider, news: News, state: DeliveryState
) -> None:
    """At once, on its own channel, with a text and a request id of its own; the old code is over then."""
    challenge = subject.issue(context={"amount": 5}, locale="en")
    subject.events.clear()

    assert news(subject, challenge, state) is not None

    [call], [message] = voice.messages, sms.messages
    assert (call.channel, message.channel, message.to, message.locale) == ("voice", "sms", call.to, "en")
    assert message.code != call.code
    assert message.code in message.content
    assert message.request_id not in {call.request_id, f"{call.request_id}.2"}
    status = subject.inspect(challenge.id)
    assert (status.attempts_left, status.sends_left) == (5, 1)
    assert status.delivery == Delivery(state=DeliveryState.ACCEPTED, provider="sms", provider_ref="sms-1")
    name, shared = locator(challenge.id), {"recipient_masked": MASKED, "purpose": "login", "channel": "sms"}
    assert untimed(subject.events)[1:] == [
        Event(kind=EventKind.WENT_ON, at=0.0, challenge=name, detail={"provider": "voice"}, **shared),
        Event(
            kind=EventKind.RESENT,
            at=0.0,
            challenge=name,
            detail={"provider": "sms", "delivery": "ACCEPTED"},
            **shared,
        ),
    ]
    assert subject.verify(challenge.id, call.code, context={"amount": 5}).outcome == "SUPERSEDED"
    verdict = subject.verify(challenge.id, message.code, context={"amount": 5})
    assert (verdict.outcome, verdict.attempts_left) == ("VERIFIED", 3)


def test_an_answered_call_is_the_end(subject: Subject, sms: Provider, news: News) -> None:
    """Nothing follows it."""
    challenge = subject.issue()

    news(subject, challenge, ANSWERED)

    assert sms.messages == []
    assert kinds(subject.events) == ["ISSUED", "DELIVERY_REPORTED"]


def test_behind_the_last_one_there_is_nobody(subject: Subject, sms: Provider, voice: Provider) -> None:
    """An unanswered message ends where it is."""
    challenge = subject.issue(channel="sms")

    subject.handle_receipt(report(sms.messages[0], UNANSWERED))

    assert (len(sms.messages), voice.messages) == (1, [])
    assert subject.inspect(challenge.id).delivery.state == UNANSWERED


def test_one_after_the_other(build: Build, style: str, voice: Provider, sms: Provider) -> None:
    """Each unanswered send leads to the next transport, until the challenge has no sends left."""
    zalo = Provider("zalo", ("zalo",))
    subject = build(
        transport=fallback(style, voice, sms, zalo), callback_url=CALLBACK, policy=Policy(sends=3)
    )
    challenge = subject.issue()

    for provider in (voice, sms, zalo):
        subject.handle_receipt(report(provider.messages[-1], UNANSWERED))

    assert [len(provider.messages) for provider in (voice, sms, zalo)] == [1, 1, 1]
    assert subject.inspect(challenge.id).sends_left == 0
    assert subject.verify(challenge.id, zalo.code)


def test_a_re_send_begins_with_the_first_transport_again(
    subject: Subject, voice: Provider, sms: Provider, news: News
) -> None:
    """The user may well have found the phone by then."""
    challenge = subject.issue()
    news(subject, challenge, UNANSWERED)
    subject.advance(60)

    again = subject.resend(challenge.id)

    assert (again.channel, len(voice.messages), len(sms.messages)) == ("voice", 2, 1)


def test_the_cooldown_begins_anew(subject: Subject, news: News) -> None:
    """It does not hold up the next transport, and it holds up the user, who has just been sent a code."""
    challenge = subject.issue()
    subject.advance(30)

    news(subject, challenge, UNANSWERED)

    assert subject.inspect(challenge.id).resend_after > 55


@pytest.mark.parametrize(
    ("policy", "limit"),
    [
        (Policy(sends=1), "challenge"),
        (Policy(sends_per_hour=1), "hour"),
        (Policy(sends_per_hour=1, sends_per_day=1), "day"),
    ],
)
def test_every_other_budget_holds_it_up(
    build: Build, style: str, voice: Provider, sms: Provider, policy: Policy, limit: str, news: News
) -> None:
    """Then what is known is written down, the code that was sent goes on living, and no one is called."""
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK, policy=policy)
    challenge = subject.issue()

    news(subject, challenge, UNANSWERED)

    assert sms.messages == []
    assert subject.inspect(challenge.id).delivery.state == UNANSWERED
    assert untimed(subject.events)[-1] == Event(
        kind=EventKind.THROTTLED, at=0.0, challenge=locator(challenge.id), detail={"limit": limit}
    )
    assert subject.verify(challenge.id, voice.code)


@pytest.mark.parametrize("end", ["verify", "cancel", "exhaust"])
def test_a_challenge_that_is_over_gets_no_more(
    subject: Subject, voice: Provider, sms: Provider, news: News, end: str
) -> None:
    """Verified, cancelled or exhausted: there is nothing to send for, and nothing was throttled."""
    challenge = subject.issue()
    for _ in range(5):
        if end == "exhaust":
            subject.verify(challenge.id, "000000" if voice.code != "000000" else "000001")
        elif end == "cancel":
            subject.cancel(challenge.id)
        elif subject.verify(challenge.id, voice.code):
            break
    subject.events.clear()

    news(subject, challenge, UNANSWERED)

    assert sms.messages == []
    assert kinds(subject.events) == ["DELIVERY_REPORTED"]


def test_a_fallback_that_is_told_to_stay(build: Build, style: str, voice: Provider, sms: Provider) -> None:
    """With `on_unanswered=False` it goes on at refusals alone, and no secret goes into the callback URL."""
    transport = fallback(style, voice, sms, on_unanswered=False)
    subject = build(transport=transport, callback_url=CALLBACK)
    challenge = subject.issue()
    names = [name for name, _ in parse_qsl(urlsplit(voice.messages[0].callback_url or "").query)]
    assert names == ["otpflow_send", "otpflow_signature"]

    voice.answers.append(FAILED)
    assert subject.refresh_delivery(challenge.id).state == FAILED
    subject.handle_receipt(report(voice.messages[0], UNANSWERED))

    assert sms.messages == []
    assert subject.verify(challenge.id, voice.code)


def test_the_challenges_secret_goes_with_the_callback_url(subject: Subject, voice: Provider) -> None:
    """Sealed, so that whoever sees the URL cannot open the challenge with it."""
    challenge = subject.issue()
    url = urlsplit(voice.messages[0].callback_url or "")

    assert [name for name, _ in parse_qsl(url.query)] == [
        "otpflow_send",
        "otpflow_signature",
        "otpflow_secret",
    ]
    assert challenge.id.partition(".")[2][20:] not in url.query
    assert len(url.geturl()) < 300


def test_a_receipt_without_the_secret_only_reports(subject: Subject, voice: Provider, sms: Provider) -> None:
    """Cut off, altered, or of another challenge of the number: what is known moves, and nobody is sent anything."""
    subject.issue()
    subject.advance(60)
    subject.issue()
    subject.issue("+84901888486")
    first, _, third = (
        dict(parse_qsl(report(message, UNANSWERED)))["otpflow_secret"] for message in voice.messages
    )
    forgeries = ("", first, third[:-4])

    for message, secret in zip(voice.messages, forgeries, strict=True):
        query = changed(report(message, UNANSWERED), "otpflow_secret", secret)
        told = subject.handle_receipt(query)
        assert told is not None
        assert told.changed

    assert sms.messages == []
