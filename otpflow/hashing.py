"""argon2id over a keyed hash, in a pool that is bounded and refuses early.

The work factor may be small (NIST SP 800-63B-4 §3.1.2.2): what is hashed is already a keyed hash over a
secret that only the challenge id holds, so there is nothing to guess without both.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from queue import SimpleQueue
from types import TracebackType

from argon2 import low_level
from argon2.exceptions import HashingError

from otpflow.errors import OverloadedError

DIGEST_BYTES = 16
"""Bytes of a digest: 128 bit (RFC 9106 section 4), which no two codes of a challenge will ever share."""


@dataclass(frozen=True, slots=True)
class Cost:
    """An argon2id work factor.

    Attributes:
        memory: KiB that one evaluation uses.
        passes: how often it goes over them.
        waiting: how many evaluations may wait per worker before calls are refused.
        seconds: about how long one evaluation takes on one current core.
    """

    memory: int
    passes: int
    waiting: int
    seconds: float


class HashCost(Enum):
    """Named work factors: `LIGHT` (1 MiB, t=1, p=1) and `OWASP` (19 MiB, t=2, p=1)."""

    LIGHT = Cost(memory=1_024, passes=1, waiting=512, seconds=0.001)
    OWASP = Cost(memory=19_456, passes=2, waiting=32, seconds=0.03)


class Permit:
    """A place in the pool, held from before an attempt is spent until its hash is known."""

    __slots__ = ("_hasher",)

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hasher.give_back()


class Hasher:
    """Evaluates argon2id, never more than `workers` at a time.

    Args:
        cost: the work factor.
        workers: evaluations at a time; by default one per core.
    """

    def __init__(self, cost: HashCost, workers: int | None = None) -> None:
        self.cost = cost.value
        self.workers = workers or os.cpu_count() or 1
        self._places = self.workers * (1 + self.cost.waiting)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._taken = 0
        # A queue of turns where a semaphore would do: it is C, and taking a turn is on the way of every call.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(self.workers):
            self._turns.put(None)
        self._pool: ThreadPoolExecutor | None = None

    def reserve(self) -> Permit:
        """Take a place before anything is spent.

        Returns:
            A context manager that gives the place back.

        Raises:
            OverloadedError: every place is taken.
        """
        if self._process != os.getpid():
            self._begin()  # a forked process has neither the threads nor what they held
        with self._lock:
            if self._taken >= self._places:
                raise OverloadedError(max(0.1, self.cost.waiting * self.cost.seconds))
            self._taken += 1
        return Permit(self)

    def give_back(self) -> None:
        """Give a place back that `reserve` took."""
        with self._lock:
            self._taken -= 1

    def digest(self, secret: bytes, salt: bytes) -> bytes:
        """Hash in the calling thread, when one of the workers' turns is free.

        Args:
            secret: what to hash.
            salt: the challenge's salt.

        Returns:
            16 bytes.

        Raises:
            OverloadedError: there is not enough memory for it.
        """
        self._turns.get()
        try:
            return self._evaluate(secret, salt)
        finally:
            self._turns.put(None)

    async def adigest(self, secret: bytes, salt: bytes) -> bytes:
        """Hash in the pool's own threads, while the event loop goes on.

        Args:
            secret: what to hash.
            salt: the challenge's salt.

        Returns:
            16 bytes.

        Raises:
            OverloadedError: there is not enough memory for it.
        """
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="otpflow-hash")
            pool = self._pool
        return await asyncio.get_running_loop().run_in_executor(pool, self._evaluate, secret, salt)

    def close(self) -> None:
        """End the pool's threads, once they have done what they were given."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)

    def _evaluate(self, secret: bytes, salt: bytes) -> bytes:
        try:
            return low_level.hash_secret_raw(
                secret, salt, self.cost.passes, self.cost.memory, 1, DIGEST_BYTES, low_level.Type.ID
            )
        except HashingError as error:
            raise OverloadedError(retry_after=1.0) from error
