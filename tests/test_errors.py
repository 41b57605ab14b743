"""Errors say what to do, to the developer in `str` and to the end user in a public message."""

from __future__ import annotations

import copy
import pickle

import pytest

from otpflow import errors
from otpflow.errors import (
    ChallengeError,
    ConfigurationError,
    DeliveryError,
    DeliveryUnknownError,
    IdempotencyError,
    OTPError,
    OverloadedError,
    RecipientError,
    StoreUnavailableError,
    ThrottledError,
    VerificationError,
)

BUSY = (
    "Hệ thống đang bận. Vui lòng thử lại sau ít phút.",
    "The service is busy. Please try again in a few minutes.",
)
CANNOT_SEND = (
    "Hiện không thể gửi mã đến số này. Vui lòng kiểm tra lại số hoặc thử lại sau.",
    "We cannot send a code to this number now. Check the number or try again later.",
)
NO_LONGER = (
    "Mã này không còn dùng được. Vui lòng yêu cầu mã mới.",
    "This code can no longer be used. Ask for a new one.",
)
WRONG = (
    "Mã không đúng. Hãy nhập mã trong cuộc gọi hoặc tin nhắn mới nhất.",
    "That code is not right. Type the code from the latest call or message.",
)
LAST_WRONG = (
    "Mã không đúng và đã hết lượt thử. Vui lòng yêu cầu mã mới.",
    "That code is not right, and no attempts are left. Ask for a new one.",
)
CHANGED = (
    "Yêu cầu này đã thay đổi. Vui lòng tải lại trang và thử lại.",
    "This request has changed. Please reload the page and try again.",
)


def wait(vietnamese: str, english: str) -> tuple[str, str]:
    """Return what is said where there is something to wait for."""
    return (
        f"Bạn đã thử quá nhiều lần. Vui lòng thử lại sau {vietnamese}.",
        f"Too many attempts. Try again in {english}.",
    )


CASES = [
    (OTPError("anything"), "anything", BUSY),
    (ConfigurationError("ttl is wrong"), "ttl is wrong", BUSY),
    (ConfigurationError("a", "b"), "2 problems:\n- a\n- b", BUSY),
    (IdempotencyError("other arguments"), "other arguments", CHANGED),
    (RecipientError("malformed"), "recipient refused (malformed)", CANNOT_SEND),
    (RecipientError("malformed", "no digits"), "recipient refused (malformed): no digits", CANNOT_SEND),
    (
        ThrottledError(59.26, "cooldown"),
        "the 'cooldown' limit is reached; try again in 59.3 s",
        (
            "Vui lòng chờ 1 phút rồi yêu cầu mã mới.",
            "Please wait 1 minute before asking for another code.",
        ),
    ),
    (
        ThrottledError(59.26, "hour"),
        "the 'hour' limit is reached; try again in 59.3 s",
        wait("1 phút", "1 minute"),
    ),
    (ChallengeError("EXPIRED"), "the challenge is EXPIRED; start a new one with issue()", NO_LONGER),
    (VerificationError("WRONG_CODE", None, 1), "not verified: WRONG_CODE", WRONG),
    (VerificationError("WRONG_CODE", attempts_left=0), "not verified: WRONG_CODE", LAST_WRONG),
    (VerificationError("THROTTLED", 7_000.0), "not verified: THROTTLED", wait("2 giờ", "2 hours")),
    (DeliveryError(), "not delivered (code None)", CANNOT_SEND),
    (DeliveryError("104", True, "no money"), "not delivered (code 104): no money", CANNOT_SEND),
    (DeliveryError("103", concerns="operator"), "not delivered (code 103)", CANNOT_SEND),
    (DeliveryUnknownError("read"), "not delivered (code read)", CANNOT_SEND),
    (StoreUnavailableError("no answer in 0.2 s"), "no answer in 0.2 s", BUSY),
    (OverloadedError(0.512), "too many codes are being checked at once; try again in 0.5 s", BUSY),
]


@pytest.mark.parametrize(("error", "text", "public"), CASES, ids=lambda case: type(case).__name__)
def test_what_an_error_says(error: OTPError, text: str, public: tuple[str, str]) -> None:
    """Each error has one text for the developer, and one for the end user in each language."""
    assert str(error) == text
    assert (error.public_message(), error.public_message("en")) == public
    assert error.public_message("vi") == public[0]


def test_every_error_has_a_case() -> None:
    """No class of the tree is left out above."""
    defined = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OTPError)
    }
    assert {type(error) for error, _, _ in CASES} == defined


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("error", [error for error, _, _ in CASES], ids=lambda error: type(error).__name__)
def test_an_error_survives_being_copied_and_pickled(error: OTPError) -> None:
    """A worker process can hand an error back: class, fields and text are the same."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(again), vars(again), again.args, str(again)) == (
            type(error),
            vars(error),
            error.args,
            str(error),
        )


def test_what_an_error_holds() -> None:
    """What a handler decides by is a field, not a piece of text."""
    assert [vars(error) for error, _, _ in CASES] == [
        {},
        {"problems": ("ttl is wrong",)},
        {"problems": ("a", "b")},
        {"problems": ("other arguments",)},
        {"reason": "malformed"},
        {"reason": "malformed"},
        {"retry_after": 59.26, "limit": "cooldown"},
        {"retry_after": 59.26, "limit": "hour"},
        {"state": "EXPIRED"},
        {"outcome": "WRONG_CODE", "retry_after": None, "attempts_left": 1},
        {"outcome": "WRONG_CODE", "retry_after": None, "attempts_left": 0},
        {"outcome": "THROTTLED", "retry_after": 7_000.0, "attempts_left": None},
        {"code": None, "retryable": False, "concerns": "provider"},
        {"code": "104", "retryable": True, "concerns": "provider"},
        {"code": "103", "retryable": False, "concerns": "operator"},
        {"code": "read", "retryable": False, "concerns": "provider"},
        {},
        {"retry_after": 0.512},
    ]
    assert [error.retry_after for error in (OTPError(), DeliveryError(), ChallengeError("EXPIRED"))] == [
        None
    ] * 3


def test_a_configuration_error_is_a_value_error() -> None:
    """Code that expects the language's own error for a wrong value gets it."""
    with pytest.raises(ValueError, match="ttl is wrong"):
        raise ConfigurationError("ttl is wrong")


@pytest.mark.guarantee("S4")
def test_a_refused_number_reads_like_a_refused_send() -> None:
    """Nobody learns from the text whether a number was not allowed or the provider did not take it."""
    messages = {
        error.public_message(locale)
        for error in (
            RecipientError("country_not_allowed"),
            RecipientError("malformed"),
            DeliveryError("104"),
        )
        for locale in ("vi",)
    }
    assert messages == {CANNOT_SEND[0]}
