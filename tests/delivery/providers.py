"""Providers that do what a test tells them, and the callbacks that they would make."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from otpflow import DeliveryState, Event, EventKind, Message, Receipt, Report, StoreUnavailableError
from otpflow.keys import Keyring
from otpflow.stores.base import Operation
from otpflow.transports import AsyncFallback, Fallback
from tests.subjects import KEYS, Subject

CALLBACK = "https://shop.example/otp"
ANSWERED, UNANSWERED, FAILED = DeliveryState.DELIVERED, DeliveryState.UNANSWERED, DeliveryState.FAILED


class Provider:
    """A plain transport that keeps what it is given, and can be asked what became of it.

    Args:
        name: its name.
        channels: what it serves.
    """

    def __init__(self, name: str = "voice", channels: tuple[str, ...] = ("voice",)) -> None:
        self.name, self.channels = name, channels
        self._lock = threading.Lock()
        self._failures: list[Exception] = []
        self.messages: list[Message] = []
        self.meanwhile: Callable[[Message], object] | None = None
        self.reference: str | None = "by number"
        self.asked: list[str] = []
        self.answers: list[Any] = []

    def fail(self, error: Exception, times: int = 1) -> None:
        """Have the next sends fail."""
        self._failures += [error] * times

    def send(self, message: Message, /) -> Receipt:
        """Keep a message, or fail."""
        with self._lock:
            if self._failures:
                raise self._failures.pop(0)
            self.messages.append(message)
            number = len(self.messages)
        if self.meanwhile is not None:
            self.meanwhile(message)
        known = self.reference == "by number"
        return Receipt(provider=self.name, provider_ref=f"{self.name}-{number}" if known else self.reference)

    def poll(self, reference: str, /) -> Report | None:
        """Say the next of the answers; nothing where there is none."""
        self.asked.append(reference)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return Report(state=answer, provider_ref=reference) if isinstance(answer, DeliveryState) else answer

    def parse_receipt(self, query: Mapping[str, str], /) -> Report | None:
        """Read `state`, `ref`, `to`, `seconds` and `price`."""
        if query.get("state") not in set(DeliveryState):
            return None
        return Report(
            state=DeliveryState(query["state"]),
            provider_ref=query.get("ref"),
            number=query.get("to"),
            duration=int(query["seconds"]) if "seconds" in query else None,
            price=float(query["price"]) if "price" in query else None,
        )

    @property
    def code(self) -> str:
        """The code that it was sent last."""
        return self.messages[-1].code


def fallback(style: str, *transports: Any, **options: Any) -> Any:
    """Build the fallback of one engine."""
    return (AsyncFallback if style == "async" else Fallback)(*transports, **options)


def report(message: Message, state: DeliveryState, appended: str = "&", **fields: str) -> str:
    """Write the query of the callback that a provider makes for one send."""
    assert message.callback_url is not None
    return f"{urlsplit(message.callback_url).query}{appended}{urlencode({'state': state.value, **fields})}"


def locator(challenge_id: str) -> str:
    """Give the name that events have for a challenge."""
    address = Keyring(KEYS).locate(challenge_id)
    assert address is not None
    return address.locator


def untimed(events: list[Event]) -> list[Event]:
    """Take the moment out of events."""
    return [replace(event, at=0.0) for event in events]


def changed(query: str, name: str, change: Callable[[str], str] | str) -> str:
    """Change one field of a query, or put another text into it."""
    return urlencode(
        [
            (field, text if field != name else change if isinstance(change, str) else change(text))
            for field, text in parse_qsl(query)
        ]
    )


def signed(query: str, signature: str) -> str:
    """Put another signature into a query."""
    return changed(query, "otpflow_signature", signature)


def kinds(events: list[Event], *without: EventKind) -> list[str]:
    """Name what happened, without some kinds."""
    return [event.kind.value for event in events if event.kind not in without]


def age(subject: Subject, seconds: float) -> None:
    """Let time pass in the store, for turns to ask and for breakers too."""
    moments = {
        (key, name): value
        for key in subject.admin.scan_iter("otpflow:1:*")
        if subject.admin.type(key) == b"hash"
        for name, value in subject.admin.hgetall(key).items()
        if name == b"until" or name.startswith(b"polled:")
    }
    subject.advance(seconds)
    for (key, name), value in moments.items():
        times, at, due = value.decode("ascii").rpartition("@")
        if subject.admin.exists(key):
            subject.admin.hset(key, name, f"{times}{at}{int(due) - round(seconds * 1_000)}")


def kept(subject: Subject) -> dict[str, Any]:
    """Read all that is in the store, without the times at which it ends."""
    return {key.decode("ascii"): _value(subject.admin, key) for key in subject.admin.scan_iter("*")}


def _value(client: Any, key: bytes) -> Any:
    match client.type(key):
        case b"hash":
            return client.hgetall(key)
        case b"zset":
            return client.zrange(key, 0, -1, withscores=True)
        case _:
            return client.get(key)


def meanwhile(subject: Subject, query: str) -> Any:
    """Have a receipt taken while a plain transport's `send` is under way in the same engine."""
    if subject.style == "sync":
        return subject.engine.handle_receipt(query)
    loop = cast("Any", subject)._runner.get_loop()
    return asyncio.run_coroutine_threadsafe(subject.engine.handle_receipt(query), loop).result(60)


class Watched:
    """A store that writes down what it is asked, and can lose some of it.

    Args:
        store: the real one.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked: list[str] = []
        self.lost: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def run(self, operation: Operation[Any], /) -> Any:
        """Run one operation, unless its name is among those that are lost."""
        self.asked.append(operation.name)
        if operation.name in self.lost:
            msg = f"{operation.name}: lost"
            raise StoreUnavailableError(msg)
        return self._store.run(operation)


def watched(subject: Subject, **options: Any) -> tuple[Subject, Watched]:
    """Build one more engine whose store is watched."""
    store = Watched(subject.store)
    real, subject.store = subject.store, store
    other = subject.another(transport=subject.outbox, **options)
    subject.store = real
    return other, store
