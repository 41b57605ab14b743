"""`verify`, `cancel` and `inspect`: every outcome, whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from otpflow import (
    ChallengeState,
    ChallengeStatus,
    ConfigurationError,
    Delivery,
    DeliveryState,
    Policy,
    Verdict,
)
from otpflow.keys import Keyring, new_key
from otpflow.models import Outcome
from tests.conftest import Build
from tests.expected import about
from tests.stores.doubles import watched
from tests.subjects import KEYS, NUMBER, Subject

GONE = Verdict(outcome=Outcome.EXPIRED, purpose="login")
SENT = Delivery(state=DeliveryState.ACCEPTED, provider="outbox", provider_ref="1")
NOTHING = ChallengeStatus(
    state=ChallengeState.EXPIRED,
    attempts_left=0,
    sends_left=0,
    expires_in=0.0,
    resend_after=0.0,
    delivery=Delivery(),
)


def ids_of_nothing() -> list[object]:
    """Give what names no challenge, in every way there is."""
    ring, stranger = Keyring(KEYS), Keyring(new_key("k9"))
    return [
        *("", "k1", "k1.", "k1." + "A" * 43, "k1." + "A" * 45, "x" * 81, "k1." + "ß" * 44),
        *(None, True, 7, b"k1.", ["k1."]),
        ring.challenge_id(ring.new_address(ring.slot("number", "default", NUMBER))),
        stranger.challenge_id(stranger.new_address(stranger.slot("number", "default", NUMBER))),
    ]


def test_the_right_code_names_the_number_that_was_called(subject: Subject) -> None:
    """A verdict that is true tells the number, and nothing else does."""
    challenge = subject.issue()

    assert subject.verify(challenge.id, subject.wrong) == Verdict(
        outcome=Outcome.WRONG_CODE, purpose="login", attempts_left=4
    )
    assert subject.verify(challenge.id, subject.code) == Verdict(
        outcome=Outcome.VERIFIED, purpose="login", attempts_left=3, recipient=NUMBER
    )
    assert subject.verify(challenge.id, subject.code) == Verdict(
        outcome=Outcome.ALREADY_USED, purpose="login", attempts_left=3
    )


def test_a_code_may_be_typed_with_separators_and_other_digits(subject: Subject) -> None:
    """Spaces, dashes, dots and full-width digits are the same code."""
    challenge = subject.issue()
    wide = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in subject.code)

    assert subject.verify(challenge.id, f" {wide[:3]}-{wide[3:]}. ")


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", None, 123456, ["1"]])
def test_what_can_be_no_code_costs_nothing(subject: Subject, typed: object) -> None:
    """The store is not asked, and no attempt is spent."""
    challenge = subject.issue()
    other, store = watched(subject)

    assert other.verify(challenge.id, typed) == Verdict(outcome=Outcome.MALFORMED, purpose="login")
    assert (store.ran, other.events) == ([], [])
    assert subject.inspect(challenge.id).attempts_left == 5


def test_an_id_of_nothing_is_expired(subject: Subject) -> None:
    """Whatever is no id of a living challenge looks the same, and harms nothing."""
    for challenge_id in ids_of_nothing():
        assert subject.verify(challenge_id, "123456") == GONE
        assert subject.inspect(challenge_id) == NOTHING
        subject.cancel(challenge_id)


def test_the_attempts_are_spent_one_by_one(subject: Subject) -> None:
    """After five wrong codes even the right one is refused."""
    challenge = subject.issue()
    verdicts = [subject.verify(challenge.id, subject.wrong) for _ in range(5)]

    assert [verdict.attempts_left for verdict in verdicts] == [4, 3, 2, 1, 0]
    assert {verdict.outcome for verdict in verdicts} == {"WRONG_CODE"}
    assert subject.verify(challenge.id, subject.code) == Verdict(
        outcome=Outcome.EXHAUSTED, purpose="login", attempts_left=0
    )
    assert subject.inspect(challenge.id) == ChallengeStatus(
        state=ChallengeState.EXHAUSTED,
        attempts_left=0,
        sends_left=0,
        expires_in=0.0,
        resend_after=about(60),
        delivery=SENT,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "payment"},
        {"context": {"amount": 500_001}},
        {"context": None},
        {"context": {"amount": 500_000, "payee": "x"}},
        {"context": {"amount": "0500000"}},
    ],
    ids=repr,
)
def test_the_right_digits_for_something_else_are_wrong(subject: Subject, changes: dict[str, Any]) -> None:
    """A code is bound to purpose and context; elsewhere it is a wrong code, and counted."""
    asked: dict[str, Any] = {"purpose": "login", "context": {"amount": 500_000}}
    challenge = subject.issue(**asked)

    verdict = subject.verify(challenge.id, subject.code, **{**asked, **changes})

    assert (verdict.outcome, verdict.attempts_left, verdict.recipient) == ("WRONG_CODE", 4, None)
    assert subject.verify(challenge.id, subject.code, purpose="login", context={"amount": "500000"})


def test_the_code_of_another_challenge_is_wrong(build: Build) -> None:
    """A code verifies its own challenge only, even for the same number."""
    subject = build(policy=Policy(cooldown=0))
    first, code = subject.issue(), subject.code
    second = subject.issue()

    assert subject.verify(second.id, code).outcome == "WRONG_CODE"
    assert subject.verify(first.id, code)


def test_another_namespace_or_other_keys_know_nothing_of_it(subject: Subject) -> None:
    """A challenge lives in its namespace, under its keys."""
    challenge = subject.issue()
    elsewhere = subject.another(namespace="shop")
    stranger = subject.another(keys=new_key("k1"))

    assert elsewhere.verify(challenge.id, subject.code) == Verdict(
        outcome=Outcome.WRONG_CODE, purpose="login", attempts_left=4
    )
    assert stranger.verify(challenge.id, subject.code) == GONE
    assert subject.verify(challenge.id, subject.code)


def test_a_code_ends_before_its_challenge(build: Build) -> None:
    """A code that is over is expired, costs no attempt, and can be sent anew."""
    subject = build(policy=Policy(ttl=100))
    challenge = subject.issue()
    subject.advance(101)

    assert subject.verify(challenge.id, subject.code) == GONE
    assert subject.inspect(challenge.id) == ChallengeStatus(
        state=ChallengeState.EXPIRED,
        attempts_left=5,
        sends_left=2,
        expires_in=0.0,
        resend_after=0.0,
        delivery=SENT,
    )
    subject.resend(challenge.id)
    assert subject.verify(challenge.id, subject.code)


def test_a_challenge_ends_with_its_lifetime(build: Build) -> None:
    """After `max_lifetime` nothing is left of it."""
    subject = build(policy=Policy(ttl=300, max_lifetime=300))
    challenge = subject.issue(channel="sms")
    subject.advance(299)
    assert subject.inspect(challenge.id).state == "PENDING"
    subject.advance(2)

    assert subject.verify(challenge.id, subject.code) == GONE
    assert subject.inspect(challenge.id) == NOTHING


def test_a_challenge_is_pending_until_it_is_verified(subject: Subject) -> None:
    """Its status follows it."""
    challenge = subject.issue()
    pending = subject.inspect(challenge.id)
    subject.verify(challenge.id, subject.code)

    assert pending == ChallengeStatus(
        state=ChallengeState.PENDING,
        attempts_left=5,
        sends_left=2,
        expires_in=about(180),
        resend_after=about(60),
        delivery=SENT,
    )
    assert subject.inspect(challenge.id) == replace(
        pending,
        state=ChallengeState.VERIFIED,
        attempts_left=0,
        sends_left=0,
        expires_in=0.0,
        resend_after=about(60),
    )


def test_a_cancelled_challenge_verifies_no_more(subject: Subject) -> None:
    """Its code is expired, its budget stays spent, and cancelling again says the same."""
    challenge = subject.issue()
    subject.cancel(challenge.id)
    subject.cancel(challenge.id)

    assert subject.verify(challenge.id, subject.code) == GONE
    assert subject.inspect(challenge.id) == ChallengeStatus(
        state=ChallengeState.CANCELLED,
        attempts_left=0,
        sends_left=0,
        expires_in=0.0,
        resend_after=about(60),
        delivery=SENT,
    )
    assert [event.kind for event in subject.events] == ["ISSUED", "CANCELLED", "CANCELLED", "CHECKED"]


def test_a_verified_challenge_cannot_be_cancelled(subject: Subject) -> None:
    """What was verified stays verified."""
    challenge = subject.issue()
    subject.verify(challenge.id, subject.code)
    subject.cancel(challenge.id)

    assert subject.inspect(challenge.id).state == "VERIFIED"
    assert [event.kind for event in subject.events] == ["ISSUED", "CHECKED"]


def test_the_same_attempt_gets_the_same_verdict(subject: Subject) -> None:
    """Asked again with the same `attempt_id` and code, a try costs nothing more."""
    challenge = subject.issue()
    wrong = subject.verify(challenge.id, subject.wrong, attempt_id="try 1")
    assert subject.verify(challenge.id, subject.wrong, attempt_id="try 1") == wrong
    right = subject.verify(challenge.id, subject.code, attempt_id="try 2")

    assert subject.verify(challenge.id, subject.code, attempt_id="try 2") == right
    assert (wrong.attempts_left, right.attempts_left, right.recipient) == (4, 3, NUMBER)
    assert subject.verify(challenge.id, subject.code, attempt_id="try 3").outcome == "ALREADY_USED"


def test_an_attempt_id_is_no_way_to_guess_for_free(subject: Subject) -> None:
    """Another code under the same `attempt_id` is another attempt."""
    challenge = subject.issue()
    sent = int(subject.code)
    guesses = [f"{(sent + step) % 1_000_000:06d}" for step in (1, 2, 3)]

    left = [subject.verify(challenge.id, guess, attempt_id="try").attempts_left for guess in guesses]
    assert left == [4, 3, 2]
    assert subject.verify(challenge.id, subject.code, attempt_id="try", purpose="payment").attempts_left == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"purpose": "log in"}, "purpose='log in'"),
        ({"context": {"amount": 0.5}}, "context['amount'] is a float"),
        ({"attempt_id": 7}, "attempt_id is no str of 1 to 200 characters"),
        ({"attempt_id": "x" * 201}, "attempt_id is no str of 1 to 200 characters"),
    ],
)
def test_wrong_arguments_cost_no_attempt(subject: Subject, arguments: dict[str, Any], problem: str) -> None:
    """A wrong argument is named, and the store is not asked."""
    challenge = subject.issue()
    subject, store = watched(subject)

    with pytest.raises(ConfigurationError) as caught:
        subject.verify(challenge.id, "123456", **arguments)

    assert problem in str(caught.value)
    assert store.ran == []
