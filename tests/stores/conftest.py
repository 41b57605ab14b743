"""What the tests of the stores share: one body for both twins."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from otpflow.stores.base import Operation
from tests.conftest import NO_REDIS
from tests.servers import KINDS, Server, binary


class Twin:
    """Runs operations and closes stores, whichever twin they are."""

    def __init__(self, style: str, runner: asyncio.Runner) -> None:
        self.style = style
        self._runner = runner

    def done(self, call: Any, *arguments: Any) -> Any:
        """Call something that may have to be awaited."""

        async def awaited() -> Any:
            answer = call(*arguments)
            return await answer if inspect.isawaitable(answer) else answer

        return self._runner.run(awaited()) if self.style == "async" else call(*arguments)

    def run(self, store: Any, operation: Operation[Any]) -> Any:
        """Run one operation."""
        return self.done(store.run, operation)

    def close(self, thing: Any) -> None:
        """Close a store or a client."""
        self.done(thing.aclose if self.style == "async" else thing.close)


@pytest.fixture(params=KINDS)
def own(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server for one test, which may do to it what it likes."""
    if binary(request.param) is None:
        pytest.skip(NO_REDIS)
    started = Server(request.param, "--requirepass", "CANARY", "--repl-diskless-sync-delay", "0")
    yield started
    started.close()


@pytest.fixture
def twin(style: str) -> Iterator[Twin]:
    """Each twin, with one event loop."""
    with asyncio.Runner() as runner:
        yield Twin(style, runner)
