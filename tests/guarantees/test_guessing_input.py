"""Whatever is passed to a call, it succeeds in nothing, costs nothing, and the store is not even asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import ANY, MagicMock, Mock

import pytest

from otpflow import ChallengeError, ConfigurationError, Outcome, RecipientError, Verdict
from tests.guarantees.stores import watched
from tests.subjects import NUMBER, Subject

HUGE = "1" * 10_000_000


class Pretender(str):
    """A string that answers what it likes about itself."""

    __slots__ = ()

    def __len__(self) -> int:
        return 6

    def __str__(self) -> str:
        return "123456"

    def __iter__(self) -> Iterator[str]:
        return iter("123456")


# What no argument of any call may be, `None` aside.
WRONG: tuple[Any, ...] = (
    *(True, False, 0, 6, -1, 123456, 10**5_000, 123456.0, float("nan"), float("inf"), 1j),
    *(b"123456", bytearray(b"123456"), memoryview(b"123456")),
    *(
        ["123456"],
        ["+84901888484", "+84912345678"],
        list("123456"),
        ("123456",),
        {"123456"},
        frozenset(("login",)),
    ),
    *(object(), str, print, NotImplemented, range(6), Mock(), Mock(spec=str), MagicMock(spec=str), ANY),
)
# What no code, number, id, purpose, locale, channel or address may be.
TEXTS: tuple[str, ...] = (
    *(
        "",
        " ",
        "\t",
        "\n",
        "\x00",
        "\x1b[31m",
        "-",
        ".",
        "..",
        "/",
        "%s",
        "{}",
        "$code",
        "'",
        "*",
        "null",
        "None",
    ),
    *("\u200b", "\u202e", "\u2066", "\ufeff", "\ud800", "\u0301", "\U0001f600", "\u2460", "\uff0b"),
    *(
        "12345",
        "1234567",
        "123456\n",
        "12\u200b3456",
        "\u202e123456",
        "123456\x00",
        "12345\u00b2",
        "1e5000",
        "0x1234",
    ),
    *(
        "1234567890",
        "login\n",
        "voice ",
        "Voice",
        "203.0.113.7\n",
        "203.0.113.7/8",
        "::1\x00",
        "vi\x00",
        "k1.",
    ),
    *(
        "+84901\u200b888484",
        "+84901888484,+84912345678",
        "+84901888484;ext=1",
        "k1." + "A" * 43,
        "k1." + "A" * 45,
    ),
    *(
        HUGE,
        "\u200b" * 10_000_000,
        "\uff11" * 10_000_000,
        Pretender("1234567"),
        Pretender("-" * 99 + "123456"),
    ),
)
CONTEXTS: tuple[Any, ...] = (
    *(
        {"": "x"},
        {"code": "1"},
        {"A": "x"},
        {"a b": "x"},
        {"a\n": "x"},
        {"\u200b": "x"},
        {HUGE: "x"},
        {1: "x"},
    ),
    *({None: "x"}, {("a",): "x"}, {"a": None}, {"a": True}, {"a": 1.5}, {"a": b"x"}, {"a": ["x"]}, {"a": {}}),
    *({"a": HUGE}, {"a": 10**5_000}, {"a": Mock(spec=str)}, {f"a{number}": "x" for number in range(17)}),
)
PURPOSES = (
    *(
        "",
        " login",
        "login ",
        "login\n",
        "log in",
        "-login",
        ".",
        "đăng nhập",
        "\uff4c\uff4f\uff47\uff49\uff4e",
    ),
    *("\u200blogin", "login\x00", "/", "%s", "{}", "$purpose", "x" * 65, HUGE, "\ud800"),
)
NAMES = ("", HUGE)  # An attempt or a request may have any other name.
LOST = Verdict(outcome=Outcome.EXPIRED, purpose="login")


def answers(
    subject: Subject, call: str, good: dict[str, Any], name: str, values: tuple[Any, ...]
) -> dict[Any, list[str]]:
    """Make one call with each of the values, and see the store left alone and no attempt spent.

    Returns:
        What the calls gave, or the types of what they raised, each with the values that led to it.
    """
    challenge = subject.issue()
    engine, store = watched(subject)
    found: dict[Any, list[str]] = {}
    for place, value in enumerate(values):
        arguments = {key: challenge.id if entry is ... else entry for key, entry in good.items()}
        try:
            answer = getattr(engine, call)(**{**arguments, name: value})
        except Exception as error:  # noqa: BLE001 - it is the answer
            answer = type(error)
        found.setdefault(answer, []).append(f"{type(value).__name__} at {place}")
    assert store.asked == []
    verdict = subject.verify(challenge.id, subject.code)
    assert (verdict.outcome, verdict.attempts_left) == ("VERIFIED", 4)
    assert len(subject.outbox.messages) == 1
    return found


ISSUE: dict[str, Any] = {"recipient": NUMBER, "purpose": "login"}
VERIFY: dict[str, Any] = {"challenge_id": ..., "code": "123456", "purpose": "login"}


@pytest.mark.guarantee("G10")
def test_no_code(subject: Subject) -> None:
    """What cannot be a code is malformed, and nothing else happens."""
    found = answers(subject, "verify", VERIFY, "code", (None, *WRONG, *TEXTS, *CONTEXTS))

    assert found.keys() == {Verdict(outcome=Outcome.MALFORMED, purpose="login")}


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(("call", "answer"), [("verify", LOST), ("resend", ChallengeError), ("cancel", None)])
def test_no_challenge_id(subject: Subject, call: str, answer: object) -> None:
    """What cannot be an id is like the id of a challenge that is over."""
    good = VERIFY if call == "verify" else {}

    assert answers(subject, call, good, "challenge_id", (None, *WRONG, *TEXTS, *CONTEXTS)).keys() == {answer}


@pytest.mark.guarantee("G10")
def test_no_challenge_id_to_look_at(subject: Subject) -> None:
    """`inspect` shows a challenge that is over."""
    [status] = answers(subject, "inspect", {}, "challenge_id", (None, *WRONG, *TEXTS, *CONTEXTS))

    assert (status.state, status.attempts_left, status.sends_left) == ("EXPIRED", 0, 0)


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize("call", ["issue", "unlock"])
def test_no_number(subject: Subject, call: str) -> None:
    """What cannot be one number is refused."""
    good = ISSUE if call == "issue" else {}

    assert answers(subject, call, good, "recipient", (None, *WRONG, *TEXTS, *CONTEXTS)).keys() == {
        RecipientError
    }


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(
    ("call", "name", "values"),
    [
        ("issue", "purpose", (None, *WRONG, *PURPOSES, *CONTEXTS)),
        ("issue", "locale", (*WRONG, *TEXTS, *CONTEXTS)),
        ("issue", "channel", (*WRONG, *TEXTS, *CONTEXTS)),
        ("issue", "context", (*WRONG, *TEXTS, *CONTEXTS)),
        ("issue", "client_ip", (*WRONG, *TEXTS, *CONTEXTS)),
        ("issue", "idempotency_key", (*WRONG, *NAMES, *CONTEXTS)),
        ("verify", "purpose", (None, *WRONG, *PURPOSES, *CONTEXTS)),
        ("verify", "context", (*WRONG, *TEXTS, *CONTEXTS)),
        ("verify", "attempt_id", (*WRONG, *NAMES, *CONTEXTS)),
        ("verify", "client_ip", (*WRONG, *TEXTS, *CONTEXTS)),
        ("resend", "channel", (*WRONG, *TEXTS, *CONTEXTS)),
        ("resend", "client_ip", (*WRONG, *TEXTS, *CONTEXTS)),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_no_argument(subject: Subject, call: str, name: str, values: tuple[Any, ...]) -> None:
    """Every other argument is checked before anything is done."""
    good: dict[str, Any] = {"issue": ISSUE, "verify": VERIFY, "resend": {"challenge_id": ...}}[call]

    assert answers(subject, call, good, name, values).keys() == {ConfigurationError}
