"""Attempts and budgets are refilled by no way round, and by a success only where the design says so."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from otpflow import Challenge, ChallengeError, DeliveryError, Outcome, Policy, Verdict
from tests.conftest import Build
from tests.subjects import NUMBER, Subject

HOUR, DAY, MONTH = 3_600.0, 86_400.0, 30 * 86_400.0
OTHER = "+84912345678"
# Sends without end, so that only guesses are counted.
SENDS: dict[str, Any] = {"cooldown": 0, "sends": 10, "sends_per_hour": 1_000, "sends_per_day": 1_000}
GUESSES: dict[str, Any] = {"wrong_per_hour": 1_000, "wrong_per_day": 1_000}
EXHAUSTED = Verdict(outcome=Outcome.EXHAUSTED, purpose="login", attempts_left=0)


def miss(subject: Subject, challenge: Challenge, times: int, purpose: str = "login") -> None:
    """Guess wrong, and see each guess compared."""
    wrong = subject.wrong
    found = [subject.verify(challenge.id, wrong, purpose=purpose).outcome for _ in range(times)]
    assert found == ["WRONG_CODE"] * times


def misses(subject: Subject, times: int, number: str = NUMBER) -> None:
    """Guess wrong at as many challenges of a number as it takes."""
    for start in range(0, times, 5):
        miss(subject, subject.issue(number), min(5, times - start))


def throttled(subject: Subject, number: str = NUMBER) -> float:
    """See the right code of a new challenge refused unseen.

    Returns:
        Seconds until it would be looked at.
    """
    challenge = subject.issue(number)
    verdict = subject.verify(challenge.id, subject.code)
    assert verdict.retry_after is not None
    assert verdict == Verdict(
        outcome=Outcome.THROTTLED, purpose="login", attempts_left=5, retry_after=verdict.retry_after
    )
    assert subject.inspect(challenge.id).attempts_left == 5
    return verdict.retry_after


def succeed(subject: Subject, number: str = NUMBER) -> None:
    """See the right code of a new challenge verified."""
    assert subject.verify(subject.issue(number).id, subject.code).recipient == number


@pytest.mark.guarantee("G4")
@pytest.mark.parametrize("resend", ["replace", "overlap"])
def test_sending_again_refills_nothing(build: Build, resend: Literal["replace", "overlap"]) -> None:
    """The attempts of a challenge are for all its codes together, on all its channels."""
    subject = build(policy=Policy(resend=resend, **SENDS))
    challenge = subject.issue()
    miss(subject, challenge, 2)
    assert subject.resend(challenge.id, channel="sms").attempts_left == 3
    miss(subject, challenge, 2)
    assert subject.resend(challenge.id, channel="zalo").attempts_left == 1
    miss(subject, challenge, 1)

    assert {subject.verify(challenge.id, message.code) for message in subject.outbox.messages} == {EXHAUSTED}
    with pytest.raises(ChallengeError, match="EXHAUSTED"):
        subject.resend(challenge.id)


@pytest.mark.guarantee("G4")
def test_a_send_that_fails_refills_nothing(build: Build) -> None:
    """What is given back after a refused send is the send, and no attempt."""
    subject = build(policy=Policy(**SENDS))
    challenge = subject.issue()
    miss(subject, challenge, 3)
    subject.outbox.fail(DeliveryError("busy"))
    with pytest.raises(DeliveryError):
        subject.resend(challenge.id)

    status = subject.inspect(challenge.id)

    assert (status.attempts_left, status.sends_left) == (2, 9)


@pytest.mark.guarantee("G4")
def test_asking_again_for_a_challenge_refills_nothing(subject: Subject) -> None:
    """The same idempotency key gives the same challenge as it stands."""
    challenge = subject.issue(idempotency_key="form-17")
    miss(subject, challenge, 4)

    again = subject.issue(idempotency_key="form-17")

    assert (again.id, again.attempts_left) == (challenge.id, 1)


@pytest.mark.guarantee("G4")
def test_a_superseded_code_is_counted(build: Build) -> None:
    """An earlier code is no free guess, of the challenge or of the number."""
    subject = build(policy=Policy(wrong_per_hour=2, **SENDS))
    challenge = subject.issue()
    earlier = subject.code
    subject.resend(challenge.id)

    verdicts = [subject.verify(challenge.id, earlier) for _ in range(2)]

    assert [(each.outcome, each.attempts_left) for each in verdicts] == [("SUPERSEDED", 4), ("SUPERSEDED", 3)]
    assert throttled(subject) == pytest.approx(HOUR, abs=30)


@pytest.mark.guarantee("G4")
def test_an_hour_over_all_ways(subject: Subject) -> None:
    """Ten wrong codes in an hour, whatever the challenge, purpose, channel and session; then not even the right one."""
    miss(subject, subject.issue(), 4)
    subject.advance(61)
    sessions = (subject, subject.another())
    miss(sessions[1], sessions[1].issue(purpose="payment", channel="sms"), 3, "payment")
    subject.advance(61)
    cancelled = subject.issue(purpose="reset", channel="zalo", context={"amount": 500_000})
    miss(subject, cancelled, 3, "reset")
    subject.cancel(cancelled.id)
    subject.advance(61)

    for seconds, session in zip((183, 244), sessions, strict=True):
        assert throttled(session) == pytest.approx(HOUR - seconds, abs=30)
        subject.advance(61)


@pytest.mark.guarantee("G4")
def test_the_hour_ends_guess_by_guess(build: Build) -> None:
    """Room comes back as guesses become an hour old, and a success makes none."""
    subject = build(policy=Policy(**SENDS))
    misses(subject, 4)
    subject.advance(1_800)
    misses(subject, 6)
    subject.advance(throttled(subject) - 30)
    assert throttled(subject) <= 30
    subject.advance(60)

    for _ in range(3):
        succeed(subject)

    misses(subject, 4)
    assert throttled(subject) == pytest.approx(1_770, abs=60)


@pytest.mark.guarantee("G4")
def test_a_day_over_all_ways(build: Build) -> None:
    """Twenty wrong codes in a day; successes in between change nothing."""
    subject = build(policy=Policy(**SENDS))
    misses(subject, 9)
    succeed(subject)
    misses(subject, 1)
    subject.advance(HOUR)
    misses(subject, 10)
    subject.advance(HOUR)

    assert throttled(subject) == pytest.approx(DAY - 2 * HOUR, abs=30)
    subject.advance(DAY - 2 * HOUR)
    misses(subject, 10)
    assert throttled(subject) == pytest.approx(HOUR, abs=30)


@pytest.mark.guarantee("G4")
def test_a_hundred_in_a_row(build: Build) -> None:
    """A hundred wrong codes in a row end it for 30 days, over as many challenges as they take."""
    subject = build(policy=Policy(**SENDS, **GUESSES))
    misses(subject, 95)
    subject.advance(DAY)
    misses(subject, 5)

    assert throttled(subject) == pytest.approx(MONTH, abs=30)
    subject.advance(MONTH - 60)
    assert throttled(subject) <= 60
    subject.advance(60)
    succeed(subject)


@pytest.mark.guarantee("G4")
def test_a_hundred_in_a_row_by_the_default_policy(build: Build) -> None:
    """Who spends twenty guesses every day is stopped after the fifth."""
    subject = build(policy=Policy(**SENDS))
    for _ in range(5):
        misses(subject, 10)
        subject.advance(2 * HOUR)
        misses(subject, 10)
        subject.advance(DAY)

    assert throttled(subject) == pytest.approx(MONTH - DAY, abs=30)


@pytest.mark.guarantee("G4")
def test_the_row_does_not_forget_meanwhile(build: Build) -> None:
    """The row is remembered for 30 days after the last wrong code, not after the first."""
    subject = build(policy=Policy(wrong_in_a_row=3, **SENDS))
    for _ in range(3):
        misses(subject, 1)
        subject.advance(MONTH - 3_000)

    assert throttled(subject) == pytest.approx(3_000, abs=30)


@pytest.mark.guarantee("G4")
def test_a_success_ends_the_row_and_nothing_else(build: Build) -> None:
    """After a success the row begins anew, and the hour goes on."""
    subject = build(policy=Policy(wrong_in_a_row=6, **SENDS))
    misses(subject, 5)
    succeed(subject)
    misses(subject, 5)

    assert throttled(subject) == pytest.approx(HOUR, abs=30)
    subject.advance(HOUR)
    misses(subject, 1)
    assert throttled(subject) == pytest.approx(MONTH, abs=30)


@pytest.mark.guarantee("G4")
@pytest.mark.parametrize(
    "limits", [{"wrong_per_hour": 5}, {"wrong_per_day": 5, "wrong_per_hour": 5}, {"wrong_in_a_row": 5}]
)
def test_support_lifts_the_budgets(build: Build, limits: dict[str, Any]) -> None:
    """`unlock` lifts every guess budget of the number, in any spelling, and refills no attempts."""
    subject = build(policy=Policy(**{**SENDS, **limits}))
    spent = subject.issue()
    miss(subject, spent, 5)
    throttled(subject)

    subject.unlock("0901 888 484")

    assert subject.verify(spent.id, subject.outbox.messages[0].code) == EXHAUSTED
    misses(subject, 5)
    throttled(subject)


def kept(subject: Subject) -> dict[bytes, bytes]:
    """Read everything that the store holds now."""
    return {key: subject.admin.dump(key) for key in subject.admin.keys("otpflow:*")}


@pytest.mark.guarantee("G6")
@pytest.mark.parametrize("limits", [{}, {"wrong_in_a_row": 10, **GUESSES}])
def test_a_success_is_for_its_number_alone(build: Build, limits: dict[str, Any]) -> None:
    """After a success of one number another one has as much room as before, no more and no less."""
    subject = build(policy=Policy(**{**SENDS, **limits}))
    misses(subject, 9, OTHER)
    before = kept(subject)
    misses(subject, 5)

    for _ in range(3):
        succeed(subject)

    after = kept(subject)
    assert {key: after[key] for key in before} == before
    misses(subject, 1, OTHER)
    throttled(subject, OTHER)
    misses(subject, 5)


@pytest.mark.guarantee("G6")
def test_a_success_is_for_its_challenge_alone(build: Build) -> None:
    """Another challenge of the same number has as many attempts as before."""
    subject = build(policy=Policy(**SENDS))
    challenge = subject.issue()
    miss(subject, challenge, 3)

    succeed(subject)

    assert subject.inspect(challenge.id).attempts_left == 2


@pytest.mark.guarantee("G6")
def test_a_success_is_for_its_namespace_alone(build: Build) -> None:
    """In another application on the same Redis the number's row goes on."""
    subject = build(policy=Policy(wrong_in_a_row=5, **SENDS))
    misses(subject, 5)

    succeed(subject.another(namespace="other"))

    throttled(subject)
