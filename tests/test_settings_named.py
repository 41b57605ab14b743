"""What is wrong with an argument is told of the variable that it came from."""

from __future__ import annotations

import pytest

from otpflow import settings
from otpflow.policy import Policy
from otpflow.settings import ESMS, Settings


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"OTPFLOW_ATTEMPTS": "6"},
            ("OTPFLOW_ATTEMPTS=6: must be a whole number from 1 to 5 (PSD2 RTS Art. 4(3)(b))",),
        ),
        ({"OTPFLOW_RESEND": "ttl"}, ("OTPFLOW_RESEND='ttl': must be 'replace' or 'overlap'",)),
        (
            {"OTPFLOW_COUNTRIES": "vn,viet"},
            ("OTPFLOW_COUNTRIES=('VN', 'VIET'): 'VIET' is not a region code such as 'VN'",),
        ),
        (
            {"OTPFLOW_SENDS_PER_HOUR": "50", "OTPFLOW_WRONG_PER_DAY": "5"},
            (
                "OTPFLOW_SENDS_PER_HOUR=50 is more than OTPFLOW_SENDS_PER_DAY=10: the hour is part of the day",
                "OTPFLOW_WRONG_PER_HOUR=10 is more than OTPFLOW_WRONG_PER_DAY=5: the hour is part of the day",
            ),
        ),
    ],
)
def test_what_the_policy_refuses_is_told_of_the_variables(
    environ: dict[str, str], expected: tuple[str, ...]
) -> None:
    """Whoever set a variable reads its name, and the numbers are left as they are."""
    assert settings.read(environ) == (Settings(policy=Policy(), engine={}, store={}, esms={}), expected)


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ("timeout is 0; give more", "ESMS_TIMEOUT is 0; give more"),
        ("timeout=0: give more", "ESMS_TIMEOUT=0: give more"),
        ("api_key: what", "ESMS_API_KEY: what"),
        ("sandbox=2 is more than timeout=1: why", "ESMS_SANDBOX=2 is more than ESMS_TIMEOUT=1: why"),
        ("timeouts are odd", "timeouts are odd"),
        ("timeout2 is odd", "timeout2 is odd"),
        ("client does not fit the timeout", "client does not fit the timeout"),
        ("Timeout", "Timeout"),
        ("fakeredis is missing\ntimeout", "fakeredis is missing\ntimeout"),
        ("", ""),
    ],
)
def test_a_problem_names_the_variable(problem: str, expected: str) -> None:
    """Where it begins with an argument that has one, or compares with one; nothing else is touched."""
    assert list(settings.named([problem, problem], ESMS)) == [expected] * 2
    assert list(settings.named([problem], {})) == [problem]
