"""eSMS, without I/O: what became of a send, as answers and callbacks say it, and what is on the account."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from otpflow.models import DeliveryState, Report
from otpflow.transports._esms_text import Secrets, is_plain

_WAITING = frozenset({1, 2, 7})
"""Waiting for approval, waiting to be sent, waiting for the operator's report."""
_REFUSED = 4
_DONE = 5
_CALLS = {
    "ANSWERED": DeliveryState.DELIVERED,
    "NOANSWERED": DeliveryState.UNANSWERED,
    "NOANSWER": DeliveryState.UNANSWERED,
}
_LONGEST_REFERENCE = 64
_MOST_SECONDS = 86_400
_HIGHEST_PRICE = 1e9
_HIGHEST = 1e15
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{0,15})?")


def state(fields: Mapping[str, object]) -> DeliveryState | None:
    """Say what became of a send.

    Args:
        fields: of the message form or of the call form; in an answer some are numbers, in a callback all are texts.

    Returns:
        The state; `ACCEPTED` where it is not decided yet, `None` where the fields do not say it.
    """
    status = whole(fields.get("SendStatus"))
    if status in _WAITING:
        return DeliveryState.ACCEPTED
    if status == _REFUSED:
        return DeliveryState.FAILED
    if status != _DONE and _given(fields.get("SendStatus")):
        return None
    call = fields.get("CallStatus")
    if isinstance(call, str) and (known := _CALLS.get("".join(call.upper().split()))):
        return known
    for name, at_once in (("SentResult", True), ("SendSuccess", False)):
        count = whole(fields.get(name))
        if count is not None and (count > 0 or at_once):
            return DeliveryState.DELIVERED if count > 0 else DeliveryState.FAILED
    return DeliveryState.FAILED if (whole(fields.get("SendFailed")) or 0) > 0 else None


def report(fields: Mapping[str, object], secrets: Secrets | None = None) -> Report | None:
    """Read an answer of either status endpoint, or a callback.

    Args:
        fields: of the answer.
        secrets: what its id of the send must not hold.

    Returns:
        The report, or `None` where the fields do not say what became of the send.
    """
    became = state(fields)
    if became is None:
        return None
    reference = _text(fields.get("SMSID")) or _text(fields.get("ReferenceId"))
    if reference is not None and secrets is not None and secrets.found_in(reference):
        reference = None
    duration = whole(fields.get("CallDuration"))
    price = decimal(fields.get("TotalPrice"))
    return Report(
        state=became,
        provider_ref=reference,
        number=_text(fields.get("phonenumber")),
        duration=duration if duration is not None and 0 <= duration <= _MOST_SECONDS else None,
        price=decimal(fields.get("Price")) if price is None else price,
    )


def balance(fields: Mapping[str, object]) -> int | None:
    """Read what is on the account.

    Args:
        fields: of the answer.

    Returns:
        The balance in whole dong, or `None` where there is none.
    """
    amount = _number(fields.get("Balance"))
    return None if amount is None else math.floor(amount)


def whole(value: object) -> int | None:
    """Read a whole number, from a number or a text.

    Args:
        value: what the field holds.

    Returns:
        The number, or `None`.
    """
    number = int(value) if isinstance(value, bool) else _number(value)
    return int(number) if number is not None and number == math.floor(number) else None


def decimal(value: object) -> float | None:
    """Read a price; see `whole`."""
    number = _number(value)
    return float(number) if number is not None and 0 <= number <= _HIGHEST_PRICE else None


def _number(value: object) -> int | float | None:
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < _HIGHEST else None  # so that it is a number, and finite


def _given(value: object) -> bool:
    return value is not None and value != ""


def _text(value: object) -> str | None:
    if not isinstance(value, str) or not is_plain(value):
        return None
    return value.strip()[:_LONGEST_REFERENCE] or None
