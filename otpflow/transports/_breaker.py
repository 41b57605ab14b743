"""Whether this process asks a provider at all; what all processes know together is in Redis."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """One provider's breaker, as this process knows it.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._closed_again: float | None = None
        self.troubled = False

    @property
    def opened(self) -> bool:
        """Whether it is open, or was and has not been found up since."""
        return self._closed_again is not None

    @property
    def resting(self) -> bool:
        """Whether the provider is not to be asked now."""
        return self._closed_again is not None and self._clock() < self._closed_again

    def open(self, seconds: float) -> None:
        """Do not ask the provider for a while.

        Args:
            seconds: for how long.
        """
        self._closed_again = self._clock() + seconds

    def close(self) -> None:
        """Ask the provider as usual."""
        self._closed_again = None
        self.troubled = False
