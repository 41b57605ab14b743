"""D4: receipts that come twice, in another order, all at once or too early come to one state."""

from __future__ import annotations

from itertools import permutations
from operator import methodcaller
from typing import Any

import pytest

from otpflow import Delivery, DeliveryReport, DeliveryState, Message, Policy
from tests.conftest import Build
from tests.delivery.providers import (
    ANSWERED,
    CALLBACK,
    FAILED,
    UNANSWERED,
    Provider,
    fallback,
    kinds,
    meanwhile,
    report,
)
from tests.delivery.stepping import Steps, name
from tests.subjects import Subject

AT_ONCE = 24


@pytest.fixture
def voice() -> Provider:
    return Provider()


@pytest.fixture
def sms() -> Provider:
    return Provider("sms", ("sms",))


@pytest.fixture
def subject(build: Build, voice: Provider) -> Subject:
    return build(transport=voice, callback_url=CALLBACK, policy=Policy(cooldown=0))


def taken(answers: list[Any]) -> list[DeliveryReport]:
    assert all(isinstance(answer, DeliveryReport) for answer in answers), answers
    return answers


@pytest.mark.guarantee("D4")
def test_a_receipt_that_comes_again_says_nothing_new(subject: Subject, voice: Provider) -> None:
    """The provider calls up to five times: every call is answered alike, and only the first one counts."""
    challenge = subject.issue()
    query = report(voice.messages[0], UNANSWERED)

    first, *others = taken([subject.handle_receipt(query) for _ in range(5)])

    assert first.changed
    assert {(other.changed, other.delivery) for other in others} == {(False, first.delivery)}
    assert first.delivery == subject.inspect(challenge.id).delivery
    assert kinds(subject.events) == ["ISSUED", "DELIVERY_REPORTED"]


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("order", list(permutations([FAILED, UNANSWERED, ANSWERED])))
def test_any_order_comes_to_the_best(
    subject: Subject, voice: Provider, order: tuple[DeliveryState, ...]
) -> None:
    """A phone that was answered stays answered, and what is known never moves back."""
    challenge = subject.issue()
    better = [FAILED, UNANSWERED, ANSWERED]
    for place, state in enumerate(order):
        subject.handle_receipt(report(voice.messages[0], state))
        known = subject.inspect(challenge.id).delivery.state
        assert known == max(order[: place + 1], key=better.index)


@pytest.mark.guarantee("D4")
def test_a_receipt_of_an_earlier_send_leaves_the_latest_alone(subject: Subject, voice: Provider) -> None:
    """It is genuine, and about a call that is no longer the one that matters."""
    challenge = subject.issue()
    subject.resend(challenge.id)

    told = subject.handle_receipt(report(voice.messages[0], FAILED, ref="voice-1"))

    assert told is not None
    assert (told.changed, told.delivery) == (
        False,
        Delivery(state=FAILED, provider="voice", provider_ref="voice-1"),
    )
    latest = Delivery(state=DeliveryState.ACCEPTED, provider="voice", provider_ref="voice-2")
    assert subject.inspect(challenge.id).delivery == latest
    assert kinds(subject.events) == ["ISSUED", "RESENT"]


@pytest.mark.guarantee("D4")
def test_duplicates_at_once_count_once(build: Build, style: str, voice: Provider, sms: Provider) -> None:
    """One change, one event, and one message to the next provider."""
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK)
    subject.issue()
    query = report(voice.messages[0], UNANSWERED)

    answers = taken(subject.at_once([methodcaller("handle_receipt", query)] * AT_ONCE))

    assert [answer.changed for answer in answers].count(True) == 1
    assert len(sms.messages) == 1
    assert sorted(kinds(subject.events)) == ["DELIVERY_REPORTED", "ISSUED", "RESENT", "WENT_ON"]


