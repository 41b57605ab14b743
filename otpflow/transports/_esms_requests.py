"""eSMS, without I/O: what each request holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import NoReturn
from urllib.parse import quote, urlencode

from otpflow.errors import DeliveryError
from otpflow.models import Message
from otpflow.transports._esms_settings import Settings
from otpflow.transports._esms_text import is_plain
from otpflow.transports._esms_values import written
from otpflow.transports._exchange import Request

_AT = "/MainService.svc/json/"
_SEND = f"{_AT}SendMultipleMessage_V4_post_json/"
_ZALO = f"{_AT}SendZaloMessage_V6/"
_CALL = f"{_AT}MakeCallTemplate_V2"
_STATUS = f"{_AT}GetSendStatus"
_BALANCE = f"{_AT}GetBalance_json"
_SEPARATOR = "||"
_LONGEST_REQUEST_ID = 50
_LONGEST_REFERENCE = 64
_VIETNAM = timezone(timedelta(hours=7))
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def voice(settings: Settings, message: Message) -> Request:
    """Write the request for a call that speaks the content.

    Args:
        settings: the transport's.
        message: what to deliver.

    Returns:
        The request.

    Raises:
        DeliveryError: the message cannot be sent like this; nothing was.
    """
    return _posted(settings, _SEND, _content(message) | {"SmsType": "8"} | _shared(settings, message))


def sms(settings: Settings, message: Message, *, brandname: str) -> Request:
    """Write the request for a text message from a registered sender; see `voice`."""
    own = {"SmsType": "2", "Brandname": brandname}
    return _posted(settings, _SEND, _content(message) | own | _shared(settings, message))


def zalo(
    settings: Settings, message: Message, *, oaid: str, template_id: str, fields: Mapping[str, str]
) -> Request:
    """Write the request for a Zalo notification; see `voice`."""
    data = {field: _value(message, name) for field, name in fields.items()}
    own = {"OAID": oaid, "TempID": template_id, "TempData": data, "SendingMode": "1"}
    return _posted(settings, _ZALO, own | _shared(settings, message))


def template_call(
    settings: Settings,
    message: Message,
    *,
    template_id: str,
    speaker: str,
    speed: int,
    variables: tuple[str, ...],
) -> Request:
    """Write the request for a call that reads a template; see `voice`."""
    values = [_value(message, name) for name in variables]
    if any(_SEPARATOR in f"{value}|" or value.startswith("|") for value in values):
        _refuse(
            "content", "a value of the template holds '||', or a bar at an end: the provider would split it"
        )
    own = {
        "TemplateId": template_id,
        "VariableListStr": _SEPARATOR.join(values),
        "Voice": speaker,
        "Speed": str(speed),
    }
    shared = _shared(settings, message, date="%Y/%m/%d %H:%M:%S")
    del shared["Sandbox"]  # which the provider has for messages alone
    return _got(settings, settings.call_url, _CALL, own | shared)


def message_status(settings: Settings, reference: str) -> Request:
    """Write the question what became of a message.

    Args:
        settings: the transport's.
        reference: the provider's id of the send.

    Returns:
        The request.

    Raises:
        DeliveryError: that is no id of the provider's; nothing was asked.
    """
    return _got(settings, settings.base_url, _STATUS, {"RefId": _reference(reference)})


def call_status(settings: Settings, reference: str) -> Request:
    """Write the question what became of a call; see `message_status`."""
    return _got(settings, settings.call_url, _STATUS, {"ReferenceId": _reference(reference)})


def balance(settings: Settings) -> Request:
    """Write the question what is left on the account."""
    return _posted(settings, _BALANCE, {})


def _posted(settings: Settings, path: str, fields: Mapping[str, object]) -> Request:
    body = json.dumps({**_keys(settings), **fields}).encode("ascii")
    return Request(method="POST", url=settings.base_url.rstrip("/") + path, body=body)


def _got(settings: Settings, base_url: str, path: str, fields: Mapping[str, object]) -> Request:
    query = urlencode({**_keys(settings), **fields}, quote_via=quote)
    return Request(method="GET", url=f"{base_url.rstrip('/')}{path}?{query}")


def _keys(settings: Settings) -> dict[str, object]:
    return {"ApiKey": settings.api_key, "SecretKey": settings.secret_key}


def _content(message: Message) -> dict[str, object]:
    if not message.content.strip() or not is_plain(message.content):
        _refuse("content", "the content is empty, or has control, bidi or invisible characters")
    return {"Content": message.content, "IsUnicode": int(not message.content.isascii())}


def _value(message: Message, name: str) -> str:
    value = written(message, name)
    if not value.strip() or not is_plain(value):
        _refuse("content", f"{name} is empty, or has control, bidi or invisible characters")
    return value


def _shared(settings: Settings, message: Message, date: str = "%Y-%m-%d %H:%M:%S") -> dict[str, object]:
    if not _NUMBER.fullmatch(message.to):
        _refuse("number", "the number is not in E.164 form, as in '+84901888484'")
    if not 0 < len(message.request_id) <= _LONGEST_REQUEST_ID or not is_plain(message.request_id):
        _refuse("request_id", f"the request id has to have 1 to {_LONGEST_REQUEST_ID} visible characters")
    if message.callback_url is not None and not is_plain(message.callback_url):
        _refuse("callback_url", "the callback URL has control, bidi or invisible characters")
    fields: dict[str, object] = {
        "Phone": _national(message.to),
        "RequestId": message.request_id,
        "Sandbox": int(settings.sandbox),
    }
    if settings.campaign is not None:
        fields["campaignid"] = settings.campaign
    if message.callback_url is not None:
        fields["CallbackUrl"] = message.callback_url
    if settings.send_at is not None and (moment := settings.send_at()) is not None:
        fields["SendDate"] = _in_vietnam(moment).strftime(date)
    return fields


def _in_vietnam(moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        _refuse("send_at", "send_at gave a time without a time zone; give an aware datetime")
    return moment.astimezone(_VIETNAM)


def _reference(reference: object) -> str:
    if (
        not isinstance(reference, str)
        or not 0 < len(reference) <= _LONGEST_REFERENCE
        or not (reference.isascii() and reference.isprintable())
    ):
        _refuse("reference", "this is no id of a send; give a receipt's provider_ref")
    return reference


def _refuse(code: str, message: str) -> NoReturn:
    raise DeliveryError(code, False, message, "caller")


def _national(number: str) -> str:
    return "0" + number[3:] if number.startswith("+84") else number[1:]
