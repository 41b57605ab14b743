"""The client behind a Redis store: made from a URL, or brought along and looked at."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from otpflow.errors import ConfigurationError

_LONGEST_TIMEOUT = 10.0
_MOST_REPLICAS = 16


def connected(url: str, timeout: float, connect: Callable[..., Any], retry: Callable[..., Any]) -> Any:
    """Connect by URL, with short timeouts and one repeat.

    Args:
        url: where Redis is.
        timeout: seconds to connect, and for an answer.
        connect: the client's `from_url`.
        retry: the client's kind of `Retry`.

    Returns:
        The client.

    Raises:
        ConfigurationError: the URL or the timeout is wrong.
    """
    if not isinstance(cast("object", url), str):
        raise ConfigurationError(
            f"url is a {type(url).__name__}; give for example 'redis://localhost:6379/0'"
        )
    if problem := timeout_problem(timeout):
        raise ConfigurationError(problem)
    once_more = retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
    # What is wrong with a URL may quote it, and it may hold a password: so nothing is raised from there.
    with suppress(ValueError, TypeError, RedisError):
        client = connect(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=once_more)
        # Opens nothing, and refuses an unknown option in the URL's query here instead of at the first call.
        client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
        return client
    raise ConfigurationError(
        "url is not a Redis URL; give for example 'redis://localhost:6379/0', 'rediss://…' or 'unix://…'"
    )


def problems(client: Any, replicas: object, timeout: object, *, awaits: bool) -> Iterator[str]:
    """Look for what is wrong with a store's arguments.

    Args:
        client: as passed.
        replicas: as passed.
        timeout: as passed.
        awaits: whether the client has to be asynchronous.

    Yields:
        A sentence for each.
    """
    execute = getattr(client, "execute_command", None)
    if not hasattr(client, "register_script") or execute is None:
        yield f"client is a {type(client).__name__}; give a Redis client, or use from_url() with a URL"
    elif inspect.iscoroutinefunction(execute) is not awaits:
        wanted = "redis.asyncio.Redis" if awaits else "redis.Redis"
        other = "RedisStore" if awaits else "AsyncRedisStore"
        yield f"client does not fit; give a {wanted} here, or use {other}"
    if type(replicas) is not int or not 0 <= replicas <= _MOST_REPLICAS:
        yield f"replicas is {replicas!r:.40}; give a whole number from 0 to {_MOST_REPLICAS}"
    if problem := timeout_problem(timeout):
        yield problem


def timeout_problem(timeout: object) -> str | None:
    """Look for what is wrong with a timeout.

    Args:
        timeout: as passed.

    Returns:
        A sentence, or `None`.
    """
    if type(timeout) in (int, float) and 0 < cast("float", timeout) <= _LONGEST_TIMEOUT:
        return None
    return f"timeout is {timeout!r:.40}; give more than 0 and at most {_LONGEST_TIMEOUT:g} seconds"
