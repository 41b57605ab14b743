"""A policy is checked once, when it is built, and every problem is told at once."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import timedelta
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from math import inf, nan
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.errors import ConfigurationError
from otpflow.policy import CONSECUTIVE_MEMORY, POLICY_FIELDS, VOICE_CODE_LIFE, Policy, float_seconds

WHOLE = {
    "digits": (6, 9, "NIST SP 800-63B-4 §3.1.3.2; RFC 4226 §5.3"),
    "attempts": (1, 5, "PSD2 RTS Art. 4(3)(b)"),
    "sends": (1, 10, "sends per challenge"),
    "sends_per_hour": (1, 1_000, "sends per number"),
    "sends_per_day": (1, 1_000, "sends per number"),
    "wrong_per_hour": (1, 1_000, "wrong codes per number"),
    "wrong_per_day": (1, 1_000, "wrong codes per number"),
    "wrong_in_a_row": (1, 100, "NIST SP 800-63B-4 §3.2.2"),
}
DURATIONS = {
    "ttl": (1.0, 600.0, "life of a code"),
    "max_lifetime": (1.0, 600.0, "NIST SP 800-63B-4 §3.1.3.2; ASVS 6.5.5"),
    "cooldown": (0.0, 3_600.0, "time between two sends to a number"),
}


PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("059.- ", max_size=5) | st.timedeltas()
)
ANYTHING = (
    PLAIN | st.lists(PLAIN, max_size=2) | st.tuples(PLAIN) | st.dictionaries(st.none(), PLAIN, max_size=1)
)


class Six(IntEnum):
    """A number that is one, of another class."""

    DIGITS = 6


def problems(**fields: Any) -> tuple[str, ...]:
    """Return what is wrong with a policy of these fields; nothing where it can be built."""
    try:
        Policy(**fields)
    except ConfigurationError as error:
        return error.problems
    return ()


def test_the_numbers_that_hold_where_none_are_given() -> None:
    """The defaults are those of the design, each from its source."""
    assert dataclasses.asdict(Policy()) == {
        "digits": 6,
        "ttl": 180.0,
        "max_lifetime": 600.0,
        "attempts": 5,
        "cooldown": 60.0,
        "resend": "replace",
        "sends": 3,
        "sends_per_hour": 5,
        "sends_per_day": 10,
        "wrong_per_hour": 10,
        "wrong_per_day": 20,
        "wrong_in_a_row": 100,
        "require_client_ip": False,
        "countries": ("VN",),
    }
    assert tuple(dataclasses.asdict(Policy())) == POLICY_FIELDS
    assert (VOICE_CODE_LIFE, CONSECUTIVE_MEMORY) == (180.0, 2_592_000.0)


def test_a_policy_does_not_change() -> None:
    """It is frozen, given by name only, equal by value, usable as a key, and survives a pickle."""
    policy = Policy(ttl=timedelta(minutes=2), countries=("VN", "LA"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.digits = 7  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional argument"):
        Policy(6)  # type: ignore[call-arg]
    assert {policy: 1}[Policy(ttl=120, countries=("VN", "LA"))] == 1
    assert pickle.loads(pickle.dumps(policy)) == policy != Policy()


@pytest.mark.parametrize("name", WHOLE)
def test_the_range_of_a_whole_number(name: str) -> None:
    """Both ends are allowed, one beyond either is not, and the message says field, value and reason."""
    low, high, reason = WHOLE[name]
    rest = {"sends_per_day": 1_000, "wrong_per_day": 1_000}
    if name.endswith("_day"):
        rest = {name.replace("_day", "_hour"): 1}
    assert [problems(**{**rest, name: value}) for value in (low, high)] == [(), ()]
    for value in (low - 1, high + 1, -(10**30), 10**30):
        assert problems(**{**rest, name: value}) == (
            f"{name}={value}: must be a whole number from {low} to {high} ({reason})",
        )


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", [None, True, 5.0, "5", b"5", Six.DIGITS, nan, Decimal(5), [5]], ids=repr)
def test_what_is_no_whole_number(name: str, value: object) -> None:
    """Another type is refused, also one that could be read as a number."""
    low, high, reason = WHOLE[name]
    expected = f"{name}={value!r}: must be a whole number from {low} to {high} ({reason})"
    assert problems(**{name: value}) == (expected,)


@pytest.mark.parametrize("name", DURATIONS)
def test_the_range_of_a_duration(name: str) -> None:
    """Seconds, whole or not, and `timedelta` within the ends are kept as seconds."""
    low, high, reason = DURATIONS[name]
    rest = {"ttl": {}, "max_lifetime": {"ttl": 1}, "cooldown": {}}[name]
    for value in (low, int(high), timedelta(seconds=low), timedelta(seconds=high), low + 0.25):
        kept = getattr(Policy(**{**rest, name: value}), name)  # type: ignore[arg-type]
        assert (type(kept), kept) == (float, float_seconds(value))
    beyond = (
        low - 0.001,
        high + 0.001,
        -1,
        10**30,
        1e300,
        timedelta(seconds=high + 1),
        timedelta.min,
        timedelta.max,
    )
    for value in beyond:
        expected = f"{name}={value!r}: must be {low:g} to {high:g} seconds or such a timedelta ({reason})"
        assert problems(**{**rest, name: value}) == (expected,)


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize(
    "value", [None, True, False, "60", b"60", nan, inf, -inf, Decimal(60), Fraction(60), [60], 1j], ids=repr
)
def test_what_is_no_duration(name: str, value: object) -> None:
    """Neither another type nor a number that is none is a duration."""
    low, high, reason = DURATIONS[name]
    expected = f"{name}={value!r}: must be {low:g} to {high:g} seconds or such a timedelta ({reason})"
    assert problems(**{name: value}) == (expected,)


@pytest.mark.parametrize("name", [*WHOLE, *DURATIONS])
@pytest.mark.parametrize(
    "value", [10**400, -(10**400), 10**5_000, Mock(spec=int), Mock(spec=float)], ids=type
)
def test_a_number_that_cannot_be_handled_is_a_problem_too(name: str, value: object) -> None:
    """One that is too large for a float or for `repr`, or only says that it is one, is told like the others."""
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name}=")
    assert len(problem) < 1_000


@pytest.mark.parametrize("value", ["Replace", "", None, True, b"replace", ["replace"], "replace\n"], ids=repr)
def test_what_is_no_way_to_resend(value: object) -> None:
    """There are two words, and nothing else is one."""
    assert problems(resend=value) == (f"resend={value!r}: must be 'replace' or 'overlap'",)


def test_both_ways_to_resend() -> None:
    """Both words are kept as they are."""
    assert [Policy(resend=way).resend for way in ("replace", "overlap")] == ["replace", "overlap"]


@pytest.mark.parametrize("value", [None, 0, 1, "yes", "", [], Mock()], ids=lambda value: type(value).__name__)
def test_what_is_no_switch(value: object) -> None:
    """Only `True` and `False` are taken, since everything else is true or false by accident."""
    assert problems(require_client_ip=value) == (f"require_client_ip={value!r}: must be True or False",)


@pytest.mark.parametrize("value", ["VN", "", None, (), [], set[str](), 84, {"VN": 1}, b"VN"], ids=repr)
def test_what_is_no_list_of_countries(value: object) -> None:
    """A bare name is not read letter by letter, and nobody can be called by accident."""
    expected = f"countries={value!r}: must be a non-empty tuple of region codes such as ('VN',)"
    assert problems(countries=value) == (expected,)


@pytest.mark.parametrize("value", [{"VN"}, frozenset({"VN"})], ids=repr)
def test_countries_have_an_order(value: object) -> None:
    """The first one reads national numbers, so a set will not do."""
    assert problems(countries=value) == (
        f"countries={value!r}: must have an order, since the first one reads national numbers; use a tuple",
    )


@pytest.mark.parametrize(
    "wrong", ["vn", "VNM", "V", "", "V1", "ＶＮ", "ÄÖ", "V ", 84, None, b"VN", ["VN"]], ids=repr
)
def test_what_is_no_region(wrong: object) -> None:
    """Each entry is two capital letters of ASCII; the entries that are not are named."""
    value = ("VN", wrong, "LA", wrong)
    assert problems(countries=value) == (
        f"countries={value!r}: {wrong!r}, {wrong!r} is not a region code such as 'VN'",
    )


def test_countries_are_kept_as_a_tuple() -> None:
    """A list is taken in its order, and cannot change afterwards."""
    given_countries: Any = ["VN", "LA"]
    policy = Policy(countries=given_countries)
    given_countries.append("KH")
    assert policy.countries == ("VN", "LA")


def test_contradictions() -> None:
    """Numbers that are fine alone may not fit together; all of that is told at once."""
    assert problems(
        ttl=timedelta(seconds=300),
        max_lifetime=299.5,
        sends_per_hour=11,
        sends_per_day=10,
        wrong_per_hour=21,
        wrong_per_day=20,
    ) == (
        "ttl=300 is more than max_lifetime=299.5: a code cannot outlive its challenge",
        "sends_per_hour=11 is more than sends_per_day=10: the hour is part of the day",
        "wrong_per_hour=21 is more than wrong_per_day=20: the hour is part of the day",
    )
    assert problems(ttl=600, max_lifetime=600, sends_per_hour=10, wrong_per_hour=20) == ()


def test_every_problem_is_told_at_once() -> None:
    """Whoever set everything wrong reads one message with all of it."""
    wrong = dict.fromkeys(POLICY_FIELDS, "?")
    assert [problem.partition("=")[0] for problem in problems(**wrong)] == [
        *WHOLE,
        *DURATIONS,
        "resend",
        "require_client_ip",
        "countries",
    ]
    assert {*WHOLE, *DURATIONS, "resend", "require_client_ip", "countries"} == set(POLICY_FIELDS)


@given(fields=st.dictionaries(st.sampled_from(POLICY_FIELDS), ANYTHING))
def test_whatever_comes_in_is_told_as_one_kind_of_error(fields: dict[str, Any]) -> None:
    """A policy is built, or a `ConfigurationError` names fields that were given."""
    found = {problem.partition("=")[0] for problem in problems(**fields)}
    assert found <= {*fields, "ttl", "sends_per_hour", "wrong_per_hour"}


@pytest.mark.parametrize(
    ("ttl", "channel", "life"),
    [
        (600, "voice", 180.0),
        (180, "voice", 180.0),
        (90.5, "voice", 90.5),
        (600, "sms", 600.0),
        (timedelta(minutes=5), "zalo", 300.0),
    ],
)
def test_a_spoken_code_lives_three_minutes_at_most(ttl: Any, channel: str, life: float) -> None:
    """On voice the law's limit holds, on the other channels the policy's."""
    assert Policy(ttl=ttl).code_life(channel) == life


def test_a_duration_in_seconds() -> None:
    """Numbers and `timedelta` come to the same form."""
    seconds = [float_seconds(value) for value in (5, 5.5, timedelta(milliseconds=5_500))]
    assert seconds == [5.0, 5.5, 5.5]
    assert {type(value) for value in seconds} == {float}
