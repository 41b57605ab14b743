"""A transport as the engine uses it: checked once, awaited where it has to be, its answer in one form."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from otpflow.errors import ConfigurationError
from otpflow.models import Delivery, DeliveryState, Message, Receipt
from otpflow.transports.base import CHANNELS

SENDS_AT_A_TIME = 32
"""Threads for plain transports under `AsyncOTPEngine`; the 33rd send waits for one."""

LONGEST_REFERENCE = 64
_LONGEST_NAME = 32


class Carrier:
    """One transport behind one engine.

    Args:
        transport: any object with a `send`.
        asynchronous: whether `AsyncOTPEngine` uses it.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """

    def __init__(self, transport: object, *, asynchronous: bool) -> None:
        problems = list(_problems(transport, asynchronous=asynchronous))
        if problems:
            raise ConfigurationError(*problems)
        self.name = _name(transport)
        self.channels = cast("tuple[str, ...]", tuple(getattr(transport, "channels", CHANNELS)))
        self._send: Callable[[Message], object] = cast("Any", transport).send
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0
        awaited = inspect.iscoroutinefunction(self._send)
        self.send: Callable[[Message], object | Awaitable[object]] = (
            self._send if awaited or not asynchronous else self._send_in_thread
        )

    async def _send_in_thread(self, message: Message) -> object:
        with self._lock:
            # A process that was forked has the pool but none of its threads.
            if self._pool is None or self._process != os.getpid():
                self._process = os.getpid()
                self._pool = ThreadPoolExecutor(SENDS_AT_A_TIME, thread_name_prefix="otpflow-send")
            pool = self._pool
        answer = await asyncio.get_running_loop().run_in_executor(pool, self._send, message)
        return await answer if inspect.isawaitable(answer) else answer

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
        reference = str(answer.provider_ref)[:LONGEST_REFERENCE] if answer.provider_ref else None
        if reference is not None and not (reference.isascii() and reference.isprintable()):
            reference = None
        return Delivery(
            state=DeliveryState(answer.state), provider=_short(answer.provider), provider_ref=reference
        )

    def unknown(self) -> Delivery:
        """Say that nobody knows what became of the send."""
        return Delivery(state=DeliveryState.UNKNOWN, provider=self.name)

    def close(self) -> None:
        """End the threads, once they have sent what is under way; the transport itself stays open."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)


def _problems(transport: object, *, asynchronous: bool) -> Iterator[str]:
    send = getattr(transport, "send", None)
    if not callable(send) or inspect.isclass(transport):
        yield f"transport is {_shown(transport)}, without a send(message); give any object that has one"
        return
    if inspect.iscoroutinefunction(send) and not asynchronous:
        yield (
            f"transport is {_shown(transport)}, whose send is async; give OTPEngine one with a plain send, "
            "or use AsyncOTPEngine"
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
