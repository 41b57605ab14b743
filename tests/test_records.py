"""Bytes in one written form: nothing is lost, nothing is written in two ways, nothing collides."""

from __future__ import annotations

import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.records import decode, digest, encode, record

TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=8)
PARTS = st.lists(TEXT, max_size=4)


@given(raw=st.binary(max_size=100))
def test_bytes_come_back(raw: bytes) -> None:
    """What is encoded is plain text without padding, and decodes to the same bytes with and without it."""
    text = encode(raw)
    assert re.fullmatch(r"[A-Za-z0-9_-]*", text)
    assert decode(text) == decode(text + "=" * (-len(text) % 4)) == raw


@pytest.mark.parametrize(
    ("raw", "text"), [(b"", ""), (b"\x00", "AA"), (b"\xfb\xff\xfe", "-__-"), (b"otpflow", "b3RwZmxvdw")]
)
def test_the_written_form(raw: bytes, text: str) -> None:
    """It is base64url of RFC 4648 §5 without padding."""
    assert encode(raw) == text


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "A=",
        "AAAAA",
        "=AAA",
        "AA=A",
        "AA A",
        "AA\n",
        "AAA+",
        "AAA/",
        "AAA.",
        "ＡＡＡＡ",
        "AAA\u0660",
        "AA\x00A",
        "AAA\ud800",
        "é" * 4,
    ],
    ids=ascii,
)
def test_what_is_not_base64url(text: str) -> None:
    """Other characters, padding in the wrong place and impossible lengths are refused."""
    with pytest.raises(ValueError, match=r"."):
        decode(text)


@given(text=st.text(st.characters() | st.characters(categories=["Cs"])) | st.text("AZaz09-_=+/", max_size=9))
def test_decoding_raises_nothing_but_a_value_error(text: str) -> None:
    """Any text gives bytes or a `ValueError`, and the bytes are what the letters say."""
    try:
        raw = decode(text)
    except ValueError:
        return
    assert encode(raw)[:-1] == text.rstrip("=")[:-1]


def test_the_written_form_of_a_record() -> None:
    """Each part stands behind its length in four bytes, texts in UTF-8."""
    assert record() == b""
    assert record("") == b"\x00\x00\x00\x00"
    assert (
        record("mã", b"\xff\x00", "") == b"\x00\x00\x00\x03m\xc3\xa3\x00\x00\x00\x02\xff\x00\x00\x00\x00\x00"
    )
    assert record("\ud800") == b"\x00\x00\x00\x03\xed\xa0\x80"
    assert record("é") != record("e\u0301")


@pytest.mark.guarantee("G8")
@given(left=PARTS, right=PARTS)
def test_different_parts_give_different_bytes(left: list[str], right: list[str]) -> None:
    """No two lists of texts have one record, lone surrogates included."""
    assert (record(*left) == record(*right)) is (left == right)


@pytest.mark.guarantee("G8")
@given(parts=st.lists(st.binary(max_size=8), max_size=5))
def test_a_record_can_be_read_back(parts: list[bytes]) -> None:
    """The bytes say where each part ends, so that nothing can move from one part to the next."""
    rest, found = record(*parts), list[bytes]()
    while rest:
        size = int.from_bytes(rest[:4], "big")
        found.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    assert found == parts


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a",), ("a", "")),
        (("", "a"), ("a", "")),
        ((), ("",)),
        (("\x00\x00\x00\x01a",), ("a",)),
        (("login", "login"), ("login",)),
    ],
)
def test_neighbours_do_not_collide(left: tuple[str, ...], right: tuple[str, ...]) -> None:
    """What would be one text when joined is not one record, and has not one digest."""
    assert record(*left) != record(*right)
    assert digest(b"key", *left) != digest(b"key", *right)


def test_a_digest_is_the_standard_one() -> None:
    """It is HMAC-SHA-256 over the record (RFC 2104), here with a key longer than one block as well."""
    assert digest(b"key").hex() == "5d5d139563c95b5967b9bd9a8c9b233a9dedb45072794cd232dc1b74832607d0"
    for key in (b"k", b"k" * 200):
        expected = hmac.new(key, record("login", b"\x00"), hashlib.sha256).digest()
        assert digest(key, "login", b"\x00") == expected
