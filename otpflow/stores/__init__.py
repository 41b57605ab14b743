"""Where challenges live. A name is imported when it is used, so that nothing is paid for what is not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from otpflow.stores.base import Store

if TYPE_CHECKING:
    from otpflow.stores.embedded import AsyncEmbeddedStore, EmbeddedStore
    from otpflow.stores.redis import AsyncRedisStore, RedisStore

__all__ = ["AsyncEmbeddedStore", "AsyncRedisStore", "EmbeddedStore", "RedisStore", "Store"]

_HOMES = {
    "AsyncEmbeddedStore": "otpflow.stores.embedded",
    "AsyncRedisStore": "otpflow.stores.redis",
    "EmbeddedStore": "otpflow.stores.embedded",
    "RedisStore": "otpflow.stores.redis",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
