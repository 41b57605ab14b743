"""Hashing is argon2id with known parameters, in a pool that is bounded and refuses before anything is spent."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, NoReturn, TypeVar, cast

import pytest
from argon2.exceptions import HashingError

from otpflow.errors import OverloadedError
from otpflow.hashing import DIGEST_BYTES, Cost, HashCost, Hasher

T = TypeVar("T")
SECRET, SALT = bytes(range(32)), b"sixteen bytes or so"
LONG = 20.0
"""Seconds after which a test that waits for a thread fails."""


def hasher(workers: int, waiting: int = 0, *, passes: int = 1, seconds: float = 0.001) -> Hasher:
    """Return a hasher with a small pool."""
    cost = Cost(memory=8, passes=passes, waiting=waiting, seconds=seconds)
    return Hasher(cast("HashCost", _Named(cost)), workers)


class _Named:
    def __init__(self, cost: Cost) -> None:
        self.value = cost


class Watched(bytes):
    """A secret that tells who hashes it, and has it wait until the test goes on."""

    inside: list[str]
    arrived: Callable[[], object]
    gate: threading.Event

    def __len__(self) -> int:
        # argon2-cffi asks for the length right before it hashes, in the thread that does it.
        self.inside.append(threading.current_thread().name)
        self.arrived()
        assert self.gate.wait(LONG)
        return super().__len__()


def watched(arrived: Callable[[], object] = lambda: None, *, opened: bool = False) -> Watched:
    """Return a secret to be watched; `opened` has nobody wait for it."""
    secret = Watched(SECRET)
    secret.inside, secret.arrived, secret.gate = [], arrived, threading.Event()
    if opened:
        secret.gate.set()
    return secret


def on_loop(story: Callable[[], Awaitable[T]]) -> T:
    """Run a story in a loop that has nothing but itself: its default executor takes no work."""

    class Refusing(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            raise AssertionError

    async def told() -> T:
        asyncio.get_running_loop().set_default_executor(Refusing())
        return await story()

    return asyncio.run(told())


@pytest.mark.parametrize(
    ("cost", "memory", "passes", "known"),
    [
        (HashCost.LIGHT, 1_024, 1, "cd1b10314d13c6317e8c3830c8632871"),
        (HashCost.OWASP, 19_456, 2, "9ae65c91a05d7a15274368319794954d"),
    ],
    ids=["LIGHT", "OWASP"],
)
def test_the_parameters_of_a_profile(cost: HashCost, memory: int, passes: int, known: str) -> None:
    """Both engines compute argon2id, version 1.3, one lane, with the memory and the passes of the profile."""
    made = Hasher(cost, 1)
    assert (cost.value.memory, cost.value.passes) == (memory, passes)
    assert made.digest(SECRET, SALT).hex() == known
    assert on_loop(lambda: made.adigest(SECRET, SALT)).hex() == known
    assert len(known) == 2 * DIGEST_BYTES
    made.close()


def test_secret_and_salt_both_count() -> None:
    """Neither a byte of the secret nor one of the salt can change and leave the digest."""
    made = hasher(1)
    digests = {
        made.digest(secret, salt)
        for secret in (SECRET, SECRET[:-1], SECRET + b"\x00", b"", SECRET[::-1])
        for salt in (SALT, SALT[::-1], SALT + b"\x00")
    }
    assert len(digests) == 15


def test_the_places_of_a_profile() -> None:
    """Without a number there is one worker per core; each has as many waiting as its profile allows."""
    cores = os.cpu_count() or 1
    assert Hasher(HashCost.LIGHT).workers == cores
    for cost, waiting, seconds in ((HashCost.LIGHT, 512, 0.512), (HashCost.OWASP, 32, 0.96)):
        full = Hasher(cost, 3)
        with ExitStack() as held:
            for _ in range(3 * (1 + waiting)):
                held.enter_context(full.reserve())
            with pytest.raises(OverloadedError) as caught:
                full.reserve()
        assert caught.value.retry_after == pytest.approx(seconds)


@pytest.mark.guarantee("A4")
def test_a_place_is_refused_before_it_is_taken() -> None:
    """When every place is taken the call is refused at once; a refusal takes none, and each is given back once."""
    full = hasher(2, waiting=1)
    for _ in range(3):
        refused: list[float | None] = []
        with ExitStack() as held:
            for _ in range(14):
                try:
                    held.enter_context(full.reserve())
                except OverloadedError as error:
                    refused.append(error.retry_after)
        assert refused == [0.1] * 10


@pytest.mark.guarantee("A4")
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, asyncio.CancelledError])
def test_a_place_is_given_back_whatever_happens(error: type[BaseException]) -> None:
    """An error in the middle of a call frees its place, and comes out as it is."""
    full = hasher(1)
    for _ in range(3):
        with pytest.raises(error), full.reserve():
            raise error
    with full.reserve(), pytest.raises(OverloadedError):
        full.reserve()


@pytest.mark.guarantee("A4")
def test_threads_take_turns() -> None:
    """However many threads hash at once, only `workers` of them do so at any moment."""
    workers, calls = 3, 9
    made = hasher(workers, waiting=calls)
    entered = threading.Semaphore(0)
    secrets = [watched(entered.release) for _ in range(calls)]
    with ThreadPoolExecutor(calls) as threads:
        done = [threads.submit(made.digest, secret, SALT) for secret in secrets]
        for ended in range(0, calls, workers):
            for _ in range(workers):
                assert entered.acquire(timeout=LONG)
            inside = [secret for secret in secrets if secret.inside and not secret.gate.is_set()]
            assert (len(inside), sum(bool(secret.inside) for secret in secrets)) == (workers, ended + workers)
            for secret in inside:
                secret.gate.set()
        assert {future.result(LONG) for future in done} == {made.digest(SECRET, SALT)}


@pytest.mark.guarantee("A4")
def test_tasks_take_turns_in_the_pool_s_own_threads() -> None:
    """However many tasks hash at once, `workers` threads of the pool do it, and never the default executor."""
    workers, calls = 2, 6
    made = hasher(workers, waiting=calls)
    entered = threading.Semaphore(0)
    secrets = [watched(entered.release) for _ in range(calls)]

    async def story() -> set[bytes]:
        tasks = [asyncio.ensure_future(made.adigest(secret, SALT)) for secret in secrets]
        await asyncio.sleep(0)
        for ended in range(0, calls, workers):
            for _ in range(workers):
                # The loop is free to wait here: what is hashed, and held up, is hashed elsewhere.
                assert entered.acquire(timeout=LONG)
            assert sum(bool(secret.inside) for secret in secrets) == ended + workers
            for secret in secrets[ended : ended + workers]:
                secret.gate.set()
        return set(await asyncio.gather(*tasks))

    assert on_loop(story) == {made.digest(SECRET, SALT)}
    names = {name for secret in secrets for name in secret.inside}
    assert names <= {"otpflow-hash_0", "otpflow-hash_1"}
    made.close()


@pytest.mark.guarantee("A4")
def test_the_loop_goes_on_while_something_is_hashed() -> None:
    """A hash that is held up holds up nothing else; the loop itself lets it go on."""
    made = hasher(1)
    secret = watched()

    async def story() -> bytes:
        arrived = asyncio.Event()
        secret.arrived = lambda: loop.call_soon_threadsafe(arrived.set)
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(made.adigest(secret, SALT))
        await asyncio.wait_for(arrived.wait(), LONG)
        assert not task.done()
        secret.gate.set()
        return await task

    assert on_loop(story) == made.digest(SECRET, SALT)
    assert secret.inside == ["otpflow-hash_0"]
    made.close()


def test_a_blocking_hash_is_made_in_the_calling_thread() -> None:
    """`OTPEngine` needs no threads of its own."""
    secret = watched(opened=True)
    hasher(1).digest(secret, SALT)
    assert secret.inside == [threading.current_thread().name]


@pytest.mark.guarantee("A4")
def test_a_cancelled_task_leaves_the_pool_as_it_was() -> None:
    """Its thread ends its hash and goes on with the next; what waited and was cancelled is never hashed."""
    made = hasher(1, waiting=9)
    first, second, third = watched(), watched(opened=True), watched(opened=True)

    async def story() -> bytes:
        tasks = [asyncio.ensure_future(made.adigest(secret, SALT)) for secret in (first, second)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        assert [type(end) for end in await asyncio.gather(*tasks, return_exceptions=True)] == (
            [asyncio.CancelledError] * 2
        )
        first.gate.set()
        return await made.adigest(third, SALT)

    assert on_loop(story) == made.digest(SECRET, SALT)
    assert (second.inside, third.inside) == ([], ["otpflow-hash_0"])
    made.close()


def test_closing_ends_the_threads() -> None:
    """After `close` the pool's threads are gone; closing again, or without a pool, does nothing."""
    made = hasher(2)
    made.close()
    secret = watched(opened=True)
    threads: list[threading.Thread] = []
    secret.arrived = lambda: threads.append(threading.current_thread())
    digest = on_loop(lambda: made.adigest(secret, SALT))
    made.close()
    made.close()
    for thread in threads:
        thread.join(LONG)
    assert [thread.is_alive() for thread in threads] == [False]
    # An engine that was closed too early still works; it has threads of its own again.
    assert on_loop(lambda: made.adigest(SECRET, SALT)) == digest
    made.close()


