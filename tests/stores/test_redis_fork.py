"""A process that was forked while others held turns."""

from __future__ import annotations

from typing import Any

from otpflow.stores import RedisStore
from otpflow.stores._wire import unlock
from otpflow.stores.redis import IN_FLIGHT
from tests.servers import Server


def test_a_forked_process_begins_with_every_turn(server: Server) -> None:
    """The threads that held them are not there to give them back."""
    store: Any
    with RedisStore.from_url(server.url, timeout=5) as store:
        for _ in range(IN_FLIGHT):
            store._turns.get()
        store._process = 0

        assert store.run(unlock("s" * 20)) == 0
        assert store._turns.qsize() == IN_FLIGHT
