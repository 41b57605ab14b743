"""The events of each call, whole and in order; and what becomes of a record that was tampered with."""

from __future__ import annotations

from typing import Any

import pytest

from otpflow import Challenge, ChallengeError, Event, EventKind, Policy, ThrottledError, Verdict
from otpflow.models import Outcome
from tests.conftest import Build
from tests.expected import MASKED, locator, untimed
from tests.subjects import Subject


def sending(kind: EventKind, challenge: Challenge, **detail: str) -> Event:
    """Write the event of a step of sending."""
    return Event(
        kind=kind,
        at=0.0,
        challenge=locator(challenge.id),
        recipient_masked=MASKED,
        purpose="login",
        channel="voice",
        detail=detail,
    )


def checking(challenge: Challenge, outcome: Outcome, purpose: str = "login") -> Event:
    """Write the event of a check."""
    return Event(
        kind=EventKind.CHECKED,
        at=0.0,
        challenge=locator(challenge.id),
        purpose=purpose,
        detail={"outcome": outcome.value},
    )


def bare(kind: EventKind, challenge: Challenge, **detail: str) -> Event:
    """Write an event that knows the challenge alone."""
    return Event(kind=kind, at=0.0, challenge=locator(challenge.id), detail=detail)


def test_the_life_of_a_challenge_is_told(build: Build) -> None:
    """Issue, re-send, a wrong, an old and the right code, and the same again."""
    subject = build(policy=Policy(cooldown=0))
    challenge = subject.issue()
    old = subject.code
    subject.resend(challenge.id)
    for code in (subject.wrong, old, subject.code, subject.code):
        subject.verify(challenge.id, code)

    assert untimed(subject.events) == [
        sending(EventKind.ISSUED, challenge, provider="outbox", delivery="ACCEPTED"),
        sending(EventKind.RESENT, challenge, provider="outbox", delivery="ACCEPTED"),
        checking(challenge, Outcome.WRONG_CODE),
        checking(challenge, Outcome.SUPERSEDED),
        checking(challenge, Outcome.VERIFIED),
        checking(challenge, Outcome.ALREADY_USED),
    ]
    assert sorted(event.at for event in subject.events) == [event.at for event in subject.events]
    assert subject.events[0].at > 1_600_000_000


def test_what_is_refused_is_told(build: Build) -> None:
    """A second issue and a re-send in the cooldown, and a check without attempts."""
    subject = build(policy=Policy(attempts=1))
    challenge = subject.issue()
    subject.events.clear()
    with pytest.raises(ThrottledError):
        subject.issue(purpose="login")
    with pytest.raises(ThrottledError):
        subject.resend(challenge.id)
    subject.verify(challenge.id, subject.wrong)
    subject.verify(challenge.id, subject.code, purpose="payment")
    throttled, *others = untimed(subject.events)

    assert throttled == Event(
        kind=EventKind.THROTTLED,
        at=0.0,
        challenge=throttled.challenge,
        recipient_masked=MASKED,
        purpose="login",
        channel="voice",
        detail={"limit": "cooldown"},
    )
    assert throttled.challenge != locator(challenge.id)
    assert others == [
        bare(EventKind.THROTTLED, challenge, limit="cooldown"),
        checking(challenge, Outcome.WRONG_CODE),
        checking(challenge, Outcome.EXHAUSTED, "payment"),
    ]


def test_a_cancelled_challenge_is_told(subject: Subject) -> None:
    """Cancelled, and then expired to whoever types its code."""
    challenge = subject.issue()
    subject.cancel(challenge.id)
    subject.verify(challenge.id, subject.code)

    assert untimed(subject.events)[1:] == [
        bare(EventKind.CANCELLED, challenge),
        checking(challenge, Outcome.EXPIRED),
    ]


def test_lifting_the_budgets_of_a_number_is_told(subject: Subject) -> None:
    """The number is masked."""
    subject.unlock()

    assert untimed(subject.events) == [Event(kind=EventKind.UNLOCKED, at=0.0, recipient_masked=MASKED)]


def test_looking_is_not_told(subject: Subject) -> None:
    """`inspect` changes nothing, and says nothing."""
    challenge = subject.issue()
    subject.events.clear()
    subject.inspect(challenge.id)

    assert subject.events == []


