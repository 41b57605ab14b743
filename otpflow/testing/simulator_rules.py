"""What the simulated provider accepts, and the words it refuses with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from otpflow.testing.simulator_faults import Answer

_LONGEST_REQUEST_ID = 50
_LONGEST_CAMPAIGN = 254
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
    """Say what is wrong with a request to send, keys aside.

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
    if isinstance(phone, list) or (isinstance(phone, str) and _SEPARATORS.search(phone.strip())):
        return refused("163", "Only one phone number is allowed")
    if not isinstance(phone, str) or not _NUMBER.fullmatch(phone):
        return refused("108", "Phone number is invalid")
    if not isinstance(content, str) or not content.strip():
        return INVALID
    optional = (("RequestId", _LONGEST_REQUEST_ID), ("campaignid", _LONGEST_CAMPAIGN), ("CallbackUrl", 2048))
    for name, longest in optional:
        value = fields.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > longest):
            return INVALID
    if any(str(fields.get(name, 0)) not in {"0", "1"} for name in ("IsUnicode", "Sandbox")):
        return INVALID
    return None if _is_date(fields.get("SendDate")) else INVALID


def _is_date(value: object) -> bool:
    if value is None or value == "":
        return True
    try:
        return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").isoformat(" ") == value  # noqa: DTZ007
    except ValueError:
        return False
