"""Guesses from several processes at once: each has its own engine, connects, and starts when all are ready."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections import Counter
from collections.abc import Awaitable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from typing import Any, cast

from argon2 import low_level

from otpflow import AsyncOTPEngine, OTPEngine, Policy
from otpflow.stores import AsyncRedisStore, RedisStore
from otpflow.testing import Outbox

PATIENCE = 60.0
"""Seconds after which a process that waits for the others gives up."""


@dataclass(frozen=True, kw_only=True)
class Burst:
    """What one process tries, all of it at once.

    Attributes:
        style: its engine, `"sync"` or `"async"`.
        url: the Redis.
        keys: the server keys.
        policy: the numbers.
        challenge_id: the challenge.
        codes: what is typed.
        attempt_id: the application's name for every one of them.
    """

    style: str
    url: str
    keys: str
    policy: Policy
    challenge_id: str
    codes: Sequence[str]
    attempt_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What came of bursts.

    Attributes:
        outcomes: how often each outcome came, or the name of an error.
        evaluations: how often argon2 was really run.
    """

    outcomes: Counter[str]
    evaluations: int


class Evaluations:
    """Counts argon2 at its own border, so that whatever way the engine takes, each evaluation is seen."""

    def __init__(self) -> None:
        self.made = 0
        self._lock = threading.Lock()
        self._evaluate = low_level.hash_secret_raw

    def __call__(self, *arguments: Any, **named: Any) -> bytes:
        """Count, then do what argon2 does."""
        with self._lock:
            self.made += 1
        return self._evaluate(*arguments, **named)


def at_once(bursts: Sequence[Burst]) -> Tally:
    """Run each burst in a process of its own, started when all of them are ready.

    Args:
        bursts: one for each process.

    Returns:
        What came of all of them together.
    """
    spawning = multiprocessing.get_context("spawn")
    ready = spawning.Barrier(len(bursts))
    with ProcessPoolExecutor(
        len(bursts), mp_context=spawning, initializer=_wait_for, initargs=(ready,)
    ) as processes:
        tallies = list(processes.map(_guess, bursts))
    return Tally(
        outcomes=sum((tally.outcomes for tally in tallies), Counter[str]()),
        evaluations=sum(tally.evaluations for tally in tallies),
    )


class _Start:
    """The barrier of this process, which can only be handed over when the process starts."""

    ready: Any = None


def _wait_for(ready: Any) -> None:
    _Start.ready = ready


def _guess(burst: Burst) -> Tally:
    evaluations = Evaluations()
    low_level.hash_secret_raw = cast("Any", evaluations)
    calls = [
        methodcaller("verify", burst.challenge_id, code, purpose="login", attempt_id=burst.attempt_id)
        for code in burst.codes
    ]
    answers = asyncio.run(_tasks(burst, calls)) if burst.style == "async" else _threads(burst, calls)
    found = Counter(str(getattr(answer, "outcome", type(answer).__name__)) for answer in answers)
    return Tally(outcomes=found, evaluations=evaluations.made)


def _threads(burst: Burst, calls: Sequence[methodcaller]) -> list[Any]:
    start = threading.Barrier(len(calls), partial(_Start.ready.wait, PATIENCE))

    def one(call: methodcaller) -> Any:
        engine.inspect(burst.challenge_id)
        start.wait()
        try:
            return call(engine)
        except Exception as error:  # noqa: BLE001 - it is the answer
            return error

    with (
        RedisStore.from_url(burst.url, timeout=5.0) as store,
        OTPEngine(store, Outbox(), keys=burst.keys, policy=burst.policy) as engine,
        ThreadPoolExecutor(len(calls)) as pool,
    ):
        return list(pool.map(one, calls))


async def _tasks(burst: Burst, calls: Sequence[methodcaller]) -> list[Any]:
    async with (
        AsyncRedisStore.from_url(burst.url, timeout=5.0) as store,
        AsyncOTPEngine(store, Outbox(), keys=burst.keys, policy=burst.policy) as engine,
    ):
        await asyncio.gather(*(engine.inspect(burst.challenge_id) for _ in calls))
        tries = [cast("Awaitable[Any]", call(engine)) for call in calls]
        _Start.ready.wait(PATIENCE)
        return await asyncio.gather(*tries, return_exceptions=True)
