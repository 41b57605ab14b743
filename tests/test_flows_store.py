"""A store that fails at any operation of any flow: nothing unsent is counted as sent, nothing is granted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from otpflow import Challenge, DeliveryError, OverloadedError, Policy, StoreUnavailableError
from tests.conftest import Build
from tests.expected import about
from tests.stores.doubles import LOST, Watched, watched
from tests.subjects import NUMBER, Subject

BEFORE_THE_SEND = ("bind", "admit", "renew", "store")


@dataclass(frozen=True)
class Call:
    """One call of the engine, and the operations that it takes."""

    name: str
    made: Callable[[Subject, Challenge], object] = field(repr=False)
    operations: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


CALLS = (
    Call("issue", lambda subject, _: subject.issue(), ("admit", "store", "confirm")),
    Call(
        "issue with a key",
        lambda subject, _: subject.issue(idempotency_key="order 17"),
        ("bind", "admit", "store", "confirm"),
    ),
    Call("resend", lambda subject, issued: subject.resend(issued.id), ("renew", "store", "confirm")),
    Call(
        "verify",
        lambda subject, issued: subject.verify(issued.id, subject.code),
        ("claim", "settle"),
    ),
    Call(
        "verify a wrong one",
        lambda subject, issued: subject.verify(issued.id, subject.wrong, attempt_id="try"),
        ("claim", "settle"),
    ),
    Call("cancel", lambda subject, issued: subject.cancel(issued.id), ("read", "cancel")),
    Call("inspect", lambda subject, issued: subject.inspect(issued.id), ("read",)),
    Call("unlock", lambda subject, _: subject.unlock(), ("unlock",)),
)
PLACES = [
    pytest.param(call, place, id=f"{call.name}: {operation}")
    for call in CALLS
    for place, operation in enumerate(call.operations, start=1)
]
LOSSES = ("lost_requests", "lost_replies")


@dataclass(frozen=True)
class Prepared:
    """An engine with one challenge, over a store that can fail."""

    subject: Subject
    store: Watched
    issued: Challenge


@pytest.fixture
def prepared(build: Build) -> Prepared:
    """An engine over a watched store, with one challenge."""
    subject, store = watched(build(policy=Policy(cooldown=0)))
    issued = subject.issue()
    store.ran.clear()
    subject.events.clear()
    return Prepared(subject, store, issued)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_the_operations_of_a_call_come_in_order(prepared: Prepared, call: Call) -> None:
    """A call asks the store for exactly these, in exactly this order."""
    call.made(prepared.subject, prepared.issued)

    assert tuple(prepared.store.ran) == call.operations


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("call", "place"), PLACES)
def test_a_lost_operation_is_told_and_grants_nothing(
    prepared: Prepared, call: Call, place: int, loss: str
) -> None:
    """The error names the operation, nothing is sent before it is stored, and an event says so."""
    subject, store = prepared.subject, prepared.store
    operation = call.operations[place - 1]
    getattr(store, loss).add(place)

    if operation == "confirm":
        answer: Any = call.made(subject, prepared.issued)
        assert answer.expires_in == about(180)
        assert len(subject.outbox.messages) == 2
        assert subject.verify(answer.id, subject.code)
    else:
        with pytest.raises(StoreUnavailableError, match=f"^{operation}: {LOST}$"):
            call.made(subject, prepared.issued)
        assert len(subject.outbox.messages) == 1
    event = subject.events[0]
    assert (event.kind, event.detail) == (
        "STORE_UNAVAILABLE",
        {"operation": operation, "error": f"{operation}: {LOST}"},
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("call", "place"), PLACES[:10])
def test_what_was_reserved_before_the_send_is_given_back(
    prepared: Prepared, call: Call, place: int, loss: str
) -> None:
    """A reservation is given back in the same call, as soon as something between it and the send fails."""
    operation = call.operations[place - 1]
    getattr(prepared.store, loss).add(place)
    if operation == "confirm":
        call.made(prepared.subject, prepared.issued)
    else:
        with pytest.raises(StoreUnavailableError):
            call.made(prepared.subject, prepared.issued)

    tried = list(call.operations[:place])
    assert prepared.store.ran == (tried if operation in {"bind", "confirm"} else [*tried, "release"])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("place", [1, 2])
def test_a_number_can_be_called_at_once_after_the_store_failed(build: Build, place: int, loss: str) -> None:
    """What was not sent costs no cooldown, once the store answers again."""
    subject, store = watched(build())
    getattr(store, loss).add(place)
    with pytest.raises(StoreUnavailableError):
        subject.issue()

    challenge = subject.issue()
    assert (challenge.sends_left, len(subject.outbox.messages)) == (2, 1)
    assert subject.verify(challenge.id, subject.code)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("place", [1, 2])
def test_the_first_code_works_after_a_re_send_that_the_store_lost(
    prepared: Prepared, place: int, loss: str
) -> None:
    """Nothing was sent, so nothing is superseded, counted, or forgotten of the send before."""
    getattr(prepared.store, loss).add(place)
    with pytest.raises(StoreUnavailableError):
        prepared.subject.resend(prepared.issued.id)

    status = prepared.subject.inspect(prepared.issued.id)
    assert (status.sends_left, status.delivery) == (2, prepared.issued.delivery)
    assert prepared.subject.verify(prepared.issued.id, prepared.subject.code).recipient == NUMBER


def test_a_reservation_that_cannot_be_given_back_lapses(build: Build) -> None:
    """The store's first error comes out, and the cooldown ends by itself."""
    subject, store = watched(build(policy=Policy(cooldown=20)))
    store.lost_requests |= {2, 3}
    with pytest.raises(StoreUnavailableError, match="^store: "):
        subject.issue()
    assert store.ran == ["admit", "store", "release"]
    assert [event.detail["operation"] for event in subject.events] == ["store", "release"]

    subject.advance(20)
    assert subject.issue().sends_left == 2


