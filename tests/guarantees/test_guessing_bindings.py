"""The right digits are right only for what they were asked for, and trying them elsewhere is a guess."""

from __future__ import annotations

from typing import Any

import pytest

from otpflow import Challenge, Outcome, Policy, Verdict
from otpflow.keys import Keyring, new_key
from tests.conftest import Build
from tests.subjects import KEYS, NUMBER, Subject

OTHER = "+84912345678"
PAYMENT = {"amount": 500_000, "payee": "Lan"}
# What the second try finds where the first one was counted: by its attempts the store itself says so.
SECOND = Verdict(outcome=Outcome.VERIFIED, purpose="login", attempts_left=3, recipient=NUMBER)


def wrong(purpose: str = "login") -> Verdict:
    """Write what the first try finds where something else was asked."""
    return Verdict(outcome=Outcome.WRONG_CODE, purpose=purpose, attempts_left=4)


def record(subject: Subject, challenge: Challenge) -> Any:
    """Find a challenge in the store, as one may who has got hold of Redis and its id."""
    address = Keyring(KEYS).locate(challenge.id)
    assert address is not None
    [key] = subject.admin.keys(f"otpflow:*{address.locator}")
    return key


def two_challenges(subject: Subject, number: str) -> tuple[Challenge, str, Challenge]:
    """Issue two challenges whose codes differ.

    Returns:
        The first one, its code, and the second one, for `number`.
    """
    challenge = subject.issue()
    code = subject.code
    other = subject.issue(number)
    return (challenge, code, other) if subject.code != code else two_challenges(subject, number)


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("purpose", ["payment", "LOGIN", "login2", "logi"])
def test_another_purpose(subject: Subject, purpose: str) -> None:
    """A code for one purpose is a wrong code for another."""
    challenge = subject.issue()

    assert subject.verify(challenge.id, subject.code, purpose=purpose) == wrong(purpose)
    assert subject.verify(challenge.id, subject.code) == SECOND


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"amount": 500_001, "payee": "Lan"},
        {"amount": 500_000, "payee": "lan"},
        {"amount": 500_000},
        {"amount": "Lan", "payee": 500_000},
        {**PAYMENT, "fee": 0},
    ],
)
def test_another_context(subject: Subject, context: dict[str, str | int] | None) -> None:
    """A code for one amount and payee is a wrong code for every other."""
    challenge = subject.issue(context=PAYMENT)

    assert subject.verify(challenge.id, subject.code, context=context) == wrong()
    assert subject.verify(challenge.id, subject.code, context=PAYMENT) == SECOND


@pytest.mark.guarantee("G8")
def test_a_context_where_there_was_none(subject: Subject) -> None:
    """A code that was bound to nothing more is a wrong code for a payment."""
    challenge = subject.issue()

    assert subject.verify(challenge.id, subject.code, context=PAYMENT) == wrong()
    assert subject.verify(challenge.id, subject.code) == SECOND


@pytest.mark.guarantee("G8")
def test_a_context_that_is_written_like_another(subject: Subject) -> None:
    """What is bound cannot be moved from one field into another; the order of the fields is nothing."""
    challenge = subject.issue(context={"a": "b", "c": "d"})

    for context in ({"a": 'b","c":"d'}, {"a": "b,c:d"}, {"ab": "", "cd": ""}):
        assert subject.verify(challenge.id, subject.code, context=context).outcome == "WRONG_CODE"
    assert subject.verify(challenge.id, subject.code, context={"c": "d", "a": "b"})


@pytest.mark.guarantee("G8")
def test_another_namespace(subject: Subject) -> None:
    """With the same keys on the same Redis a code is a wrong code for another application."""
    challenge = subject.issue()

    assert subject.another(namespace="other").verify(challenge.id, subject.code) == wrong()
    assert subject.verify(challenge.id, subject.code) == SECOND


