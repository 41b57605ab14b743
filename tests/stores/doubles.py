"""Stores around a store: one that writes down what it was asked, and fails when told to."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from otpflow.errors import StoreUnavailableError
from otpflow.stores.base import Operation
from tests.subjects import Subject

LOST = "the double lost it"


class Watched:
    """Stands in front of a store.

    Args:
        store: the real one.

    Attributes:
        ran: names of the operations that it was asked for, in order.
        lost_requests: places in that order, from 1, of operations that never reach the store.
        lost_replies: places of operations that the store runs, and whose answers get lost.
        before: called with an operation's name before it runs.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asynchronous: bool = store.asynchronous
        self.ran: list[str] = []
        self.lost_requests: set[int] = set()
        self.lost_replies: set[int] = set()
        self.before: Callable[[str], None] = lambda _: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def run(self, operation: Operation[Any], /) -> Any:
        """Run an operation, or fail where that was asked for."""
        self.before(operation.name)
        self.ran.append(operation.name)
        place = len(self.ran)
        if place in self.lost_requests:
            raise StoreUnavailableError(f"{operation.name}: {LOST}")
        answer = self._store.run(operation)
        if inspect.isawaitable(answer):
            return self._awaited(answer, operation.name, place)
        return self._answered(answer, operation.name, place)

    async def _awaited(self, answer: Awaitable[Any], name: str, place: int) -> Any:
        return self._answered(await answer, name, place)

    def _answered(self, answer: Any, name: str, place: int) -> Any:
        if place in self.lost_replies:
            raise StoreUnavailableError(f"{name}: {LOST}")
        return answer


def watched(subject: Subject, **options: Any) -> tuple[Subject, Watched]:
    """Build an engine over a watched store.

    Args:
        subject: whose store it is.
        options: of the engine.

    Returns:
        The engine, and the store that it uses.
    """
    store = Watched(subject.store)
    subject.store = store
    return subject.another(**options), store
