"""Budgets as rules that the Lua scripts read: how many events fit into how long a window."""

from __future__ import annotations

import math
from dataclasses import dataclass

from otpflow.policy import CONSECUTIVE_MEMORY, DAY, HOUR, Policy, float_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Rules over one list of events.

    Attributes:
        text: `"name=count/window …"`, each window in milliseconds.
        window: the longest of them, in milliseconds.
    """

    text: str
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The budget of wrong codes one after the other.

    Attributes:
        allowed: how many.
        memory: for how long they are remembered after the last one, in milliseconds.
    """

    allowed: int
    memory: int


def milliseconds(seconds: float) -> int:
    """Bring seconds to whole milliseconds, rounded up.

    Args:
        seconds: how long.

    Returns:
        The same in milliseconds.
    """
    return math.ceil(seconds * 1_000)


def send_rules(policy: Policy, *, cooldown: bool = True) -> Rules:
    """Say how often one number may be sent to.

    Args:
        policy: the numbers.
        cooldown: whether the time between two sends is one of the rules.

    Returns:
        Its cooldown, and what fits into an hour and a day.
    """
    return _rules(
        ("cooldown", 1, float_seconds(policy.cooldown) if cooldown else 0.0),
        ("hour", policy.sends_per_hour, HOUR),
        ("day", policy.sends_per_day, DAY),
    )


def guess_rules(policy: Policy) -> Rules:
    """Say how often one number may be guessed at.

    Args:
        policy: the numbers.

    Returns:
        What fits into an hour and a day.
    """
    return _rules(("hour", policy.wrong_per_hour, HOUR), ("day", policy.wrong_per_day, DAY))


def guess_row(policy: Policy) -> Row:
    """Say how many wrong codes may follow each other (NIST SP 800-63B-4 §3.2.2).

    Args:
        policy: the numbers.

    Returns:
        How many, and for how long they are remembered.
    """
    return Row(allowed=policy.wrong_in_a_row, memory=milliseconds(CONSECUTIVE_MEMORY))


def _rules(*rules: tuple[str, int, float]) -> Rules:
    kept = [(name, count, milliseconds(window)) for name, count, window in rules if window > 0]
    return Rules(
        text=" ".join(f"{name}={count}/{window}" for name, count, window in kept),
        window=max(window for _, _, window in kept),
    )
