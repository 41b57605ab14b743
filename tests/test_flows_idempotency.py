"""`idempotency_key`: the same request is one challenge and one call, however often it is made."""

from __future__ import annotations

from operator import attrgetter, methodcaller
from typing import Any

import pytest

from otpflow import (
    Challenge,
    DeliveryError,
    DeliveryUnknownError,
    IdempotencyError,
    Policy,
    StoreUnavailableError,
    ThrottledError,
)
from otpflow.keys import new_key
from tests.conftest import Build
from tests.expected import about
from tests.stores.doubles import watched
from tests.subjects import KEYS, NUMBER, Subject

KEY = "order 17"
ASKED: dict[str, Any] = {"purpose": "payment", "channel": "sms", "locale": "en", "context": {"amount": 5}}


def test_the_same_request_is_one_challenge_and_one_call(subject: Subject) -> None:
    """The second answer is the first one, in any spelling of the same arguments."""
    first = subject.issue("0901 888 484", idempotency_key=KEY, **ASKED)
    again = subject.issue(
        NUMBER, idempotency_key=KEY, **{**ASKED, "locale": "en-US", "context": {"amount": "5"}}
    )

    assert again == Challenge(
        id=first.id,
        recipient_masked=first.recipient_masked,
        channel="sms",
        purpose="payment",
        expires_in=about(180),
        resend_after=about(60),
        sends_left=2,
        attempts_left=5,
        delivery=first.delivery,
    )
    assert len(subject.outbox.messages) == 1
    assert [event.kind for event in subject.events] == ["ISSUED", "REPEATED"]
    assert subject.verify(again.id, subject.code, purpose="payment", context={"amount": 5})


def test_the_answer_is_as_the_challenge_is_by_then(subject: Subject) -> None:
    """A repeat shows the attempts and the life that are left."""
    first = subject.issue(idempotency_key=KEY)
    subject.verify(first.id, subject.wrong)
    subject.advance(100)
    again = subject.issue(idempotency_key=KEY)

    assert (again.attempts_left, again.expires_in, again.resend_after) == (4, about(80), 0.0)


def test_fifty_at_once_are_one_challenge_and_one_call(subject: Subject) -> None:
    """However they interleave, one of them sends, and all get the same id."""
    asked = methodcaller("issue", NUMBER, purpose="login", idempotency_key=KEY)
    answers = subject.at_once([asked] * 50)

    assert len(set(map(attrgetter("id"), answers))) == 1
    assert len(subject.outbox.messages) == 1
    assert subject.verify(answers[0].id, subject.code)


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "+84912345678"},
        {"purpose": "login"},
        {"channel": "voice"},
        {"locale": "vi"},
        {"context": {"amount": 6}},
        {"context": None},
    ],
    ids=repr,
)
def test_other_arguments_under_the_same_key_are_refused(subject: Subject, changes: dict[str, Any]) -> None:
    """It is said so, nothing is sent, and the first challenge is untouched."""
    asked: dict[str, Any] = {"recipient": NUMBER, **ASKED}
    first = subject.issue(idempotency_key=KEY, **asked)

    with pytest.raises(IdempotencyError, match=r"^idempotency_key came with other arguments; give each"):
        subject.issue(idempotency_key=KEY, **{**asked, **changes})

    assert len(subject.outbox.messages) == 1
    assert subject.inspect(first.id).attempts_left == 5


def test_another_key_is_another_request(subject: Subject) -> None:
    """The budgets of the number hold for it."""
    subject.issue(idempotency_key=KEY)

    with pytest.raises(ThrottledError):
        subject.issue(idempotency_key="order 18")


def test_another_namespace_has_keys_of_its_own(subject: Subject) -> None:
    """Two applications may use the same key."""
    first = subject.issue(idempotency_key=KEY)
    elsewhere = subject.another(namespace="shop")

    assert elsewhere.issue(purpose="payment", idempotency_key=KEY).id != first.id
    assert len(elsewhere.outbox.messages) == 1


