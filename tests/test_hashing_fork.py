"""A process that was forked while other threads hashed."""

from __future__ import annotations

from typing import Any

from otpflow.hashing import HashCost, Hasher


def test_a_forked_process_begins_with_every_turn() -> None:
    """What other threads held when the process was forked is not lost in the child."""
    hasher: Any = Hasher(HashCost.LIGHT, 2)
    hasher._turns.get()
    hasher.reserve()
    hasher._process = 0

    with hasher.reserve():
        assert (hasher._turns.qsize(), hasher._taken) == (2, 1)
        assert len(hasher.digest(b"secret", b"a salt of its own")) == 16
