"""A Redis that is gone, hung, full, overrun or lying: one kind of error, in time, and no secret in it."""

from __future__ import annotations

import asyncio
import socketserver
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
import redis

from otpflow import StoreUnavailableError
from otpflow.stores import AsyncRedisStore, RedisStore
from otpflow.stores._wire import bind, unlock
from otpflow.stores.redis import IN_FLIGHT
from tests.servers import Server
from tests.stores.clients import OPERATION, AsyncClient, claim, store_over
from tests.stores.conftest import Twin
from tests.subjects import NUMBER

SLOT = "AAAAAAAAAAAAAAAAAAAA"


def over(twin: Twin, server: Server, password: str = "CANARY", **options: Any) -> Any:
    """Build a store by URL, with a password in it."""
    kind: Any = AsyncRedisStore if twin.style == "async" else RedisStore
    return kind.from_url(f"redis://:{password}@127.0.0.1:{server.port}/0", **{"timeout": 5.0, **options})


def raised(call: Callable[[], object]) -> StoreUnavailableError:
    """Call, and give the error that it ends with; nothing in it may be secret."""
    with pytest.raises(StoreUnavailableError) as caught:
        call()
    assert "CANARY" not in "".join(traceback.format_exception(caught.value))
    return caught.value


def raiser(error: BaseException) -> Callable[[], Any]:
    """Give a function that raises."""

    def fail() -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    "error",
    [
        redis.ConnectionError("CANARY"),
        redis.TimeoutError("CANARY"),
        redis.AuthenticationError("CANARY"),
        redis.ResponseError("CANARY"),
        redis.ReadOnlyError("CANARY"),
        redis.DataError("CANARY"),
        OSError("CANARY"),
        TimeoutError("CANARY"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("replicas", [0, 1])
def test_every_error_of_the_client_becomes_one(twin: Twin, error: Exception, replicas: int) -> None:
    """It names the operation and the kind of failure, with the client's own error behind it."""
    store = store_over(twin.style, raiser(error), replicas=replicas)
    with pytest.raises(StoreUnavailableError) as caught:
        twin.run(store, claim())

    assert str(caught.value) == f"claim: Redis did not answer as it should ({type(error).__name__})"
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("style", ["async"])
def test_a_connection_of_a_closed_event_loop_is_no_surprise(twin: Twin) -> None:
    """What asyncio says of it is brought to the same kind."""
    error = raised(
        lambda: twin.run(store_over("async", raiser(RuntimeError("Event loop is closed"))), OPERATION)
    )

    assert str(error) == "unlock: Redis did not answer as it should (RuntimeError)"


@pytest.mark.parametrize(
    "reply", [None, "", b"1", 1, [], [None], [1.5], [[1]], {"a": 1}, [b"x"], [b"\xff"], ["x" * 9]]
)
def test_a_reply_of_another_kind_is_not_believed(twin: Twin, reply: object) -> None:
    """Whatever comes back that is none of the script's answers, the operation is named."""
    error = raised(lambda: twin.run(store_over(twin.style, lambda: reply), OPERATION))

    assert str(error).startswith("unlock: ")


@pytest.mark.parametrize(
    "reply", [None, [], [[b"expired"]], [[b"expired"], None], [[b"expired"], b"x"], [[b"expired"], 1, 2], 7]
)
def test_a_count_of_replicas_that_is_none_is_not_believed(twin: Twin, reply: object) -> None:
    """A proxy may answer `WAIT` with anything; that is no confirmation."""
    error = raised(lambda: twin.run(store_over(twin.style, lambda: reply, replicas=1), claim()))

    assert str(error).startswith("claim: ")


def test_replicas_are_waited_for_on_the_same_connection(twin: Twin) -> None:
    """Script and `WAIT` are one pipeline, the latter for half of the time that Redis has."""
    store = store_over(twin.style, lambda: [[b"expired"], 2], replicas=2, timeout=0.3)
    operation = claim()

    assert twin.run(store, operation).status == "expired"
    assert store._client.asked == [(operation.keys, operation.arguments), ("WAIT", 2, 150)]


def test_only_what_has_to_be_durable_waits_for_replicas(twin: Twin) -> None:
    """Lifting a budget does not."""
    store = store_over(twin.style, lambda: [3], replicas=2)

    assert twin.run(store, OPERATION) == 3
    assert store._client.asked == [(OPERATION.keys, OPERATION.arguments)]


def test_a_server_that_is_gone(own: Server, twin: Twin) -> None:
    """It is said at once, and the store works again when the server is back."""
    store = over(twin, own)
    assert twin.run(store, unlock(SLOT)) == 0
    own.kill()
    for _ in range(2):
        assert str(raised(lambda: twin.run(store, unlock(SLOT)))) == (
            "unlock: Redis did not answer as it should (ConnectionError)"
        )
    own.restart()

    assert twin.run(store, unlock(SLOT)) == 0
    twin.close(store)


def test_a_server_that_hangs(own: Server, twin: Twin) -> None:
    """The call ends within its time, and the late answer is never taken for that of the next call."""
    store = over(twin, own, timeout=0.2)
    assert twin.run(store, bind(SLOT, "before", 60_000)) == "before"
    own.pause()
    try:
        began = time.monotonic()
        error = raised(lambda: twin.run(store, bind(SLOT, "meanwhile", 60_000)))
        took = time.monotonic() - began
    finally:
        own.resume()

    assert str(error) == "bind: Redis did not answer as it should (TimeoutError)"
    assert 0.15 < took < 3
    assert twin.run(store, unlock(SLOT)) == 0
    twin.close(store)


class HangsUp(socketserver.BaseRequestHandler):
    """Reads what comes first, and says nothing."""

    def handle(self) -> None:
        """Count, and hang up."""
        cast("Any", self.server).asked.append(self.request.recv(4_096))


def test_a_lost_connection_is_tried_once_more(twin: Twin) -> None:
    """A server that hangs up on everybody is asked twice: not given up at once, and not run at for long."""
    with socketserver.TCPServer(("127.0.0.1", 0), HangsUp) as server:
        asked: list[bytes] = []
        cast("Any", server).asked = asked
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        kind: Any = AsyncRedisStore if twin.style == "async" else RedisStore
        store = kind.from_url(f"redis://127.0.0.1:{server.server_address[1]}/0?protocol=2", timeout=5.0)
        error = raised(lambda: twin.run(store, OPERATION))
        twin.close(store)
        server.shutdown()

    assert str(error) == "unlock: Redis did not answer as it should (ConnectionError)"
    assert len(asked) == 2


def test_a_password_that_is_wrong(own: Server, twin: Twin) -> None:
    """Neither that password nor the right one is told."""
    store = over(twin, own, password="CANARY-2")

    assert str(raised(lambda: twin.run(store, unlock(SLOT)))) == (
        "unlock: Redis did not answer as it should (AuthenticationError)"
    )
    twin.close(store)


def test_a_server_that_is_full(own: Server, twin: Twin) -> None:
    """What cannot be written is not taken for written."""
    with own.client(password="CANARY") as admin:
        admin.config_set("maxmemory", 1)
    store = over(twin, own)

    assert str(raised(lambda: twin.run(store, bind(SLOT, "value", 60_000)))) == (
        "bind: Redis did not answer as it should (OutOfMemoryError)"
    )
    twin.close(store)


def test_a_record_of_another_type(own: Server, twin: Twin) -> None:
    """A script that fails half-way says so, and nothing of the record."""
    with own.client(password="CANARY") as admin:
        admin.hset(f"otpflow:1:{{{SLOT}}}:binding", NUMBER, "CANARY")
        admin.expire(f"otpflow:1:{{{SLOT}}}:binding", 60)
    store = over(twin, own)
    error = raised(lambda: twin.run(store, bind(SLOT, "value", 60_000)))

    assert str(error) == "bind: Redis did not answer as it should (ResponseError)"
    twin.close(store)


def test_more_calls_than_turns_wait_and_then_are_told() -> None:
    """With every turn taken by a call that hangs, the next one ends in time; later there are turns again."""
    taken, gate = threading.Semaphore(0), threading.Event()

    def hang() -> list[int]:
        taken.release()
        gate.wait(timeout=30)
        return [1]

    store = store_over("sync", hang, timeout=0.01)
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        calls = [pool.submit(store.run, OPERATION) for _ in range(IN_FLIGHT)]
        for _ in range(IN_FLIGHT):
            assert taken.acquire(timeout=30)
        error = raised(lambda: store.run(OPERATION))
        gate.set()
        answers = [call.result(timeout=30) for call in calls]

    assert str(error) == "unlock: Redis is not keeping up; no turn came in time"
    assert answers == [1] * IN_FLIGHT
    assert store.run(OPERATION) == 1


def test_more_tasks_than_turns_wait_and_then_are_told() -> None:
    """A queue of tasks that each hang until their time is over: the last ones get no turn in time."""

    async def many() -> list[Any]:
        gate = asyncio.Event()
        client = AsyncClient(gate.wait)
        store = AsyncRedisStore(client, timeout=0.01)
        calls = (store.run(OPERATION) for _ in range(IN_FLIGHT * 8))
        answers: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
        client.answer = lambda: [1]
        return [*answers, await store.run(OPERATION)]

    *errors, last = asyncio.run(many())
    words = {str(error) for error in errors}
    assert {type(error) for error in errors} == {StoreUnavailableError}
    assert words == {
        "unlock: Redis did not answer as it should (TimeoutError)",
        "unlock: Redis is not keeping up; no turn came in time",
    }
    assert last == 1


def test_a_cancelled_task_gives_its_turn_back() -> None:
    """However many users close their browser, the next one is served."""

    async def cancelled() -> Any:
        gate = asyncio.Event()
        client = AsyncClient(gate.wait)
        store = AsyncRedisStore(client, timeout=5.0)
        for _ in range(IN_FLIGHT + 1):
            task = asyncio.create_task(store.run(OPERATION))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        client.answer = lambda: [1]
        return await store.run(OPERATION)

    assert asyncio.run(cancelled()) == 1


def test_an_async_store_has_turns_of_their_own_in_each_event_loop() -> None:
    """A store that was used in one loop is not stuck in another."""

    async def answer() -> list[int]:
        await asyncio.sleep(0)  # the other tasks queue up meanwhile
        return [1]

    store = AsyncRedisStore(AsyncClient(answer))

    async def many() -> list[int]:
        return await asyncio.gather(*(store.run(OPERATION) for _ in range(IN_FLIGHT + 1)))

    assert [asyncio.run(many()) for _ in range(2)] == [[1] * (IN_FLIGHT + 1)] * 2
