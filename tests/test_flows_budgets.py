"""What a number may be sent, and how often it may be guessed at: across challenges, purposes and channels."""

from __future__ import annotations

import pytest

from otpflow import Outcome, Policy, ThrottledError, Verdict
from tests.conftest import Build
from tests.expected import about
from tests.subjects import Subject

OTHER = "+84912345678"


def refused(subject: Subject, challenge_id: str | None = None) -> tuple[str, float]:
    """Send once more, and tell which limit refuses it and for how long."""
    before = len(subject.outbox.messages)
    with pytest.raises(ThrottledError) as caught:
        subject.issue() if challenge_id is None else subject.resend(challenge_id)
    assert len(subject.outbox.messages) == before
    assert caught.value.retry_after is not None
    return caught.value.limit, caught.value.retry_after


def guess(subject: Subject, times: int) -> list[Verdict]:
    """Type wrong codes, five at each challenge."""
    verdicts: list[Verdict] = []
    while len(verdicts) < times:
        challenge = subject.issue()
        verdicts += [
            subject.verify(challenge.id, subject.wrong) for _ in range(min(5, times - len(verdicts)))
        ]
    return verdicts


def test_a_number_rests_between_two_sends(subject: Subject) -> None:
    """The cooldown holds for new challenges and re-sends, whatever the purpose and the channel."""
    challenge = subject.issue(channel="sms")

    assert refused(subject) == ("cooldown", about(60))
    assert refused(subject, challenge.id) == ("cooldown", about(60))
    with pytest.raises(ThrottledError):
        subject.issue("0901 888 484", purpose="payment", channel="zalo")
    subject.advance(61)
    subject.issue()
    subject.issue(OTHER)


def test_a_challenge_is_sent_a_few_times(build: Build) -> None:
    """After its last send only its end gives room, and that room is for another challenge."""
    subject = build(policy=Policy(cooldown=0))
    challenge = subject.issue()
    sends = [subject.resend(challenge.id).sends_left for _ in range(2)]

    assert (challenge.sends_left, sends) == (2, [1, 0])
    assert refused(subject, challenge.id) == ("challenge", about(600))
    subject.issue()


def test_an_hour_has_room_for_a_few_sends(build: Build) -> None:
    """The hour slides: room comes back when the oldest send is an hour old."""
    subject = build(policy=Policy(cooldown=0, sends_per_hour=3))
    subject.issue()
    subject.advance(1_000)
    challenge = subject.issue()
    subject.resend(challenge.id)

    assert refused(subject) == ("hour", about(2_600))
    assert refused(subject, challenge.id) == ("hour", about(2_600))
    subject.advance(2_601)
    subject.issue()
    assert refused(subject) == ("hour", about(1_000))


def test_a_day_has_room_for_some_more(build: Build) -> None:
    """The day slides too, and outlives every challenge."""
    subject = build(policy=Policy(cooldown=0, sends_per_hour=2, sends_per_day=3))
    for _ in range(3):
        subject.issue()
        subject.advance(3_601)

    assert refused(subject) == ("day", about(86_400 - 3 * 3_601))
    subject.issue(OTHER)
    subject.advance(86_400 - 3 * 3_601)
    subject.issue()


def test_the_wait_that_is_told_is_long_enough(build: Build) -> None:
    """After exactly `retry_after` seconds the call succeeds."""
    subject = build(policy=Policy(cooldown=30, sends_per_hour=1))
    subject.issue()
    limit, wait = refused(subject)
    subject.advance(wait)

    assert limit == "hour"
    subject.issue()


def test_another_namespace_has_budgets_of_its_own(subject: Subject) -> None:
    """Two applications on one Redis do not stand in each other's way."""
    subject.issue()

    assert subject.another(namespace="shop").issue().resend_after == about(60)


def test_wrong_codes_are_counted_per_number_and_hour(build: Build) -> None:
    """Neither a new challenge nor another purpose gives a guess back; the hour does."""
    subject = build(policy=Policy(cooldown=0, wrong_per_hour=7))
    verdicts = guess(subject, 7)
    challenge = subject.issue(purpose="payment")

    throttled = subject.verify(challenge.id, subject.code, purpose="payment")
    assert {verdict.outcome for verdict in verdicts} == {"WRONG_CODE"}
    assert throttled == Verdict(
        outcome=Outcome.THROTTLED, purpose="payment", attempts_left=5, retry_after=about(3_600)
    )
    subject.advance(3_601)
    again = subject.issue()
    assert subject.verify(again.id, subject.code)


def test_wrong_codes_are_counted_per_number_and_day(build: Build) -> None:
    """The day outlives the hour."""
    subject = build(policy=Policy(cooldown=0, sends_per_hour=9, wrong_per_hour=6, wrong_per_day=8))
    guess(subject, 6)
    subject.advance(3_601)
    guess(subject, 2)
    challenge = subject.issue()

    assert subject.verify(challenge.id, subject.code).retry_after == about(86_400 - 3_601)
    other = subject.issue(OTHER)
    assert subject.verify(other.id, subject.code)


def test_wrong_codes_in_a_row_are_counted_for_a_month(build: Build) -> None:
    """They lock the number for 30 days after the last of them, whatever was re-sent."""
    subject = build(policy=Policy(cooldown=0, wrong_in_a_row=6))
    guess(subject, 6)
    challenge = subject.issue()
    locked = subject.verify(challenge.id, subject.code)

    assert (locked.outcome, locked.attempts_left) == ("THROTTLED", 5)
    assert locked.retry_after == about(30 * 86_400)
    subject.advance(29 * 86_400)
    challenge = subject.issue()
    assert subject.verify(challenge.id, subject.code).retry_after == about(86_400)
    subject.advance(86_401)
    challenge = subject.issue()
    assert subject.verify(challenge.id, subject.code)


def test_a_success_ends_a_row_and_nothing_else(build: Build) -> None:
    """The right code forgets the row; the wrong codes of the hour stay counted."""
    subject = build(policy=Policy(cooldown=0, wrong_per_hour=8, wrong_in_a_row=6))
    guess(subject, 4)
    challenge = subject.issue()
    assert subject.verify(challenge.id, subject.code)

    assert {verdict.outcome for verdict in guess(subject, 4)} == {"WRONG_CODE"}
    challenge = subject.issue()
    limited = subject.verify(challenge.id, subject.code)
    assert (limited.outcome, limited.retry_after) == ("THROTTLED", about(3_600))


def test_support_staff_can_lift_the_guessing_budgets(build: Build) -> None:
    """`unlock` forgets the wrong codes of one number, in any spelling, and leaves its sends counted."""
    subject = build(policy=Policy(cooldown=0, sends_per_hour=3, wrong_in_a_row=5))
    guess(subject, 5)
    guess_other = subject.issue(OTHER)
    subject.verify(guess_other.id, subject.wrong)
    challenge = subject.issue()
    code = subject.code
    assert subject.verify(challenge.id, code).outcome == "THROTTLED"

    subject.unlock("0901 888 484")

    assert subject.verify(challenge.id, code)
    subject.issue()
    assert refused(subject)[0] == "hour"


def test_unlocking_a_number_that_is_not_locked_is_no_error(subject: Subject) -> None:
    """There is nothing to lift, and the event says that it was asked for."""
    subject.unlock()

    assert [(event.kind, event.recipient_masked) for event in subject.events] == [
        ("UNLOCKED", "+84*****8484")
    ]
