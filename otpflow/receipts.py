"""The fate of a send: a state that only moves forward, and callback URLs that prove where they come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from otpflow.models import DeliveryState
from otpflow.records import decode, encode, plain

LONGEST_URL = 500
"""Characters of the application's own part; the provider's fields come on top of it."""

LONGEST_QUERY = 8_192
"""Characters of a callback's query; what is longer is not looked at. The longest documented one has 400."""

MOST_FIELDS = 64

# A later one overtakes the earlier ones. Of two final reports the better one holds, whichever comes first: a
# phone that was answered stays answered, so that duplicates and reorderings come to one state.
_ORDER = (
    DeliveryState.ACCEPTED,
    DeliveryState.UNKNOWN,
    DeliveryState.FAILED,
    DeliveryState.UNANSWERED,
    DeliveryState.DELIVERED,
)
_OVERTAKEN = {state: f" {' '.join(_ORDER[:place])} " for place, state in enumerate(_ORDER)}
_SEND = re.compile(
    r"([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9_-]{20})\.([A-Za-z0-9_-]{22})\.([1-9][0-9]?)\.([A-Za-z0-9_-]{1,43})"
)
_OURS = ("otpflow_send", "otpflow_signature", "otpflow_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendName:
    """Names one send of one challenge, as it stands in its callback URL.

    Attributes:
        key_id: the key that the challenge was made with.
        slot: names the number's slot in Redis.
        locator: names the challenge in that slot.
        number: the how-manieth send it is, from 1.
        carrier: name of the transport that was asked for it.
    """

    key_id: str
    slot: str
    locator: str
    number: int
    carrier: str

    def __str__(self) -> str:
        carrier = encode(self.carrier.encode("ascii"))
        return f"{self.key_id}.{self.slot}.{self.locator}.{self.number}.{carrier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A callback's query, taken apart.

    Attributes:
        send: which send it says it is about; `None` where that is not of the form.
        signature: what proves it.
        secret: the challenge's secret, sealed; empty where the URL has none.
        fields: what the provider says.
    """

    send: SendName | None
    signature: str
    secret: str = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)


def overtaken(state: DeliveryState) -> str:
    """Tell which states a report moves on from.

    Args:
        state: what is reported.

    Returns:
        The states that it overtakes, each between spaces.
    """
    return _OVERTAKEN[state]


def callback_url(base: str, send: SendName, signature: str, secret: str) -> str:
    """Write the URL that one send is reported to.

    Args:
        base: the engine's `callback_url`.
        send: names the send.
        signature: proves that the name was given here.
        secret: the challenge's secret, sealed; empty where a report has no need of it.

    Returns:
        The URL with `otpflow_send` and `otpflow_signature` in its query.
    """
    ours = {"otpflow_send": str(send), "otpflow_signature": signature}
    if secret:
        ours["otpflow_secret"] = secret
    mark = "&" if "?" in base else "?"
    if "?" in base and base.endswith(("?", "&")):
        mark = ""
    return f"{base}{mark}{urlencode(ours)}"


def read(query: object) -> Callback | None:
    """Take a callback's query apart, however the framework hands it over.

    The provider appends its fields with `&`, or with a second `?`, which then stands in the last of our own
    values. Of a field that comes twice, the first one counts.

    Args:
        query: the raw query as text or bytes, or a mapping of names to a text or to a list of texts.

    Returns:
        The callback, or `None` where it is no query, or too long.
    """
    pairs = _pairs(query)
    if pairs is None:
        return None
    found: dict[str, str] = {}
    for name, value in pairs:
        own, mark, rest = value.partition("?")
        if name in _OURS and mark:
            found.setdefault(name, own)
            for inner, text in _parsed(rest) or ():
                found.setdefault(inner, text)
        else:
            found.setdefault(name, value)
    send, signature, secret = (found.pop(name, "") for name in _OURS)
    return Callback(send=_send(send), signature=signature, secret=secret, fields=found)


def _send(text: str) -> SendName | None:
    match = _SEND.fullmatch(text)
    if match is None:
        return None
    try:
        carrier = decode(match[5]).decode("ascii")
    except ValueError:
        return None
    name = SendName(key_id=match[1], slot=match[2], locator=match[3], number=int(match[4]), carrier=carrier)
    # Where the last letter of base64url has bits to spare, other letters mean the same: they were not written here.
    return name if str(name) == text else None


def _pairs(query: object) -> list[tuple[str, str]] | None:
    if isinstance(query, str | bytes | bytearray):
        head = query[: LONGEST_QUERY + 2]  # a mark before it, and one character that is too much
        text = head if isinstance(head, str) else bytes(head).decode("ascii", "replace")
        return _parsed(text.removeprefix("?"))
    mapping = cast("Mapping[object, object]", query)
    if not isinstance(query, Mapping) or len(mapping) > MOST_FIELDS:
        return None
    # Several frameworks' mappings show the last of several values, and have all of them only here.
    several: Any = getattr(mapping, "getlist", None)
    pairs: list[tuple[str, str]] = []
    for name, value in mapping.items():
        first: object = several(name) if callable(several) else value
        if isinstance(first, list | tuple):
            first = next(iter(cast("Iterable[object]", first)), None)
        if isinstance(name, str) and isinstance(first, str):
            pairs.append((name, first))
    return pairs if sum(len(name) + len(value) for name, value in pairs) <= LONGEST_QUERY else None


def _parsed(text: str) -> list[tuple[str, str]] | None:
    if len(text) > LONGEST_QUERY:
        return None
    try:
        return parse_qsl(text.replace("?", "&"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None


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
