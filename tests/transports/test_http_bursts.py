"""A client lives as long as something is under way on its event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from otpflow.transports._bursts import Bursts


class Counted:
    """A client that knows how often it was closed."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.closed = 0
        self.hangs = hangs

    async def aclose(self) -> None:
        """Count, and perhaps never come back."""
        self.closed += 1
        if self.hangs:
            await asyncio.Event().wait()


def test_one_client_for_each_event_loop_and_burst() -> None:
    """Made by the first, closed by the last; the next burst has another one, and so has another thread's loop."""
    made: list[Counted] = []

    def make() -> Counted:
        made.append(Counted())
        return made[-1]

    bursts = Bursts(make)
    both = threading.Barrier(2, timeout=5)

    async def nested() -> None:
        async with bursts.client() as outer:
            both.wait()
            async with bursts.client() as inner:
                assert inner is outer
            assert outer.closed == 0
            both.wait()
        assert outer.closed == 1

    threads = [threading.Thread(target=asyncio.run, args=(nested(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert [client.closed for client in made] == [1, 1]
    assert vars(bursts)["_bursts"] == {}


def test_closing_takes_no_longer_than_it_may() -> None:
    """A client that does not close, and an exchange that fails: the error is the exchange's."""
    client = Counted(hangs=True)

    async def run() -> None:
        async with asyncio.timeout(5), Bursts(lambda: client).client():
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(run())
    assert client.closed == 1
