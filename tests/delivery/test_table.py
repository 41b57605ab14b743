"""What the user sees, row by row of the table in the README's section on delivery: eSMS on loopback, real callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest

from otpflow import DeliveryError, DeliveryState, EventKind, ThrottledError
from otpflow.testing import Fault
from otpflow.transports._esms_codes import CODES
from tests.conftest import Build
from tests.delivery.breaking import Hands, timed
from tests.delivery.provider_on_loopback import World, simulated
from tests.delivery.providers import age, kinds
from tests.subjects import Subject

SORRY = "We cannot send a code to this number now. Check the number or try again later."
UNCLEAR = ("124", "199")
"""Codes that do not say whether the call was made, so that the same request goes out again."""
REFUSALS = sorted(set(CODES) - {"100", *UNCLEAR}, key=int)
FIVE_MINUTES = 300


@pytest.fixture
def world(build: Build, style: str) -> Iterator[World]:
    """The simulated provider on loopback, and an endpoint for its callbacks."""
    made = World(build, style)
    yield made
    made.close()


def state(subject: Subject, challenge_id: str) -> DeliveryState:
    return subject.inspect(challenge_id).delivery.state


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("appends_with", ["&", "?"])
def test_taken_and_answered(world: World, appends_with: str) -> None:
    """ACCEPTED, then DELIVERED; the code verifies before and after."""
    world.simulator = simulated(appends_with=appends_with)
    subject = world.start()
    challenge = subject.issue()
    assert challenge.delivery.state == "ACCEPTED"

    world.simulator.answer(world.simulator.calls[0].sms_id)
    [told] = world.call_back()

    assert told is not None
    assert (told.delivery.state, told.duration, told.price) == ("DELIVERED", 13, 850.0)
    assert kinds(subject.events) == ["ISSUED", "DELIVERY_REPORTED"]
    assert subject.verify(challenge.id, world.simulator.last_code())


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("spelling", ["NOANSWERED", "NO ANSWER"])
def test_taken_and_unanswered(world: World, spelling: str) -> None:
    """UNANSWERED: the page can offer another call, and the code stays good for whoever heard it after all."""
    subject = world.start()
    challenge = subject.issue()

    world.simulator.no_answer(world.simulator.calls[0].sms_id, spelling=spelling)
    [told] = world.call_back()

    assert told is not None
    assert (told.delivery.state, state(subject, challenge.id)) == ("UNANSWERED", "UNANSWERED")
    with pytest.raises(ThrottledError):
        subject.resend(challenge.id)
    subject.advance(60)
    assert subject.resend(challenge.id).delivery.state == "ACCEPTED"
    assert subject.verify(challenge.id, world.simulator.last_code())


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("asked", [False, True])
def test_taken_and_unanswered_with_a_fallback(world: World, asked: bool) -> None:
    """A text message with a new code is on its way at once, whether the provider told it or was asked."""
    subject = world.start(with_sms=True)
    challenge = subject.issue(locale="en")
    [call] = world.simulator.calls
    world.simulator.no_answer(call.sms_id)

    if asked:
        subject.refresh_delivery(challenge.id)
    world.call_back()

    _, message = world.simulator.calls
    assert (message.kind, message.phone, state(subject, challenge.id)) == ("sms", "0901888484", "ACCEPTED")
    world.simulator.arrive(message.sms_id)
    world.call_back()
    assert state(subject, challenge.id) == "DELIVERED"
    assert kinds(subject.events) == ["ISSUED", "DELIVERY_REPORTED", "WENT_ON", "RESENT", "DELIVERY_REPORTED"]
    assert subject.verify(challenge.id, world.simulator.last_code())


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("code", REFUSALS)
def test_refused(world: World, code: str) -> None:
    """An error with the code; the same words for every user; nothing is spent; the operator hears of what is his."""
    subject = world.start(sends_per_hour=1, sends_per_day=1)
    world.simulator.misbehave(Fault.code(code))

    with pytest.raises(DeliveryError) as caught:
        subject.issue()

    row = CODES[code]
    assert (caught.value.code, caught.value.retryable) == (code, row.kind == "transient")
    assert caught.value.public_message("en") == SORRY
    alarm = ["ALARM"] if row.kind == "operator" else []
    assert kinds(subject.events) == ["DELIVERY_REFUSED", *alarm]
    assert subject.issue().sends_left == 2


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("code", UNCLEAR)
def test_answers_that_do_not_say(world: World, code: str) -> None:
    """The same request goes out again, and the user sees a call as usual; where it never clears up, UNKNOWN."""
    subject = world.start()
    world.simulator.misbehave(Fault.accept_then(Fault.code(code)))
    challenge = subject.issue()
    assert (challenge.delivery.state, len(world.simulator.calls)) == ("ACCEPTED", 1)
    assert subject.verify(challenge.id, world.simulator.last_code())

    world.simulator.misbehave(Fault.code("199"), times=9)
    assert subject.issue("+84901888485").delivery.state == "UNKNOWN"


@pytest.mark.guarantee("D1")
def test_timed_out_before_it_was_taken(world: World) -> None:
    """The same request is repeated: one call. Where it never gets there, UNKNOWN, and another one after the cooldown."""
    subject = world.start()
    world.simulator.misbehave(Fault.drop())
    first = subject.issue()
    assert (first.delivery.state, len(world.simulator.calls)) == ("ACCEPTED", 1)

    world.simulator.misbehave(Fault.drop(), times=9)
    second = subject.issue("+84901888485")

    assert (second.delivery.state, len(world.simulator.calls)) == ("UNKNOWN", 1)
    assert kinds(subject.events) == ["ISSUED", "DELIVERY_UNKNOWN", "ISSUED"]
    with pytest.raises(ThrottledError):
        subject.resend(second.id)
    world.simulator._faults.clear()  # pyright: ignore[reportPrivateUsage]
    subject.advance(60)
    assert subject.resend(second.id).delivery.state == "ACCEPTED"
    assert subject.verify(second.id, world.simulator.last_code())


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("times", [1, 9])
def test_timed_out_after_it_was_taken(world: World, times: int) -> None:
    """One call and no second one; where no answer ever comes UNKNOWN, but the phone rings and the code verifies."""
    subject = world.start()
    world.simulator.misbehave(Fault.accept_then_delay(60), times=times)

    challenge = subject.issue()

    assert challenge.delivery.state == ("ACCEPTED" if times == 1 else "UNKNOWN")
    assert len(world.simulator.calls) == 1
    assert len({request.fields["RequestId"] for request in world.simulator.requests}) == 1
    world.simulator._faults.clear()  # pyright: ignore[reportPrivateUsage]
    world.simulator.answer(world.simulator.calls[0].sms_id)
    world.call_back()
    assert state(subject, challenge.id) == "DELIVERED"
    assert subject.verify(challenge.id, world.simulator.last_code())


@pytest.mark.guarantee("D4")
def test_callback_lost(world: World) -> None:
    """The page asks instead, and knows as much; nothing the user does depends on it."""
    subject = world.start()
    challenge = subject.issue()
    assert subject.refresh_delivery(challenge.id).state == "ACCEPTED"
    world.simulator.answer(world.simulator.calls[0].sms_id)
    world.endpoint.status = 503
    assert world.simulator.deliver_callbacks() == [False]
    assert len(world.endpoint.taken()) == 5

    age(subject, 3)

    assert subject.refresh_delivery(challenge.id).state == "DELIVERED"
    assert subject.verify(challenge.id, world.simulator.last_code())


@pytest.mark.guarantee("D4")
def test_callback_forged(world: World) -> None:
    """Nothing changes, for the user or in the store; the events say that somebody tried."""
    subject = world.start(with_sms=True)
    challenge = subject.issue()
    [call] = world.simulator.calls
    world.simulator.no_answer(call.sms_id)
    [genuine] = world.simulator.due_callbacks()
    query = dict(parse_qsl(genuine.partition("?")[2], keep_blank_values=True))

    for forged in (
        {"ReferenceId": call.sms_id, "CallStatus": "NOANSWERED", "SendStatus": "5"},
        {**query, "otpflow_signature": "A" * 22},
        {**query, "otpflow_send": query["otpflow_send"].replace(".1.", ".2.")},
    ):
        assert subject.handle_receipt(forged) is None

    assert (state(subject, challenge.id), len(world.simulator.calls)) == ("ACCEPTED", 1)
    assert kinds(subject.events) == ["ISSUED", *["RECEIPT_REFUSED"] * 3]
    assert subject.handle_receipt(query) is not None
    assert len(world.simulator.calls) == 2


@pytest.mark.guarantee("D2")
def test_provider_down_for_five_minutes(world: World) -> None:
    """The user is told at once to try later, and loses nothing; the provider is tried a few times, then twice a minute."""
    subject, hands = world.start(sends_per_hour=1, sends_per_day=1), Hands()
    timed(subject, hands)
    assert world.server is not None
    world.server.close()
    codes: list[str | None] = []
    for _ in range(FIVE_MINUTES // 5):
        with pytest.raises(DeliveryError) as caught:
            subject.issue()
        assert (caught.value.public_message("en"), caught.value.retryable) == (SORRY, True)
        codes.append(caught.value.code)
        hands.now += 5
        age(subject, 5)

    assert set(codes) == {"connect", "circuit_open"}
    assert codes[:10] == ["connect"] * 10
    assert codes.count("connect") <= 20
    world.restart()
    hands.now += 30
    age(subject, 30)
    assert subject.issue().delivery.state == "ACCEPTED"
    assert kinds(subject.events)[-2:] == ["CIRCUIT_CLOSED", "ISSUED"]
    assert EventKind.CIRCUIT_OPENED in {event.kind for event in subject.events}


@pytest.mark.guarantee("D2")
def test_provider_down_for_five_minutes_with_a_fallback(world: World) -> None:
    """Where another one is up the user gets a message instead, and soon without waiting for the first one."""
    subject = world.start(with_sms=True)
    world.simulator.misbehave(Fault.code("160"))
    for number in range(15):
        assert subject.issue(f"+849018885{number:02d}").channel == "sms"
        if number < 9:
            world.simulator.misbehave(Fault.code("160"))

    refused = [request for request in world.simulator.requests if request.fields["SmsType"] == "8"]
    assert len(refused) == 10
    assert kinds(subject.events).count("CIRCUIT_OPENED") == 1


@pytest.mark.guarantee("D2")
def test_balance_exhausted(world: World) -> None:
    """The user is told to try later and loses nothing; the operator gets an alarm; after a top-up all is well."""
    subject = world.start(sends_per_hour=1, sends_per_day=1)
    world.simulator.balance = 849

    with pytest.raises(DeliveryError) as caught:
        subject.issue()

    assert (caught.value.code, caught.value.public_message("en")) == ("103", SORRY)
    assert [dict(event.detail) for event in subject.events if event.kind == "ALARM"] == [
        {"provider": "esms", "code": "103"}
    ]
    world.simulator.balance = 850
    challenge = subject.issue()
    assert challenge.delivery.state == "ACCEPTED"
    assert subject.verify(challenge.id, world.simulator.last_code())
