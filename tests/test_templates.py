"""Content says what it should, and no value can make it say anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.errors import ConfigurationError
from otpflow.templates import RESERVED, Templates

STRAY = "has a '$' that is no placeholder; write $name in small letters, or $$ for a dollar"


def rendered(templates: Templates | None = None, **changes: Any) -> str:
    """Render with everything given, some of it changed."""
    usual: dict[str, Any] = {
        "locale": "en",
        "channel": "sms",
        "code": "012345",
        "app": "Shop",
        "minutes": 3,
        "purpose": "login",
        "context": {},
    }
    return (templates or Templates()).render(**{**usual, **changes})


def problems(texts: object = None, **settings: Any) -> tuple[str, ...]:
    """Return everything that is wrong with what cannot be built."""
    with pytest.raises(ConfigurationError) as caught:
        Templates(texts, **settings)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return caught.value.problems


@pytest.mark.parametrize(
    ("locale", "channel", "content"),
    [
        (
            "vi",
            "voice",
            (
                "Mã xác thực đăng nhập tại Shop là 0, 1, 2, 3, 4, 5. Xin nhắc lại: 0, 1, 2, 3, 4, 5. "
                "Mã có hiệu lực 3 phút. Không đọc mã này cho bất kỳ ai."
            ),
        ),
        (
            "vi",
            "sms",
            (
                "012345 là mã xác thực đăng nhập tại Shop, có hiệu lực 3 phút. "
                "Không cung cấp mã này cho bất kỳ ai."
            ),
        ),
        (
            "en",
            "voice",
            (
                "Your Shop login code is 0, 1, 2, 3, 4, 5. Once more: 0, 1, 2, 3, 4, 5. "
                "Do not tell it to anyone."
            ),
        ),
        ("en", "sms", "012345 is your Shop login code, valid for 3 min. Do not share it with anyone."),
    ],
)
def test_built_in_texts(locale: str, channel: str, content: str) -> None:
    """Each built-in text says code and purpose, on voice twice and digit by digit."""
    assert rendered(locale=locale, channel=channel) == content
    if channel == "sms":
        assert rendered(locale=locale, channel="zalo") == content


def test_every_built_in_text_states_its_purpose() -> None:
    """No built-in text leaves the purpose out, and `without_purpose` names the texts that do."""
    assert Templates().without_purpose == ()
    assert Templates({"vi": {"sms": "Ma dang nhap: $code"}}).without_purpose == ("vi/sms", "vi/zalo")


@pytest.mark.parametrize(
    ("locale", "purpose", "label"),
    [
        ("vi", "signup", "đăng ký"),
        ("vi", "payment", "thanh toán"),
        ("vi", "reset_password", "đặt lại mật khẩu"),
        ("vi", "change_phone", "đổi số điện thoại"),
        ("vi", "open-the_door", "open the door"),
        ("en", "reset_password", "password reset"),
        ("en", "gift", "gift card"),
        ("en", "signup", "joining"),
        ("en-GB", "signup", "sign-up, love"),
        ("en-GB", "gift", "gift card"),
        ("en-GB", "payment", "payment"),
        ("en", "vay\u202e\n_tiền", "vay  tiền"),
    ],
)
def test_purposes_have_labels(locale: str, purpose: str, label: str) -> None:
    """A purpose is said by its label, of the locale or of its language, or else as it is."""
    said = Templates(
        {"vi": {"sms": "$purpose: $code"}, "en": {"sms": "$purpose: $code"}, "en-GB": {**BRITISH}},
        purposes={"en": {"gift": "gift card", "signup": "joining"}, "en_gb": {"signup": "sign-up, love"}},
    )
    assert rendered(said, locale=locale, purpose=purpose) == f"{label}: 012345"


BRITISH = {"voice": "$code $code", "sms": "$purpose: $code"}


def test_own_texts_replace_built_in_ones() -> None:
    """A text of one channel replaces that one; zalo follows sms unless it has its own."""
    own = Templates({"en": {"sms": "$$5 for $code, $$ $note $code"}}, fields=["note"])
    assert rendered(own, context={"note": 7}) == "$5 for 012345, $ 7 012345"
    assert rendered(own, context={"note": 7}, channel="zalo") == "$5 for 012345, $ 7 012345"
    assert rendered(own, channel="voice") == rendered(channel="voice")
    assert rendered(Templates({"en": {"zalo": "<$code>"}}), channel="zalo") == "<012345>"
    assert rendered(Templates({"en": {"zalo": "<$code>"}})) == rendered()


def test_placeholders_may_touch_other_text() -> None:
    """A placeholder ends where its name ends, at punctuation, another dollar, or the end."""
    assert rendered(Templates({"en": {"sms": "$app:$code.$minutes-$code$$"}})) == "Shop:012345.3-012345$"


def test_locales() -> None:
    """A new locale joins the built-in ones, and other spellings and regions find their way."""
    more = Templates({"pt_BR": {"voice": "$code. $code.", "sms": "$code"}, "VI": {"sms": "Ma $code"}})
    assert more.locales == ("vi", "en", "pt-br")
    found = {None: "vi", "vi": "vi", "VI_vn": "vi", "en_GB": "en", "EN": "en", "pt-BR": "pt-br"}
    assert {asked: more.resolve(asked) for asked in found} == found
    assert rendered(more, locale="pt_BR") == "012345"
    assert rendered(more, locale="vi-VN") == "Ma 012345"


@pytest.mark.parametrize("locale", ["pt", "", "v", "vie", "x" * 1_000])
def test_unknown_locales_name_the_known_ones(locale: str) -> None:
    """A locale without texts is an error that says which there are."""
    with pytest.raises(ConfigurationError) as caught:
        Templates().resolve(locale)
    assert str(caught.value) == f"locale {locale[:40]!r} has no texts; there are vi, en, texts= adds more"


def test_unknown_channels_are_refused() -> None:
    """A channel that has no texts is an error that says which there are."""
    for call in (lambda: rendered(channel="fax"), lambda: Templates().missing("vi", "fax", {})):
        with pytest.raises(
            ConfigurationError, match="channel 'fax' has no texts; there are voice, sms, zalo"
        ):
            call()


def test_missing_fields_are_told_before_and_refused_after() -> None:
    """What a text says and the context lacks is known before anything is sent."""
    pay = Templates({"en": {"sms": "$code: $amount to $payee, $amount"}}, fields=("payee", "amount", "other"))
    assert pay.missing("en", "sms", {}) == ("amount", "payee")
    assert pay.missing("en-GB", "zalo", {"payee": "Lan", "else": 1}) == ("amount",)
    assert pay.missing("en", "sms", {"payee": "Lan", "amount": 5}) == ()
    assert pay.missing("en", "voice", {}) == ()
    with pytest.raises(ConfigurationError, match="context lacks amount; the sms text says it"):
        rendered(pay, context={"payee": "Lan"})
    assert rendered(pay, context={"payee": "Lan", "amount": 5, "code": "1"}) == "012345: 5 to Lan, 5"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "$code $nam",
            "has $nam; known are $code, $app, $minutes, $purpose; declare context fields with fields=",
        ),
        (
            "$code $codes",
            "has $codes; known are $code, $app, $minutes, $purpose; declare context fields with fields=",
        ),
        ("Your code", "lacks $code"),
        ("$$code", "lacks $code"),
        ("", "lacks $code"),
        ("$code a\nb", "has control, bidi or invisible characters"),
        ("$code \u202e", "has control, bidi or invisible characters"),
        ("$code \u200b", "has control, bidi or invisible characters"),
        ("$code \u3164", "has control, bidi or invisible characters"),
        ("$code \ud800", "has control, bidi or invisible characters"),
        ("$code||$app", "has '||', which joins values in the provider's interface"),
        ("$code " + "x" * 495, "has 501 characters; the limit is 500"),
        *((f"$code {bad}", STRAY) for bad in ("$", "$ 5", "${code}", "$Code", "$1", "$_code", "$codeX")),
        *((f"$code {bad}", STRAY) for bad in ("$codeạ", "$$$", "$(code)")),
    ],
    ids=lambda value: ascii(value)[:30],
)
@pytest.mark.guarantee("S5")
def test_bad_texts(text: str, problem: str) -> None:
    """What a text must not hold, or must, is said when it is built."""
    assert problems({"vi": {"sms": text}}) == (f"texts['vi']['sms'] {problem}",)


def test_voice_says_the_code_twice() -> None:
    """A voice text with one `$code`, or none, is refused; a text to read needs only one."""
    assert problems({"vi": {"voice": "Ma $code"}}) == (
        "texts['vi']['voice'] says $code once; on voice say it twice",
    )
    assert problems({"vi": {"voice": "Ma"}}) == ("texts['vi']['voice'] lacks $code",)
    assert (
        rendered(Templates({"en": {"voice": "$code/$code"}}), channel="voice")
        == "0, 1, 2, 3, 4, 5/0, 1, 2, 3, 4, 5"
    )


def test_the_longest_text_fits() -> None:
    """500 characters are allowed."""
    assert len(rendered(Templates({"en": {"sms": "$code " + "x" * 494}}))) == 501


@pytest.mark.parametrize(
    "name", [*RESERVED, "", "Amount", "1st", "a-b", "_a", "a b", "số", "a\n", "a" * 33, None, 5]
)
def test_bad_fields(name: object) -> None:
    """A field has a plain name that is not taken."""
    assert problems(fields=("fine", name)) == (
        (
            f"fields has {name!r:.40}; a name is small letters, digits and '_', at most 32, "
            "and none of code, app, minutes, purpose"
        ),
    )


def test_fields_are_names() -> None:
    """One name alone is taken for what was meant, and what holds no names is refused."""
    assert (
        repr(Templates(fields="note")) == "Templates(locales=('vi', 'en'), fields=('note',), unaccent=False)"
    )
    assert repr(Templates(fields=["a" * 32, "b_1", "codes"])).count("'") == 10
    assert problems(fields=None)[0].startswith("fields has None;")


def test_all_problems_come_at_once() -> None:
    """Everything that is wrong with every setting is in one error."""
    texts = {
        "vi": {"sms": 5, "fax": "$code", 7: "$code"},
        "ja": {"zalo": "$code"},
        "q": {"voice": "$code$code", "sms": "$code"},
        "fr": "text",
        3: {},
    }
    purposes = {
        "de": {"login": "Anmeldung"},
        "vi": {"login": "", "signup": None, "payment": "a\nb", "change_phone": " "},
    }
    assert problems(texts, purposes=purposes, fields=("Bad",)) == (
        (
            "fields has 'Bad'; a name is small letters, digits and '_', at most 32, "
            "and none of code, app, minutes, purpose"
        ),
        "texts['vi'] has the key 7; keys are str",
        "texts['q'] is for no locale such as 'vi' or 'en-GB'",
        "texts['fr'] is a str; give a mapping",
        "texts has the key 3; keys are str",
        "texts['vi']['sms'] is a int; give a str",
        "texts['vi']['fax'] is for no channel; there are voice, sms, zalo",
        "texts['ja'] lacks voice and sms; a new locale brings both",
        "purposes['de']['login'] is for a locale without texts; there are vi, en, ja, q",
        "purposes['vi']['login'] is ''; give a str that says what the code is for",
        "purposes['vi']['signup'] is None; give a str that says what the code is for",
        "purposes['vi']['payment'] has control, bidi or invisible characters",
        "purposes['vi']['change_phone'] is ' '; give a str that says what the code is for",
    )
    assert problems(5, purposes=[]) == (
        "texts is a int; give a mapping",
        "purposes is a list; give a mapping",
    )


def test_templates_are_frozen() -> None:
    """Nothing can be changed once built, not even through the mappings that were given."""
    given_texts = {"en": {"sms": "A $code"}}
    frozen = Templates(given_texts)
    given_texts["en"]["sms"] = "B $code"
    assert rendered(frozen) == "A 012345"
    for name in ("_unaccent", "locales", "anything"):
        with pytest.raises(AttributeError, match="Templates are frozen; build new ones"):
            setattr(frozen, name, True)


@given(st.text("$abcode{}XY_ 1|\n", max_size=40))
def test_a_text_is_refused_or_renders(text: str) -> None:
    """Whatever the text, it is refused when built, or it renders."""
    try:
        built = Templates({"en": {"sms": text}})
    except ConfigurationError as refused:
        assert all(problem.startswith("texts['en']['sms'] ") for problem in refused.problems)
    else:
        assert "012345" in rendered(built)