def test_closing_waits_for_what_was_given() -> None:
    """A hash that was asked for before the engine was closed still comes: nobody's call ends as cancelled."""
    made = hasher(1, waiting=9)
    held, waiting = watched(), watched(opened=True)

    async def story() -> list[type]:
        tasks = [asyncio.ensure_future(made.adigest(secret, SALT)) for secret in (held, waiting)]
        await asyncio.sleep(0)
        made.close()
        held.gate.set()
        return [type(end) for end in await asyncio.gather(*tasks, return_exceptions=True)]

    assert on_loop(story) == [bytes, bytes]


@pytest.mark.guarantee("A4")
def test_what_argon2_cannot_do_is_overload() -> None:
    """Where argon2 fails, as it does without memory, the call is refused, and the turn is free again."""
    # No pass over the memory at all is a cost that argon2 refuses on every machine.
    impossible = hasher(1, passes=0)

    def blocking() -> NoReturn:
        raise AssertionError(impossible.digest(SECRET, SALT))

    async def awaiting() -> NoReturn:
        raise AssertionError(await impossible.adigest(SECRET, SALT))

    for attempt in (blocking, blocking, lambda: on_loop(awaiting), lambda: on_loop(awaiting)):
        with pytest.raises(OverloadedError) as caught:
            attempt()
        assert caught.value.retry_after == 1.0
        assert isinstance(caught.value.__cause__, HashingError)
    impossible.close()
