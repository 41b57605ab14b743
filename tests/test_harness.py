"""The harness itself: the engine answers through it, and the leak check can fail."""

from __future__ import annotations

from operator import methodcaller

from otpflow import Policy
from tests.conftest import Build, endless
from tests.subjects import Subject


def test_a_code_that_was_sent_verifies(subject: Subject) -> None:
    challenge = subject.issue()

    assert subject.verify(challenge.id, subject.code).recipient == "+84901888484"


def test_many_calls_run_at_once(subject: Subject) -> None:
    challenge = subject.issue()

    states = subject.at_once([methodcaller("inspect", challenge.id)] * 20)

    assert {state.state for state in states} == {"PENDING"}


def test_time_passes_when_told_to(build: Build) -> None:
    subject = build(policy=Policy(ttl=90))
    challenge = subject.issue()

    subject.advance(91)

    assert subject.verify(challenge.id, subject.code).outcome == "EXPIRED"


def test_a_key_without_end_is_found(subject: Subject) -> None:
    subject.admin.set("forgotten", "1")

    assert [key for key in endless(subject.admin) if "forgotten" in key]
    subject.admin.delete("forgotten")
