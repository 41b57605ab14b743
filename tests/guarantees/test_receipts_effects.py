"""D4: a receipt moves what is known of its send, and no verdict, attempt, budget, moment or limit."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from otpflow import Delivery, DeliveryState, Policy
from tests.conftest import Build
from tests.delivery.providers import ANSWERED, CALLBACK, Provider, changed, kept, report
from tests.subjects import NUMBER, Subject


@pytest.fixture
def voice() -> Provider:
    return Provider()


@pytest.fixture
def subject(build: Build, voice: Provider) -> Subject:
    return build(transport=voice, callback_url=CALLBACK, policy=Policy(cooldown=0))


FATE = {b"delivery", b"reference", b"provider"}


def everything_else(subject: Subject) -> dict[str, Any]:
    found = kept(subject)
    for key in found:
        if ":challenge:" in key:
            found[key] = {name: text for name, text in found[key].items() if name not in FATE}
    return found


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("state", list(DeliveryState))
def test_a_receipt_moves_nothing_else(subject: Subject, voice: Provider, state: DeliveryState) -> None:
    """Of a challenge in any state: no verdict, no attempt, no send, no moment and no budget changes."""
    pending = subject.issue()
    subject.resend(pending.id)
    verified = subject.issue("+84901888485")
    assert subject.verify(verified.id, voice.code)
    cancelled = subject.issue("+84901888486")
    subject.cancel(cancelled.id)
    spent = subject.issue("+84901888487")
    for _ in range(5):
        subject.verify(spent.id, "000000" if voice.code != "000000" else "000001")
    challenges = (pending, verified, cancelled, spent)
    before, ends = everything_else(subject), {key: subject.admin.pexpiretime(key) for key in kept(subject)}
    statuses = [
        replace(subject.inspect(challenge.id), expires_in=0, delivery=Delivery()) for challenge in challenges
    ]

    for message in voice.messages:
        assert subject.handle_receipt(report(message, state)) is not None

    assert everything_else(subject) == before
    assert {key: subject.admin.pexpiretime(key) for key in kept(subject)} == ends
    assert [
        replace(subject.inspect(challenge.id), expires_in=0, delivery=Delivery()) for challenge in challenges
    ] == statuses
    assert [subject.verify(challenge.id, voice.messages[0].code).outcome for challenge in challenges] == [
        "SUPERSEDED",
        "ALREADY_USED",
        "EXPIRED",
        "EXHAUSTED",
    ]


@pytest.mark.guarantee("D4")
def test_a_receipt_makes_a_code_live_no_longer(subject: Subject, voice: Provider) -> None:
    """A call that was answered late does not bring its code back."""
    challenge = subject.issue()
    subject.advance(181)

    assert subject.handle_receipt(report(voice.messages[0], ANSWERED)) is not None
    assert subject.verify(challenge.id, voice.code).outcome == "EXPIRED"


@pytest.mark.guarantee("D4")
def test_nothing_secret_is_told(build: Build, voice: Provider) -> None:
    """Neither what a receipt gives nor the events show id, code, number, signature or secret."""
    subject = build(transport=voice, callback_url=CALLBACK)
    challenge = subject.issue()
    query = report(voice.messages[0], ANSWERED, to=NUMBER, ref="r-1")
    name, _, ending = challenge.id.partition(".")
    parts = dict(parse_qsl(query))
    canaries = (ending, voice.code, NUMBER, NUMBER[3:], parts["otpflow_signature"], name + "." + ending)

    taken, again = subject.handle_receipt(query), subject.handle_receipt(query)
    refused = subject.handle_receipt(changed(query, "to", lambda _: "84901888485"))

    assert (taken is None, again is None, refused) == (False, False, None)
    shown = repr((taken, again, subject.events)) + str(pickle.loads(pickle.dumps((taken, subject.events))))
    assert [canary for canary in canaries if canary in shown] == []


@pytest.mark.guarantee("D4")
def test_no_callback_url_no_receipts(build: Build, voice: Provider) -> None:
    """An engine without one gives providers nothing to call."""
    build(transport=voice).issue()

    assert voice.messages[0].callback_url is None