def test_a_hook_that_fails_harms_nothing(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    """The call goes on, the next hook hears of it, and the log names the hook, without its words."""
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError(f"secret {event.purpose}")

    subject = build(on_event=(broken, heard.append))
    challenge = subject.issue()

    assert subject.verify(challenge.id, subject.code)
    assert [event.kind for event in heard] == ["ISSUED", "CHECKED"]
    named = f"the event hook {broken.__qualname__} raised RuntimeError"
    assert [record.getMessage() for record in caplog.records] == [named] * 2


def test_an_engine_that_nobody_listens_to_works_as_well(build: Build) -> None:
    """Without a hook no event is made."""
    subject = build(on_event=())
    challenge = subject.issue()
    subject.verify(challenge.id, subject.wrong)
    subject.cancel(challenge.id)

    assert subject.verify(challenge.id, subject.code).outcome == "EXPIRED"
    assert subject.events == []


def tampered(subject: Subject, name: str, value: str) -> None:
    """Change one field of the only challenge there is."""
    key = next(iter(subject.admin.scan_iter("*:challenge:*")))
    subject.admin.hset(key, name, value)


@pytest.mark.parametrize("value", ["", "AAAA", "not base64!", "A" * 60])
def test_a_number_that_was_tampered_with_is_never_verified(subject: Subject, value: str) -> None:
    """The right code is expired then, an event says why, and nothing is sent again."""
    challenge = subject.issue()
    tampered(subject, "sealed", value)
    subject.events.clear()

    assert subject.verify(challenge.id, subject.code) == Verdict(
        outcome=Outcome.EXPIRED, purpose="login", attempts_left=4
    )
    assert untimed(subject.events) == [
        bare(EventKind.UNREADABLE, challenge),
        checking(challenge, Outcome.EXPIRED),
    ]


def test_a_number_that_was_tampered_with_after_the_verdict_is_not_given_out(subject: Subject) -> None:
    """A repeat of the attempt that verified cannot name the number any more, so it does not verify."""
    challenge = subject.issue()
    assert subject.verify(challenge.id, subject.code, attempt_id="try")
    tampered(subject, "sealed", "AAAA")
    subject.events.clear()

    assert subject.verify(challenge.id, subject.code, attempt_id="try") == Verdict(
        outcome=Outcome.EXPIRED, purpose="login", attempts_left=4
    )
    assert [event.kind for event in subject.events] == ["UNREADABLE", "CHECKED"]


@pytest.mark.parametrize("name", ["sealed", "context"])
def test_a_record_that_was_tampered_with_is_not_sent_again(build: Build, name: str) -> None:
    """The reservation is given back, and nobody is called."""
    subject = build(policy=Policy(cooldown=0))
    asked: dict[str, Any] = {"context": {"amount": 5}}
    challenge = subject.issue(**asked)
    key = next(iter(subject.admin.scan_iter("*:challenge:*")))
    before = subject.admin.hget(key, name)
    tampered(subject, name, "A" * 60)
    subject.events.clear()

    with pytest.raises(ChallengeError) as caught:
        subject.resend(challenge.id)
    assert caught.value.state == "EXPIRED"
    assert untimed(subject.events) == [bare(EventKind.UNREADABLE, challenge)]
    assert len(subject.outbox.messages) == 1
    subject.admin.hset(key, name, before)
    assert subject.inspect(challenge.id).sends_left == 2
    assert subject.verify(challenge.id, subject.code, **asked)


def test_a_number_cannot_be_moved_to_another_challenge(build: Build) -> None:
    """The sealed number of one challenge opens in no other one."""
    subject = build(policy=Policy(cooldown=0))
    challenge = subject.issue()
    other = subject.another(namespace="shop")
    other.issue("+84912345678")
    keys = list(subject.admin.scan_iter("*:challenge:*"))
    (mine,) = (key for key in keys if locator(challenge.id) in key.decode())
    (theirs,) = (key for key in keys if key != mine)
    subject.admin.hset(mine, "sealed", subject.admin.hget(theirs, "sealed"))

    assert subject.verify(challenge.id, subject.code).outcome == "EXPIRED"


def test_a_challenge_of_another_namespace_is_not_sent_again(build: Build) -> None:
    """An engine of another namespace can find the challenge by its id, and calls nobody for it."""
    subject = build(policy=Policy(cooldown=0))
    challenge = subject.issue()
    elsewhere = subject.another(namespace="shop")

    with pytest.raises(ChallengeError):
        elsewhere.resend(challenge.id)
    assert elsewhere.outbox.messages == ()
    assert subject.inspect(challenge.id).sends_left == 2