@pytest.mark.parametrize(("place", "lost"), [(3, "breaker"), (4, "release")])
def test_a_refusal_comes_out_whatever_the_store_does(build: Build, place: int, lost: str) -> None:
    """The provider's error is the one that is raised, where neither it nor the release can be written down."""
    subject, store = watched(build())
    store.lost_requests.add(place)
    subject.outbox.fail(DeliveryError("104"))
    with pytest.raises(DeliveryError, match="104"):
        subject.issue()

    assert store.ran == ["admit", "store", "breaker", "release"]
    refused, unavailable = subject.events
    assert [refused.kind, unavailable.kind] == ["DELIVERY_REFUSED", "STORE_UNAVAILABLE"]
    assert unavailable.detail["operation"] == lost


@pytest.mark.parametrize(
    ("place", "loss", "left"),
    [(1, "lost_requests", 4), (1, "lost_replies", 3), (2, "lost_requests", 3), (2, "lost_replies", 3)],
)
def test_an_attempt_that_was_spent_stays_spent(prepared: Prepared, place: int, loss: str, left: int) -> None:
    """A lost answer costs an attempt where the store took the claim, and no attempt comes back."""
    getattr(prepared.store, loss).add(place)
    with pytest.raises(StoreUnavailableError):
        prepared.subject.verify(prepared.issued.id, prepared.subject.wrong, attempt_id="lost")

    assert prepared.subject.verify(prepared.issued.id, prepared.subject.wrong).attempts_left == left


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_same_attempt_gets_its_verdict_after_a_lost_answer(
    prepared: Prepared, place: int, loss: str
) -> None:
    """Asked again with the same `attempt_id`, the right code verifies, for one attempt in all."""
    subject = prepared.subject
    getattr(prepared.store, loss).add(place)
    with pytest.raises(StoreUnavailableError):
        subject.verify(prepared.issued.id, subject.code, attempt_id="try")

    verdict = subject.verify(prepared.issued.id, subject.code, attempt_id="try")
    assert (verdict.outcome, verdict.attempts_left, verdict.recipient) == ("VERIFIED", 4, NUMBER)


def test_a_challenge_that_ends_before_its_code_is_stored_is_not_sent(prepared: Prepared) -> None:
    """Cancelled between the reservation and the code: nothing is sent."""
    admin = prepared.subject.admin

    def cancelled(name: str) -> None:
        if name == "store":
            key = next(iter(admin.scan_iter("*:challenge:*")))
            admin.hset(key, "state", "cancelled")

    prepared.store.before = cancelled
    with pytest.raises(Exception, match="^the challenge is EXPIRED; start a new one"):
        prepared.subject.resend(prepared.issued.id)

    assert prepared.store.ran == ["renew", "store", "release"]
    assert len(prepared.subject.outbox.messages) == 1


@pytest.mark.parametrize("call", CALLS[:5], ids=str)
def test_a_full_hashing_pool_refuses_before_anything_is_spent(prepared: Prepared, call: Call) -> None:
    """The store is not asked, nothing is sent, and the event says so; later the call goes through."""
    subject = prepared.subject
    hasher = subject.engine._hasher
    permits: list[Any] = []
    with pytest.raises(OverloadedError):
        while True:
            permits.append(hasher.reserve())

    with pytest.raises(OverloadedError) as caught:
        call.made(subject, prepared.issued)
    assert caught.value.retry_after == pytest.approx(0.512)
    assert prepared.store.ran == []
    assert [(event.kind, event.challenge, event.detail) for event in subject.events] == [
        ("OVERLOADED", "", {})
    ]
    assert len(subject.outbox.messages) == 1
    for permit in permits:
        with permit:
            pass
    call.made(subject, prepared.issued)
