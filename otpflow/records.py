"""Bytes in one written form: base64url, length-prefixed records, and keyed hashes over them."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(raw: bytes) -> str:
    """Write bytes as base64url without padding.

    Args:
        raw: any bytes.

    Returns:
        ASCII text that is safe in URLs, keys and JSON.
    """
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Read base64url with or without padding.

    Args:
        text: what `encode` wrote.

    Returns:
        The bytes.

    Raises:
        ValueError: where it is not base64url.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]*={0,2}", text):
        msg = "not base64url"
        raise ValueError(msg)
    bare = text.rstrip("=")
    return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def record(*parts: str | bytes) -> bytes:
    """Join parts so that no two different lists of parts give the same bytes.

    Args:
        parts: texts or bytes.

    Returns:
        Each part behind its length.
    """
    raw = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in raw)


def digest(key: bytes, *parts: str | bytes) -> bytes:
    """Compute HMAC-SHA-256 over a record.

    Args:
        key: the key.
        parts: what to authenticate.

    Returns:
        32 bytes.
    """
    return hmac.digest(key, record(*parts), hashlib.sha256)
