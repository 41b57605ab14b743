"""The steps of a delivery where little is there: no hooks, no room, no challenge any more, an odd answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from otpflow import (
    ChallengeError,
    ConfigurationError,
    Delivery,
    DeliveryError,
    DeliveryState,
    OverloadedError,
    Policy,
    Receipt,
    Report,
)
from otpflow.models import Message
from otpflow.receipts import LONGEST_URL, url_problem
from otpflow.transports._carrier import Carrier, reference
from tests.conftest import Build
from tests.delivery.providers import ANSWERED, CALLBACK, UNANSWERED, Provider, fallback, kept, report, watched
from tests.subjects import Subject

PLAIN = "callback_url is no str of at most 500 plain characters; give for example 'https://…'"
NO_URL = "callback_url is no http(s) URL without a fragment; give for example 'https://shop.example/otp'"


@pytest.fixture
def subject(build: Build, style: str, voice: Provider, sms: Provider) -> Subject:
    transport = fallback(style, voice, sms)
    return build(transport=transport, callback_url=CALLBACK, policy=Policy(cooldown=0), on_event=())


def test_without_hooks_all_goes_on_as_well(subject: Subject, voice: Provider, sms: Provider) -> None:
    """A refusal, a receipt, a follow-up and a question, with nobody listening."""
    voice.fail(DeliveryError("connect", True))
    sms.fail(DeliveryError("103", concerns="operator"))
    with pytest.raises(DeliveryError):
        subject.issue()
    challenge = subject.issue()
    subject.handle_receipt("forged")
    voice.answers.append(DeliveryError("101"))

    assert subject.refresh_delivery(challenge.id).state == "ACCEPTED"
    assert subject.handle_receipt(report(voice.messages[-1], UNANSWERED)) is not None
    assert subject.verify(challenge.id, sms.code)


def test_no_room_to_hash(subject: Subject, voice: Provider, sms: Provider) -> None:
    """Nothing is spent for a follow-up that could not be hashed; the report counts all the same."""
    challenge = subject.issue()
    hasher: Any = subject.engine._hasher
    places, hasher._places = hasher._places, 0
    told = subject.handle_receipt(report(voice.messages[0], UNANSWERED))
    with pytest.raises(OverloadedError):
        subject.resend(challenge.id)
    hasher._places = places

    assert told is not None
    assert (told.changed, sms.messages) == (True, [])
    assert subject.inspect(challenge.id).sends_left == 2


def test_a_challenge_that_ends_before_its_code_is_kept(subject: Subject, voice: Provider) -> None:
    """Nothing is sent, and nothing is made."""
    engine, store = watched(subject)
    run = store.run

    def late(operation: Any) -> Any:
        if operation.name == "store":
            subject.admin.flushall()
        return run(operation)

    store.run = late  # type: ignore[method-assign]

    with pytest.raises(ChallengeError):
        engine.issue()
    assert (voice.messages, kept(subject)) == ([], {})


@pytest.mark.parametrize(
    ("base", "problem"),
    [
        (None, None),
        ("https://shop.example/otp", None),
        ("http://127.0.0.1:8000/otp?tenant=7", None),
        (5, PLAIN),
        ("https://shop.example/mã", PLAIN),
        ("https://shop.example/" + "a" * LONGEST_URL, PLAIN),
        ("https://shop.example/\r\nHost: other.example", PLAIN),
        ("shop.example/otp", NO_URL),
        ("ftp://shop.example/otp", NO_URL),
        ("https://shop.example/otp#part", NO_URL),
        ("https://shop.example/a||b", NO_URL),
        ("https://shop.example/a b", NO_URL),
        ("http://[::1/otp", NO_URL),
    ],
)
def test_callback_urls(base: object, problem: str | None) -> None:
    """What is usable, and what is not, with the reason."""
    assert url_problem(base) == problem


def test_an_unusable_callback_url_is_refused(build: Build) -> None:
    """When the engine is built, not when the first receipt is lost."""
    with pytest.raises(ConfigurationError, match="callback_url is no http"):
        build(transport=Provider(), callback_url="shop.example")


class Odd(Provider):
    """A provider that answers what it was given."""

    answer: Any = None

    def send(self, message: Message, /) -> Any:
        """Answer."""
        return self.answer() if callable(self.answer) else self.answer


async def later() -> Receipt:
    """Answer, where somebody awaits it."""
    return Receipt(provider="x", provider_ref="later")


@pytest.mark.parametrize(
    ("answer", "delivery"),
    [
        (None, Delivery(state=DeliveryState.ACCEPTED, provider="voice")),
        (
            Receipt(provider="another", provider_ref="r"),
            Delivery(state=DeliveryState.ACCEPTED, provider="voice", provider_ref="r"),
        ),
        (Receipt(provider="x", provider_ref="mã"), Delivery(state=DeliveryState.ACCEPTED, provider="voice")),
        (Receipt(provider="x", state=ANSWERED), Delivery(state=ANSWERED, provider="voice")),
        (True, Delivery(state=DeliveryState.UNKNOWN, provider="voice")),
        ({"state": "ACCEPTED"}, Delivery(state=DeliveryState.UNKNOWN, provider="voice")),
    ],
)
def test_what_a_send_may_answer(build: Build, answer: Any, delivery: Delivery) -> None:
    """A receipt or nothing; whatever else it is, nobody knows whether the call was made."""
    voice = Odd()
    voice.answer = answer

    assert build(transport=voice).issue().delivery == delivery


def test_a_send_that_should_have_been_awaited(build: Build, style: str) -> None:
    """A plain function that gives a coroutine: awaited where it can be, otherwise nobody knows; no warning."""
    voice = Odd()
    voice.answer = later

    known = style == "async"
    assert build(transport=voice).issue().delivery == Delivery(
        state=DeliveryState.ACCEPTED if known else DeliveryState.UNKNOWN,
        provider="voice",
        provider_ref="later" if known else None,
    )


@pytest.mark.parametrize(
    ("given", "kept_of_it"),
    [
        (None, None),
        ("", None),
        ("r" * 70, "r" * 64),
        ("a b", "a b"),
        ("a\nb", None),
        ("mã", None),
        (5, "5"),
        (0, None),
    ],
)
def test_references(given: object, kept_of_it: str | None) -> None:
    """At most 64 plain characters."""
    assert reference(given) == kept_of_it


@pytest.mark.parametrize("given", [None, 5, "DELIVERED", {"state": "DELIVERED"}, Report(state="GONE")])  # type: ignore[arg-type]
def test_what_is_no_report(given: object) -> None:
    """From a callback or a poll: it says nothing."""
    carrier = Carrier(Provider(), asynchronous=False)
    assert carrier.answer(given) is None


def test_a_coroutine_is_no_report() -> None:
    """It is closed, so that nobody is warned of it later."""
    carrier = Carrier(Provider(), asynchronous=False)
    assert carrier.answer(later()) is None


def test_a_transport_whose_parser_fails(build: Build, voice: Provider) -> None:
    """What comes from outside breaks nobody: the receipt says nothing."""
    subject = build(transport=voice, callback_url=CALLBACK)
    subject.issue()

    assert subject.handle_receipt(report(voice.messages[0], ANSWERED, seconds="many")) is None


def test_threads_end_with_the_engine() -> None:
    """Those that plain transports ran in; closing twice harms nobody."""
    carrier = Carrier(Provider(), asynchronous=True)
    carrier.close()

    async def asked() -> object:
        answer: Any = carrier.poll("r") if carrier.poll is not None else None
        return await answer

    assert asyncio.run(asked()) is None
    carrier.close()
    carrier.close()
