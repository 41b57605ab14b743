"""No value can make the content say anything else."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.templates import CHANNELS, Templates
from tests.test_templates import rendered

NOTE = Templates({"en": {"sms": "$code|$note|$app|$purpose|"}}, fields=("note",))
HOSTILE = [
    "{x.__class__}",
    "{code}",
    "$code",
    "${code}",
    "$$",
    "$note",
    "%s",
    "%(code)s",
    "%n",
    "\\1",
    r"\g<0>",
    "<b>&amp;",
    "'; --",
]
UNSEEN = [
    *"\u200b\u200c\u200d\u2060\ufeff\xad\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e",
    *"\u2066\u2067\u2068\u2069\u034f\u115f\u3164\uffa0\ufe0f\ud800\udfff\ue000\uffff\U000e0041\U000e0100",
]
BREAKS = [*map(chr, range(32)), "\x7f", "\x85", "\x9b", "\u2028", "\u2029"]


def noted(value: str | int) -> str:
    """Render a text with one value between bars, and return what became of the value."""
    content = rendered(NOTE, context={"note": value})
    assert content.startswith("012345|")
    assert content.endswith("|Shop|login|")
    return content.removeprefix("012345|").removesuffix("|Shop|login|")


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("value", HOSTILE)
def test_values_stay_text(value: str) -> None:
    """What looks like a placeholder, a format or an escape in any value is said as it is."""
    spoken = value.replace("_", " ").replace("-", " ")
    assert noted(value) == value
    assert rendered(NOTE, app=value, context={"note": ""}) == f"012345||{value}|login|".replace("||", "| |")
    assert rendered(NOTE, purpose=value, context={"note": 1}) == "012345|1|Shop|" + spoken + "|"


@pytest.mark.guarantee("S5")
def test_labels_stay_text() -> None:
    """A label is a value too."""
    own = Templates({"en": {"sms": "$purpose: $code"}}, purposes={"en": {"login": "$code {app} %s"}})
    assert rendered(own) == "$code {app} %s: 012345"


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_unseen_characters_go(unseen: str) -> None:
    """Bidi, zero-width, filler and surrogate characters are taken out of values."""
    assert noted(f"a{unseen}b{unseen}") == "ab"


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("line_break", BREAKS, ids=ascii)
def test_controls_become_spaces(line_break: str) -> None:
    """Control characters and line breaks become spaces."""
    assert noted(f"a{line_break}b") == "a b"


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize(
    ("value", "said"),
    [("a|b", "a|b"), ("a||b", "a| |b"), ("a|||b", "a| | |b"), ("a|\u200b|b", "a| |b"), ("", " ")],
)
def test_joined_values_are_broken_apart(value: str, said: str) -> None:
    """No value brings a `||` into the content, however it is hidden."""
    assert rendered(NOTE, context={"note": value}) == f"012345|{said}|Shop|login|"


@pytest.mark.guarantee("S5")
def test_neighbours_cannot_join() -> None:
    """Two values side by side, or values that lose their accents, make no `||` either."""
    pair = {"en": {"sms": "$app$purpose $code"}}
    assert rendered(Templates(pair), app="a|", purpose="|b") == "a| |b 012345"
    assert rendered(Templates(pair, unaccent=True), app="a|\u0301", purpose="|b") == "a| |b 012345"


@pytest.mark.guarantee("S5")
@given(value=st.text(st.characters(), max_size=30) | st.sampled_from(HOSTILE), unaccent=st.booleans())
def test_no_value_reshapes_the_content(value: str, unaccent: bool) -> None:
    """Whatever the value, the content is one line that can be sent, and the rest of it is unchanged."""
    templates = Templates({"en": {"sms": "<$code> $note <$app>"}}, fields=("note",), unaccent=unaccent)
    content = rendered(templates, context={"note": value})
    assert content.startswith("<012345> ")
    assert content.endswith(" <Shop>")
    assert "||" not in content
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in content)
    assert content.encode().decode() == content


def test_numbers_and_long_values() -> None:
    """Numbers are said as they are written, and length alone breaks nothing."""
    assert noted(1_000_000) == "1000000"
    assert noted(-5) == "-5"
    assert noted("x" * 10_000) == "x" * 10_000


def test_unaccent_strips_diacritics() -> None:
    """With `unaccent` all that is sent in Vietnamese is ASCII, values included, composed or not."""
    plain = Templates(unaccent=True)
    assert rendered(plain, locale="vi", channel="voice", app="Đặc sản Huế", purpose="ủng hộ") == (
        "Ma xac thuc ung ho tai Dac san Hue la 0, 1, 2, 3, 4, 5. Xin nhac lai: 0, 1, 2, 3, 4, 5. "
        "Ma co hieu luc 3 phut. Khong doc ma nay cho bat ky ai."
    )
    for channel in CHANNELS:
        for purpose in ("login", "signup", "payment", "reset_password", "change_phone"):
            assert rendered(plain, locale="vi", channel=channel, purpose=purpose).isascii()
    every = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
    bare = "a" * 17 + "e" * 11 + "i" * 5 + "o" * 17 + "u" * 11 + "y" * 5 + "d"
    for form in ("NFC", "NFD"):
        for app, expected in ((every, bare), (every.upper(), bare.upper())):
            assert expected in rendered(plain, app=unicodedata.normalize(form, app))
    assert "東京 한국" in rendered(plain, app="東京 한국")


def test_one_composed_form() -> None:
    """Decomposed text is composed, since a registered template is compared letter by letter."""
    text = "Mã $code của $app"
    assert rendered(Templates({"en": {"sms": unicodedata.normalize("NFD", text)}})) == "Mã 012345 của Shop"
    assert rendered(app=unicodedata.normalize("NFD", "Cửa hàng")) == rendered(app="Cửa hàng")
    label = {"en": {"login": unicodedata.normalize("NFD", "đổi số")}}
    assert rendered(Templates(purposes=label)) == rendered(purpose="đổi số")
