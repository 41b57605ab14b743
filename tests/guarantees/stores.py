"""Stores around the real one: they see what it is asked, fail, or hold answers back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from inspect import isawaitable
from typing import Any

from otpflow.errors import StoreUnavailableError
from otpflow.stores.base import Operation
from tests.subjects import Subject

PATIENCE = 60.0
"""Seconds after which one that waits for the others gives up."""


class Watched:
    """A store that writes down what it is asked, and can lose some of it.

    Args:
        store: the real one.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked: list[str] = []
        self.lost: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def run(self, operation: Operation[Any], /) -> Any:
        """Run one operation, unless its name is among those that are lost."""
        self.asked.append(operation.name)
        if operation.name in self.lost:
            raise StoreUnavailableError(f"{operation.name}: lost")
        return self._store.run(operation)


class Together:
    """A store that settles nothing before a number of attempts want to be settled.

    Args:
        store: the real one.
        parties: how many.
    """

    def __init__(self, store: Any, parties: int) -> None:
        self._store = store
        self._threads = threading.Barrier(parties)
        self._tasks = asyncio.Barrier(parties)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def run(self, operation: Operation[Any], /) -> Any:
        """Run one operation; with `settle`, when all the others are there too."""
        if self._store.asynchronous:
            return self._arun(operation)
        if operation.name == "settle":
            self._threads.wait(PATIENCE)
        return self._store.run(operation)

    async def _arun(self, operation: Operation[Any]) -> Any:
        if operation.name == "settle":
            async with asyncio.timeout(PATIENCE):
                await self._tasks.wait()
        answer = self._store.run(operation)
        return await answer if isawaitable(answer) else answer


def watched(subject: Subject) -> tuple[Subject, Watched]:
    """Build one more engine whose store is watched.

    Args:
        subject: whose store it is.

    Returns:
        The other one, and its store.
    """
    store = Watched(subject.store)
    return _on(subject, store), store


def together(subject: Subject, parties: int) -> Subject:
    """Build one more engine whose attempts are all claimed before the first one is settled.

    Args:
        subject: whose store it is.
        parties: how many attempts.

    Returns:
        The other one.
    """
    return _on(subject, Together(subject.store, parties))


def _on(subject: Subject, store: Any) -> Subject:
    real, subject.store = subject.store, store
    other = subject.another(transport=subject.outbox)
    subject.store = real
    return other
