"""Whether a provider is up again is found out by one call of one engine, and known to all."""

from __future__ import annotations

from typing import Any

import pytest

from otpflow import Event, EventKind
from tests.conftest import Build
from tests.delivery.breaking import DOWN, MOST, OFTEN, Counting, Hands, fail, issuing, timed, wait
from tests.delivery.providers import untimed
from tests.subjects import Subject


@pytest.fixture
def voice() -> Counting:
    return Counting()


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def subject(build: Build, voice: Counting, hands: Hands) -> Subject:
    return timed(build(transport=voice, policy=OFTEN), hands)


def test_one_call_finds_out(subject: Subject, voice: Counting, hands: Hands) -> None:
    """After the pause one of all engines asks; while it is down, the others wait for another pause."""
    other = timed(subject.another(transport=voice), hands)
    voice.fail(DOWN, times=100)
    fail(subject, 10)
    fail(other, 1)
    voice.requests = 0
    for _ in range(3):
        wait(subject, hands, 31)
        assert fail(subject, 1) == ["connect"]
        assert fail(other, 3) == ["circuit_open"] * 3
        assert fail(subject, 3) == ["circuit_open"] * 3

    assert voice.requests == 3


def test_of_many_at_once_one_finds_out(subject: Subject, voice: Counting, hands: Hands) -> None:
    """The others are refused as before."""
    voice.fail(DOWN, times=100)
    fail(subject, 10)
    voice.requests = 0
    wait(subject, hands, 31)

    answers = subject.at_once([issuing(number) for number in range(MOST)])

    assert sorted(answer.code for answer in answers) == ["circuit_open"] * (MOST - 1) + ["connect"]
    assert voice.requests == 1


def test_a_success_closes_it_for_all(subject: Subject, voice: Counting, hands: Hands) -> None:
    """Each engine learns it when its own pause is over, and says so once."""
    other = timed(subject.another(transport=voice), hands)
    voice.fail(DOWN, times=11)
    fail(subject, 10)
    fail(other, 1)
    wait(subject, hands, 31)

    assert subject.issue()
    assert other.issue()
    assert subject.issue("+84901888485")

    for engine in (subject, other):
        closed = [event for event in untimed(engine.events) if event.kind is EventKind.CIRCUIT_CLOSED]
        assert closed == [Event(kind=EventKind.CIRCUIT_CLOSED, at=0.0, detail={"provider": "voice"})]
    voice.fail(DOWN, times=9)
    assert fail(subject, 9) == ["connect"] * 9


def test_whoever_wanted_to_find_out_may_die(subject: Subject, voice: Counting, hands: Hands) -> None:
    """After another pause somebody else asks."""
    other = timed(subject.another(transport=voice), hands)
    voice.fail(DOWN, times=11)
    fail(subject, 10)
    fail(other, 1)
    wait(subject, hands, 31)
    operation = other.engine._flows.operations.breaker("voice", "ask")
    asked = other.at_once([lambda _: _store_run(other, operation)])
    assert [circuit.status for circuit in asked] == ["probe"]

    assert fail(subject) == ["circuit_open"]
    wait(subject, hands, 31)
    assert subject.issue()


def _store_run(subject: Subject, operation: Any) -> Any:
    answer = subject.store.run(operation)
    if subject.style == "sync" or hasattr(answer, "__await__"):
        return answer

    async def ready() -> Any:
        return answer

    return ready()
