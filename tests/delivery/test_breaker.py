"""A provider that is down is not hammered: all engines on one store know it, and one of them finds out more."""

from __future__ import annotations

import pytest

from otpflow import DeliveryError, DeliveryUnknownError, Event, EventKind, Policy
from tests.conftest import Build
from tests.delivery.breaking import DOWN, MOST, OFTEN, Counting, Hands, fail, issuing, timed, wait
from tests.delivery.providers import Provider, fallback, kinds, untimed, watched
from tests.subjects import Subject

OPENED: dict[str, str | float] = {"provider": "voice", "seconds": 30.0}


@pytest.fixture
def voice() -> Counting:
    return Counting()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def subject(build: Build, voice: Counting, hands: Hands) -> Subject:
    return timed(build(transport=voice, policy=OFTEN), hands)


def test_it_opens_after_ten_failures_in_a_row(subject: Subject, voice: Counting) -> None:
    """Then nobody asks; the event says for how long."""
    voice.fail(DOWN, times=MOST)

    assert fail(subject, 12) == ["connect"] * 10 + ["circuit_open"] * 2
    assert voice.requests == 10
    opened = [event for event in untimed(subject.events) if event.kind is EventKind.CIRCUIT_OPENED]
    assert opened == [Event(kind=EventKind.CIRCUIT_OPENED, at=0.0, detail=OPENED)]
    with pytest.raises(DeliveryError) as caught:
        subject.issue()
    assert (caught.value.retryable, caught.value.concerns) == (True, "provider")
    assert str(caught.value) == (
        "not delivered (code circuit_open): voice failed several times in a row and is not asked for a while"
    )


def test_a_send_that_is_not_tried_costs_nothing(build: Build, voice: Counting, hands: Hands) -> None:
    """The reservation is given back, as with any sure refusal."""
    once = timed(build(transport=voice, policy=Policy(sends_per_hour=1, sends_per_day=1)), hands)
    voice.fail(DOWN, times=10)
    assert fail(once, 30) == ["connect"] * 10 + ["circuit_open"] * 20

    wait(once, hands, 30)

    assert once.issue().sends_left == 2


def test_engines_on_one_store_count_together(subject: Subject, voice: Counting, hands: Hands) -> None:
    """Whatever each of them sees, the provider is asked no more than 20 times in all."""
    other = timed(subject.another(transport=voice), hands)
    voice.fail(DOWN, times=100)

    for _ in range(15):
        fail(subject)
        fail(other)

    assert voice.requests == 11
    assert "CIRCUIT_OPENED" in kinds(subject.events)
    assert "CIRCUIT_OPENED" in kinds(other.events)


def test_many_sends_at_once(subject: Subject, voice: Counting) -> None:
    """Those that are under way when it opens end as they do; the next ones are not tried."""
    voice.fail(DOWN, times=100)

    subject.at_once([issuing(number) for number in range(MOST)])

    assert 10 <= voice.requests <= MOST
    assert fail(subject, 3) == ["circuit_open"] * 3


def test_where_nobody_knows_it_counts_too(subject: Subject, voice: Counting) -> None:
    """A provider that does not answer is as good as down."""
    voice.fail(DeliveryUnknownError("timeout"), times=10)
    for number in range(10):
        assert subject.issue(f"+849018885{number:02d}").delivery.state == "UNKNOWN"

    assert fail(subject) == ["circuit_open"]


@pytest.mark.parametrize("concerns", ["operator", "recipient", "caller"])
def test_refusals_that_are_not_the_providers_fault(subject: Subject, voice: Counting, concerns: str) -> None:
    """It answers, so it is up; only what concerns the operator raises an alarm."""
    voice.fail(DeliveryError("99", concerns=concerns), times=MOST)

    assert fail(subject, MOST) == ["99"] * MOST
    expected = ["DELIVERY_REFUSED", "ALARM"] if concerns == "operator" else ["DELIVERY_REFUSED"]
    assert kinds(subject.events) == expected * MOST
    assert subject.issue()


def test_bugs_of_a_transport_do_not_count(subject: Subject, voice: Counting) -> None:
    """They are nobody's outage."""
    voice.fail(KeyError("bug"), times=MOST)
    for number in range(MOST):
        subject.issue(f"+849018885{number:02d}")

    assert voice.requests == MOST
    assert "CIRCUIT_OPENED" not in kinds(subject.events)


def test_a_success_begins_the_count_anew(subject: Subject, voice: Counting) -> None:
    """Nine failures, one success, nine failures: never ten in a row."""
    for _ in range(2):
        voice.fail(DOWN, times=9)
        assert fail(subject, 9) == ["connect"] * 9
        assert subject.issue()

    assert "CIRCUIT_OPENED" not in kinds(subject.events)
    assert "CIRCUIT_CLOSED" not in kinds(subject.events)


def test_old_failures_are_forgotten(subject: Subject, voice: Counting, hands: Hands) -> None:
    """Ten of them over many minutes are no outage."""
    voice.fail(DOWN, times=18)
    fail(subject, 9)
    wait(subject, hands, 91)

    assert fail(subject, 9) == ["connect"] * 9


def test_the_next_transport_is_asked_instead(
    build: Build, style: str, voice: Counting, sms: Provider
) -> None:
    """A fallback passes over one that is down, and says nothing of it each time."""
    subject = build(transport=fallback(style, voice, sms), policy=OFTEN)
    voice.fail(DOWN, times=MOST)
    for number in range(MOST):
        assert subject.issue(f"+849018885{number:02d}").channel == "sms"

    assert (voice.requests, len(sms.messages)) == (10, MOST)
    assert kinds(subject.events).count("DELIVERY_REFUSED") == 10
    sms.fail(DeliveryError("146", concerns="operator"))
    assert fail(subject) == ["146"]


def test_providers_have_breakers_of_their_own(
    build: Build, style: str, voice: Counting, sms: Provider
) -> None:
    """One that is down says nothing of another."""
    subject = build(transport=fallback(style, voice, sms), policy=OFTEN)
    voice.fail(DOWN, times=10)
    sms.fail(DOWN, times=9)
    fail(subject, 9)
    subject.issue()

    assert subject.issue("+84901888485").channel == "sms"


@pytest.mark.parametrize("times", [1, MOST])
def test_without_the_store_there_is_no_breaker(subject: Subject, voice: Counting, times: int) -> None:
    """That nobody can count keeps no code from being sent."""
    engine, store = watched(subject)
    store.lost = ("breaker",)
    voice.fail(DOWN, times=times)

    assert fail(engine, times) == ["connect"] * times
    assert engine.issue().delivery.state == "ACCEPTED"


def test_without_the_store_an_open_one_asks(subject: Subject, voice: Counting, hands: Hands) -> None:
    """After the pause, where nobody can say who finds out, everybody does."""
    engine, store = watched(subject)
    timed(engine, hands)
    voice.fail(DOWN, times=10)
    fail(engine, 10)
    store.lost = ("breaker",)
    assert fail(engine) == ["circuit_open"]

    hands.now += 31

    assert engine.issue().delivery.state == "ACCEPTED"


def test_the_store_is_left_alone_while_all_is_well(subject: Subject) -> None:
    """A breaker costs nothing until something fails, nor while it is known to be open."""
    engine, store = watched(subject)
    engine.issue()
    assert "breaker" not in store.asked
    subject.outbox.fail(DOWN, times=10)
    fail(engine, 10)
    store.asked.clear()

    fail(engine, 3)

    assert "breaker" not in store.asked
