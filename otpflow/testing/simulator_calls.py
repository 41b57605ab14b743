"""What the simulated provider remembers: the requests it heard, and the calls it made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlencode

_SPOKEN = re.compile(r"(?<!\d)\d(?:, \d){5,8}(?!\d)")
_WRITTEN = re.compile(r"(?<!\d)\d{6,9}(?!\d)")

Kind: TypeAlias = Literal["voice", "sms", "zalo", "call"]
"""A call that speaks its content, a text message, a Zalo notification, a call that reads a template."""

_TYPES: Mapping[Kind, str] = {"voice": "8", "sms": "2", "zalo": "24", "call": "8"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request:
    """A request as it came in; its values stay out of `repr`.

    Attributes:
        method: `"GET"` or `"POST"`.
        path: without the query.
        fields: the JSON object's fields, or the query's; empty where there was no object.
        at: when, by the simulator's clock.
    """

    method: str
    path: str
    fields: Mapping[str, object]
    at: float

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path}, fields={sorted(self.fields)}, at={self.at!r})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Call:
    """A call (or message) that was taken; content and most of the number stay out of `repr`.

    Attributes:
        kind: `"voice"`, `"sms"`, `"zalo"` or `"call"` (from a template).
        phone: the number, as it was sent.
        content: what is said or written; of a template, what fills it.
        request_id: the partner's id; empty where none came.
        sms_id: the simulator's id.
        callback_url: where the final state is reported, or `None`.
        at: when it was taken, by the simulator's clock.
        fields: all that was sent, keys included.
        send_status: 1 waiting for approval, 2 waiting to be sent, 4 refused, 5 done, 7 waiting for the operator.
        call_status: empty, `"ANSWERED"`, or how the provider spells that nobody did.
        arrived: whether it was answered, or reached the phone.
        duration: seconds that were spoken.
    """

    kind: Kind = "voice"
    phone: str
    content: str
    request_id: str
    sms_id: str
    callback_url: str | None
    at: float
    fields: Mapping[str, object]
    send_status: int = 2
    call_status: str = ""
    arrived: bool = False
    duration: int = 0

    def __repr__(self) -> str:
        masked = self.phone[:3] + "*" * (len(self.phone) - 5) + self.phone[-2:]
        return (
            f"Call(kind={self.kind!r}, phone={masked!r}, sms_id={self.sms_id!r}, request_id={self.request_id!r}, "
            f"send_status={self.send_status}, call_status={self.call_status!r})"
        )

    @property
    def answered(self) -> bool:
        """Whether somebody picked up."""
        return self.call_status == "ANSWERED"

    def callback(self, price: int, appended_with: str, form: Literal["message", "call"] | None = None) -> str:
        """Write the URL that reports this send.

        Args:
            price: of the send, in dong.
            appended_with: what comes before the provider's fields where the URL has a query already.
            form: `"message"` or `"call"`; that of its kind where it is left out.

        Returns:
            The callback URL with the provider's fields behind its own.
        """
        url = self.callback_url or ""
        if form is None:
            form = "call" if self.kind in {"voice", "call"} else "message"
        fields = self._call_form(price) if form == "call" else self._message_form(price)
        return url + (appended_with if "?" in url else "?") + urlencode(fields)

    def _call_form(self, price: int) -> dict[str, str]:
        return {
            "ReferenceId": self.sms_id,
            "CallDuration": str(self.duration),
            "CallStatus": self.call_status,
            "Ivr": "",
            "Price": str(price),
            "SentResult": str(int(self.arrived)),
            "CID": "",
            "SendStatus": str(self.send_status),
        }

    def _message_form(self, price: int) -> dict[str, str]:
        done = self.send_status == 5
        return {
            "SMSID": self.sms_id,
            "SendFailed": str(int(done and not self.arrived)),
            "SendStatus": str(self.send_status),
            "SendSuccess": str(int(self.arrived)),
            "TotalPrice": f"{price if self.arrived else 0:.4f}",
            "TotalReceiver": "1",
            "TotalSent": str(int(done)),
            "RequestId": self.request_id,
            "TypeId": _TYPES[self.kind],
            "telcoid": "2",
            "phonenumber": self.phone,
            "partnerids": "",
            "error_info": "",
            "oaid": str(self.fields.get("OAID") or ""),
            "tempid": str(self.fields.get("TempID") or ""),
            "switchsmsid": "",
        }


def spoken_code(content: str) -> str | None:
    """Hear the code in what is said, or read it in what is written.

    Args:
        content: of a call (`"6, 8, 6, 8, 6, 8"`) or of a message (`"686868"`).

    Returns:
        The first code of 6 to 9 digits, or `None`.
    """
    if found := _SPOKEN.search(content):
        return found.group().replace(", ", "")
    found = _WRITTEN.search(content)
    return found.group() if found else None
