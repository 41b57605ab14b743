"""A transport behind an engine: checked once, run where it harms nobody, its answer brought to one form."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from otpflow.errors import ConfigurationError
from otpflow.models import Delivery, DeliveryState, Message, Receipt
from otpflow.transports._carrier import SENDS_AT_A_TIME, Carrier
from tests.transports.conftest import message


class Plain:
    """A transport with a plain `send`."""

    def __init__(self, answer: object = None) -> None:
        self.answer = answer
        self.threads: list[str] = []

    def send(self, message: Message, /) -> Any:
        """Note the thread, and answer."""
        self.threads.append(threading.current_thread().name)
        return self.answer() if callable(self.answer) else self.answer


class Awaited(Plain):
    """A transport whose `send` is async."""

    async def send(self, message: Message, /) -> Any:
        """Note the thread, and answer."""
        self.threads.append(threading.current_thread().name)
        return self.answer


class Channels(Plain):
    """A transport with channels of its own."""

    def __init__(self, channels: object) -> None:
        super().__init__()
        self.channels = channels


class Named(Plain):
    """A transport with a name of its own."""

    def __init__(self, name: object) -> None:
        super().__init__()
        self.name = name


def sent(carrier: Carrier) -> object:
    """Send through an asynchronous carrier, in a loop of its own."""

    async def once() -> object:
        try:
            return await cast("Any", carrier.send(message()))
        finally:
            carrier.close()

    return asyncio.run(once())


@pytest.mark.parametrize(
    ("transport", "shown"),
    [
        (None, "a NoneType"),
        ("console", "a str"),
        (object(), "a object"),
        (Plain, "the class Plain itself"),
        (type("Broken", (), {"send": 1})(), "a Broken"),
    ],
)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_transport_is_an_object_with_a_send(transport: object, shown: str, asynchronous: bool) -> None:
    """Anything else is named and refused."""
    with pytest.raises(ConfigurationError) as caught:
        Carrier(transport, asynchronous=asynchronous)

    assert caught.value.problems == (
        f"transport is {shown}, without a send(message); give any object that has one",
    )


def test_every_problem_of_a_transport_is_told_at_once() -> None:
    """An async `send` for the plain engine, and channels that do not exist."""
    transport = Awaited()
    cast("Any", transport).channels = ("fax",)

    with pytest.raises(ConfigurationError) as caught:
        Carrier(transport, asynchronous=False)

    assert caught.value.problems == (
        "transport is a Awaited, whose send is async; give OTPEngine one with a plain send, or use AsyncOTPEngine",
        "transport.channels is ('fax',); give a tuple of voice, sms, zalo, the default first",
    )


@pytest.mark.parametrize("channels", ["voice", b"sms", (), ("voice", "fax"), 7, None])
def test_channels_are_a_collection_of_known_ones(channels: object) -> None:
    """Whatever else is there is shown and refused."""
    with pytest.raises(ConfigurationError, match=r"^transport\.channels is "):
        Carrier(Channels(channels), asynchronous=False)


def test_a_transport_serves_its_channels_or_else_all() -> None:
    """The order is the transport's; the first one is the default."""
    assert Carrier(Channels(["sms", "voice"]), asynchronous=False).channels == ("sms", "voice")
    assert Carrier(Plain(), asynchronous=False).channels == ("voice", "sms", "zalo")


@pytest.mark.parametrize(
    ("name", "known_as"),
    [("my sms\n", "mysms"), ("x" * 40, "x" * 32), ("điện", "in"), (" ", "transport"), (7, "Named")],
)
def test_a_name_is_short_and_plain(name: object, known_as: str) -> None:
    """A name without one printable letter is called `transport`, one that is no text is the class's."""
    assert Carrier(Named(name), asynchronous=False).name == known_as
    assert Carrier(Plain(), asynchronous=False).name == "Plain"


def test_the_plain_engine_calls_the_transport_itself() -> None:
    """No thread is in between."""
    transport = Plain("answer")

    assert Carrier(transport, asynchronous=False).send(message()) == "answer"
    assert transport.threads == [threading.current_thread().name]


def test_the_async_engine_awaits_what_is_async() -> None:
    """It runs in the event loop's own thread."""
    transport = Awaited("answer")

    carrier = Carrier(transport, asynchronous=True)
    assert carrier.send == transport.send
    assert sent(carrier) == "answer"
    assert transport.threads == [threading.current_thread().name]


