"""Every example runs with no arguments, on a machine without Redis, and says what it did."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.examples.running import EXAMPLES, run

QUICKSTART = r"""calling \+84\*{5}8484: Your Shop login code is (\d)(?:, \d){5}\. Once more: .*
\d{6}: That code is not right\. Type the code from the latest call or message\. \(4 tries left\)
(\d{3} \d{3}): welcome, \+84901888484
\2: ALREADY_USED
"""
LOGIN = [
    ("a landline", "422"),
    ("no balance", "502"),
    ("no account", "202"),
    ("has account", "202"),
    ("too early", "429"),
    ("no code", "422"),
    ("right", "200"),
    ("nothing open", "410"),
    ("Redis is gone", "503"),
]
SIGNUP = [
    ("clicked twice", "202"),
    ("clicked twice", "202"),
    ("calls made", "1"),
    ("not my number", "200"),
    ("right number", "202"),
    ("too early", "429"),
    ("mistyped", "422"),
    ("right", "201"),
    ("once more", "410"),
]
TRANSPORT = r"""the gateway hears: \d{6} is your Shop login code, valid for 3 min\. .*
taken: ACCEPTED m-1
busy: not delivered \(code http_429\); the user may try again at once
silent: UNKNOWN
"""


def steps(output: str) -> list[tuple[str, str]]:
    """Read the name and the status of each line of a played story."""
    return [(line[:13].rstrip(), line[13:].split()[0]) for line in output.splitlines()]


def test_the_quickstart_calls_checks_and_refuses_a_second_use(tmp_path: Path) -> None:
    code, output, errors = run(tmp_path, str(EXAMPLES / "quickstart.py"))

    assert (code, errors) == (0, "")
    assert re.fullmatch(QUICKSTART, output)


@pytest.mark.parametrize(("name", "story"), [("login_flow", LOGIN), ("signup_flow", SIGNUP)])
def test_a_flow_answers_each_step_with_its_status(
    name: str, story: list[tuple[str, str]], tmp_path: Path
) -> None:
    code, output, errors = run(tmp_path, str(EXAMPLES / f"{name}.py"))

    assert (code, errors, steps(output)) == (0, "", story)


def test_the_custom_transport_shows_its_three_ends(tmp_path: Path) -> None:
    code, output, errors = run(tmp_path, str(EXAMPLES / "custom_transport.py"))

    assert (code, errors) == (0, "")
    assert re.fullmatch(TRANSPORT, output)


@pytest.mark.parametrize("arguments", [(), ("-m", "pytest", "-n", "0", "-p", "no:cacheprovider")])
def test_the_tests_of_a_login_pass(arguments: tuple[str, ...], tmp_path: Path) -> None:
    code, output, errors = run(tmp_path, *arguments, str(EXAMPLES / "test_my_login.py"))

    assert (code, errors) == (0, "")
    assert re.search(r"^=* ?6 passed in ", output, re.MULTILINE)


def test_no_example_is_left_out() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.suffix == ".py"} == {
        "custom_transport.py",
        "fallback.py",
        "login_flow.py",
        "quickstart.py",
        "receipts_endpoint.py",
        "signup_flow.py",
        "test_my_login.py",
    }