@pytest.mark.guarantee("G8")
def test_a_namespace_that_reaches_into_the_purpose(build: Build) -> None:
    """Namespace and purpose are two words, also where put together they read the same."""
    subject = build(namespace="shop")
    challenge = subject.issue()

    assert subject.another(namespace="shoplog").verify(challenge.id, subject.code, purpose="in") == wrong(
        "in"
    )
    assert subject.verify(challenge.id, subject.code) == SECOND


@pytest.mark.guarantee("G8")
def test_another_server_key(subject: Subject) -> None:
    """An engine with another key under the same name finds no such challenge."""
    challenge = subject.issue()

    found = subject.another(keys=new_key("k1")).verify(challenge.id, subject.code)

    assert found == Verdict(outcome=Outcome.EXPIRED, purpose="login")
    assert subject.verify(challenge.id, subject.code)


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("number", [NUMBER, OTHER])
def test_another_challenge(build: Build, number: str) -> None:
    """The code of one challenge is a wrong code for another, whether of the same number or not."""
    subject = build(policy=Policy(cooldown=0))
    challenge, code, other = two_challenges(subject, number)

    assert subject.verify(other.id, code) == wrong()
    assert subject.verify(challenge.id, code)
    verdict = subject.verify(other.id, subject.code)
    assert (verdict.outcome, verdict.attempts_left, verdict.recipient) == ("VERIFIED", 3, number)


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("number", [NUMBER, OTHER])
def test_a_hash_that_was_moved(build: Build, number: str) -> None:
    """Who writes the hash of a known code into another challenge makes the known code no right one there."""
    subject = build(policy=Policy(cooldown=0))
    challenge, code, other = two_challenges(subject, number)
    known = subject.admin.hgetall(record(subject, challenge))
    known.pop(b"sealed")
    subject.admin.hset(record(subject, other), mapping=known)

    assert subject.verify(other.id, code) == wrong()
    assert subject.inspect(other.id).attempts_left == 4


@pytest.mark.guarantee("G8")
def test_another_number(subject: Subject) -> None:
    """Who has the server keys and Redis, and exchanges the number, makes the right digits wrong."""
    challenge = subject.issue()
    place, keyring = record(subject, challenge), Keyring(KEYS)
    locator = place.rpartition(b":")[2]
    sealed = subject.admin.hget(place, "sealed")
    assert keyring.unseal("k1", sealed.decode(), "recipient", locator) == NUMBER
    subject.admin.hset(place, "sealed", keyring.seal("k1", OTHER, "recipient", locator))

    assert subject.verify(challenge.id, subject.code) == wrong()
    subject.admin.hset(place, "sealed", sealed)
    assert subject.verify(challenge.id, subject.code) == SECOND


@pytest.mark.guarantee("G8")
def test_the_number_counts_it_too(build: Build) -> None:
    """Right digits at the wrong place are a wrong guess at the number as well."""
    subject = build(policy=Policy(wrong_per_hour=2))
    challenge = subject.issue()
    subject.verify(challenge.id, subject.code, purpose="payment")
    subject.verify(challenge.id, subject.code, context=PAYMENT)

    verdict = subject.verify(challenge.id, subject.code)

    assert (verdict.outcome, verdict.attempts_left) == ("THROTTLED", 3)


@pytest.mark.guarantee("G8")
def test_a_verdict_is_bound_as_its_code_is(subject: Subject) -> None:
    """The name of a verified attempt gets its verdict for the same question only."""
    challenge = subject.issue()
    verified = subject.verify(challenge.id, subject.code, attempt_id="form-17")

    def again(engine: Subject, code: str, **asked: Any) -> str:
        return engine.verify(challenge.id, code, attempt_id="form-17", **asked).outcome

    assert verified
    assert again(subject, subject.code, purpose="payment") == "ALREADY_USED"
    assert again(subject, subject.code, context=PAYMENT) == "ALREADY_USED"
    assert again(subject, subject.wrong) == "ALREADY_USED"
    assert again(subject.another(namespace="other"), subject.code) == "ALREADY_USED"
    assert again(subject, subject.code) == "VERIFIED"
