"""What an engine closes and what it leaves open, and what goes on in threads, after a close and after a fork."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from otpflow import AsyncOTPEngine, Message, OTPEngine, Policy, Receipt
from otpflow.keys import new_key
from otpflow.stores import AsyncEmbeddedStore, AsyncRedisStore, EmbeddedStore, RedisStore
from otpflow.testing import Outbox
from otpflow.transports import AsyncEsmsVoice, Console, EsmsVoice
from tests.servers import Server
from tests.subjects import KEYS, NUMBER

NOWHERE = "redis://:CANARY-password@127.0.0.1:1/0"
REDIS = {"OTPFLOW_KEYS": KEYS, "OTPFLOW_REDIS_URL": NOWHERE}
ESMS = {"OTPFLOW_KEYS": KEYS, "ESMS_API_KEY": "CANARY-api", "ESMS_SECRET_KEY": "CANARY-secret"}


class Watching(Outbox):
    """An outbox that notes in which thread it sends, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[threading.Thread] = []
        self.closed = 0

    def send(self, message: Message, /) -> Receipt:
        """Keep the message, and the thread."""
        self.threads.append(threading.current_thread())
        return super().send(message)

    def close(self) -> None:
        """Count."""
        self.closed += 1

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1


class Kept(EmbeddedStore):
    """A store that notes whether it was closed."""

    closed = 0

    def close(self) -> None:
        """Count."""
        self.closed += 1


class AsyncKept(AsyncEmbeddedStore):
    """The same for the async engine."""

    closed = 0

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for a test."""
    with asyncio.Runner() as running:
        yield running


def test_an_engine_closes_what_it_opened_and_nothing_else(runner: asyncio.Runner) -> None:
    """What was brought stays open; what `from_env` opened is closed, in whichever way it can be."""
    brought, awaited = (Kept(), Watching()), (AsyncKept(), Watching())
    with OTPEngine(*brought, keys=KEYS) as engine:
        assert engine.issue(NUMBER, purpose="login")

    async def entered() -> None:
        async with AsyncOTPEngine(*awaited, keys=KEYS) as engine:
            assert await engine.issue(NUMBER, purpose="login")

    runner.run(entered())
    assert [part.closed for part in (*brought, *awaited)] == [0, 0, 0, 0]


def test_what_the_environment_opened_is_closed(runner: asyncio.Runner) -> None:
    """Both parts of both engines are closed, each once."""
    plain: Any = OTPEngine.from_env({"OTPFLOW_KEYS": KEYS})
    awaiting: Any = AsyncOTPEngine.from_env({"OTPFLOW_KEYS": KEYS})
    plain._owned = (Watching(), Kept(), object())
    awaiting._owned = (Watching(), AsyncKept(), object())
    plain.close()
    runner.run(awaiting.aclose())

    assert [part.closed for part in (*plain._owned[:2], *awaiting._owned[:2])] == [1, 1, 1, 1]


def test_the_parts_are_those_of_the_engines_kind() -> None:
    """The transport comes first, so that it is closed before the store."""
    for kind, transport, store in (
        (OTPEngine, EsmsVoice, RedisStore),
        (AsyncOTPEngine, AsyncEsmsVoice, AsyncRedisStore),
    ):
        parts: Any = kind.from_env({**REDIS, **ESMS})
        assert [type(part) for part in parts._owned] == [transport, store]
    parts = OTPEngine.from_env({"OTPFLOW_KEYS": KEYS})
    assert [type(part) for part in parts._owned] == [Console, EmbeddedStore]


def test_closing_twice_is_no_error(runner: asyncio.Runner) -> None:
    """The second time there is nothing to do."""
    plain, awaiting = (
        OTPEngine.from_env({"OTPFLOW_KEYS": KEYS}),
        AsyncOTPEngine.from_env({"OTPFLOW_KEYS": KEYS}),
    )
    plain.close()
    plain.close()
    runner.run(awaiting.aclose())
    runner.run(awaiting.aclose())
    assert plain.inspect("k1.nothing").state == "EXPIRED"


def test_a_plain_transport_runs_beside_the_event_loop(runner: asyncio.Runner) -> None:
    """Under the async engine it sends in a thread, which ends with the engine."""
    outbox = Watching()
    engine = AsyncOTPEngine(AsyncEmbeddedStore(), outbox, keys=KEYS)
    challenge = runner.run(engine.issue(NUMBER, purpose="login"))
    verdict = runner.run(engine.verify(challenge.id, outbox.code, purpose="login"))
    runner.run(engine.aclose())
    (thread,) = outbox.threads
    thread.join(timeout=10)

    assert verdict
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


def test_an_engine_that_was_closed_still_works(runner: asyncio.Runner) -> None:
    """Closing lets go of threads; a late call starts them anew, so that no request is lost in a shutdown."""
    outbox = Watching()
    engine = AsyncOTPEngine(AsyncEmbeddedStore(), outbox, keys=KEYS)
    runner.run(engine.aclose())
    challenge = runner.run(engine.issue(NUMBER, purpose="login"))

    assert runner.run(engine.verify(challenge.id, outbox.code, purpose="login"))
    runner.run(engine.aclose())


def test_an_engine_works_in_a_process_that_was_forked(server: Server) -> None:
    """A worker that was forked from a process with an engine issues and verifies with connections of its own."""
    outbox = Outbox()
    store = RedisStore.from_url(server.url, timeout=5.0)
    engine = OTPEngine(store, outbox, keys=new_key(), policy=Policy(cooldown=0))
    challenge = engine.issue(NUMBER, purpose="login")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may have left threads behind
        child = os.fork()
    if child == 0:
        outcome = 1
        try:
            found = engine.verify(challenge.id, outbox.code, purpose="login")
            again = engine.issue(NUMBER, purpose="login")
            outcome = 0 if found and engine.verify(again.id, outbox.code, purpose="login") else 2
        finally:
            os._exit(outcome)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert engine.verify(challenge.id, outbox.code, purpose="login").outcome == "ALREADY_USED"
    store.close()
    gc.collect()
