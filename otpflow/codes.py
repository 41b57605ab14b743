"""Codes: how they are made, and what a user may type for one. The only importer of pyotp."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable

from pyotp.hotp import HOTP

from otpflow.errors import ConfigurationError
from otpflow.records import plain

LONGEST_INPUT = 64
"""Characters; what is longer is not looked at. A 9-digit code with separators all around has 19."""

_SHORTEST, _LONGEST = 6, 9
_SECRET_LETTERS = 32  # of 5 bits: 160 bits, the output of SHA-1, as RFC 4226 section 4 recommends
# Each of the 32 letters of Base32 stands for 8 of the 256 bytes: a letter is as uniform as a byte.
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 8
_TRUNCATED = 1 << 31  # HOTP's dynamic truncation gives 31 bits (RFC 4226 section 5.3)
_WHOLE = 10  # digits that pyotp must keep so that all 31 bits survive: 2^31 has ten
# U+2212 is the minus sign, which is not in the category of dashes. The three dots are what the full-stop key
# gives in the keyboard modes that also give full-width digits: ASCII, full-width, Chinese and Japanese.
_SEPARATORS = frozenset("\u2212.\uff0e\u3002")


def new_secret() -> str:
    """Make the secret of one code.

    `pyotp.random_base32` gives the same, letter by letter: 32 draws, where this is one.

    Returns:
        160 random bits of the operating system's, in Base32.
    """
    return secrets.token_bytes(_SECRET_LETTERS).translate(_LETTERS).decode()


def generate(digits: int, *, new_secret: Callable[[], str] = new_secret) -> str:
    """Make one code: the first HOTP values of a fresh random secret, which is then forgotten.

    Every code is equally likely. The secret is 160 bits from the operating system (`secrets`; the module
    `random` has no part in it). HMAC-SHA-1 under a random key cannot be
    told from random bytes, and its last four bits choose four of the *other* bytes (0 to 18 of 20), so the
    31 truncated bits are uniform. What is not uniform is the usual last step, `mod 10^digits`: 2^31 / 10^9
    is 2.147, so a 9-digit code below 147483648 would come 50 % more often than the others, and an 8-digit
    one below 47483648 5 % more often. So all 31 bits are taken, a value at or above the greatest multiple
    of 10^digits is refused, and the next counter is asked: 7 % of the values with 9 digits, 0.02 % with 6.

    Args:
        digits: how many digits, 6 to 9; at least 6 by RFC 4226 section 5.3 and NIST SP 800-63B-4
            section 3.1.3.2.
        new_secret: where the secret comes from, Base32.

    Returns:
        The code, leading zeros included.

    Raises:
        ConfigurationError: `digits` is out of range.
    """
    if not _SHORTEST <= digits <= _LONGEST:
        raise ConfigurationError(f"digits is {digits}; a code has {_SHORTEST} to {_LONGEST}")
    hotp = HOTP(new_secret(), digits=_WHOLE)
    counter = 0
    while (code := code_from(int(hotp.at(counter)), digits)) is None:
        counter += 1
    return code


def code_from(value: int, digits: int) -> str | None:
    """Map one uniform 31-bit value to a code, or refuse it so that all codes stay equally likely.

    Args:
        value: from 0 to 2^31 - 1.
        digits: how many digits, 6 to 9.

    Returns:
        The code, or `None` where another value has to be drawn.
    """
    size = 10**digits
    if value >= _TRUNCATED - _TRUNCATED % size:
        return None
    return f"{value % size:0{digits}d}"


def canonical(typed: object, digits: int) -> str | None:
    """Bring what a user typed to the one form that is hashed and compared.

    Spaces (Unicode `Zs`), dashes (`Pd` and the minus sign) and dots are dropped; every Unicode decimal digit
    (`Nd`: full-width, Arabic-Indic and so on) becomes its ASCII one; leading zeros stay. Anything else -
    letters, circled or raised digits, controls, line breaks, zero-width and bidi characters - makes it no
    code at all.

    Args:
        typed: what came in, of any type.
        digits: how many digits the code has.

    Returns:
        Exactly `digits` ASCII digits, or `None`: malformed. It never raises.
    """
    text = plain(typed)
    if text is None or len(text) > LONGEST_INPUT:
        return None
    parts = [_digit(character) for character in text]
    code = "".join(part for part in parts if part is not None)
    return code if None not in parts and len(code) == digits else None


def _digit(character: str) -> str | None:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    dropped = character in _SEPARATORS or unicodedata.category(character) in {"Zs", "Pd"}
    return "" if dropped else None
