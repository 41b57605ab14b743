"""The same scripts in this process, on fakeredis: for development, examples and tests."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

from otpflow.errors import ConfigurationError, StoreUnavailableError
from otpflow.stores._scripts import NAMES, source
from otpflow.stores.base import Operation

T = TypeVar("T")


class EmbeddedStore:
    """Keeps challenges in this process's memory, for `OTPEngine`: for development, examples and tests.

    What it knows is gone with the process, and another process does not see it: behind several workers
    every budget would be counted several times. In production use `RedisStore`.

    Raises:
        ConfigurationError: fakeredis is not installed.
    """

    asynchronous = False

    def __init__(self) -> None:
        try:
            from fakeredis import FakeRedis
        except ImportError:
            raise ConfigurationError(
                "the embedded store needs fakeredis: python -m pip install 'otpflow[embedded]'"
            ) from None
        self._client: Any = FakeRedis()
        self._scripts = {name: self._client.register_script(source(name)) for name in NAMES}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __reduce__(self) -> NoReturn:
        msg = f"an {type(self).__name__} lives in one process; build it where it is used"
        raise TypeError(msg)

    def run(self, operation: Operation[T], /) -> T:
        """Run one operation, at once.

        Args:
            operation: what to run.

        Returns:
            What the script answered.

        Raises:
            StoreUnavailableError: the script failed.
        """
        from redis.exceptions import RedisError

        script = self._scripts[operation.name]
        try:
            with self._lock:
                reply = script(keys=operation.keys, args=operation.arguments)
            return operation.parse(reply)
        except (RedisError, ValueError) as error:
            msg = f"{operation.name}: the embedded store failed ({type(error).__name__})"
            raise StoreUnavailableError(msg) from error

    def close(self) -> None:
        """Do nothing: there are no connections, and what is kept stays while the store does."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncEmbeddedStore(EmbeddedStore):
    """The same for `AsyncOTPEngine`: a script takes a fraction of a millisecond, so nothing is awaited."""

    asynchronous = True

    async def aclose(self) -> None:
        """Do nothing, as `close` does."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
