"""Clients that stand for a Redis that misbehaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otpflow.stores import AsyncRedisStore, RedisStore
from otpflow.stores._wire import unlock
from otpflow.stores.base import Operation

OPERATION = unlock("AAAAAAAAAAAAAAAAAAAA")
"""Any operation will do; this one gives a number."""


class Client:
    """A client whose scripts give what a test wants.

    Args:
        answer: called for each script; what it returns or raises is the reply.
    """

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    def register_script(self, source: bytes) -> Any:
        """Give a script that answers as the test wants."""
        assert isinstance(source, bytes)
        return self._script

    def _script(self, keys: Any, args: Any, client: Any) -> Any:
        self.asked.append((tuple(keys), tuple(args)))
        return client if client is not None else self.answer()

    def execute_command(self, *command: Any) -> Any:
        """Be what a client is known by."""
        self.asked.append(command)

    def pipeline(self, *, transaction: bool) -> Client:
        """Begin a pipeline."""
        assert transaction is False
        return self

    def execute(self) -> Any:
        """End it."""
        return self.answer()


class AsyncClient(Client):
    """The same for `AsyncRedisStore`; the answer may have to be awaited."""

    async def _script(self, keys: Any, args: Any, client: Any) -> Any:
        self.asked.append((tuple(keys), tuple(args)))
        return client if client is not None else await self._awaited()

    async def _awaited(self) -> Any:
        found = self.answer()
        return await found if hasattr(found, "__await__") else found

    async def execute_command(self, *command: Any) -> Any:
        """Be what a client is known by."""

    def pipeline(self, *, transaction: bool) -> Any:
        """Begin a pipeline."""
        assert transaction is False
        return Pipeline(self)

    async def execute(self) -> Any:
        """End it."""
        return await self._awaited()


class Pipeline:
    """An asynchronous client's pipeline: commands are only put into it."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def execute_command(self, *command: Any) -> None:
        """Note a command."""
        self._client.asked.append(command)

    async def execute(self) -> Any:
        """End it."""
        return await self._client.execute()


def store_over(style: str, answer: Callable[[], Any], **options: Any) -> Any:
    """Build a store over a client that answers as a test wants."""
    return (
        AsyncRedisStore(AsyncClient(answer), **options)
        if style == "async"
        else RedisStore(Client(answer), **options)
    )


def claim() -> Operation[Any]:
    """Give an operation that counts only once the replicas have it."""
    from otpflow.stores._wire import claim as written
    from otpflow.stores.base import Place

    return written(Place("AAAAAAAAAAAAAAAAAAAA", "locator"), "attempt", "hour=10/3600000", 86_400_000, 100, 1)
