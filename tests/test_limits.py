"""Budgets become rules that the scripts can read."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow import limits
from otpflow.limits import Row, Rules
from otpflow.policy import Policy

# As the scripts read it.
RULE = re.compile(r"(\w+)=(\d+)/(\d+)")
DAY = 86_400_000


def test_the_rules_of_the_default_policy() -> None:
    """One in a minute, five in an hour, ten in a day; ten and twenty wrong ones, a hundred in a row."""
    assert limits.send_rules(Policy()) == Rules(
        text="cooldown=1/60000 hour=5/3600000 day=10/86400000", window=DAY
    )
    assert limits.guess_rules(Policy()) == Rules(text="hour=10/3600000 day=20/86400000", window=DAY)
    assert limits.guess_row(Policy()) == Row(allowed=100, memory=30 * DAY)


def test_the_numbers_are_those_of_the_policy() -> None:
    """Every budget that can be set arrives in its rule."""
    policy = Policy(
        cooldown=timedelta(minutes=2),
        sends_per_hour=2,
        sends_per_day=3,
        wrong_per_hour=4,
        wrong_per_day=5,
        wrong_in_a_row=6,
    )
    assert limits.send_rules(policy).text == "cooldown=1/120000 hour=2/3600000 day=3/86400000"
    assert limits.guess_rules(policy).text == "hour=4/3600000 day=5/86400000"
    assert limits.guess_row(policy).allowed == 6


def test_no_cooldown_is_no_rule() -> None:
    """A window of nothing would never hold an event; it is left out."""
    assert limits.send_rules(Policy(cooldown=0)) == Rules(text="hour=5/3600000 day=10/86400000", window=DAY)


@pytest.mark.parametrize(
    ("seconds", "whole"),
    [(0, 0), (0.000_1, 1), (0.001, 1), (0.001_01, 2), (1, 1_000), (59.999_5, 60_000), (-0.5, -500)],
)
def test_milliseconds_are_rounded_up(seconds: float, whole: int) -> None:
    """A budget is never open a moment too early."""
    found = limits.milliseconds(seconds)
    assert (type(found), found) == (int, whole)


@given(
    cooldown=st.floats(0, 3_600),
    hour=st.integers(1, 1_000),
    more=st.integers(0, 500),
)
def test_the_scripts_can_read_every_rule(cooldown: float, hour: int, more: int) -> None:
    """Whatever the policy, the text holds each rule once, as whole numbers above nothing."""
    day = min(1_000, hour + more)
    policy = Policy(cooldown=cooldown, sends_per_hour=hour, sends_per_day=day)
    rules = limits.send_rules(policy)
    read = {name: (int(count), int(window)) for name, count, window in RULE.findall(rules.text)}
    expected = {"hour": (hour, 3_600_000), "day": (day, DAY)}
    if cooldown:
        expected["cooldown"] = (1, limits.milliseconds(cooldown))
    assert read == expected
    assert rules.window == DAY
    assert all(count > 0 and window > 0 for count, window in read.values())
