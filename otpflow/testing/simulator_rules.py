"""What the simulated provider accepts, and the words it refuses with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from otpflow.testing.simulator_faults import Answer

_LONGEST = {"RequestId": 50, "campaignid": 254, "CallbackUrl": 2048}
_VOICES = frozenset({"male", "female", "hatieumai", "ngoclam"})
_SPEEDS = frozenset(str(speed) for speed in range(-3, 4))
_NUMBER = re.compile(r"0[0-9]{9,10}|[1-9][0-9]{7,14}")
_SEPARATORS = re.compile(r"[,; ]")
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


def written(fields: Mapping[str, object]) -> Answer:
    """Write an answer of the provider's.

    Args:
        fields: of the JSON object.

    Returns:
        The answer, HTTP 200.
    """
    return Answer(headers=_HEADERS, body=json.dumps(fields).encode())


def refused(code: str, message: str, **more: str) -> Answer:
    """Write a refusal to send.

    Args:
        code: the provider's code.
        message: its ErrorMessage.
        more: further fields.

    Returns:
        The answer, HTTP 200.
    """
    return written({"CodeResult": code, "CountRegenerate": 0, "ErrorMessage": message, **more})


INVALID = written({"error": "Invalid request"})


def fields_of(body: bytes) -> dict[str, object]:
    """Read the JSON object of a request.

    Args:
        body: of the request.

    Returns:
        Its fields; empty where it is no JSON object.
    """
    try:
        value: object = json.loads(body)
    except ValueError:
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def objection(fields: Mapping[str, object]) -> Answer | None:
    """Say what is wrong with a request to call or to send a text message, keys aside.

    Args:
        fields: of the request.

    Returns:
        The refusal, or `None`.
    """
    phone, content, kind = fields.get("Phone"), fields.get("Content"), fields.get("SmsType")
    if kind is None or kind == "":
        return refused("300", "SmsType is missing")
    if str(kind) not in {"2", "8"}:
        return refused("118", "SmsType is not supported")
    if str(kind) == "2" and not fields.get("Brandname"):
        return refused("104", "Brandname is not exist")
    if (wrong := _wrong_phone(phone)) is not None:
        return wrong
    if not isinstance(content, str) or not content.strip() or not _is_flag(fields.get("IsUnicode")):
        return INVALID
    return None if _are_options(fields) else INVALID


def zalo_objection(fields: Mapping[str, object]) -> Answer | None:
    """Do what `objection` does, for a Zalo notification."""
    if (wrong := _wrong_phone(fields.get("Phone"))) is not None:
        return wrong
    data = fields.get("TempData")
    named = all(isinstance(fields.get(name), str) and fields.get(name) for name in ("OAID", "TempID"))
    if not named or not isinstance(data, dict) or not data or fields.get("SendingMode") != "1":
        return INVALID
    return None if _are_options(fields) else INVALID


def call_objection(fields: Mapping[str, object]) -> Answer | None:
    """Do what `objection` does, for a call from a template."""
    if not fields.get("TemplateId"):
        return refused("104", "Template not found")
    if (wrong := _wrong_phone(fields.get("Phone"))) is not None:
        return wrong
    spoken = fields.get("Voice", "female") in _VOICES and str(fields.get("Speed", 0)) in _SPEEDS
    if not fields.get("VariableListStr") or not spoken:
        return INVALID
    return None if _are_options(fields, date="%Y/%m/%d %H:%M:%S") else INVALID


def _wrong_phone(phone: object) -> Answer | None:
    if isinstance(phone, list) or (isinstance(phone, str) and _SEPARATORS.search(phone.strip())):
        return refused("163", "Only one phone number is allowed")
    if not isinstance(phone, str) or not _NUMBER.fullmatch(phone):
        return refused("108", "Phone number is invalid")
    return None


def _are_options(fields: Mapping[str, object], date: str = "%Y-%m-%d %H:%M:%S") -> bool:
    for name, longest in _LONGEST.items():
        value = fields.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > longest):
            return False
    return _is_flag(fields.get("Sandbox")) and _is_date(fields.get("SendDate"), date)


def _is_flag(value: object) -> bool:
    return value is None or str(value) in {"0", "1"}


def _is_date(value: object, form: str) -> bool:
    if value is None or value == "":
        return True
    try:
        return datetime.strptime(str(value), form).strftime(form) == value  # noqa: DTZ007
    except ValueError:
        return False
