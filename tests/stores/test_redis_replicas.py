"""With `replicas=N`, a claim and a verdict count only once N replicas have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from otpflow import StoreUnavailableError
from otpflow.stores import AsyncRedisStore, RedisStore
from otpflow.stores._wire import unlock
from tests.servers import Server
from tests.stores.clients import claim
from tests.stores.conftest import Twin


@pytest.fixture
def followed(own: Server) -> Iterator[Server]:
    """A server with one replica that has caught up."""
    replica = Server(own.kind, "--replicaof", f"127.0.0.1 {own.port}", "--masterauth", "CANARY")
    try:
        with own.client(password="CANARY", socket_timeout=20) as admin:
            assert admin.wait(1, 15_000) == 1
        yield own
    finally:
        replica.close()


def over(twin: Twin, server: Server, **options: Any) -> Any:
    """Build a store that insists on replicas."""
    kind: Any = AsyncRedisStore if twin.style == "async" else RedisStore
    return kind.from_url(f"redis://:CANARY@127.0.0.1:{server.port}/0", **options)


def test_a_claim_without_its_replicas_does_not_count(own: Server, twin: Twin) -> None:
    """With none there, nobody is let in; what need not be durable goes on."""
    store = over(twin, own, replicas=1, timeout=1.0)

    with pytest.raises(StoreUnavailableError, match=r"^claim: 0 of 1 replicas have it; it does not count$"):
        twin.run(store, claim())
    assert twin.run(store, unlock("AAAAAAAAAAAAAAAAAAAA")) == 0
    twin.close(store)


def test_a_claim_counts_once_a_replica_has_it(followed: Server, twin: Twin) -> None:
    """With a replica that follows it is answered; a second one that is asked for is missed."""
    store = over(twin, followed, replicas=1, timeout=5.0)
    assert twin.run(store, claim()).status == "expired"
    twin.close(store)
    more = over(twin, followed, replicas=2, timeout=1.0)

    with pytest.raises(StoreUnavailableError, match=r"^claim: 1 of 2 replicas have it; it does not count$"):
        twin.run(more, claim())
    twin.close(more)
