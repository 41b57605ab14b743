"""Codes are uniform and unpredictable, and what users type for them has one form."""

from __future__ import annotations

import base64
import math
import random
import struct
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from os import urandom
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyotp.hotp import HOTP

from otpflow import codes
from otpflow.errors import ConfigurationError

# RFC 4226 appendix D: the secret, and the truncated values before "mod 10^digits" for the counters 0 to 9.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_FIRST = 1284755224

DIGITS = (6, 7, 8, 9)
LINE_NOISE = ["", " ", "-", "12345", "1234567", "+123456", "12345a", "0x1234", "1e5000", "123_456", "123,456"]
UNSEEN = [
    "\n",
    "\t",
    "\r",
    "\x00",
    "\x1b",
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u202e",
    "\u2066",
    "\u2028",
]
NOT_DECIMAL = ["\u2460", "\u00b2", "\u2082", "\u2165", "\u4e09", "\u00bd", "\U0001f101", "\ud800", "\u0301"]


def chi_square(counts: Counter[str], cells: int) -> float:
    """Return the statistic for equally likely cells, the empty ones included."""
    expected = counts.total() / cells
    return (
        sum((count - expected) ** 2 for count in counts.values()) / expected
        + (cells - len(counts)) * expected
    )


def bound(cells: int) -> float:
    """Return what a fair source exceeds once in 10⁹ times (Wilson and Hilferty's approximation)."""
    freedom = cells - 1
    return freedom * (1 - 2 / (9 * freedom) + 6.0 * math.sqrt(2 / (9 * freedom))) ** 3


class Pretender(str):
    """A string that answers what it likes about itself."""

    __slots__ = ()

    def __len__(self) -> int:
        return 6

    def __str__(self) -> str:
        return "123456"

    def __iter__(self) -> Iterator[str]:
        return iter("123456")


class Typed(StrEnum):
    """A string that is one, of another class."""

    CODE = "123 456"


@pytest.mark.guarantee("G9")
def test_every_six_digit_code_is_reached() -> None:
    """The values 0 to 999999 give 000000 to 999999, each once."""
    assert [codes.code_from(value, 6) for value in range(10**6)] == [f"{value:06d}" for value in range(10**6)]


