"""S5: what users and applications put into a text stays text, and cannot reshape message or request."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest

from otpflow import Templates
from tests.conftest import Build
from tests.guarantees.canaries import API_KEY, NUMBER, SECRET_KEY, Provider

TEXT = "Pay $payee: $code. Again: $code. By $app for $purpose in $minutes min. $payee"
TEMPLATES = Templates({"en": {"voice": TEXT}}, fields=("payee",))
LITERAL = (
    "{x.__class__}",
    "{0.__init__.__globals__}",
    "{{7*7}}",
    "{% raise %}",
    "${code}",
    "$code",
    "$$code",
    "$app",
    "$payee",
    "$",
    "%s",
    "%(code)s",
    "%n%x",
    "\\u0041\\n",
    "<b>&amp;",
    '","Phone":"0909999999","x":"',
    "'; DROP TABLE calls; --",
    "|",
    "a|b",
)
"""What is spoken as it is."""

HOSTILE = {
    "joined": ("a||b", "a| |b"),
    "joined by the text": ("|", "|"),
    "line breaks": ("a\r\nb", "a  b"),
    "header": ("a\r\nX-Header: b", "a  X-Header: b"),
    "nul": ("a\x00b", "a b"),
    "escape": ("\x1b[31ma", " [31ma"),
    "bidi": ("a\u202eb\u2066c\u2069", "abc"),
    "zero width": ("a\u200bb\ufeffc\u2060d", "abcd"),
    "separators": ("a\u2028b\u2029c", "a b c"),
    "surrogate": ("a\ud800b", "ab"),
    "surrogate pair apart": ("\udc00\ud83d", ""),
    "private use": ("a\ue000b", "ab"),
    "joined by what is dropped": ("a|\u200b|b", "a| |b"),
    "joined by what shows nothing": ("a|\u3164|b", "a| |b"),
}
"""What is not, and what becomes of it."""

FIELDS = {"ApiKey", "SecretKey", "Phone", "Content", "SmsType", "IsUnicode", "Sandbox", "RequestId"}
UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.fixture
def provider(style: str) -> Iterator[Provider]:
    """The provider."""
    with Provider(style) as running:
        yield running


def _said(build: Build, provider: Provider, payee: str, app: str = "otpflow") -> str:
    """Issue with a value, look at the one request, verify with the same value, and give what was said."""
    subject = build(transport=provider.transport, templates=TEMPLATES, app=app)
    challenge = subject.issue(locale="en", context={"payee": payee})
    (request,) = provider.simulator.requests
    (call,) = provider.simulator.calls
    assert set(request.fields) == FIELDS
    phone = "0" + NUMBER.removeprefix("+84")
    keys = (request.fields["ApiKey"], request.fields["SecretKey"], request.fields["Phone"])
    assert keys == (API_KEY, SECRET_KEY, phone)
    assert request.fields["IsUnicode"] == int(not call.content.isascii())
    assert {unicodedata.category(character) for character in call.content} & UNPRINTABLE == set()
    assert "||" not in call.content
    code = provider.code
    assert call.content.count(", ".join(code)) == 2
    assert not subject.verify(challenge.id, code, context={"payee": f"{payee}x"})
    assert subject.verify(challenge.id, code, context={"payee": payee})
    return call.content.replace(", ".join(code), "CODE")


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("payee", LITERAL)
def test_a_value_is_never_evaluated(build: Build, provider: Provider, payee: str) -> None:
    """It is spoken as it was given, whatever language of templates it is written in."""
    said = _said(build, provider, payee)

    assert said == f"Pay {payee}: CODE. Again: CODE. By otpflow for login in 3 min. {payee}"


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize(("payee", "spoken"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_value_cannot_reshape_the_message(
    build: Build, provider: Provider, payee: str, spoken: str
) -> None:
    """What breaks lines, hides, turns the reading direction or joins fields is taken out."""
    said = _said(build, provider, payee)

    assert said == f"Pay {spoken}: CODE. Again: CODE. By otpflow for login in 3 min. {spoken}"


@pytest.mark.guarantee("S5")
def test_the_name_of_the_application_is_a_value_too(build: Build, provider: Provider) -> None:
    """It meets the same fate, also where two values become neighbours."""
    said = _said(build, provider, "Ann", app="{x} $code %s||")

    assert said == "Pay Ann: CODE. Again: CODE. By {x} $code %s| | for login in 3 min. Ann"


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("hostile", [value for value, _ in HOSTILE.values()])
def test_names_of_requests_never_reach_the_provider(build: Build, provider: Provider, hostile: str) -> None:
    """An idempotency key and an attempt id may be anything, and are hashed."""
    subject = build(transport=provider.transport)
    challenge = subject.issue(idempotency_key=hostile)
    assert subject.issue(idempotency_key=hostile).id == challenge.id

    (request,) = provider.simulator.requests
    assert str(request.fields["RequestId"]).isascii()
    wrong = subject.verify(challenge.id, f"{(int(provider.code) + 1) % 10**6:06d}", attempt_id=hostile)
    again = subject.verify(challenge.id, f"{(int(provider.code) + 1) % 10**6:06d}", attempt_id=hostile)
    assert wrong == again
    assert wrong.attempts_left == 4
