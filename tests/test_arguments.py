"""What the application passes is checked before anything is spent, and every problem told at once."""

from __future__ import annotations

import dataclasses
import ipaddress
from enum import StrEnum
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.arguments import Arguments, check, check_client
from otpflow.errors import ConfigurationError


class Pretender(str):
    """A string that answers what it likes about itself."""

    __slots__ = ()

    def __len__(self) -> int:
        return 1

    def __str__(self) -> str:
        return "login"

    def __getitem__(self, index: Any) -> str:
        raise LookupError

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class Purpose(StrEnum):
    """A string that is one, of another class."""

    LOGIN = "login"


def problems(**arguments: Any) -> tuple[str, ...]:
    """Return what is wrong with a call; nothing where it can be made."""
    try:
        given: dict[str, Any] = {"purpose": "login", "key_name": "attempt_id", **arguments}
        check(**given)
    except ConfigurationError as error:
        return error.problems
    return ()


def named(value: object) -> str:
    """Name a test case."""
    return ascii(value)[:30] if type(value) is str else type(value).__name__


@pytest.mark.parametrize(
    "purpose", ["login", "L", "7", "a" * 64, "shop.pay:v2_b-c", Purpose.LOGIN], ids=named
)
def test_a_purpose(purpose: str) -> None:
    """A short word is kept as a plain `str`."""
    checked = check(purpose=purpose)
    assert checked == Arguments(purpose=str(purpose))
    assert type(checked.purpose) is str


NO_PURPOSE = [
    ("", "''"),
    (" ", "' '"),
    ("login ", "'login '"),
    ("login\n", r"'login\n'"),
    ("_login", "'_login'"),
    ("đăng nhập", "'đăng nhập'"),
    ("login\x00", r"'login\x00'"),
    ("\ud800", r"'\ud800'"),
    ("ｌｏｇｉｎ", "'ｌｏｇｉｎ'"),
    ("a" * 65, repr("a" * 40)),
    ("a" * 10_000_000, repr("a" * 40)),
    (Pretender("log in"), "'log in'"),
    (None, "a NoneType"),
    (True, "a bool"),
    (5, "a int"),
    (b"login", "a bytes"),
    (["login"], "a list"),
    (Mock(spec=str), "a Mock"),
]


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(("purpose", "shown"), NO_PURPOSE, ids=named)
def test_what_is_no_purpose(purpose: object, shown: str) -> None:
    """Another type, an empty, long or odd text is refused, and shown only in part."""
    assert problems(purpose=purpose) == (
        f"purpose={shown}: give a short fixed word such as 'login': 1 to 64 letters, digits, '_', '-', '.' or ':'",
    )


@pytest.mark.parametrize(
    ("address", "client"),
    [
        (None, None),
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        (Pretender("203.0.113.7"), "203.0.113.7"),
    ],
    ids=named,
)
def test_the_address_of_the_user(address: object, client: str | None) -> None:
    """IPv4 stays as it is, also inside IPv6; of IPv6 the network counts that one user has to himself."""
    assert check(purpose="login", client_ip=address).client == client
    assert check_client(address, required=False) == client


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", "''"),
        ("unknown", "'unknown'"),
        ("203.0.113.7:443", "'203.0.113.7:443'"),
        ("203.0.113.7, 198.51.100.1", "'203.0.113.7, 198.51.100.1'"),
        ("203.0.113.0/24", "'203.0.113.0/24'"),
        ("203.0.113", "'203.0.113'"),
        ("203.0.113.07", "'203.0.113.07'"),
        (" 203.0.113.7", "' 203.0.113.7'"),
        ("203.0.113.7\n", r"'203.0.113.7\n'"),
        ("２０３.0.113.7", "'２０３.0.113.7'"),
        ("[::1]", "'[::1]'"),
        ("\ud800", r"'\ud800'"),
        ("1" * 10_000_000, "a text with digits, which is not shown"),
        ("0901 888 484", "a text with digits, which is not shown"),
        ("x" * 10_000_000, repr("x" * 40)),
        (3_405_803_783, "a int"),
        (True, "a bool"),
        (b"\xcb\x00\x71\x07", "a bytes"),
        (ipaddress.ip_address("203.0.113.7"), "a IPv4Address"),
        (Mock(spec=str), "a Mock"),
    ],
    ids=named,
)
def test_what_is_no_address(address: object, shown: str) -> None:
    """A header with several, a network, a number: none of them says which address it was."""
    problem = f"client_ip={shown}: give the user's address, for example '203.0.113.7'"
    assert problems(client_ip=address) == (problem,)
    with pytest.raises(ConfigurationError) as caught:
        check_client(address, required=True)
    assert caught.value.problems == (problem,)