@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("digits", DIGITS)
def test_every_code_has_as_many_values(digits: int) -> None:
    """Whatever the code, the same number of the 2^31 values lead to it, and the rest are refused."""
    size = 10**digits
    times = 2**31 // size
    for wanted in (0, 1, 147_483_647 % size, 147_483_648 % size, size // 2, size - 2, size - 1):
        found = [codes.code_from(wanted + size * turn, digits) for turn in range(times)]
        assert found == [f"{wanted:0{digits}d}"] * times
    assert [codes.code_from(value, digits) for value in (size * times, 2**31 - 1)] == [None, None]


@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("digits", DIGITS)
def test_codes_of_a_million_random_values_are_uniform(digits: int) -> None:
    """χ² over 10⁶ values: each position, and the first and the last three digits, show no bias."""
    values = struct.unpack("<1000000I", urandom(4_000_000))
    made = [code for value in values if (code := codes.code_from(value >> 1, digits)) is not None]
    for place in range(digits):
        assert chi_square(Counter(code[place] for code in made), 10) < bound(10)
    for part in (slice(3), slice(-3, None)):
        assert chi_square(Counter(code[part] for code in made), 1_000) < bound(1_000)


@pytest.mark.guarantee("G9")
def test_the_chi_square_would_notice() -> None:
    """The same test refuses what `mod 10^9` alone would have made."""
    values = struct.unpack("<100000I", urandom(400_000))
    assert chi_square(Counter(f"{(value >> 1) % 10**9:09d}"[0] for value in values), 10) > bound(10)


@pytest.mark.guarantee("G9")
def test_generated_codes_are_uniform() -> None:
    """χ² over 20,000 codes as they are made: no digit is preferred at any position."""
    made = [codes.generate(6) for _ in range(20_000)]
    assert {len(code) for code in made} == {6}
    assert all(code.isascii() and code.isdigit() for code in made)
    for place in range(6):
        assert chi_square(Counter(code[place] for code in made), 10) < bound(10)


@pytest.mark.guarantee("G9")
def test_seeding_random_changes_nothing() -> None:
    """The module `random` neither decides a code nor is drawn from."""
    state = random.getstate()
    try:
        random.seed(7)
        before = random.getstate()
        first = [codes.generate(9) for _ in range(5)]
        assert random.getstate() == before
        random.seed(7)
        assert [codes.generate(9) for _ in range(5)] != first
    finally:
        random.setstate(state)


@pytest.mark.guarantee("G9")
def test_every_code_has_a_secret_of_its_own() -> None:
    """One fresh secret of 160 bits is drawn per code, and none comes twice."""
    drawn: list[str] = []

    def new_secret() -> str:
        drawn.append(codes.new_secret())
        return drawn[-1]

    for _ in range(100):
        codes.generate(6, new_secret=new_secret)
    assert [len(set(drawn)), {len(base64.b32decode(secret)) for secret in drawn}] == [100, {20}]


@pytest.mark.parametrize(
    ("digits", "code"), [(6, "755224"), (7, "4755224"), (8, "84755224"), (9, "284755224")]
)
def test_the_code_is_the_standard_one(digits: int, code: str) -> None:
    """RFC 4226's own secret gives RFC 4226's own code."""
    assert str(RFC_FIRST).endswith(code)
    assert codes.generate(digits, new_secret=lambda: RFC_SECRET) == code


@pytest.mark.guarantee("G9")
def test_a_refused_value_is_drawn_again() -> None:
    """Where the first value is in the biased rest, the next counter's value is taken."""
    numbered = (base64.b32encode(number.to_bytes(20)).decode() for number in range(1_000))
    secret = next(each for each in numbered if int(HOTP(each, digits=10).at(0)) >= 2 * 10**9)
    values = (int(HOTP(secret, digits=10).at(counter)) for counter in range(1, 100))
    expected = next(f"{value % 10**9:09d}" for value in values if value < 2 * 10**9)
    assert codes.generate(9, new_secret=lambda: secret) == expected


@pytest.mark.parametrize("digits", [-1, 0, 5, 10, 11])
def test_other_lengths_are_refused(digits: int) -> None:
    """A length for which there are no uniform codes is an error, not an endless loop."""
    with pytest.raises(ConfigurationError, match=f"digits is {digits}; a code has 6 to 9"):
        codes.generate(digits)


@pytest.mark.parametrize(
    "typed",
    [
        "012345",
        "012 345",
        " 0-1.2\u20133\u20144\u22125 ",
        "\u00a0012\u3000345\u2009",
        "\uff10\uff11\uff12\uff13\uff14\uff15",
        "\u0660\u0661\u0662\u0663\u0664\u0665",
        "\u0966\u0967\u0968\u0969\U0001d7d2\u096b",
        "012\uff0e345\u3002",
        "-" * 58 + "012345",
    ],
)
def test_spellings_of_one_code(typed: str) -> None:
    """However the digits are written and separated, one form comes out."""
    assert codes.canonical(typed, 6) == "012345"


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(
    "typed",
    [
        None,
        True,
        123456,
        123456.0,
        b"123456",
        bytearray(b"123456"),
        ["123456"],
        list("123456"),
        ("1", "2", "3", "4", "5", "6"),
        {"code": "123456"},
        object(),
        Mock(spec=str),
        "-" * 59 + "123456",
        "1" * 10_000_000,
        Pretender("1234567"),
        Pretender("-" * 59 + "123456"),
        *LINE_NOISE,
        *(f"123{unseen}456" for unseen in UNSEEN),
        *(f"123456{unseen}" for unseen in UNSEEN),
        *(f"12345{digit}" for digit in NOT_DECIMAL),
        *(f"123456{digit}" for digit in NOT_DECIMAL),
    ],
    ids=lambda typed: ascii(typed)[:30] if type(typed) is str else type(typed).__name__,
)
def test_what_is_no_code(typed: object) -> None:
    """Other types, lengths and characters are malformed, without an exception."""
    assert codes.canonical(typed, 6) is None


def test_a_subclass_of_str_is_judged_by_its_characters() -> None:
    """What a subclass says about itself is not believed; what it holds is."""
    assert codes.canonical(Typed.CODE, 6) == "123456"
    assert codes.canonical(Pretender("654321"), 6) == "654321"


@pytest.mark.guarantee("G10")
def test_every_character_there_is() -> None:
    """Exactly the decimal digits of Unicode count, and exactly spaces, dashes and dots are dropped."""
    every = {character: unicodedata.category(character) for character in map(chr, range(sys.maxunicode + 1))}
    assigned = {character: kind for character, kind in every.items() if kind not in {"Cn", "Co"}}
    kept = {character for character in assigned if codes.canonical(character, 1) is not None}
    dropped = {character for character in assigned if codes.canonical(character, 0) is not None}
    assert kept == {character for character, kind in every.items() if kind == "Nd"}
    separators = {character for character, kind in every.items() if kind in {"Zs", "Pd"}}
    assert dropped == separators | set(".\u2212\uff0e\u3002")


@given(
    typed=st.text(max_size=70) | st.text("0123456789 -.\uff11\n\u200b", max_size=70),
    digits=st.integers(6, 9),
)
def test_the_canonical_form_is_final(typed: str, digits: int) -> None:
    """Whatever text comes in, out comes `None` or a code that is its own canonical form."""
    code = codes.canonical(typed, digits)
    if code is not None:
        assert (len(code), code.isascii(), code.isdigit()) == (digits, True, True)
        assert codes.canonical(code, digits) == code


@given(
    value=st.integers(0, 10**6 - 1),
    separators=st.lists(st.sampled_from(" -.\u00a0\u2014"), min_size=6, max_size=6),
)
def test_any_separators_leave_the_code(value: int, separators: list[str]) -> None:
    """Separators anywhere change nothing."""
    code = f"{value:06d}"
    assert codes.canonical("".join(map("".join, zip(code, separators, strict=True))), 6) == code
