"""Bytes in one written form: base64url, length-prefixed records, and keyed hashes over them."""

from __future__ import annotations

import hashlib
import hmac
import re
from binascii import a2b_base64, b2a_base64

_NUMBER = re.compile(
    r"\d([ ()\u00a0-]*\d){5}"
)  # six digits, as the shortest code has, however they are spaced
_LOOKED_AT = 1_000
_TO_URL = bytes.maketrans(b"+/", b"-_")
# What plain Base64 has and base64url has not becomes a character that neither has.
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")


def encode(raw: bytes) -> str:
    """Write bytes as base64url without padding.

    Args:
        raw: any bytes.

    Returns:
        ASCII text that is safe in URLs, keys and JSON.
    """
    return b2a_base64(raw, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Read base64url with or without padding.

    Args:
        text: what `encode` wrote.

    Returns:
        The bytes.

    Raises:
        ValueError: where it is not base64url.
    """
    bare = text.encode("ascii").rstrip(b"=")
    return a2b_base64(bare.translate(_FROM_URL) + b"=" * (-len(bare) % 4), strict_mode=True)


def plain(value: object) -> str | None:
    """Take a text for what it is, not for what it says about itself.

    `isinstance` believes an object's `__class__`, and a subclass of `str` may answer what it likes: so the
    real type is asked, and only the characters that are really there are used.

    Args:
        value: anything.

    Returns:
        Its characters as a plain `str`; `None` where it is no text.
    """
    return str.__str__(value) if isinstance(value, str) and str in type(value).__mro__ else None


def shown(value: object) -> str:
    """Quote what was passed, for an error's message.

    Args:
        value: anything.

    Returns:
        Its first 40 characters; or only its type, where it is no text, or one that may hold a phone number
        or a code.
    """
    text = plain(value)
    if text is None:
        return f"a {type(value).__name__}"
    if _NUMBER.search(text[:_LOOKED_AT]):
        return "a text with digits, which is not shown"
    return repr(text[:40])


def record(*parts: str | bytes) -> bytes:
    """Join parts so that no two different lists of parts give the same bytes.

    Args:
        parts: texts or bytes.

    Returns:
        Each part behind its length.
    """
    joined = bytearray()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        joined += len(raw).to_bytes(4)
        joined += raw
    return bytes(joined)


def digest(key: bytes, *parts: str | bytes) -> bytes:
    """Compute HMAC-SHA-256 over a record.

    Args:
        key: the key.
        parts: what to authenticate.

    Returns:
        32 bytes.
    """
    return hmac.digest(key, record(*parts), hashlib.sha256)


def derive(key: bytes, *parts: str | bytes) -> bytes:
    """Compute keyed BLAKE2b (RFC 7693) over a record: for names, and for keys that are made from keys.

    It is as strong as `digest` and takes a third of its time; what the standards want to be an HMAC is one.

    Args:
        key: the key, at most 64 bytes.
        parts: what the result is for.

    Returns:
        32 bytes.
    """
    return hashlib.blake2b(record(*parts), digest_size=32, key=key).digest()
