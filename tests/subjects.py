"""One face for both engines on every store, so that a test is written once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from otpflow import (
    AsyncOTPEngine,
    Challenge,
    ChallengeStatus,
    Delivery,
    DeliveryReport,
    Event,
    OTPEngine,
    Verdict,
)
from otpflow.keys import new_key
from otpflow.stores import AsyncEmbeddedStore, AsyncRedisStore, EmbeddedStore, RedisStore
from otpflow.testing import Outbox, advance
from tests.servers import Server

T = TypeVar("T")
NUMBER = "+84901888484"
KEYS = new_key("k1")
STYLES = ("sync", "async")


class Subject:
    """An engine under test, called without `await` whichever it is.

    Args:
        style: `"sync"` or `"async"`.
        server: where challenges live; `None` for this process.
        runner: runs coroutines, all of them in one loop.
        options: more arguments of the engine.
    """

    def __init__(
        self,
        style: str,
        server: Server | None,
        runner: asyncio.Runner,
        parent: Subject | None = None,
        **options: Any,
    ) -> None:
        self.style, self.server = style, server
        self._runner = runner
        self.events: list[Event] = []
        self.outbox: Any = options.pop("transport", None) or Outbox()
        self.store: Any = parent.store if parent else self._new_store()
        self.options: dict[str, Any] = {"keys": KEYS, "on_event": (self.events.append,), **options}
        build = AsyncOTPEngine if style == "async" else OTPEngine
        self.engine: Any = self._on_loop(lambda: build(self.store, self.outbox, **self.options))
        self._admin: Any = parent._admin if parent else server.client() if server else self.store._client
        self._children: list[Subject] = []
        self._parent = parent

    def _new_store(self) -> Any:
        if self.server is None:
            return AsyncEmbeddedStore() if self.style == "async" else EmbeddedStore()
        kind = AsyncRedisStore if self.style == "async" else RedisStore
        return self._on_loop(lambda: cast("Any", kind).from_url(cast("Server", self.server).url, timeout=5.0))

    def _on_loop(self, build: Callable[[], T]) -> T:
        async def built() -> T:
            return build()

        return self._runner.run(built()) if self.style == "async" else build()

    def another(self, **options: Any) -> Subject:
        """Build one more engine on the same store, with other arguments.

        Args:
            options: what differs; an outbox of its own unless `transport` says otherwise.

        Returns:
            The other one; it is closed with this one.
        """
        options = {**{name: value for name, value in self.options.items() if name != "on_event"}, **options}
        child = Subject(self.style, self.server, self._runner, self, **options)
        self._children.append(child)
        return child

    def _done(self, answer: Any) -> Any:
        if self.style == "sync":
            return answer

        async def awaited() -> Any:
            return await answer

        return self._runner.run(awaited())

    def issue(self, recipient: Any = NUMBER, *, purpose: Any = "login", **options: Any) -> Challenge:
        """Call the engine's `issue`."""
        return cast("Challenge", self._done(self.engine.issue(recipient, purpose=purpose, **options)))

    def resend(self, challenge_id: Any, **options: Any) -> Challenge:
        """Call the engine's `resend`."""
        return cast("Challenge", self._done(self.engine.resend(challenge_id, **options)))

    def verify(self, challenge_id: Any, code: Any, *, purpose: Any = "login", **options: Any) -> Verdict:
        """Call the engine's `verify`."""
        return cast("Verdict", self._done(self.engine.verify(challenge_id, code, purpose=purpose, **options)))

    def cancel(self, challenge_id: Any) -> None:
        """Call the engine's `cancel`."""
        self._done(self.engine.cancel(challenge_id))

    def inspect(self, challenge_id: Any) -> ChallengeStatus:
        """Call the engine's `inspect`."""
        return cast("ChallengeStatus", self._done(self.engine.inspect(challenge_id)))

    def handle_receipt(self, query: Any) -> DeliveryReport | None:
        """Call the engine's `handle_receipt`."""
        return cast("DeliveryReport | None", self._done(self.engine.handle_receipt(query)))

    def refresh_delivery(self, challenge_id: Any) -> Delivery:
        """Call the engine's `refresh_delivery`."""
        return cast("Delivery", self._done(self.engine.refresh_delivery(challenge_id)))

    def unlock(self, recipient: Any = NUMBER) -> None:
        """Call the engine's `unlock`."""
        self._done(self.engine.unlock(recipient))

    def at_once(self, calls: Sequence[Callable[[Any], Any]]) -> list[Any]:
        """Make many calls at the same time, each of them in a thread or a task.

        Args:
            calls: each gets the engine and calls it, for example `lambda engine: engine.inspect(id)`.

        Returns:
            What each gave, or the exception that it raised.
        """
        if self.style == "async":
            return self._runner.run(_gathered(self.engine, calls))
        barrier = threading.Barrier(len(calls))

        def one(call: Callable[[Any], Any]) -> Any:
            barrier.wait()
            try:
                return call(self.engine)
            except Exception as error:  # noqa: BLE001 - it is the answer
                return error

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(one, calls))

    @property
    def code(self) -> str:
        """The code that was sent last."""
        return cast("str", self.outbox.code)

    @property
    def wrong(self) -> str:
        """A code that was never sent."""
        sent = {message.code for message in self.outbox.messages}
        return next(code for code in (f"{number:06d}" for number in range(1_000_000)) if code not in sent)

    @property
    def admin(self) -> Any:
        """A blocking client of the store, beside the engine's own."""
        return self._admin

    def advance(self, seconds: float) -> None:
        """Let time pass in the store."""
        advance(RedisStore(self._admin) if self.server else self.store, seconds)

    def close(self) -> None:
        """End the engine, and what was built beside it."""
        for child in self._children:
            child.close()
        if self.style == "async":
            self._done(self.engine.aclose())
            if self._parent is None:
                self._done(self.store.aclose())
        else:
            self.engine.close()
            if self._parent is None:
                self.store.close()
        if self.server is not None and self._parent is None:
            self._admin.close()


async def _gathered(engine: Any, calls: Sequence[Callable[[Any], Awaitable[Any]]]) -> list[Any]:
    return await asyncio.gather(*(call(engine) for call in calls), return_exceptions=True)