def test_the_async_engine_runs_what_is_plain_in_a_thread() -> None:
    """The event loop goes on meanwhile."""
    transport = Plain("answer")

    assert sent(Carrier(transport, asynchronous=True)) == "answer"
    assert len(transport.threads) == 1
    assert transport.threads[0].startswith("otpflow-send")


def test_a_plain_send_may_return_what_has_to_be_awaited() -> None:
    """A wrapped coroutine function is awaited, although it does not look like one."""

    async def answer() -> str:
        return "answer"

    assert sent(Carrier(Plain(answer), asynchronous=True)) == "answer"


def test_plain_sends_run_side_by_side_in_one_pool() -> None:
    """As many as there are threads run at a time, and the pool is made once."""
    barrier = threading.Barrier(SENDS_AT_A_TIME)
    transport = Plain(lambda: barrier.wait(timeout=10))
    carrier = Carrier(transport, asynchronous=True)

    async def many() -> list[int]:
        calls = (cast("Awaitable[int]", carrier.send(message())) for _ in range(SENDS_AT_A_TIME))
        return await asyncio.gather(*calls)

    assert sorted(asyncio.run(many())) == list(range(SENDS_AT_A_TIME))
    assert len(set(transport.threads)) == SENDS_AT_A_TIME
    carrier.close()


def test_a_carrier_that_was_closed_starts_anew_when_used() -> None:
    """Closing ends the threads, as often as it is asked for, and the transport stays open."""
    transport = Plain("answer")
    carrier = Carrier(transport, asynchronous=True)
    carrier.close()

    assert sent(carrier) == "answer"
    carrier.close()
    assert sent(carrier) == "answer"


@pytest.mark.parametrize(
    ("answer", "delivery"),
    [
        (None, Delivery(state=DeliveryState.ACCEPTED, provider="Plain")),
        (Receipt(provider="esms"), Delivery(state=DeliveryState.ACCEPTED, provider="Plain")),
        (
            Receipt(provider="esms", provider_ref="x" * 70, state=DeliveryState.UNKNOWN),
            Delivery(state=DeliveryState.UNKNOWN, provider="Plain", provider_ref="x" * 64),
        ),
        (
            Receipt(provider="é", provider_ref=cast("Any", 7), state=cast("Any", "DELIVERED")),
            Delivery(state=DeliveryState.DELIVERED, provider="Plain", provider_ref="7"),
        ),
        (Receipt(provider="esms", provider_ref=""), Delivery(state=DeliveryState.ACCEPTED, provider="Plain")),
        (
            Receipt(provider="esms", provider_ref="é"),
            Delivery(state=DeliveryState.ACCEPTED, provider="Plain"),
        ),
        (
            Receipt(provider="esms", provider_ref="a\nb"),
            Delivery(state=DeliveryState.ACCEPTED, provider="Plain"),
        ),
    ],
)
def test_an_answer_is_brought_to_one_form(answer: object, delivery: Delivery) -> None:
    """What the store keeps of it is short and plain, under the transport's own name."""
    assert Carrier(Plain(), asynchronous=False).delivery(answer) == delivery


async def _forgotten() -> None:
    """Stand for a coroutine that nobody awaits."""


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(lambda: True, "bool"), (lambda: "100", "str"), (dict, "dict"), (_forgotten, "coroutine")],
)
def test_an_answer_of_another_kind_is_no_answer(answer: Callable[[], object], kind: str) -> None:
    """Nobody knows then what became of the send, and a coroutine is closed, not forgotten."""
    with pytest.raises(TypeError, match=f"^Plain.send returned a {kind}; it returns a Receipt or None$"):
        Carrier(Plain(), asynchronous=False).delivery(answer())


def test_a_state_that_does_not_exist_is_no_answer() -> None:
    """Nobody knows then either."""
    with pytest.raises(ValueError, match="RINGING"):
        Carrier(Plain(), asynchronous=False).delivery(Receipt(provider="x", state=cast("Any", "RINGING")))


def test_what_nobody_knows_is_said_with_the_name() -> None:
    """The transport is named even where its answer is lost."""
    assert Carrier(Named("mine"), asynchronous=False).unknown() == Delivery(
        state=DeliveryState.UNKNOWN, provider="mine"
    )
