"""From a send that did not get through one other send follows, whoever is quicker and whoever dies on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from otpflow import DeliveryError, Event, EventKind, Message, Policy, Receipt, Report
from otpflow.records import encode
from tests.conftest import Build
from tests.delivery.providers import (
    ANSWERED,
    CALLBACK,
    FAILED,
    UNANSWERED,
    Provider,
    changed,
    fallback,
    kept,
    kinds,
    locator,
    report,
    untimed,
)
from tests.delivery.stepping import Steps, name
from tests.subjects import Subject


@pytest.fixture
def subject(build: Build, style: str, voice: Provider, sms: Provider) -> Subject:
    return build(transport=fallback(style, voice, sms), callback_url=CALLBACK)


def stopped(subject: Subject, query: str) -> tuple[Steps, Any, Any]:
    """Take a receipt as far as it is written down, and its follow-up not yet reserved."""
    steps = Steps(subject)
    flow = steps.handle_receipt(query)
    step = next(flow)
    while name(step) != "renew":
        step = steps.next(flow, step)
    return steps, flow, step


@pytest.mark.parametrize("state", [UNANSWERED, FAILED])
def test_a_process_that_died_is_made_up_for(
    subject: Subject, voice: Provider, sms: Provider, state: Any
) -> None:
    """The provider calls again: it says nothing new, and goes on all the same; a third call goes on no more."""
    challenge = subject.issue()
    query = report(voice.messages[0], state)
    _, flow, _ = stopped(subject, query)
    flow.close()
    assert (sms.messages, subject.inspect(challenge.id).delivery.state) == ([], state)
    subject.events.clear()

    again = [subject.handle_receipt(query) for _ in range(2)]

    assert [told is not None and told.changed for told in again] == [False, False]
    assert len(sms.messages) == 1
    assert kinds(subject.events) == ["WENT_ON", "RESENT"]
    assert subject.verify(challenge.id, sms.code)


def test_a_better_report_is_not_gone_on_from(subject: Subject, voice: Provider, sms: Provider) -> None:
    """Where the phone was answered after all, the provider's earlier words coming again lead to nothing."""
    challenge = subject.issue()
    _, flow, _ = stopped(subject, report(voice.messages[0], UNANSWERED))
    flow.close()
    subject.handle_receipt(report(voice.messages[0], ANSWERED))

    subject.handle_receipt(report(voice.messages[0], UNANSWERED))

    assert (sms.messages, subject.inspect(challenge.id).delivery.state) == ([], "DELIVERED")


def test_the_users_own_re_send_wins(subject: Subject, voice: Provider, sms: Provider) -> None:
    """It came in the gap: the user is called once more, by that and by nothing else."""
    challenge = subject.issue()
    query = report(voice.messages[0], UNANSWERED)
    steps, flow, step = stopped(subject, query)
    subject.advance(60)
    again = subject.resend(challenge.id)
    subject.events.clear()

    with pytest.raises(StopIteration) as ended:
        steps.next(flow, step)
    last = subject.handle_receipt(query)

    told = ended.value.value
    assert (told.changed, told.delivery.state) == (True, UNANSWERED)
    assert last is not None
    assert (last.changed, last.delivery.state) == (False, UNANSWERED)
    assert (len(voice.messages), sms.messages, subject.events) == (2, [], [])
    status = subject.inspect(challenge.id)
    assert (status.sends_left, status.delivery) == (1, again.delivery)
    assert subject.verify(challenge.id, voice.code)


def test_a_re_send_that_was_refused_leaves_the_way_free(
    subject: Subject, voice: Provider, sms: Provider
) -> None:
    """Its number was given back, so that the send before it is the latest again."""
    challenge = subject.issue()
    query = report(voice.messages[0], UNANSWERED)
    steps, flow, step = stopped(subject, query)
    subject.advance(60)
    for provider in (voice, sms):
        provider.fail(DeliveryError("103", concerns="operator"))
    with pytest.raises(DeliveryError):
        subject.resend(challenge.id)

    with pytest.raises(StopIteration):
        while True:
            step = steps.next(flow, step)

    assert len(sms.messages) == 1
    assert subject.verify(challenge.id, sms.code)


class Deaf(Provider):
    """A provider whose callbacks say nothing."""

    def parse_receipt(self, query: Mapping[str, str], /) -> Report | None:
        """Read nothing."""
        return None


def test_a_receipt_is_read_by_its_own_transport_alone(build: Build, style: str, sms: Provider) -> None:
    """Another one on the route would have understood it, and is not asked."""
    deaf = Deaf("deaf")
    subject = build(transport=fallback(style, deaf, sms), callback_url=CALLBACK)
    subject.issue()

    assert subject.handle_receipt(report(deaf.messages[0], UNANSWERED)) is None
    assert sms.messages == []


def test_a_transport_that_is_not_on_the_route_is_refused(
    build: Build, style: str, voice: Provider, sms: Provider
) -> None:
    """A receipt that names it is genuine, and there is nobody to read it: nothing changes."""
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK, policy=Policy(cooldown=0))
    challenge = subject.issue()
    query = report(voice.messages[0], UNANSWERED)
    without = subject.another(transport=sms, on_event=(subject.events.append,))
    before = kept(subject)
    subject.events.clear()

    assert without.handle_receipt(query) is None

    assert untimed(subject.events) == [Event(kind=EventKind.RECEIPT_REFUSED, at=0.0)]
    assert (kept(subject), sms.messages) == (before, [])
    assert subject.handle_receipt(query) is not None
    assert subject.events[1].challenge == locator(challenge.id)


def test_a_receipt_is_signed_for_its_own_transport(subject: Subject, voice: Provider, sms: Provider) -> None:
    """Under the name of another one on the route it is forged."""
    subject.issue()
    query = report(voice.messages[0], UNANSWERED)
    named = {provider.name: encode(provider.name.encode()) for provider in (voice, sms)}

    forged = changed(query, "otpflow_send", lambda text: text.replace(named["voice"], named["sms"]))

    assert forged != query
    assert subject.handle_receipt(forged) is None
    assert kinds(subject.events) == ["ISSUED", "RECEIPT_REFUSED"]
    assert subject.handle_receipt(query) is not None


class Contradicting(Provider):
    """A provider that refuses what it is given, and then has something to report of it."""

    def send(self, message: Message, /) -> Receipt:
        """Keep the message, and refuse it."""
        super().send(message)
        raise DeliveryError("99")


@pytest.mark.parametrize("state", [UNANSWERED, FAILED, ANSWERED])
def test_a_transport_that_refused_reports_nothing_of_the_one_that_took_it(
    build: Build, style: str, sms: Provider, state: Any
) -> None:
    """The message is on its way: it is neither sent again nor taken for what became of the call."""
    voice = Contradicting()
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK)
    challenge = subject.issue()

    told = subject.handle_receipt(report(voice.messages[0], state))

    assert told is not None
    assert (told.changed, told.delivery.provider, told.delivery.state) == (False, "voice", state)
    assert subject.inspect(challenge.id).delivery == challenge.delivery
    assert len(sms.messages) == 1
    assert subject.verify(challenge.id, sms.code)
