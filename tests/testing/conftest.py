"""What the tests of the simulator share."""

from __future__ import annotations

import pytest

from otpflow.testing.simulator import EsmsSimulator


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> EsmsSimulator:
    return EsmsSimulator(clock=clock)
