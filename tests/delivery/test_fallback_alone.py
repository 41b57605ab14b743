"""A fallback by itself: what it is built of, what it shows, and how it sends without an engine."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from otpflow import (
    AsyncOTPEngine,
    ConfigurationError,
    DeliveryError,
    DeliveryState,
    DeliveryUnknownError,
    Message,
    OTPEngine,
    Receipt,
)
from otpflow.stores import AsyncEmbeddedStore, EmbeddedStore
from otpflow.testing import Outbox
from otpflow.transports import AsyncFallback, Fallback
from otpflow.transports._carrier import Carrier
from otpflow.transports._route import Route
from tests.delivery.providers import Provider
from tests.subjects import KEYS

STYLES = {"sync": Fallback, "async": AsyncFallback}
TWICE = (
    "two transports are called voice; give each a `name` of its own, so that a receipt can say which of them it "
    "is from"
)


class Awaited(Provider):
    """An async transport."""

    closed = 0

    async def send(self, message: Message, /) -> Receipt:  # type: ignore[override]
        """Do what the plain one does."""
        await asyncio.sleep(0)
        return super().send(message)

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1


class Closing(Provider):
    """A plain transport that is closed."""

    closed = 0

    def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.fixture
def send(style: str) -> Callable[..., Receipt]:
    """Send through a fallback of these transports."""

    def one(message: Message, *transports: Any) -> Receipt:
        if style == "sync":
            with Fallback(*transports) as plain:
                return plain.send(message)
        return asyncio.run(awaited(message, *transports))

    async def awaited(message: Message, *transports: Any) -> Receipt:
        async with AsyncFallback(*transports) as fallback:
            return await fallback.send(message)

    return one


def message(channel: str = "voice") -> Message:
    return Message(
        to="+84901888484",
        content="1, 2, 3",
        code="123456",
        channel=channel,
        locale="vi",
        purpose="login",
        request_id="r",
        expires_in=180.0,
    )


def test_the_first_that_takes_it(send: Callable[..., Receipt]) -> None:
    """Its receipt comes back; each is asked under an id of its own."""
    first, second, third = Provider("a"), Provider("b"), Provider("c")
    first.fail(DeliveryError("103"))

    receipt = send(message(), first, second, third)

    assert receipt == Receipt(provider="b", provider_ref="b-1", state=DeliveryState.ACCEPTED)
    assert [asked.request_id for asked in second.messages] == ["r.2"]
    assert (first.messages, third.messages) == ([], [])


def test_only_those_of_the_messages_channel(send: Callable[..., Receipt]) -> None:
    """Its text was written for that one."""
    first, second, third = Provider("a"), Provider("b", ("sms",)), Provider("c", ("voice", "sms"))
    first.fail(DeliveryError("103"))

    assert send(message(), first, second, third).provider == "c"
    assert second.messages == []
    assert third.messages[0].request_id == "r.3"


@pytest.mark.parametrize(
    ("error", "raised", "code"),
    [
        (DeliveryError("103"), DeliveryError, "146"),
        (DeliveryUnknownError("timeout"), DeliveryUnknownError, "timeout"),
    ],
)
def test_what_is_raised(send: Callable[..., Receipt], error: DeliveryError, raised: type, code: str) -> None:
    """The last refusal, or at once that nobody knows."""
    first, second = Provider("a"), Provider("b")
    first.fail(error)
    second.fail(DeliveryError("146"))

    with pytest.raises(DeliveryError) as caught:
        send(message(), first, second)

    assert (type(caught.value), caught.value.code) == (raised, code)


def test_a_bug_of_a_transport_comes_out(send: Callable[..., Receipt]) -> None:
    """As it would without the fallback; no other transport is asked."""
    first, second = Provider("a"), Provider("b")
    first.fail(KeyError("bug"))

    with pytest.raises(KeyError, match="bug"):
        send(message(), first, second)
    assert second.messages == []


def test_a_channel_that_none_serves(send: Callable[..., Receipt]) -> None:
    """Surely nobody took it."""
    with pytest.raises(DeliveryError) as caught:
        send(message("zalo"), Provider("a"))

    assert (caught.value.code, caught.value.concerns, caught.value.retryable) == ("channel", "caller", False)


@pytest.mark.parametrize("style", STYLES)
def test_its_parts_are_closed_with_it(style: str) -> None:
    """Each in its own way, also where one is awaited and the other is not; one without an end is left alone."""
    plain, awaited, endless = Closing("a"), Awaited("b"), Provider("c")
    if style == "sync":
        with Fallback(plain, endless):
            pass
        assert plain.closed == 1
    else:

        async def both() -> None:
            async with AsyncFallback(plain, awaited, endless) as fallback:
                assert (await fallback.send(message())).provider == "a"
                plain.fail(DeliveryError("103"))
                assert (await fallback.send(message())).provider == "b"

        asyncio.run(both())
        assert (plain.closed, awaited.closed) == (1, 1)


@pytest.mark.parametrize("style", STYLES)
def test_what_it_cannot_be_built_of(style: str) -> None:
    """Every problem is told at once."""
    with pytest.raises(ConfigurationError, match="at least one transport"):
        STYLES[style]()
    with pytest.raises(ConfigurationError) as caught:
        STYLES[style](Provider(), Provider())
    assert caught.value.problems == (TWICE,)
    wrong: Any = (object(), Provider(channels=("pigeon",)), Outbox)
    with pytest.raises(ConfigurationError) as caught:
        STYLES[style](*wrong, on_unanswered="yes")  # type: ignore[arg-type]
    assert caught.value.problems == (
        "transport is a object, without a send(message); give any object that has one",
        "transport.channels is ('pigeon',); give a tuple of voice, sms, zalo, the default first",
        "transport is the class Outbox itself, without a send(message); give any object that has one",
        "on_unanswered is not a bool; give True or False",
    )


def test_a_plain_one_takes_no_async_transport() -> None:
    """Its send could not be awaited."""
    with pytest.raises(ConfigurationError, match="whose send is async"):
        Fallback(Provider("a"), Awaited("b"))  # type: ignore[arg-type]


def test_each_engine_takes_its_own() -> None:
    """The other one is named in the error."""
    with pytest.raises(ConfigurationError) as caught:
        OTPEngine(EmbeddedStore(), AsyncFallback(Provider()), keys=KEYS)  # type: ignore[arg-type]
    assert str(caught.value) == "transport is AsyncFallback(…); OTPEngine needs Fallback(…)"
    with pytest.raises(ConfigurationError) as caught:
        AsyncOTPEngine(AsyncEmbeddedStore(), Fallback(Provider()), keys=KEYS)
    assert str(caught.value) == "transport is Fallback(…); AsyncOTPEngine needs AsyncFallback(…)"


@pytest.mark.parametrize("style", STYLES)
def test_what_it_shows(style: str) -> None:
    """Names alone; it cannot be pickled, and serves what its parts serve, in their order."""
    fallback = STYLES[style](Provider("a", ("sms",)), Provider("b", ("voice", "sms")), on_unanswered=False)

    assert repr(fallback) == f"{STYLES[style].__name__}(a, b, on_unanswered=False)"
    assert (fallback.name, fallback.channels) == ("fallback", ("sms", "voice"))
    with pytest.raises(TypeError, match=f"an {STYLES[style].__name__} holds transports"):
        pickle.dumps(fallback)


def test_the_rest_of_a_route() -> None:
    """Behind the last one, and behind one that is not on it, there is nobody."""
    route = Route([Carrier(Provider(name), asynchronous=False) for name in "ab"], on_unanswered=True)
    rest = route.after("a")

    assert rest is not None
    assert ([carrier.name for carrier in rest.carriers], rest.on_unanswered) == (["b"], True)
    assert (route.after("b"), route.after("c"), route.named("c")) == (None, None, None)
    assert route.named("b") is rest.carriers[0]
    with pytest.raises(DeliveryError, match="no transport serves this channel"):
        route.hops("zalo")


def test_an_engine_over_plain_and_async_transports() -> None:
    """Each is called in its own way, and asked in its own way too."""
    plain, awaited = Provider("a"), Awaited("b")
    plain.fail(DeliveryError("103"))

    async def story() -> tuple[str, ...]:
        transport = AsyncFallback(plain, awaited)
        async with transport, AsyncOTPEngine(AsyncEmbeddedStore(), transport, keys=KEYS) as engine:
            first = await engine.issue("0901888484", purpose="login")
            second = await engine.issue("0901888485", purpose="login")
            states = [await engine.refresh_delivery(challenge.id) for challenge in (first, second)]
            assert await engine.verify(second.id, plain.code, purpose="login")
        return tuple(state.provider for state in states)

    assert asyncio.run(story()) == ("b", "a")
    assert (awaited.asked, plain.asked) == (["b-1"], ["a-1"])
