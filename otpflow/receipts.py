"""Callback URLs: one for each send, that names it and proves that it was made here."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from otpflow.records import plain

LONGEST_URL = 500
"""Characters of the application's own part; the provider's fields come on top of it."""


def callback_url(base: str, send: str, signature: str) -> str:
    """Write the URL that one send is reported to.

    Args:
        base: the engine's `callback_url`.
        send: names the send.
        signature: proves that the name was given here.

    Returns:
        The URL with `otpflow_send` and `otpflow_signature` in its query.
    """
    ours = urlencode({"otpflow_send": send, "otpflow_signature": signature})
    separator = "" if base.endswith(("?", "&")) else "&" if "?" in base else "?"
    return f"{base}{separator}{ours}"


def url_problem(base: object) -> str | None:
    """Look for what is wrong with the engine's `callback_url`.

    Args:
        base: the setting.

    Returns:
        A sentence, or `None`.
    """
    if base is None:
        return None
    text = plain(base)
    if text is None or len(text) > LONGEST_URL or not text.isascii() or not text.isprintable():
        return (
            f"callback_url is no str of at most {LONGEST_URL} plain characters; give for example 'https://…'"
        )
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "#" in text or " " in text or "||" in text:
        return (
            "callback_url is no http(s) URL without a fragment; give for example 'https://shop.example/otp'"
        )
    return None
