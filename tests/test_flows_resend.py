"""`resend`: a new code in the same challenge, that refills nothing and moves no deadline."""

from __future__ import annotations

from typing import Any

import pytest

from otpflow import (
    Challenge,
    ChallengeError,
    ConfigurationError,
    Delivery,
    DeliveryError,
    DeliveryState,
    DeliveryUnknownError,
    Policy,
    Templates,
    ThrottledError,
    Verdict,
)
from otpflow.models import Outcome
from tests.conftest import Build
from tests.expected import MASKED, about
from tests.stores.doubles import watched
from tests.subjects import Subject
from tests.test_flows_verify import ids_of_nothing


def resent(build: Build, **numbers: Any) -> tuple[Subject, Challenge, str, str]:
    """Issue and send again; give the challenge as issued, and both codes."""
    subject = build(policy=Policy(cooldown=0, **numbers))
    challenge = subject.issue()
    first = subject.code
    subject.resend(challenge.id)
    return subject, challenge, first, subject.code


def test_a_challenge_that_is_sent_again_tells_all_there_is_to_show(build: Build) -> None:
    """Every field has its value: one send less, the attempts as they were."""
    subject = build(policy=Policy(cooldown=30))
    issued = subject.issue()
    subject.verify(issued.id, subject.wrong)
    subject.advance(30)

    assert subject.resend(issued.id) == Challenge(
        id=issued.id,
        recipient_masked=MASKED,
        channel="voice",
        purpose="login",
        expires_in=180.0,
        resend_after=about(30),
        sends_left=1,
        attempts_left=4,
        delivery=Delivery(state=DeliveryState.ACCEPTED, provider="outbox", provider_ref="2"),
    )


def test_the_new_code_replaces_the_old_one(build: Build) -> None:
    """The old code is superseded, which costs an attempt; the new one verifies."""
    subject, challenge, old, new = resent(build)

    assert subject.verify(challenge.id, old) == Verdict(
        outcome=Outcome.SUPERSEDED, purpose="login", attempts_left=4
    )
    assert subject.verify(challenge.id, new)


def test_both_codes_work_where_they_overlap(build: Build) -> None:
    """The old code verifies as well, and then neither does."""
    subject, challenge, old, new = resent(build, resend="overlap")

    assert subject.verify(challenge.id, old)
    assert [subject.verify(challenge.id, code).outcome for code in (old, new)] == ["ALREADY_USED"] * 2


def test_overlapping_codes_end_one_after_the_other(build: Build) -> None:
    """Each lives until its own expiry; a late one is expired, and counted, while another lives."""
    subject = build(policy=Policy(cooldown=0, resend="overlap"))
    challenge = subject.issue()
    old = subject.code
    subject.advance(100)
    subject.resend(challenge.id)
    subject.advance(100)

    assert subject.verify(challenge.id, old) == Verdict(
        outcome=Outcome.EXPIRED, purpose="login", attempts_left=4
    )
    assert subject.verify(challenge.id, subject.code)


def test_overlapping_codes_share_one_budget_of_attempts(build: Build) -> None:
    """Two codes are not twice as many guesses."""
    subject, challenge, old, new = resent(build, resend="overlap", attempts=2)
    left = [subject.verify(challenge.id, subject.wrong).attempts_left for _ in range(2)]

    assert left == [1, 0]
    assert {subject.verify(challenge.id, code).outcome for code in (old, new)} == {"EXHAUSTED"}


def test_sending_again_refills_no_attempt(build: Build) -> None:
    """The attempts that were spent stay spent."""
    subject = build(policy=Policy(cooldown=0, attempts=3))
    challenge = subject.issue()
    subject.verify(challenge.id, subject.wrong)
    subject.verify(challenge.id, subject.wrong)

    assert subject.resend(challenge.id).attempts_left == 1
    assert subject.verify(challenge.id, subject.code).attempts_left == 0


@pytest.mark.parametrize("resend", ["replace", "overlap"])
def test_sending_again_never_moves_the_end(build: Build, resend: Any) -> None:
    """A code that is sent late lives only until the challenge's own end."""
    subject = build(policy=Policy(cooldown=0, resend=resend))
    challenge = subject.issue()
    subject.advance(550)
    again = subject.resend(challenge.id)
    assert again.expires_in == about(50)
    subject.advance(51)

    assert subject.verify(challenge.id, subject.code) == Verdict(outcome=Outcome.EXPIRED, purpose="login")
    with pytest.raises(ChallengeError) as caught:
        subject.resend(challenge.id)
    assert caught.value.state == "EXPIRED"


def test_a_send_of_unknown_fate_never_moves_the_end_either(build: Build) -> None:
    """Its code, too, lives only until the challenge's own end."""
    subject = build(policy=Policy(cooldown=0))
    challenge = subject.issue()
    subject.advance(550)
    subject.outbox.fail(DeliveryUnknownError("timeout"))

    assert subject.resend(challenge.id).expires_in == about(50)


