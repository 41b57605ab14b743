"""Clients that live as long as something is under way: nothing is kept that could be stale, or left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

_CLOSING = 0.5


class Closable(Protocol):
    """What can be closed on the event loop where it was used."""

    async def aclose(self) -> None:
        """Close it."""
        ...


T = TypeVar("T", bound=Closable)


@dataclass(slots=True)
class _Burst(Generic[T]):
    client: T
    users: int = 0


class Bursts(Generic[T]):
    """One client for each event loop, from the first exchange under way until the last one ends.

    So connections are shared by sends that overlap, where that is worth it, and none is open when nothing is
    being sent: none is used that the server has long closed, and none outlives its event loop.

    Args:
        make: makes a client.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        # Each loop looks at its own entry alone, in its own thread.
        self._bursts: dict[asyncio.AbstractEventLoop, _Burst[T]] = {}

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[T]:
        """Lend the client of the running event loop for one exchange."""
        loop = asyncio.get_running_loop()
        burst = self._bursts.get(loop)
        if burst is None:
            burst = self._bursts[loop] = _Burst(self._make())
        burst.users += 1
        try:
            yield burst.client
        finally:
            burst.users -= 1
            if not burst.users:
                del self._bursts[loop]
                with suppress(TimeoutError):
                    async with asyncio.timeout(_CLOSING):
                        await burst.client.aclose()