def test_the_key_works_again_after_a_sure_failure(subject: Subject) -> None:
    """A refused request may be made again, at once, under the same key."""
    subject.outbox.fail(DeliveryError("104"))
    with pytest.raises(DeliveryError):
        subject.issue(idempotency_key=KEY)

    challenge = subject.issue(idempotency_key=KEY)
    assert len(subject.outbox.messages) == 1
    assert subject.verify(challenge.id, subject.code)


def test_the_key_holds_after_a_send_of_unknown_fate(subject: Subject) -> None:
    """The phone may ring already, so the repeat calls nobody."""
    subject.outbox.fail(DeliveryUnknownError("timeout"))
    first = subject.issue(idempotency_key=KEY)

    again = subject.issue(idempotency_key=KEY)
    assert (again.id, again.delivery.state) == (first.id, "UNKNOWN")
    assert subject.outbox.messages == ()


def test_the_key_works_again_after_a_throttled_request(build: Build) -> None:
    """A request that was not admitted ties the key to nothing but itself."""
    subject = build(policy=Policy(cooldown=20))
    subject.issue()
    with pytest.raises(ThrottledError):
        subject.issue(idempotency_key=KEY)
    subject.advance(20)

    challenge = subject.issue(idempotency_key=KEY)
    assert subject.verify(challenge.id, subject.code)


def test_the_key_outlives_its_challenge_and_is_free_then(build: Build) -> None:
    """While the challenge lives the key is tied to it, and a moment later to nothing."""
    subject = build(policy=Policy(ttl=100, max_lifetime=100, cooldown=0))
    first = subject.issue(idempotency_key=KEY)
    subject.advance(99)
    assert subject.issue(idempotency_key=KEY).id == first.id
    subject.advance(102)

    other = subject.issue(purpose="payment", idempotency_key=KEY)
    assert other.id != first.id
    assert len(subject.outbox.messages) == 2


def test_a_key_survives_the_rotation_of_server_keys(subject: Subject) -> None:
    """With a new key in front, the repeat finds the challenge of the old one; without the old one it is refused."""
    first = subject.issue(idempotency_key=KEY)
    rotated = subject.another(keys=f"{new_key('k2')},{KEYS}")

    assert rotated.issue(idempotency_key=KEY).id == first.id
    assert rotated.outbox.messages == ()


def test_a_tie_under_a_key_that_is_gone_is_refused(subject: Subject) -> None:
    """What was tied under an unknown server key, or altered, is never taken for the same request."""
    challenge = subject.issue(idempotency_key=KEY)
    name = next(key for key in subject.admin.scan_iter("*:binding"))
    tied = subject.admin.get(name)
    key_id, known, sealed = tied.decode().split(".")

    for altered in (
        f"k9.{known}.{sealed}",
        f"{key_id}.{known}.AAAA",
        f"{key_id}.{'A' * 22}.{sealed}",
        "x",
        "..",
        "-",
    ):
        subject.admin.set(name, altered, px=60_000)
        with pytest.raises(IdempotencyError):
            subject.issue(idempotency_key=KEY)
    subject.admin.set(name, tied, px=60_000)
    assert subject.issue(idempotency_key=KEY).id == challenge.id


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("lost", ["lost_requests", "lost_replies"])
def test_the_key_works_again_after_the_store_failed(build: Build, place: int, lost: str) -> None:
    """Whichever operation was lost before the send, the repeat sends, once the reservation was given back."""
    subject, store = watched(build(policy=Policy(cooldown=0)))
    getattr(store, lost).add(place)
    with pytest.raises(StoreUnavailableError):
        subject.issue(idempotency_key=KEY)
    assert subject.outbox.messages == ()

    challenge = subject.issue(idempotency_key=KEY)
    assert len(subject.outbox.messages) == 1
    assert subject.verify(challenge.id, subject.code)