def test_another_channel_may_be_asked_for(build: Build) -> None:
    """The text is that of the other channel, in the language, for the purpose and context of the first send."""
    templates = Templates({"en": {"sms": "$app $code $purpose $amount"}}, fields=("amount",))
    subject = build(policy=Policy(cooldown=0, ttl=300), templates=templates)
    asked: dict[str, Any] = {"purpose": "payment", "context": {"amount": 5}}
    challenge = subject.issue(channel="voice", locale="en", **asked)
    again = subject.resend(challenge.id, channel="sms")

    assert (again.channel, again.purpose, again.expires_in) == ("sms", "payment", about(300))
    assert subject.outbox.last.content == f"otpflow {subject.code} payment 5"
    assert subject.resend(challenge.id).channel == "voice"
    assert subject.verify(challenge.id, subject.code, **asked)


def test_a_channel_must_be_served(subject: Subject) -> None:
    """A channel that is not is refused before the store is asked."""
    challenge = subject.issue()
    subject, store = watched(subject)

    with pytest.raises(ConfigurationError, match="channel is 'fax'"):
        subject.resend(challenge.id, channel="fax")
    assert store.ran == []


def test_what_the_text_says_must_be_in_the_context(build: Build) -> None:
    """Where another channel's text needs more than there is, nothing is sent and nothing is spent."""
    templates = Templates({"vi": {"sms": "$code $amount"}}, fields=("amount",))
    subject = build(policy=Policy(cooldown=5), templates=templates)
    challenge = subject.issue(channel="voice")
    subject.advance(5)
    with pytest.raises(ConfigurationError, match="amount"):
        subject.resend(challenge.id, channel="sms")

    assert subject.resend(challenge.id).sends_left == 1
    assert len(subject.outbox.messages) == 2


def test_only_a_pending_challenge_is_sent_again(build: Build) -> None:
    """Verified, cancelled, exhausted and unknown challenges are not, and the error says which."""
    subject = build(policy=Policy(cooldown=0, attempts=1))
    verified, cancelled, exhausted = (subject.issue() for _ in range(3))
    subject.verify(exhausted.id, subject.wrong)
    subject.cancel(cancelled.id)
    subject.outbox.clear()
    used = subject.issue()
    subject.verify(used.id, subject.code)
    expected = {cancelled.id: "CANCELLED", exhausted.id: "EXHAUSTED", used.id: "VERIFIED"}
    subject.outbox.clear()

    for challenge_id, state in expected.items():
        with pytest.raises(ChallengeError) as caught:
            subject.resend(challenge_id)
        assert caught.value.state == state
    assert subject.outbox.messages == ()
    assert subject.resend(verified.id).sends_left == 1


def test_nothing_is_sent_again_for_an_id_of_nothing(subject: Subject) -> None:
    """Whatever names no challenge is expired."""
    for challenge_id in ids_of_nothing():
        with pytest.raises(ChallengeError) as caught:
            subject.resend(challenge_id)
        assert caught.value.state == "EXPIRED"
    assert subject.outbox.messages == ()


def test_a_refused_send_leaves_the_first_code_working(build: Build) -> None:
    """The provider refuses the second send: the first code works, cooldown and budget are given back."""
    subject = build(policy=Policy(cooldown=30))
    challenge = subject.issue()
    first = subject.code
    subject.advance(30)
    subject.outbox.fail(DeliveryError("104"))
    with pytest.raises(DeliveryError, match="104"):
        subject.resend(challenge.id)

    status = subject.inspect(challenge.id)
    assert (status.sends_left, status.resend_after, status.state) == (2, 0.0, "PENDING")
    assert subject.resend(challenge.id).sends_left == 1
    assert subject.verify(challenge.id, first).outcome == "SUPERSEDED"
    assert subject.verify(challenge.id, subject.code)


def test_the_first_code_verifies_after_a_refused_send(build: Build) -> None:
    """Nothing of the refused send is left."""
    subject = build(policy=Policy(cooldown=0))
    challenge = subject.issue()
    subject.outbox.fail(DeliveryError())
    with pytest.raises(DeliveryError):
        subject.resend(challenge.id)

    assert subject.verify(challenge.id, subject.code)


def test_a_send_of_unknown_fate_ends_no_earlier_code(build: Build) -> None:
    """Nobody knows whether the phone rings: both codes work, and the send stays counted."""
    unknown = DeliveryUnknownError("timeout")
    subject = build(policy=Policy(cooldown=30))
    challenge = subject.issue()
    subject.advance(30)
    subject.outbox.fail(unknown)
    again = subject.resend(challenge.id)

    assert (again.delivery, again.sends_left) == (Delivery(provider="outbox"), 1)
    with pytest.raises(ThrottledError):
        subject.resend(challenge.id)
    assert subject.verify(challenge.id, subject.code)
