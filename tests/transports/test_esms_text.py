"""What may go out, and what of ours is found in what comes in, however it is written (S1, S5)."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from otpflow.transports._esms_text import Secrets, is_plain, quotable

SECRETS = Secrets(keys=("KEY-one-1", "key-TWO-2"), code="918273", number="1888484")


@pytest.mark.guarantee("S5")
def test_what_is_plain() -> None:
    """Every character there is, by its category."""
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    wrong = [
        code
        for code in range(sys.maxunicode + 1)
        if is_plain(f"a{chr(code)}") is (unicodedata.category(chr(code)) in bad)
    ]
    assert wrong == []


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize(
    "text",
    [
        "your KEY-one-1!",
        "key-ONE-1",
        "K E Y-one-\n1",
        "KEY-\u200bone-1",
        "ＫＥＹ-one-1",
        "key\u202e-two-2",
        "918273",
        "9-1-8, 2 7 3",
        "918\u200b273",
        "٩١٨٢٧٣",
        "+84 90 188 84 84",
        "x" * 1_000 + "918273",
    ],
)
def test_what_is_found(text: str) -> None:
    """Then nothing of the text is quoted."""
    assert SECRETS.found_in(text)
    assert quotable(text, SECRETS) == ""


@pytest.mark.parametrize("text", ["KEY-one-2", "918 274", "888484", "", "Authorize Failed"])
def test_what_is_not_there(text: str) -> None:
    """It is quoted as it is."""
    assert not SECRETS.found_in(text)
    assert quotable(text, SECRETS) == text


def test_an_id_may_hold_the_codes_digits() -> None:
    """Made by chance, it happens; without a code or a number there are none to look for."""
    assert not SECRETS.found_in("id-918273", of_code=False)
    assert SECRETS.found_in("id-1888484", of_code=False)
    assert not Secrets(keys=("k-1",)).found_in("918273 1888484")
    assert repr(SECRETS) == "Secrets()"
