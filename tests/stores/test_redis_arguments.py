"""What the Redis stores are built from: every problem told at once, and no password in any of them."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest
import redis
import redis.asyncio

from otpflow import ConfigurationError
from otpflow.stores import AsyncRedisStore, RedisStore
from tests.stores.clients import AsyncClient, Client

URL = "redis://:CANARY@127.0.0.1:1/0"
REFUSED = "url is not a Redis URL; give for example 'redis://localhost:6379/0', 'rediss://…' or 'unix://…'"
NO_TIMEOUT = "give more than 0 and at most 10 seconds"
KINDS = (RedisStore, AsyncRedisStore)


def answer() -> Any:
    """Stand for an answer that nobody asks for."""


class Half:
    """What can run commands, and knows no scripts."""

    def execute_command(self) -> None:
        """Run none."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("client", "shown"),
    [(None, "a NoneType"), (URL, "a str"), (object(), "a object"), (math, "a module"), (Half(), "a Half")],
)
def test_a_client_is_one_that_knows_scripts(kind: Any, client: object, shown: str) -> None:
    """Anything else is named by its type, and not shown."""
    with pytest.raises(ConfigurationError) as caught:
        kind(client)

    assert caught.value.problems == (f"client is {shown}; give a Redis client, or use from_url() with a URL",)


def test_a_client_must_be_of_the_stores_kind() -> None:
    """The error says which client, or which store, to take instead."""
    with pytest.raises(ConfigurationError) as plain:
        RedisStore(AsyncClient(answer))
    with pytest.raises(ConfigurationError) as awaiting:
        AsyncRedisStore(Client(answer))

    assert plain.value.problems == ("client does not fit; give a redis.Redis here, or use AsyncRedisStore",)
    assert awaiting.value.problems == (
        "client does not fit; give a redis.asyncio.Redis here, or use RedisStore",
    )


def test_the_clients_of_redis_py_are_told_apart() -> None:
    """Real clients, which have not connected yet."""
    plain = cast("Any", redis.Redis)(port=1)
    awaiting = cast("Any", redis.asyncio.Redis)(port=1)
    assert RedisStore(plain)
    assert AsyncRedisStore(awaiting)
    with pytest.raises(ConfigurationError, match=r"give a redis\.Redis here"):
        RedisStore(awaiting)
    with pytest.raises(ConfigurationError, match=r"give a redis\.asyncio\.Redis here"):
        AsyncRedisStore(plain)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("replicas", [-1, 17, True, 1.0, "1", None])
def test_replicas_are_a_small_whole_number(kind: Any, replicas: object) -> None:
    """0 to 16, and nothing that only looks like it."""
    with pytest.raises(ConfigurationError) as caught:
        kind.from_url(URL, replicas=replicas)

    assert caught.value.problems == (f"replicas is {replicas!r}; give a whole number from 0 to 16",)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("timeout", [0, -1, 10.1, math.nan, math.inf, True, "1", None])
def test_a_timeout_is_a_small_number_of_seconds(kind: Any, timeout: Any) -> None:
    """A login must not hang with its Redis, however the store is built."""
    client = AsyncClient(answer) if kind is AsyncRedisStore else Client(answer)
    with pytest.raises(ConfigurationError) as by_url:
        kind.from_url(URL, timeout=timeout)
    with pytest.raises(ConfigurationError) as by_client:
        kind(client, timeout=timeout)

    problems = (f"timeout is {timeout!r}; {NO_TIMEOUT}",)
    assert (by_url.value.problems, by_client.value.problems) == (problems, problems)


@pytest.mark.parametrize("kind", KINDS)
def test_the_ends_of_the_ranges_are_taken(kind: Any) -> None:
    """16 replicas, and 10 whole seconds or a part of one."""
    assert repr(kind.from_url(URL, replicas=16, timeout=10)) == f"{kind.__name__}(replicas=16, timeout=10)"
    assert repr(kind.from_url(URL, timeout=0.001)) == f"{kind.__name__}(replicas=0, timeout=0.001)"


@pytest.mark.parametrize("kind", KINDS)
def test_every_problem_is_told_at_once(kind: Any) -> None:
    """Client, replicas and timeout in one error."""
    with pytest.raises(ConfigurationError) as caught:
        kind(None, replicas=99, timeout="soon")

    assert [problem.split()[0] for problem in caught.value.problems] == ["client", "replicas", "timeout"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "url",
    [
        "",
        "CANARY",
        "http://user:CANARY@host",
        "redis://:CANARY@host:port/0",
        "redis://:CANARY@host:99999/0",
        "redis://:CANARY@host/0?socket_timeout=CANARY",
    ],
)
def test_a_url_that_is_none_is_not_shown(kind: Any, url: str) -> None:
    """Neither the error nor what it came from holds the password."""
    with pytest.raises(ConfigurationError) as caught:
        kind.from_url(url)

    assert caught.value.problems == (REFUSED,)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", [None, 6379, b"redis://localhost"])
def test_a_url_is_a_text(kind: Any, url: object) -> None:
    """Its type is named."""
    with pytest.raises(ConfigurationError) as caught:
        kind.from_url(url)

    assert caught.value.problems == (
        f"url is a {type(url).__name__}; give for example 'redis://localhost:6379/0'",
    )
