"""A send's callback URL is the application's own, with a name and a signature added."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.receipts import LONGEST_URL, SendName, callback_url, read, url_problem

PLAIN = "callback_url is no str of at most 500 plain characters; give for example 'https://…'"
NO_URL = "callback_url is no http(s) URL without a fragment; give for example 'https://shop.example/otp'"
SEND = SendName(key_id="k1", slot="s" * 20, locator="l" * 22, number=1, carrier="esms")
USABLE = [
    "https://shop.example",
    "https://shop.example/otp",
    "http://127.0.0.1:8000/otp/",
    "https://[2001:db8::1]:8443/otp",
    "https://shop.example/otp?tenant=7&x=%20",
    "HTTPS://SHOP.EXAMPLE/otp",
    "https://shop.example/" + "a" * 479,
]


@pytest.mark.parametrize("base", USABLE, ids=lambda base: base[:40])
def test_a_usable_url(base: str) -> None:
    """Nothing is wrong with it, and what it had in its query stays as it was, first."""
    assert url_problem(base) is None
    url = callback_url(base, SEND, "a-_9", "")
    assert url.startswith(base)
    assert parse_qsl(urlsplit(url).query, strict_parsing=True) == [
        *parse_qsl(urlsplit(base).query),
        ("otpflow_send", str(SEND)),
        ("otpflow_signature", "a-_9"),
    ]


def test_the_whole_url() -> None:
    """The two fields of ours come behind the application's."""
    ours = f"otpflow_send={SEND}&otpflow_signature=a-_9"
    send = (SEND, "a-_9", "")
    assert callback_url("https://shop.example/otp", *send) == f"https://shop.example/otp?{ours}"
    assert callback_url("https://shop.example/otp?a=b", *send) == f"https://shop.example/otp?a=b&{ours}"


def test_no_callback_is_wanted() -> None:
    """Where the application gave no URL, nothing is wrong."""
    assert url_problem(None) is None


@pytest.mark.parametrize(
    "base",
    [
        5,
        True,
        b"https://shop.example/otp",
        ["https://shop.example/otp"],
        Mock(spec=str),
        "https://shop.example/" + "a" * (LONGEST_URL - 20),
        "https://shop.example/" + "a" * 10_000_000,
        "https://shop.example/mã",
        "https://shop.example/\ud800",
        "https://shop.example/\r\nHost: other.example",
        "https://shop.example/\x00",
        "https://shop.example/\u202e",
    ],
    ids=lambda base: ascii(base)[:40] if type(base) is str else type(base).__name__,
)
def test_what_is_no_plain_text(base: object) -> None:
    """Another type, a longer text, and characters that could reshape a request are refused."""
    assert url_problem(base) == PLAIN


@pytest.mark.parametrize(
    "base",
    [
        "",
        "shop.example/otp",
        "//shop.example/otp",
        "https://",
        "https:///otp",
        "https:shop.example",
        "ftp://shop.example/otp",
        "file:///otp",
        "javascript:alert(1)",
        "https://shop.example/otp#part",
        "https://shop.example/otp#",
        "https://shop.example/a b",
        "https://shop.example/a||b",
        "http://[::1/otp",
        "https://shop.example:99999/otp",
        "https://shop.example:port/otp",
    ],
)
def test_what_is_no_url_for_callbacks(base: str) -> None:
    """It must be complete, speak http(s), and leave room behind its end."""
    assert url_problem(base) == NO_URL


def test_an_empty_query_is_not_doubled() -> None:
    """A URL that ends where a field could begin gets the fields right there."""
    for base in ("https://shop.example/otp?", "https://shop.example/otp?a=b&"):
        url = callback_url(base, SEND, "signature", "")
        assert url == f"{base}otpflow_send={SEND}&otpflow_signature=signature"


@given(
    carrier=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=32),
    signature=st.text(max_size=20),
    query=st.sampled_from(["", "?a=b", "?a=b&c="]),
)
def test_a_name_stays_one_field(carrier: str, signature: str, query: str) -> None:
    """Whatever the transport is called, and the signature made of: they come back, and nothing is added."""
    send = replace(SEND, carrier=carrier)
    url = callback_url(f"https://shop.example/otp{query}", send, signature, "sealed")
    assert url.isascii()
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True)[-3:] == [
        ("otpflow_send", str(send)),
        ("otpflow_signature", signature),
        ("otpflow_secret", "sealed"),
    ]
    found = read(urlsplit(url).query)
    assert found is not None
    assert found.send == send