def test_an_address_that_the_policy_insists_on() -> None:
    """Where it is required, a call without it is refused."""
    missing = ("client_ip is missing, and the policy has require_client_ip=True",)
    assert problems(require_client_ip=True) == missing
    assert problems(require_client_ip=True, client_ip="203.0.113.7") == ()
    with pytest.raises(ConfigurationError) as caught:
        check_client(None, required=True)
    assert caught.value.problems == missing


@pytest.mark.parametrize("key", [None, "k", "k" * 200, "\ud800", "khoá 1\n", Purpose.LOGIN], ids=named)
def test_a_key(key: str | None) -> None:
    """Any text names a request or an attempt, as a plain `str`."""
    kept = check(purpose="login", key=key).key
    assert (kept, type(kept)) == (key if key is None else str(key), type(None) if key is None else str)


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(
    "key",
    ["", "k" * 201, "k" * 10_000_000, Pretender("k" * 201), 5, True, b"k", ["k"], Mock(spec=str)],
    ids=named,
)
@pytest.mark.parametrize("name", ["idempotency_key", "attempt_id"])
def test_what_is_no_key(key: object, name: str) -> None:
    """An empty or long text and every other type is refused, by the name of the argument, and not shown."""
    assert problems(key=key, key_name=name) == (
        f"{name} is no str of 1 to 200 characters; give one per request, or None",
    )


def test_every_problem_is_told_at_once() -> None:
    """Whoever passed everything wrong reads one message with all of it, in the order of the arguments."""
    with pytest.raises(ConfigurationError) as caught:
        check(purpose="", context={"a": 1.5, "B": 1}, client_ip="", key="", key_name="attempt_id")
    assert [problem.split()[0].rstrip(":;") for problem in caught.value.problems] == [
        "purpose=''",
        "context['a']",
        "context",
        "client_ip=''",
        "attempt_id",
    ]


def test_arguments_do_not_show_the_context() -> None:
    """Amounts and payees stay out of `repr`, and checked arguments do not change."""
    checked = check(purpose="login", context={"payee": "canary"}, client_ip="203.0.113.7", key="k")
    assert repr(checked) == "Arguments(purpose='login', client='203.0.113.7', key='k')"
    with pytest.raises(dataclasses.FrozenInstanceError):
        checked.purpose = "other"  # type: ignore[misc]
    assert Arguments() == Arguments(purpose="", context={}, client=None, key=None)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(),
    st.text(st.characters() | st.characters(categories=["Cs"])),
    st.dictionaries(st.text() | st.integers(), st.text() | st.integers() | st.none()),
)


@pytest.mark.guarantee("G10")
@given(purpose=ANYTHING, context=ANYTHING, client_ip=ANYTHING, key=ANYTHING)
def test_whatever_is_passed_is_told_as_one_kind_of_error(**passed: Any) -> None:
    """The arguments are checked, or a `ConfigurationError` names them; nothing else is ever raised."""
    found = {problem.replace("=", " ").replace("[", " ").split()[0] for problem in problems(**passed)}
    assert found <= {"purpose", "context", "client_ip", "attempt_id"}
