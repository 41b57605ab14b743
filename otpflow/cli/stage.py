"""What the demo runs on: the real engine, transport and scripts, and a provider that calls nobody."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from redis import Redis
from redis.exceptions import RedisError

from otpflow.engine import OTPEngine
from otpflow.errors import StoreUnavailableError
from otpflow.keys import new_key
from otpflow.models import Challenge, ChallengeStatus, Verdict
from otpflow.policy import Policy
from otpflow.stores import EmbeddedStore, RedisStore
from otpflow.stores.base import Operation
from otpflow.testing import Call, EsmsSimulator, advance
from otpflow.testing.simulator_calls import spoken_code
from otpflow.transports import EsmsVoice

T = TypeVar("T")

EXAMPLE = "0901 888 484"
"""A number to show to whoever is asked for one."""

PURPOSE = "login"
_APP = "Demo"
_TIMEOUT = 1.0  # seconds that Redis may take when the demo looks into it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A challenge as it lies in Redis.

    Attributes:
        key: its key.
        fields: its fields; none where it is gone.
    """

    key: str
    fields: Mapping[str, str]

    def shows(self, digits: str) -> bool:
        """Look for a code or a number.

        Args:
            digits: a code, or a number without its country code and leading zero.

        Returns:
            Whether it stands anywhere, as a whole; a moment in milliseconds that has these digits is none.
        """
        whole = re.compile(rf"(?<!\d)(?:0|84)?{digits}(?!\d)")
        return any(whole.search(text) for text in (self.key, *self.fields, *self.fields.values()))


class WatchedStore:
    """A store that remembers which scripts ran, and can show what they left.

    Args:
        store: the real one.
        client: looks into the same Redis.

    Attributes:
        scripts: names of the scripts that ran since `forget`; `read`, which changes nothing, is left out.
    """

    asynchronous = False

    def __init__(self, store: EmbeddedStore | RedisStore, client: Any) -> None:
        self._store = store
        self._client = client
        self._keys: dict[str, None] = {}
        self._challenge = ""
        self.scripts: list[str] = []

    def run(self, operation: Operation[T], /) -> T:
        """Do what the store does, and remember it.

        Args:
            operation: what to run.

        Returns:
            What the script answered.

        Raises:
            StoreUnavailableError: the store cannot be asked.
        """
        if operation.name != "read":
            self.scripts.append(operation.name)
        self._challenge = operation.keys[0]
        self._keys.update(dict.fromkeys(operation.keys))
        return self._store.run(operation)

    def forget(self) -> None:
        """Forget which scripts ran."""
        self.scripts.clear()

    def kept(self) -> Kept:
        """Read the challenge that a script ran on last.

        Returns:
            The challenge.

        Raises:
            StoreUnavailableError: the store cannot be asked.
        """
        try:
            fields: Mapping[object, object] = self._client.hgetall(self._challenge)
        except (RedisError, OSError) as error:
            raise StoreUnavailableError("Redis stopped answering") from error
        return Kept(key=self._challenge, fields={_text(name): _text(value) for name, value in fields.items()})

    def sweep(self) -> None:
        """Delete every key that a script touched, as far as Redis can be asked."""
        with suppress(RedisError, OSError):
            for key in self._keys:
                self._client.delete(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that the demo needs, open.

    Attributes:
        engine: the engine.
        store: what it keeps challenges in.
        simulator: the provider.
        base_url: where the provider is.
        policy: the numbers.
        locale: the language of the voice and of messages to the user.
        on_redis: whether challenges are in a Redis of the reader's.
        let_pass: lets seconds pass: at once in this process, really on a Redis, which others may use too.
    """

    engine: OTPEngine = field(repr=False)
    store: WatchedStore
    simulator: EsmsSimulator
    base_url: str
    policy: Policy
    locale: str
    on_redis: bool
    let_pass: Callable[[float], object]

    def issue(self, phone: str) -> Challenge:
        """Have a number called.

        Args:
            phone: as typed.

        Returns:
            The challenge.

        Raises:
            OTPError: what `OTPEngine.issue` raises.
        """
        self.store.forget()
        return self.engine.issue(phone, purpose=PURPOSE, locale=self.locale)

    def resend(self, challenge: Challenge) -> Challenge:
        """Have the same number called with a new code.

        Args:
            challenge: which.

        Returns:
            The challenge.

        Raises:
            OTPError: what `OTPEngine.resend` raises.
        """
        self.store.forget()
        return self.engine.resend(challenge.id)

    def verify(self, challenge: Challenge, code: str) -> Verdict:
        """Check what was typed.

        Args:
            challenge: which.
            code: as typed.

        Returns:
            The verdict.

        Raises:
            OTPError: what `OTPEngine.verify` raises.
        """
        self.store.forget()
        return self.engine.verify(challenge.id, code, purpose=PURPOSE)

    def status(self, challenge: Challenge) -> ChallengeStatus:
        """Look at a challenge.

        Args:
            challenge: which.

        Returns:
            Its status.

        Raises:
            StoreUnavailableError: the store cannot be asked.
        """
        return self.engine.inspect(challenge.id)

    @property
    def call(self) -> Call:
        """The call that the provider took last."""
        return self.simulator.calls[-1]

    @property
    def heard(self) -> str:
        """The code that the voice said last; empty where it said none."""
        return spoken_code(self.call.content) or ""


class _OpenStore(EmbeddedStore):
    """The embedded store, with its data in sight."""

    @property
    def client(self) -> Any:
        return self._client


@contextmanager
def opened(*, policy: Policy, locale: str, redis_url: str | None) -> Generator[Stage]:
    """Open a stage with a key of its own; close it, and leave nothing behind.

    Args:
        policy: the numbers.
        locale: the language of the voice and of messages to the user.
        redis_url: where challenges live; `None` for this process.

    Yields:
        The stage.

    Raises:
        ConfigurationError: something is wrong with the arguments, or fakeredis is not installed.
        StoreUnavailableError: there is no Redis at that URL.
    """
    with ExitStack() as stack:
        store, client, let_pass = _embedded() if redis_url is None else _on_redis(redis_url, stack)
        watched = WatchedStore(store, client)
        stack.callback(watched.sweep)
        simulator = EsmsSimulator()
        base_url = stack.enter_context(simulator.serve()).base_url
        transport = stack.enter_context(EsmsVoice(simulator.api_key, simulator.secret_key, base_url=base_url))
        engine = stack.enter_context(
            OTPEngine(watched, transport, keys=new_key("demo"), policy=policy, namespace="demo", app=_APP)
        )
        try:
            # Writes nothing; a Redis that is not there is to be noticed before anybody has typed a number.
            engine.unlock(EXAMPLE)
        except StoreUnavailableError as error:
            raise StoreUnavailableError(f"no Redis answers where --redis points to ({error})") from error
        yield Stage(
            engine=engine,
            store=watched,
            simulator=simulator,
            base_url=base_url,
            policy=policy,
            locale=locale,
            on_redis=redis_url is not None,
            let_pass=let_pass,
        )


_Opened = tuple[EmbeddedStore | RedisStore, Any, Callable[[float], object]]


def _embedded() -> _Opened:
    store = _OpenStore()
    return store, store.client, partial(advance, store)


def _on_redis(url: str, stack: ExitStack) -> _Opened:
    store = stack.enter_context(RedisStore.from_url(url))
    # A connection beside the engine's own, as redis-cli would be.
    client = cast("Any", Redis).from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
    stack.callback(client.close)
    return store, client, time.sleep


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
