"""The simulated provider's own work: what it takes, what it knows of it later, and what it charges."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from otpflow.testing.simulator_calls import Call, Kind
from otpflow.testing.simulator_faults import Answer
from otpflow.testing.simulator_rules import (
    INVALID,
    call_objection,
    objection,
    refused,
    written,
    zalo_objection,
)

REPEATED = "999"
"""Refuses the same text message to the same number within 5 minutes. The documentation names the rule and no code;
this one is in no table."""

_DUPLICATES_BLOCKED = 24 * 3600
_CONTENT_BLOCKED = 5 * 60
_STATUS_KEPT = 7 * 24 * 3600
_NEVER = float("-inf")


class Provider:
    """An account at the provider. Whoever uses it keeps threads apart.

    Args:
        api_key: the ApiKey that it knows.
        secret_key: the SecretKey that it knows.
        balance: what is on the account, in dong.
        price: of one send, in dong.
        clock: seconds, monotonic.
        templates: what text messages have to match as a whole, one of them; none: anything goes.

    Attributes:
        calls: what was taken, by its SMSID, oldest first.
    """

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        *,
        balance: int,
        price: int,
        clock: Callable[[], float],
        templates: Iterable[str],
    ) -> None:
        self.api_key, self.secret_key = api_key, secret_key
        self.balance, self.price = balance, price
        self.calls: dict[str, Call] = {}
        self._clock = clock
        self._templates = [re.compile(template) for template in templates]
        self._taken: dict[str, float] = {}
        self._written: dict[tuple[str, str], float] = {}

    def send(self, fields: Mapping[str, object]) -> Answer:
        """Take a call or a text message, or refuse it.

        Args:
            fields: of the request.

        Returns:
            The answer.
        """
        kind: Kind = "sms" if str(fields.get("SmsType")) == "2" else "voice"
        return self._take(kind, fields, fields.get("Content"), objection)

    def send_zalo(self, fields: Mapping[str, object]) -> Answer:
        """Do what `send` does, for a Zalo notification."""
        content = json.dumps(fields.get("TempData"), ensure_ascii=False)
        return self._take("zalo", fields, content, zalo_objection)

    def call(self, fields: Mapping[str, object]) -> Answer:
        """Do what `send` does, for a call from a template."""
        return self._take("call", fields, fields.get("VariableListStr"), call_objection)

    def status(self, fields: Mapping[str, object]) -> Answer:
        """Do what `send` does, for the question what became of a send, in the form that is asked for."""
        if not self._authorized(fields):
            return written({"CodeResponse": "101", "ErrorMessage": "Authorize Failed"})
        call = self.calls.get(str(fields.get("ReferenceId") or fields.get("RefId")))
        if call is None or self._clock() - call.at > _STATUS_KEPT:
            return written({"CodeResponse": "105", "ErrorMessage": "SMSID not found"})
        done, arrived = int(call.send_status == 5), int(call.arrived)
        shared = {"CodeResponse": "100", "SendStatus": call.send_status}
        if "ReferenceId" in fields:
            form = {"CallDuration": call.duration, "CallStatus": call.call_status, "Ivr": ""}
            return written(shared | form | {"ReferenceId": call.sms_id, "SentResult": arrived})
        counts = {"SendFailed": done - arrived, "SendSuccess": arrived, "TotalSent": done}
        return written(
            shared | counts | {"SMSID": call.sms_id, "TotalPrice": float(self.price), "TotalReceiver": 1}
        )

    def account(self, fields: Mapping[str, object]) -> Answer:
        """Do what `send` does, for the question what is on the account."""
        if not self._authorized(fields):
            return written({"Balance": 0, "CodeResponse": "101", "ErrorMessage": "Authorize Failed"})
        return written({"Balance": self.balance, "CodeResponse": "100", "UserID": 9999})

    def change(self, sms_id: str, **changes: Any) -> Call:
        """Have something become of a send.

        Args:
            sms_id: which one.
            changes: of its attributes.

        Returns:
            It, as it stands now.
        """
        self.calls[sms_id] = replace(self.calls[sms_id], **changes)
        return self.calls[sms_id]

    def _authorized(self, fields: Mapping[str, object]) -> bool:
        return (fields.get("ApiKey"), fields.get("SecretKey")) == (self.api_key, self.secret_key)

    def _take(
        self,
        kind: Kind,
        fields: Mapping[str, object],
        content: object,
        object_to: Callable[[Mapping[str, object]], Answer | None],
    ) -> Answer:
        if not all(isinstance(fields.get(name), str) for name in ("ApiKey", "SecretKey")):
            return INVALID
        if not self._authorized(fields):
            return refused("101", "Authorize Failed")
        if (refusal := object_to(fields)) is not None:
            return refusal
        now, request_id = self._clock(), str(fields.get("RequestId") or "")
        if request_id and now - self._taken.get(request_id, _NEVER) < _DUPLICATES_BLOCKED:
            return refused("124", "Request exist 1", SendStatus="5")
        message = (str(fields["Phone"]), str(content))
        if kind == "sms" and (refusal := self._unregistered(message, now)) is not None:
            return refusal
        sandbox = str(fields.get("Sandbox", 0)) == "1"
        if not sandbox and self.balance < self.price:
            return refused("103", "Balance not enough")
        sms_id = uuid.uuid4().hex
        if not sandbox:
            self.balance -= self.price
            if kind == "sms":
                self._written[message] = now
            if request_id:
                self._taken[request_id] = now
            self.calls[sms_id] = Call(
                kind=kind,
                phone=message[0],
                content=message[1],
                request_id=request_id,
                sms_id=sms_id,
                callback_url=str(fields["CallbackUrl"]) if fields.get("CallbackUrl") else None,
                at=now,
                fields=fields,
            )
        return written({"CodeResult": "100", "CountRegenerate": 0, "SMSID": sms_id})

    def _unregistered(self, message: tuple[str, str], now: float) -> Answer | None:
        if self._templates and not any(template.fullmatch(message[1]) for template in self._templates):
            return refused("146", "Template is not match", SMSID=uuid.uuid4().hex)
        if now - self._written.get(message, _NEVER) < _CONTENT_BLOCKED:
            return refused(REPEATED, "The same content was sent to this number within 5 minutes")
        return None
