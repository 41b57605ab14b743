"""eSMS callbacks, without I/O: whatever comes in, a report or nothing comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from otpflow.models import Report
from otpflow.transports._esms_status import report
from otpflow.transports._esms_text import is_plain

_LONGEST = 64
_MESSAGE_FORM = ("SMSID", "SendStatus", "SendSuccess", "SendFailed", "TotalPrice", "phonenumber")
_CALL_FORM = ("ReferenceId", "SendStatus", "CallStatus", "SentResult", "CallDuration", "Price")
_READ = dict.fromkeys((*_MESSAGE_FORM, *_CALL_FORM))
"""What is looked at; the vendor sends more, and adds to it without notice."""


def parse_receipt(query: object) -> Report | None:
    """Read a callback's fields, in the message form or in the call form.

    Nothing here proves that the callback comes from the provider; that is the engine's part.

    Args:
        query: the fields, a text each.

    Returns:
        What it says, or `None` where it is no such callback, says nothing of how the send went, or holds a field
        that is no text, is oversized or has invisible characters.
    """
    if not isinstance(query, Mapping):
        return None
    given = cast("Mapping[object, object]", query)
    fields = {name: given[name] for name in _READ if name in given}
    if not all(
        isinstance(value, str) and len(value) <= _LONGEST and is_plain(value) for value in fields.values()
    ):
        return None
    return report(fields)
