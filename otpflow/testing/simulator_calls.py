"""What the simulated provider remembers: the requests it heard, and the calls it made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

_SPOKEN = re.compile(r"(?<!\d)\d(?:, \d){5,8}(?!\d)")
_WRITTEN = re.compile(r"(?<!\d)\d{6,9}(?!\d)")


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
        phone: the number, as it was sent.
        content: what is said.
        request_id: the partner's id; empty where none came.
        sms_id: the simulator's id.
        callback_url: where the final state is reported, or `None`.
        at: when it was taken, by the simulator's clock.
        fields: all that was sent, keys included.
        send_status: 2 waiting to be sent, 5 done.
        call_status: empty, `"ANSWERED"`, or how the provider spells that nobody did.
        duration: seconds that were spoken.
    """

    phone: str
    content: str
    request_id: str
    sms_id: str
    callback_url: str | None
    at: float
    fields: Mapping[str, object]
    send_status: int = 2
    call_status: str = ""
    duration: int = 0

    def __repr__(self) -> str:
        masked = self.phone[:3] + "*" * (len(self.phone) - 5) + self.phone[-2:]
        return (
            f"Call(phone={masked!r}, sms_id={self.sms_id!r}, request_id={self.request_id!r}, "
            f"send_status={self.send_status}, call_status={self.call_status!r})"
        )

    @property
    def answered(self) -> bool:
        """Whether somebody picked up."""
        return self.call_status == "ANSWERED"

    def callback(self, price: int, appended_with: str) -> str:
        """Write the URL that reports this call, in the call form.

        Args:
            price: of the call, in dong.
            appended_with: what comes before the provider's fields where the URL has a query already.

        Returns:
            The callback URL with the provider's fields behind its own.
        """
        url = self.callback_url or ""
        query = urlencode(
            {
                "ReferenceId": self.sms_id,
                "CallDuration": str(self.duration),
                "CallStatus": self.call_status,
                "Ivr": "",
                "Price": str(price),
                "SentResult": str(int(self.answered)),
                "CID": "",
                "SendStatus": str(self.send_status),
            }
        )
        return url + (appended_with if "?" in url else "?") + query


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
