"""Redis, Valkey and what speaks like them: by URL, or through the application's own client."""

from __future__ import annotations

import asyncio
import math
import os
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar, cast

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.retry import Retry

from otpflow.errors import ConfigurationError, StoreUnavailableError
from otpflow.stores._redis_client import connected, problems
from otpflow.stores._scripts import NAMES, source
from otpflow.stores.base import Operation

T = TypeVar("T")

IN_FLIGHT = 64
"""Scripts that one store has under way at a time; more would only wait in sockets instead of here. It
stays under the 100 connections that redis-py's pools have by default."""

_QUEUE = 10  # answers' time that a call waits for its turn, before it is told that Redis is not keeping up


class _Scripted:
    """What the twins share: checked settings, and registered scripts."""

    def __init__(self, client: Any, replicas: int, timeout: float) -> None:
        found = list(problems(client, replicas, timeout, awaits=getattr(self, "asynchronous", False)))
        if found:
            raise ConfigurationError(*found)
        self._client = client
        self._owned = False
        self._replicas = replicas
        self._timeout = timeout
        self._scripts = {name: client.register_script(source(name)) for name in NAMES}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(replicas={self._replicas}, timeout={self._timeout:g})"

    def __reduce__(self) -> NoReturn:
        msg = f"a {type(self).__name__} holds connections; build it where it is used"
        raise TypeError(msg)

    def _call(self, operation: Operation[T], client: Any = None) -> Any:
        script = self._scripts[operation.name]
        return script(keys=operation.keys, args=operation.arguments, client=client)

    def _pipeline(self) -> Any:
        """Begin a pipeline: a `WAIT` on another connection than its script would wait for nothing."""
        return self._client.pipeline(transaction=False)

    def _with_wait(self, pipeline: Any) -> Any:
        pipeline.execute_command("WAIT", self._replicas, math.ceil(self._timeout * 500))
        return pipeline

    def _read(self, operation: Operation[T], reply: object) -> T:
        try:
            if self._replicas and operation.durable:
                reply, reached = cast("list[Any]", reply)
                if int(reached) < self._replicas:
                    raise StoreUnavailableError(
                        f"{operation.name}: {reached} of {self._replicas} replicas have it; it does not count"
                    )
            return operation.parse(reply)
        except (TypeError, ValueError) as error:
            raise StoreUnavailableError(f"{operation.name}: {error}") from error


