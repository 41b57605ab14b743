"""A transport as the engine uses it: checked once, awaited where it has to be, its answer in one form."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

from otpflow.errors import ConfigurationError
from otpflow.models import Delivery, DeliveryState, Receipt, Report
from otpflow.transports._breaker import Breaker
from otpflow.transports.base import CHANNELS

SENDS_AT_A_TIME = 32
"""Threads for plain transports under `AsyncOTPEngine`; the 33rd send waits for one."""

LONGEST_REFERENCE = 64
_LONGEST_NAME = 32

Call = Callable[[Any], object | Awaitable[object]]


class Carrier:
    """One transport behind one engine.

    Args:
        transport: any object with a `send`.
        asynchronous: whether `AsyncOTPEngine` uses it.

    Attributes:
        name: a short word for it.
        channels: what it serves, the default first.
        send: sends a message, in the way that fits the engine.
        poll: asks what became of a send; `None` where it cannot.
        breaker: whether this process asks it at all.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """

    def __init__(self, transport: object, *, asynchronous: bool) -> None:
        problems = list(_problems(transport, asynchronous=asynchronous))
        if problems:
            raise ConfigurationError(*problems)
        self.name = _name(transport)
        self.channels = cast("tuple[str, ...]", tuple(getattr(transport, "channels", CHANNELS)))
        self._transport = cast("Any", transport)
        self._asynchronous = asynchronous
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0
        self.send: Call = self._fitting(self._transport.send)
        self.poll: Call | None = self._fitting(self._transport.poll) if hasattr(transport, "poll") else None
        self.breaker = Breaker()

    def _fitting(self, method: Call) -> Call:
        if inspect.iscoroutinefunction(method) or not self._asynchronous:
            return method

        async def in_thread(argument: object) -> object:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads(), method, argument)
            return await answer if inspect.isawaitable(answer) else answer

        return in_thread

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            # A process that was forked has the pool but none of its threads.
            if self._pool is None or self._process != os.getpid():
                self._process = os.getpid()
                self._pool = ThreadPoolExecutor(SENDS_AT_A_TIME, thread_name_prefix="otpflow-send")
            return self._pool

    def carries(self, channel: str) -> str:
        """Tell on which channel it carries what is wanted on one.

        Args:
            channel: the one that was asked for.

        Returns:
            That one where it serves it, its own first one otherwise.
        """
        return channel if channel in self.channels else self.channels[0]

    def delivery(self, answer: object) -> Delivery:
        """Read what the transport returned.

        Args:
            answer: a `Receipt`, or `None`: taken, nothing more to say.

        Returns:
            What is known of the send.

        Raises:
            TypeError: it is neither, so that nobody knows what became of the send.
        """
        if answer is None:
            return Delivery(state=DeliveryState.ACCEPTED, provider=self.name)
        if not isinstance(answer, Receipt):
            if inspect.iscoroutine(answer):
                answer.close()
            msg = f"{self.name}.send returned a {type(answer).__name__}; it returns a Receipt or None"
            raise TypeError(msg)
        return Delivery(
            state=DeliveryState(answer.state),
            provider=self.name,
            provider_ref=reference(answer.provider_ref),
        )

    def unknown(self) -> Delivery:
        """Say that nobody knows what became of the send."""
        return Delivery(state=DeliveryState.UNKNOWN, provider=self.name)

    def report(self, fields: Mapping[str, str]) -> Report | None:
        """Have the transport read a provider's callback.

        Args:
            fields: what the provider says.

        Returns:
            What became of the send, or `None` where that is not in it, or the transport cannot tell.
        """
        try:
            found = self._transport.parse_receipt(fields)
        except Exception:  # noqa: BLE001 - what comes from outside must not break whoever reads it
            return None
        return self.answer(found)

    def answer(self, given: object) -> Report | None:
        """Read what the transport says became of a send.

        Args:
            given: a `Report`, or `None`: it cannot tell.

        Returns:
            The report, or `None` where it is none, or its state is none.
        """
        if inspect.iscoroutine(given):
            given.close()
        try:
            return replace(given, state=DeliveryState(given.state)) if isinstance(given, Report) else None
        except ValueError:
            return None

    def close(self) -> None:
        """End the threads, once they have sent what is under way; the transport itself stays open."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)


def reference(given: object) -> str | None:
    """Bring a provider's id of a send to what is kept of it.

    Args:
        given: as the provider gave it.

    Returns:
        At most 64 plain characters; `None` where there are none.
    """
    text = str(given)[:LONGEST_REFERENCE] if given else ""
    return text if text and text.isascii() and text.isprintable() else None


def _problems(transport: object, *, asynchronous: bool) -> Iterator[str]:
    send = getattr(transport, "send", None)
    if not callable(send) or inspect.isclass(transport):
        yield f"transport is {_shown(transport)}, without a send(message); give any object that has one"
        return
    for name in ("send", "poll"):
        if inspect.iscoroutinefunction(getattr(transport, name, None)) and not asynchronous:
            yield (
                f"transport is {_shown(transport)}, whose {name} is async; give OTPEngine one with a plain "
                f"{name}, or use AsyncOTPEngine"
            )
    channels = getattr(transport, "channels", CHANNELS)
    if (
        not isinstance(channels, Collection)
        or isinstance(channels, str | bytes)
        or not channels
        or not set(cast("Collection[object]", channels)) <= set(CHANNELS)
    ):
        yield f"transport.channels is {channels!r:.80}; give a tuple of {', '.join(CHANNELS)}, the default first"


def _name(transport: object) -> str:
    name = getattr(transport, "name", None)
    return _short(name if isinstance(name, str) else type(transport).__name__)


def _short(name: str) -> str:
    return "".join(character for character in name if "!" <= character <= "~")[:_LONGEST_NAME] or "transport"


def _shown(transport: object) -> str:
    if inspect.isclass(transport):
        return f"the class {transport.__name__} itself"
    return f"a {type(transport).__name__}"
