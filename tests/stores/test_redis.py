"""The Redis stores on real servers: by URL, and through the application's own client of every kind."""

from __future__ import annotations

import pickle
from typing import Any, cast

import pytest
import redis
import redis.asyncio

from otpflow import OTPEngine, Policy
from otpflow.keys import new_key
from otpflow.stores import AsyncRedisStore, RedisStore, Store
from otpflow.stores._wire import bind, cancel, unlock
from otpflow.stores.base import Place
from otpflow.testing import Outbox
from tests.conftest import Build
from tests.servers import Server
from tests.stores.clients import claim
from tests.stores.conftest import Twin
from tests.subjects import NUMBER

SLOT = "AAAAAAAAAAAAAAAAAAAA"
CLIENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "decoding": {"decode_responses": True},
    "resp3": {"protocol": 3},
    "resp3 decoding": {"protocol": 3, "decode_responses": True},
    "without retries": {"retry": None, "socket_timeout": 5},
}


def kind(twin: Twin) -> Any:
    """Give the store of a twin."""
    return AsyncRedisStore if twin.style == "async" else RedisStore


def client(twin: Twin, server: Server, **options: Any) -> Any:
    """Make an application's own client."""
    made: Any = redis.asyncio.Redis if twin.style == "async" else redis.Redis
    return made(host="127.0.0.1", port=server.port, **options)


def connections(server: Server) -> int:
    """Count the connections of a server, but for the one that asks."""
    with server.client() as asking:
        return len(asking.client_list()) - 1


@pytest.mark.parametrize("options", CLIENTS.values(), ids=repr)
def test_the_applications_own_client_is_used_as_it_is(
    server: Server, twin: Twin, options: dict[str, Any]
) -> None:
    """Whatever it decodes and speaks, the same is read, and it is not closed here."""
    own = client(twin, server, **options)
    store = kind(twin)(own)

    assert twin.run(store, bind(SLOT, "first", 60_000)) == "first"
    assert twin.run(store, bind(SLOT, "second", 60_000)) == "first"
    assert twin.run(store, unlock(SLOT)) == 0
    assert twin.run(store, cancel(Place(SLOT, "nothing"))) == ""
    assert twin.run(store, claim()).status == "expired"
    before = connections(server)
    twin.close(store)
    assert connections(server) == before > 0
    assert twin.done(own.ping)
    twin.close(own)


@pytest.mark.parametrize("options", list(CLIENTS.values())[:4], ids=repr)
def test_a_challenge_lives_through_any_client(server: Server, options: dict[str, Any]) -> None:
    """Issue, re-send, wrong and right codes, the same through every kind of client."""
    outbox = Outbox()
    with server.client(**options) as own:
        engine = OTPEngine(RedisStore(own), outbox, keys=new_key(), policy=Policy(cooldown=0))
        challenge = engine.issue(NUMBER, purpose="login", context={"amount": 5})
        old = outbox.code
        again = engine.resend(challenge.id)
        outcomes = [
            engine.verify(challenge.id, code, purpose="login", context={"amount": 5}).outcome
            for code in (old, outbox.code, outbox.code)
        ]
        engine.close()

    assert (again.sends_left, again.attempts_left) == (1, 5)
    assert outcomes == ["SUPERSEDED", "VERIFIED", "ALREADY_USED"]


def test_a_store_by_url_closes_what_it_opened(server: Server, twin: Twin) -> None:
    """After `close` none of its connections is left."""
    before = connections(server)
    store = kind(twin).from_url(server.url, timeout=5.0)
    twin.run(store, unlock(SLOT))
    during = connections(server)
    twin.close(store)

    assert (during - before, connections(server) - before) == (1, 0)


def test_a_store_closes_when_its_block_ends(server: Server, twin: Twin) -> None:
    """Both twins are context managers."""
    before = connections(server)

    async def entered() -> int:
        async with AsyncRedisStore.from_url(server.url, timeout=5.0) as store:
            return await store.run(unlock(SLOT))

    if twin.style == "async":
        assert twin.done(entered) == 0
    else:
        with RedisStore.from_url(server.url, timeout=5.0) as store:
            assert store.run(unlock(SLOT)) == 0
    assert connections(server) == before


def test_a_store_that_was_closed_connects_again(server: Server, twin: Twin) -> None:
    """A late call is answered all the same."""
    store = kind(twin).from_url(server.url, timeout=5.0)
    twin.close(store)

    assert twin.run(store, unlock(SLOT)) == 0
    twin.close(store)


def test_a_server_that_forgot_the_scripts_is_given_them_again(build: Build) -> None:
    """`SCRIPT FLUSH` between any two calls changes nothing."""
    subject = build(policy=Policy(cooldown=0))

    def flushed() -> None:
        if subject.server is not None:
            subject.admin.script_flush()

    flushed()
    challenge = subject.issue(idempotency_key="order 17")
    flushed()
    subject.resend(challenge.id)
    flushed()
    assert subject.verify(challenge.id, subject.wrong).attempts_left == 4
    flushed()
    assert subject.inspect(challenge.id).attempts_left == 4
    flushed()
    assert subject.verify(challenge.id, subject.code)
    flushed()
    subject.unlock()
    subject.cancel(challenge.id)


def test_a_pool_that_blocks_serves_more_calls_than_it_has_connections(server: Server) -> None:
    """The application's pool may be smaller than the number of calls at a time."""
    pool = cast("Any", redis.BlockingConnectionPool)(
        host="127.0.0.1", port=server.port, max_connections=2, timeout=10
    )
    own = redis.Redis(connection_pool=pool)
    outbox = Outbox()
    engine = OTPEngine(RedisStore(own), outbox, keys=new_key())
    challenge = engine.issue(NUMBER, purpose="login")

    assert engine.verify(challenge.id, outbox.code, purpose="login")
    engine.close()
    pool.disconnect()


def test_a_store_is_not_for_storing(twin: Twin) -> None:
    """It holds connections, and says so; its `repr` shows no address."""
    store = kind(twin).from_url("redis://:CANARY@127.0.0.1:1/0", replicas=1, timeout=0.5)

    assert repr(store) == f"{kind(twin).__name__}(replicas=1, timeout=0.5)"
    with pytest.raises(
        TypeError, match=f"^a {kind(twin).__name__} holds connections; build it where it is used$"
    ):
        pickle.dumps(store)


def test_a_store_is_what_the_contract_says() -> None:
    """Both kinds say which engine they are for."""
    stores = cast("tuple[Store, Store]", (RedisStore, AsyncRedisStore))

    assert [store.asynchronous for store in stores] == [False, True]