@pytest.mark.guarantee("D4")
def test_different_receipts_at_once_lead_to_one_more_send(
    build: Build, style: str, voice: Provider, sms: Provider
) -> None:
    """Whichever is first goes on; the others are then of an earlier send."""
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK)
    challenge = subject.issue()
    queries = [report(voice.messages[0], state) for state in (UNANSWERED, FAILED) * (AT_ONCE // 2)]

    taken(subject.at_once([methodcaller("handle_receipt", query) for query in queries]))

    assert len(sms.messages) == 1
    assert kinds(subject.events).count("WENT_ON") == 1
    assert subject.inspect(challenge.id).sends_left == 1
    assert subject.verify(challenge.id, sms.code)


@pytest.mark.guarantee("D4")
def test_a_second_reason_to_go_on_while_the_first_is_worked_on(
    build: Build, style: str, voice: Provider, sms: Provider
) -> None:
    """One receipt is written down and its follow-up not yet reserved when the next one comes, and is quicker."""
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK)
    challenge = subject.issue()
    steps = Steps(subject)
    flow = steps.handle_receipt(report(voice.messages[0], FAILED))
    step = next(flow)
    while name(step) != "renew":
        step = steps.next(flow, step)

    second = subject.handle_receipt(report(voice.messages[0], UNANSWERED))

    assert second is not None
    assert (second.changed, second.delivery.state, len(sms.messages)) == (True, UNANSWERED, 1)
    with pytest.raises(StopIteration):
        steps.next(flow, step)
    assert len(sms.messages) == 1
    assert subject.verify(challenge.id, sms.code)


@pytest.mark.guarantee("D4")
def test_different_receipts_at_once_come_to_the_best(subject: Subject, voice: Provider) -> None:
    """Whoever is first, the call was answered."""
    challenge = subject.issue()
    queries = [report(voice.messages[0], state) for state in (FAILED, ANSWERED, UNANSWERED) * (AT_ONCE // 3)]

    answers = taken(subject.at_once([methodcaller("handle_receipt", query) for query in queries]))

    changes = [answer.delivery.state for answer in answers if answer.changed]
    assert len(changes) == len(set(changes)) == kinds(subject.events).count("DELIVERY_REPORTED")
    assert subject.inspect(challenge.id).delivery.state == ANSWERED


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("known", ["by number", None])
@pytest.mark.parametrize("state", [ANSWERED, FAILED])
def test_a_receipt_may_be_quicker_than_the_answer(
    subject: Subject, voice: Provider, state: DeliveryState, known: str | None
) -> None:
    """It comes while `send` is under way, and is not lost when that returns."""
    told: list[DeliveryReport | None] = []
    voice.reference = known
    voice.meanwhile = lambda message: told.append(meanwhile(subject, report(message, state, ref="early")))

    first = subject.issue()
    again = subject.resend(first.id)

    assert [answer is not None and answer.changed for answer in told] == [True, True]
    reference = "voice-2" if known else "early"
    delivery = Delivery(state=state, provider="voice", provider_ref=reference)
    assert again.delivery == Delivery(
        state=state, provider="voice", provider_ref="voice-2" if known else None
    )
    assert (first.delivery.state, subject.inspect(first.id).delivery) == (state, delivery)
    assert kinds(subject.events) == ["DELIVERY_REPORTED", "ISSUED", "DELIVERY_REPORTED", "RESENT"]
    assert subject.verify(first.id, voice.code)


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("state", [UNANSWERED, FAILED])
def test_an_early_receipt_goes_on_too(
    build: Build, style: str, voice: Provider, sms: Provider, state: DeliveryState
) -> None:
    """It comes while `send` is under way: the answer to that is then of an earlier send, and ends nothing."""
    subject = build(transport=fallback(style, voice, sms), callback_url=CALLBACK)
    seen: list[Message] = []

    def early(message: Message) -> None:
        for _ in range(2):
            meanwhile(subject, report(message, state))
        seen.extend(sms.messages)

    voice.meanwhile = early

    challenge = subject.issue()

    assert seen == sms.messages
    assert len(seen) == 1
    assert kinds(subject.events) == ["DELIVERY_REPORTED", "WENT_ON", "RESENT", "ISSUED"]
    status = subject.inspect(challenge.id)
    assert (status.sends_left, status.delivery) == (
        1,
        Delivery(state=DeliveryState.ACCEPTED, provider="sms", provider_ref="sms-1"),
    )
    assert subject.verify(challenge.id, voice.code).outcome == "SUPERSEDED"
    assert subject.verify(challenge.id, sms.code)
