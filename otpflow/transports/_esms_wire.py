"""eSMS, without I/O: what a request holds, what an answer means, and when to ask again."""

from __future__ import annotations

import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Literal, NoReturn, cast

from otpflow.errors import DeliveryError, DeliveryUnknownError
from otpflow.models import Message, Receipt
from otpflow.transports._esms_codes import CODES, DUPLICATE, IN_WORK, TAKEN
from otpflow.transports._exchange import Failure, Reply

PATH = "/MainService.svc/json/SendMultipleMessage_V4_post_json/"
TOTAL = 2
"""The whole send takes at most this many times `timeout`: one try that hangs leaves time for one repeat."""

_TRIES = 3
_TRIES_TO_CONNECT = 2
_LONGEST_REQUEST_ID = 50
_LONGEST_REFERENCE = 64
_LONGEST_QUOTE = 120
_VIETNAM = timezone(timedelta(hours=7))
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_CODE = re.compile(r"[0-9A-Za-z_-]{1,16}")
# Control, format (bidi and zero-width among them), surrogate, line and paragraph separator.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a transport was built with; the keys stay out of `repr`."""

    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    base_url: str
    timeout: float
    sandbox: bool
    campaign: str | None
    send_at: Callable[[], datetime | None] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one answer says of the request it answers.

    Attributes:
        kind: `"taken"`; `"seen"`: one with this id was taken before; `"refused"`: surely not taken;
            `"unsent"`: it did not get there; `"unknown"`.
        code: the provider's code, or a word where there is none.
        message: for the developer; without code, number or secret.
        retryable: whether the same call may work later without anybody changing anything.
        lasting: of a refusal: whether an earlier try of the same request must have met it too.
        reference: the provider's id of the send.
    """

    kind: Literal["taken", "seen", "refused", "unsent", "unknown"]
    code: str
    message: str = ""
    retryable: bool = False
    lasting: bool = False
    reference: str | None = None


_NOT_THE_PROVIDERS = Reading(
    kind="unknown", code="no_code", message="the answer is not one that the provider documents"
)


def build(settings: Settings, message: Message) -> bytes:
    """Write the body of the request.

    Args:
        settings: the transport's.
        message: what to deliver.

    Returns:
        JSON, in ASCII.

    Raises:
        DeliveryError: the message cannot be sent like this; nothing was.
    """
    if message.channel != "voice":
        _refuse("channel", f"this transport calls; it does not serve {message.channel!r}")
    if not _NUMBER.fullmatch(message.to):
        _refuse("number", "the number is not in E.164 form, as in '+84901888484'")
    if not message.content.strip() or not is_plain(message.content):
        _refuse("content", "the content is empty, or has control, bidi or invisible characters")
    if not 0 < len(message.request_id) <= _LONGEST_REQUEST_ID or not is_plain(message.request_id):
        _refuse("request_id", f"the request id has to have 1 to {_LONGEST_REQUEST_ID} visible characters")
    if message.callback_url is not None and not is_plain(message.callback_url):
        _refuse("callback_url", "the callback URL has control, bidi or invisible characters")
    fields: dict[str, str | int] = {
        "ApiKey": settings.api_key,
        "SecretKey": settings.secret_key,
        "Phone": _national(message.to),
        "Content": message.content,
        "SmsType": "8",
        "IsUnicode": int(not message.content.isascii()),
        "Sandbox": int(settings.sandbox),
        "RequestId": message.request_id,
    }
    if settings.campaign is not None:
        fields["campaignid"] = settings.campaign
    if message.callback_url is not None:
        fields["CallbackUrl"] = message.callback_url
    if settings.send_at is not None and (moment := settings.send_at()) is not None:
        if moment.tzinfo is None or moment.utcoffset() is None:
            _refuse("send_at", "send_at gave a time without a time zone; give an aware datetime")
        fields["SendDate"] = moment.astimezone(_VIETNAM).strftime("%Y-%m-%d %H:%M:%S")
    return json.dumps(fields).encode("ascii")


def parse(answer: Reply | Failure, settings: Settings, message: Message) -> Reading:
    """Say what an answer means for the request it answers.

    Args:
        answer: what came back, or why nothing did.
        settings: the transport's; its keys are kept out of what is quoted.
        message: what was to be delivered; its code and number are kept out of what is quoted.

    Returns:
        The reading.
    """
    if isinstance(answer, Failure):
        return Reading(
            kind="unknown" if answer.sent else "unsent",
            code=answer.code,
            message=answer.detail,
            retryable=answer.code != "closed",
        )
    if 300 <= answer.status < 400:
        advice = "the server redirects, which is not followed; check base_url"
        return Reading(kind="refused", code="redirect", message=advice)
    status = f"http_{answer.status}"
    if answer.status >= 500 or answer.status == 408:
        return Reading(kind="unknown", code=status, message="the provider's server failed")
    fields = _object(answer.body)
    if (code := _code_in(fields)) is not None:
        return _read(code, fields, settings, message)
    if _is_malformed(fields):
        text = "the provider calls the request malformed; this is a bug of otpflow, please report it"
        return Reading(kind="refused", code="invalid_request", message=text, lasting=True)
    if answer.status >= 400:
        text = f"the server answered with HTTP status {answer.status}; check base_url"
        return Reading(kind="refused", code=status, message=text, retryable=answer.status == 429)
    return _NOT_THE_PROVIDERS


class Sending:
    """One send: its request, its deadline, and what the answers so far come to. The twins do the I/O.

    Args:
        settings: the transport's.
        message: what to deliver.
        clock: seconds, monotonic.

    Raises:
        DeliveryError: the message cannot be sent like this; nothing was.
    """

    def __init__(
        self, settings: Settings, message: Message, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.url = settings.base_url.rstrip("/") + PATH
        self.body = build(settings, message)
        self._settings, self._message, self._clock = settings, message, clock
        self._deadline = clock() + TOTAL * settings.timeout
        self._tries = 0
        self._reached = False

    def seconds(self) -> float:
        """Say how long the next try may take."""
        return min(self._settings.timeout, self._deadline - self._clock())

    def judge(self, answer: Reply | Failure) -> Receipt | None:
        """Take the answer to a try.

        Args:
            answer: what came back, or why nothing did.

        Returns:
            A receipt, or `None`: send the same request again.

        Raises:
            DeliveryError: it was surely not taken.
            DeliveryUnknownError: nobody knows, and there is no time or try left to find out.
        """
        reading = parse(answer, self._settings, self._message)
        self._tries += 1
        if reading.kind == "taken" or (reading.kind == "seen" and self._reached):
            return Receipt(provider="esms", provider_ref=reading.reference)
        refused = reading.kind == "refused" and (reading.lasting or not self._reached)
        self._reached |= reading.kind in {"seen", "unknown"}
        tries = _TRIES if self._reached else _TRIES_TO_CONNECT
        if not refused and self._tries < tries and self.seconds() > 0:
            return None
        if self._reached and not refused:
            raise DeliveryUnknownError(reading.code, True, reading.message)
        raise DeliveryError(reading.code, reading.retryable, reading.message)


def is_plain(text: str) -> bool:
    """Tell whether a text has no control, bidi, zero-width or line-breaking characters.

    Args:
        text: what is about to go out.

    Returns:
        Whether it may.
    """
    return not any(unicodedata.category(character) in _UNPRINTABLE for character in text)


def _refuse(code: str, message: str) -> NoReturn:
    raise DeliveryError(code, False, message)


def _national(number: str) -> str:
    return "0" + number[3:] if number.startswith("+84") else number[1:]


def _object(body: bytes) -> dict[str, object]:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _code_in(fields: dict[str, object]) -> str | None:
    value = fields.get("CodeResult")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**15 else None
    return value.strip() if isinstance(value, str) and _CODE.fullmatch(value.strip()) else None


def _is_malformed(fields: dict[str, object]) -> bool:
    # Another text under the same name could be a fault after the request was taken.
    error = fields.get("error")
    return "CodeResult" not in fields and isinstance(error, str) and "invalid request" in error.lower()


def _read(code: str, fields: dict[str, object], settings: Settings, message: Message) -> Reading:
    keys, digits = (settings.api_key, settings.secret_key), (message.code, message.to[-7:])
    if code == TAKEN:
        reference = fields.get("SMSID")
        if not isinstance(reference, str) or not is_plain(reference) or _echoes(reference, keys, digits[1:]):
            reference = ""
        return Reading(kind="taken", code=code, reference=reference.strip()[:_LONGEST_REFERENCE] or None)
    if code == DUPLICATE:
        return Reading(kind="seen", code=code, message=CODES[code].meaning)
    if code == IN_WORK:
        return Reading(kind="unknown", code=code, message=CODES[code].meaning)
    if known := CODES.get(code):
        text, retryable, lasting = known.meaning, known.retryable, known.lasting
    elif _echoes(code, keys, digits):
        return _NOT_THE_PROVIDERS
    else:
        text, retryable, lasting = "a code that the provider does not document", False, False
    quote = _quotable(fields.get("ErrorMessage"), keys, digits)
    return Reading(
        kind="refused",
        code=code,
        message=f"{text} (the provider says: {quote})" if quote else text,
        retryable=retryable,
        lasting=lasting,
    )


def _quotable(text: object, keys: Iterable[str], digits: Iterable[str]) -> str:
    if not isinstance(text, str) or _echoes(text, keys, digits):
        return ""
    words = "".join(character if is_plain(character) else " " for character in text).split()
    return " ".join(words)[:_LONGEST_QUOTE]


def _echoes(text: str, keys: Iterable[str], digits: Iterable[str]) -> bool:
    folded = _folded(text)
    numerals = "".join(str(unicodedata.decimal(one)) for one in folded if one.isdecimal())
    return any(_folded(key) in folded for key in keys) or any(run in numerals for run in digits)


def _folded(text: str) -> str:
    plain = "".join(one for one in unicodedata.normalize("NFKC", text) if is_plain(one))
    return "".join(plain.casefold().split())