class RedisStore(_Scripted):
    """Keeps challenges in Redis, for `OTPEngine`.

    Args:
        client: your own `redis.Redis` (or cluster client). It is used as it is, with its own timeouts and
            retries, and not closed here. Give it a `socket_timeout`: without one a hung Redis hangs you.
        replicas: how many replicas must have a claim or a verdict before it counts (`WAIT`); 0 to 16.
        timeout: seconds that Redis may take for an answer, at most 10. With your own client it bounds the
            wait for a turn (10 times as long) and for replicas (half of it).

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """

    asynchronous = False

    def __init__(self, client: Any, *, replicas: int = 0, timeout: float = 0.2) -> None:
        super().__init__(client, replicas, timeout)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        # A queue of turns where a semaphore would do: it is C, and taking a turn is on the way of every call.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(IN_FLIGHT):
            self._turns.put(None)

    @classmethod
    def from_url(cls, url: str, *, replicas: int = 0, timeout: float = 0.2) -> Self:
        """Connect by URL, with short timeouts: a login must not hang with its Redis.

        Args:
            url: for example `"redis://localhost:6379/0"`, `"rediss://…"` or `"unix://…"`.
            replicas: how many replicas must have a claim or a verdict before it counts.
            timeout: seconds that Redis may take to connect, and to answer.

        Returns:
            A store that closes its own connections.

        Raises:
            ConfigurationError: with everything that is wrong with the arguments.
        """
        client = connected(url, timeout, cast("Any", Redis).from_url, Retry)
        found = cls(client, replicas=replicas, timeout=timeout)
        found._owned = True
        return found

    def run(self, operation: Operation[T], /) -> T:
        """Run one operation.

        Args:
            operation: what to run.

        Returns:
            What the script answered.

        Raises:
            StoreUnavailableError: it did not run, or nobody knows whether it did.
        """
        if self._process != os.getpid():
            self._begin()  # a forked process does not have the threads that held turns
        turns = self._turns
        try:
            turns.get(timeout=_QUEUE * self._timeout)
        except Empty:
            raise _no_turn(operation.name) from None
        try:
            if self._replicas and operation.durable:
                pipeline = self._pipeline()
                self._call(operation, pipeline)
                reply = self._with_wait(pipeline).execute()
            else:
                reply = self._call(operation)
        except Exception as error:  # whatever a client raises: no foreign error crosses the border
            raise _unavailable(operation.name, error) from error
        finally:
            turns.put(None)
        return self._read(operation, reply)

    def close(self) -> None:
        """Close the connections that `from_url` opened; a client that you brought stays open."""
        if self._owned:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncRedisStore(_Scripted):
    """The same for `AsyncOTPEngine`; `client` is a `redis.asyncio.Redis` (or cluster client).

    Args:
        client: your own client, used as it is and not closed here. Whatever its own timeouts are, an
            operation ends within twice `timeout`.
        replicas: how many replicas must have a claim or a verdict before it counts (`WAIT`); 0 to 16.
        timeout: seconds that Redis may take for an answer, at most 10; the wait for a turn before it is at
            most 10 times as long.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """

    asynchronous = True

    def __init__(self, client: Any, *, replicas: int = 0, timeout: float = 0.2) -> None:
        super().__init__(client, replicas, timeout)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turns = asyncio.Semaphore(IN_FLIGHT)

    @classmethod
    def from_url(cls, url: str, *, replicas: int = 0, timeout: float = 0.2) -> Self:
        """Do what `RedisStore.from_url` does.

        Args:
            url: for example `"redis://localhost:6379/0"`.
            replicas: how many replicas must have a claim or a verdict before it counts.
            timeout: seconds that Redis may take for an answer.

        Returns:
            A store that closes its own connections.

        Raises:
            ConfigurationError: with everything that is wrong with the arguments.
        """
        client = connected(url, timeout, cast("Any", AsyncRedis).from_url, AsyncRetry)
        found = cls(client, replicas=replicas, timeout=timeout)
        found._owned = True
        return found

    async def run(self, operation: Operation[T], /) -> T:
        """Do what `RedisStore.run` does, without blocking the event loop."""
        turns = await self._turn(operation.name)
        try:
            async with asyncio.timeout(2 * self._timeout):
                if self._replicas and operation.durable:
                    pipeline = self._pipeline()
                    await self._call(operation, pipeline)
                    reply = await self._with_wait(pipeline).execute()
                else:
                    reply = await self._call(operation)
        except Exception as error:  # also what asyncio says of a connection whose event loop is closed
            raise _unavailable(operation.name, error) from error
        finally:
            turns.release()
        return self._read(operation, reply)

    async def _turn(self, name: str) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._turns = loop, asyncio.Semaphore(IN_FLIGHT)
        turns = self._turns
        try:
            async with asyncio.timeout(_QUEUE * self._timeout):
                await turns.acquire()
        except TimeoutError:
            raise _no_turn(name) from None
        return turns

    async def aclose(self) -> None:
        """Close the connections that `from_url` opened; a client that you brought stays open."""
        if self._owned:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _unavailable(name: str, error: Exception) -> StoreUnavailableError:
    return StoreUnavailableError(f"{name}: Redis did not answer as it should ({type(error).__name__})")


def _no_turn(name: str) -> StoreUnavailableError:
    return StoreUnavailableError(f"{name}: Redis is not keeping up; no turn came in time")
