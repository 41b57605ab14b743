"""Time for tests: all that a store remembers becomes older at once, and nobody has to wait."""

from __future__ import annotations

from typing import Any

from otpflow.errors import ConfigurationError

_KEYS = "otpflow:1:*"


def advance(store: Any, seconds: Any) -> None:
    """Let time pass for everything in a store, as if it had been written `seconds` earlier.

    Args:
        store: an `EmbeddedStore`, an `AsyncEmbeddedStore` or a `RedisStore`, used by nobody meanwhile.
            All challenges of that Redis become older: never do it to a live one.
        seconds: how much older, 0 or more.

    Raises:
        ConfigurationError: the store is of another kind, or the time is no number of 0 or more.
    """
    client = getattr(store, "_client", None)
    if client is None or not isinstance(client.connection_pool, _pool()):
        raise ConfigurationError(f"store is a {type(store).__name__}; give an EmbeddedStore or a RedisStore")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise ConfigurationError("seconds is no number of 0 or more; time only passes forward")
    shift = round(seconds * 1_000)
    for key in list(client.scan_iter(_KEYS, count=1_000)):
        _age(client, key, shift)


def _age(client: Any, key: Any, shift: int) -> None:
    left = client.pttl(key) - shift
    if left <= 0:
        client.delete(key)
        return
    kind = _text(client.type(key))
    if kind == "hash":
        _age_challenge(client, key, shift)
    elif kind == "zset":
        # Below 0 is a count, not a moment.
        for member, score in client.zrangebyscore(key, 0, "+inf", withscores=True):
            client.zadd(key, {member: score - shift})
    client.pexpire(key, left)


def _age_challenge(client: Any, key: Any, shift: int) -> None:
    for name, value in client.hgetall(key).items():
        field, moment = _text(name), _text(value)
        # A code that was superseded ended at 0, whatever the time is.
        if (field == "deadline" or field.startswith("until")) and moment != "0":
            client.hset(key, name, int(moment) - shift)
        elif field.startswith("polled:"):
            times, _, due = moment.partition("@")
            client.hset(key, name, f"{times}@{int(due) - shift}")


def _text(value: object) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


def _pool() -> type:
    from redis import ConnectionPool

    return ConnectionPool
