"""What end users read: one text for each thing to do, in both languages, with the waiting time in words."""

from __future__ import annotations

from typing import Any

import pytest

from otpflow import messages
from otpflow.models import Outcome

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
TEXTS = {
    "VERIFIED": ("Xác thực thành công.", "Verified."),
    "WRONG_CODE": WRONG,
    "SUPERSEDED": WRONG,
    "MALFORMED": (
        "Mã chưa đúng dạng. Hãy nhập đủ các chữ số của mã.",
        "That is not a whole code. Please type all of its digits.",
    ),
    "EXPIRED": NO_LONGER,
    "ALREADY_USED": NO_LONGER,
    "EXHAUSTED": NO_LONGER,
    "THROTTLED": (
        "Bạn đã thử quá nhiều lần. Vui lòng thử lại sau 2 giờ.",
        "Too many attempts. Try again in 2 hours.",
    ),
    "ANYTHING": NO_LONGER,
}
LANGUAGES = ("vi", "en")


@pytest.mark.parametrize(
    ("locale", "spoken"),
    [
        ("vi", "vi"),
        ("VI", "vi"),
        ("vi-VN", "vi"),
        ("vi_VN", "vi"),
        ("vi_VN.UTF-8", "vi"),
        ("vie", "en"),
        ("en", "en"),
        ("en_GB", "en"),
        ("lo", "en"),
        ("", "en"),
        ("-vi", "en"),
        (" vi", "en"),
        ("\ud800", "en"),
        ("vi" * 1_000_000, "en"),
        (None, "en"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_the_language_of_a_locale(locale: str | None, spoken: str) -> None:
    """Vietnamese where the locale begins with it, English for everybody else."""
    assert messages.language(locale) == spoken


@pytest.mark.parametrize(
    ("seconds", "vietnamese", "english"),
    [
        (-5, "1 giây", "1 second"),
        (0, "1 giây", "1 second"),
        (0.01, "1 giây", "1 second"),
        (1, "1 giây", "1 second"),
        (1.01, "2 giây", "2 seconds"),
        (59, "59 giây", "59 seconds"),
        (59.01, "1 phút", "1 minute"),
        (60, "1 phút", "1 minute"),
        (60.01, "2 phút", "2 minutes"),
        (3_599, "60 phút", "60 minutes"),
        (3_600, "1 giờ", "1 hour"),
        (3_601, "2 giờ", "2 hours"),
        (86_399, "24 giờ", "24 hours"),
        (86_400, "1 ngày", "1 day"),
        (86_401, "2 ngày", "2 days"),
        (30 * 86_400, "30 ngày", "30 days"),
    ],
)
def test_a_waiting_time_is_rounded_up(seconds: float, vietnamese: str, english: str) -> None:
    """Whoever waits as long as was said does not come too early."""
    assert (messages.spoken_wait(seconds, "vi"), messages.spoken_wait(seconds, "en")) == (vietnamese, english)


@pytest.mark.guarantee("S4")
@pytest.mark.parametrize("attempts_left", [None, 5, 1])
def test_a_verdict_tells_an_attacker_nothing(attempts_left: int | None) -> None:
    """Outcomes that only the operator may tell apart have one text, and so has one that is not known."""
    said = {
        outcome: tuple(
            messages.verdict_message(outcome, 3_601, locale, attempts_left) for locale in LANGUAGES
        )
        for outcome in [*(outcome.value for outcome in Outcome), "ANYTHING"]
    }
    assert said == TEXTS
    assert messages.verdict_message("THROTTLED", None, "en") == "Too many attempts. Try again in 1 second."


@pytest.mark.guarantee("S4")
def test_the_last_wrong_code_says_that_it_was_the_last() -> None:
    """Whoever has no attempts left is not asked to type another code; the other outcomes say what they say."""
    said = {
        outcome: tuple(messages.verdict_message(outcome, 3_601, locale, 0) for locale in LANGUAGES)
        for outcome in TEXTS
    }
    assert said == {**TEXTS, "WRONG_CODE": LAST_WRONG, "SUPERSEDED": LAST_WRONG}


def test_every_text_is_there_in_every_language() -> None:
    """Each is one or two sentences, and waits in one language where it waits in the other."""
    found: list[Any] = [value for value in vars(messages).values() if isinstance(value, dict)]
    texts: list[dict[str, str]] = [value for value in found if "vi" in value]
    assert len(texts) == 10
    for text in texts:
        assert list(text) == list(LANGUAGES)
        assert len({"$wait" in sentence for sentence in text.values()}) == 1
        assert all(messages.said(text, 90, locale)[-1] == "." for locale in LANGUAGES)
        assert not any("$" in messages.said(text, 90, locale) for locale in LANGUAGES)
