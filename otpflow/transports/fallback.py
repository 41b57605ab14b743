"""One transport after the other: a call first, then perhaps a message."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Any, NoReturn, Self

from otpflow.drivers import Flow, arun, run
from otpflow.errors import ConfigurationError
from otpflow.models import Message, Receipt
from otpflow.transports._carrier import Carrier
from otpflow.transports._route import Landing, Leg, Route, deliver
from otpflow.transports.base import AsyncTransport, Transport


class _Open:
    """Lets everything pass, for a fallback that is used without an engine."""

    def allows(self, _: Carrier, /) -> Flow[bool]:
        yield from ()
        return True

    def hears(self, *_: object) -> Flow[None]:
        yield from ()


class _Fallback:
    """What the twins share: the checked route."""

    name = "fallback"

    def __init__(self, transports: tuple[object, ...], on_unanswered: object, *, asynchronous: bool) -> None:
        problems: list[str] = []
        carriers: list[Carrier] = []
        for transport in transports:
            try:
                carriers.append(Carrier(transport, asynchronous=asynchronous))
            except ConfigurationError as error:
                problems += error.problems
        if not isinstance(on_unanswered, bool):
            problems.append("on_unanswered is not a bool; give True or False")
        if problems:
            raise ConfigurationError(*problems)
        self._transports = transports
        self.route = Route(carriers, on_unanswered=bool(on_unanswered))
        self.channels = self.route.channels

    def __repr__(self) -> str:
        names = ", ".join(carrier.name for carrier in self.route.carriers)
        return f"{type(self).__name__}({names}, on_unanswered={self.route.on_unanswered})"

    def __reduce__(self) -> NoReturn:
        msg = f"an {type(self).__name__} holds transports; build it where it is used"
        raise TypeError(msg)

    def _sent(self, message: Message) -> Flow[Receipt]:
        legs = [
            Leg(carrier, replace(message, request_id=hop_id(message.request_id, place)))
            for place, (carrier, channel) in enumerate(self.route.hops(message.channel))
            if channel == message.channel  # the content is written for this one
        ]
        return _receipt((yield from deliver(legs, _Open())))


class Fallback(_Fallback):
    """Tries transports in order, for `OTPEngine`: the next one only where the one before surely failed.

    Behind an engine each transport gets a text for its own channel and a request id of its own, every hop is
    an event, and all of them share the challenge's attempts. Where nobody knows whether a transport took the
    send, no other is asked: there would be two calls.

    Args:
        transports: in order, each with a `name` of its own.
        on_unanswered: go on to the next one also where a call was taken and then nobody answered, or it
            failed; the engine hears of it through `handle_receipt` or `refresh_delivery`. The next send has
            a new code, and counts as one send of the challenge. The callback URL then holds the challenge's
            secret, sealed with the server key: without it no new code could be made when a receipt comes.

    Raises:
        ConfigurationError: with everything that is wrong with them.
    """

    def __init__(self, *transports: Transport, on_unanswered: bool = True) -> None:
        super().__init__(transports, on_unanswered, asynchronous=False)

    def send(self, message: Message, /) -> Receipt:
        """Send without an engine, through the transports that serve the message's channel.

        Args:
            message: what to deliver.

        Returns:
            The receipt of the one that took it.

        Raises:
            DeliveryError: none of them took it.
            DeliveryUnknownError: nobody knows whether one did.
        """
        return run(self._sent(message))

    def close(self) -> None:
        """Close the transports."""
        self.route.close()
        for transport in self._transports:
            _close(transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncFallback(_Fallback):
    """The same for `AsyncOTPEngine`; plain transports run in threads, async ones are awaited.

    Args:
        transports: in order, each with a `name` of its own.
        on_unanswered: go on to the next one also where a call was taken and nobody answered, or it failed.

    Raises:
        ConfigurationError: with everything that is wrong with them.
    """

    def __init__(self, *transports: Transport | AsyncTransport, on_unanswered: bool = True) -> None:
        super().__init__(transports, on_unanswered, asynchronous=True)

    async def send(self, message: Message, /) -> Receipt:
        """Do what `Fallback.send` does, without blocking the event loop."""
        return await arun(self._sent(message))

    async def aclose(self) -> None:
        """Close the transports."""
        self.route.close()
        for transport in self._transports:
            closing: Any = getattr(transport, "aclose", None)
            if closing is not None:
                await closing()
            else:
                _close(transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def hop_id(request_id: str, place: int) -> str:
    """Name one transport's part of a send to its provider.

    Args:
        request_id: names the send.
        place: which transport it is, from 0.

    Returns:
        The same for the first one, another one for each further.
    """
    return request_id if place == 0 else f"{request_id}.{place + 1}"


def route_of(transport: object, *, asynchronous: bool) -> Route:
    """Take whatever an engine was given as a route.

    Args:
        transport: one transport, or a fallback.
        asynchronous: whether `AsyncOTPEngine` uses it.

    Returns:
        The route.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """
    if isinstance(transport, AsyncFallback if asynchronous else Fallback):
        return transport.route
    if isinstance(transport, _Fallback):
        wanted, given = ("AsyncFallback", "Fallback") if asynchronous else ("Fallback", "AsyncFallback")
        engine = "AsyncOTPEngine" if asynchronous else "OTPEngine"
        raise ConfigurationError(f"transport is {given}(…); {engine} needs {wanted}(…)")
    return Route([Carrier(transport, asynchronous=asynchronous)])


def _close(transport: object) -> None:
    closing: Any = getattr(transport, "close", None)
    if closing is not None:
        closing()


def _receipt(landing: Landing) -> Receipt:
    if landing.error is not None:
        raise landing.error
    delivery = landing.delivery
    return Receipt(provider=delivery.provider, provider_ref=delivery.provider_ref, state=delivery.state)
