"""D3: a re-send that fails costs nothing and ends nothing; the earlier code dies only when the new send is taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otpflow import (
    ChallengeState,
    Delivery,
    DeliveryError,
    DeliveryState,
    DeliveryUnknownError,
    Policy,
    ThrottledError,
)
from tests.conftest import Build
from tests.delivery.providers import CALLBACK, UNANSWERED, Provider, fallback, kept, report
from tests.subjects import Subject

LIMITS = Policy(sends=2, sends_per_hour=2, sends_per_day=2)
ACCEPTED = Delivery(state=DeliveryState.ACCEPTED, provider="voice", provider_ref="voice-1")


@pytest.fixture(params=["alone", "with a fallback"])
def start(
    request: pytest.FixtureRequest, build: Build, style: str, voice: Provider, sms: Provider
) -> Callable[[Policy], Subject]:
    """Build an engine over one provider, or over two of which both fail alike."""

    def one(policy: Policy) -> Subject:
        transport = voice if request.param == "alone" else fallback(style, voice, sms)
        return build(transport=transport, callback_url=CALLBACK, policy=policy)

    return one


def refuse(*providers: Provider) -> None:
    for provider in providers:
        provider.fail(DeliveryError("103", concerns="operator"))


@pytest.mark.guarantee("D3")
def test_a_failed_re_send_costs_nothing(
    start: Callable[[Policy], Subject], voice: Provider, sms: Provider
) -> None:
    """Cooldown, the challenge's sends and the number's budgets are as they were; the first code works."""
    subject = start(LIMITS)
    challenge = subject.issue()
    subject.advance(60)
    before, first = kept(subject), voice.code
    refuse(voice, sms)

    for _ in range(3):
        refuse(voice, sms)
        with pytest.raises(DeliveryError):
            subject.resend(challenge.id)

    assert kept(subject) == before
    status = subject.inspect(challenge.id)
    assert (status.state, status.sends_left, status.resend_after) == (ChallengeState.PENDING, 1, 0)
    assert status.delivery == ACCEPTED
    assert subject.verify(challenge.id, first)


@pytest.mark.guarantee("D3")
def test_after_a_failed_one_the_next_may_follow_at_once(
    start: Callable[[Policy], Subject], voice: Provider, sms: Provider
) -> None:
    """And then the first code is over."""
    subject = start(LIMITS)
    challenge = subject.issue()
    first = voice.code
    subject.advance(60)
    refuse(voice, sms)
    with pytest.raises(DeliveryError):
        subject.resend(challenge.id)
    voice._failures.clear()  # pyright: ignore[reportPrivateUsage]

    again = subject.resend(challenge.id)

    assert (again.sends_left, again.delivery.provider_ref) == (0, "voice-2")
    assert subject.verify(challenge.id, first).outcome == "SUPERSEDED"
    assert subject.verify(challenge.id, voice.code)


@pytest.mark.guarantee("D3")
@pytest.mark.parametrize("heard", ["the first", "the second"])
def test_a_re_send_of_which_nobody_knows(
    start: Callable[[Policy], Subject], voice: Provider, heard: str
) -> None:
    """Both codes work, one of them once; the send counts, and the cooldown runs."""
    subject = start(LIMITS)
    challenge = subject.issue()
    subject.advance(60)
    voice.meanwhile = lambda _: fail()

    def fail() -> None:
        raise DeliveryUnknownError("timeout")

    again = subject.resend(challenge.id)

    assert again.delivery == Delivery(state=DeliveryState.UNKNOWN, provider="voice")
    assert (again.sends_left, again.resend_after > 55) == (0, True)
    with pytest.raises(ThrottledError):
        subject.resend(challenge.id)
    first, second = (message.code for message in voice.messages)
    codes = (first, second) if heard == "the first" else (second, first)
    assert subject.verify(challenge.id, codes[0])
    assert subject.verify(challenge.id, codes[1]).outcome == "ALREADY_USED"


@pytest.mark.guarantee("D3")
def test_a_follow_up_that_fails_costs_nothing_either(
    build: Build, style: str, voice: Provider, sms: Provider
) -> None:
    """Where nobody answered and the next transport refuses, the user can ask again as before."""
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK, policy=LIMITS)
    challenge = subject.issue()
    refuse(sms)

    subject.handle_receipt(report(voice.messages[0], UNANSWERED))

    subject.advance(60)
    assert subject.resend(challenge.id).delivery.provider_ref == "voice-2"
    assert subject.verify(challenge.id, voice.code)
