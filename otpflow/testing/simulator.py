"""A simulated eSMS: the provider's documented protocol, without I/O, with faults on demand."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from otpflow.testing.simulator_calls import Call, Request, spoken_code
from otpflow.testing.simulator_faults import Answer, Fault
from otpflow.testing.simulator_rules import INVALID, fields_of, objection, refused, written

if TYPE_CHECKING:
    from otpflow.testing.simulator_server import SimulatorServer
    from otpflow.transports._http import MockTransport

SEND = "/MainService.svc/json/SendMultipleMessage_V4_post_json/"
STATUS = "/MainService.svc/json/GetSendStatus"
BALANCE = "/MainService.svc/json/GetBalance_json"

_DUPLICATES_BLOCKED = 24 * 3600
_STATUS_KEPT = 7 * 24 * 3600


class EsmsSimulator:
    """Speaks eSMS's send, status and balance endpoints, and remembers what it was asked.

    Mount it on a loopback port with `serve()`, or in process with `transport()`. All methods may be
    called from any thread.

    Args:
        api_key: the ApiKey that it knows.
        secret_key: the SecretKey that it knows.
        balance: what is on the account, in dong.
        price: of one call, in dong (850 is the documentation's example).
        clock: seconds, monotonic; a test's own one can pass the 24 hours that block duplicates.
        appends_with: what comes before the receipt's fields where a callback URL has a query already:
            `"&"`, or `"?"`, since the documentation shows both.
    """

    def __init__(
        self,
        api_key: str = "simulated-api-key",
        secret_key: str = "simulated-secret-key",
        *,
        balance: int = 1_000_000,
        price: int = 850,
        clock: Callable[[], float] = time.monotonic,
        appends_with: str = "&",
    ) -> None:
        self.api_key = api_key
        self.secret_key = secret_key
        self.balance = balance
        self.price = price
        self._clock = clock
        self._appends_with = appends_with
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._calls: dict[str, Call] = {}
        self._taken: dict[str, float] = {}
        self._faults: deque[Fault] = deque()
        self._callbacks: list[str] = []

    def __repr__(self) -> str:
        return (
            f"EsmsSimulator(calls={len(self._calls)}, requests={len(self._requests)}, balance={self.balance})"
        )

    @property
    def calls(self) -> list[Call]:
        """The calls that were taken, oldest first, as they stand now."""
        with self._lock:
            return list(self._calls.values())

    @property
    def requests(self) -> list[Request]:
        """Every request that came in, whatever became of it, oldest first."""
        with self._lock:
            return list(self._requests)

    def misbehave(self, fault: Fault, times: int = 1) -> None:
        """Answer the next requests wrongly; faults queue up, one for each request.

        Args:
            fault: how.
            times: how many requests.
        """
        with self._lock:
            self._faults.extend([fault] * times)

    def last_code(self) -> str | None:
        """Hear the code of the newest call; `None` where there is none."""
        return spoken_code(self.calls[-1].content) if self.calls else None

    def heard(self, phone: str) -> str | None:
        """Hear the newest code that one number was told.

        Args:
            phone: in E.164 or national form.

        Returns:
            The code, or `None` where the number was not called.
        """
        digits = "0" + phone[3:] if phone.startswith("+84") else phone.lstrip("+")
        heard = [call.content for call in self.calls if call.phone == digits]
        return spoken_code(heard[-1]) if heard else None

    def answer(self, sms_id: str, *, duration: int = 13) -> None:
        """Have somebody pick a call up; its callback is then due.

        Args:
            sms_id: which call.
            duration: seconds that were spoken.
        """
        self._finish(sms_id, "ANSWERED", duration)

    def no_answer(self, sms_id: str, *, spelling: str = "NOANSWERED") -> None:
        """Have nobody pick a call up; its callback is then due.

        Args:
            sms_id: which call.
            spelling: `"NOANSWERED"` or `"NO ANSWER"`; both are documented.
        """
        self._finish(sms_id, spelling, 0)

    def due_callbacks(self) -> list[str]:
        """Take the callback URLs that are due, oldest first, to deliver them in your own way."""
        with self._lock:
            due, self._callbacks = self._callbacks, []
        return due

    def deliver_callbacks(self) -> list[bool]:
        """Call the callback URLs that are due, up to 5 times each, until HTTP 200; loopback only.

        Returns:
            For each, whether it was answered with 200.
        """
        from otpflow.testing.simulator_server import deliver

        return [deliver(url) for url in self.due_callbacks()]

    def serve(self, port: int = 0) -> AbstractContextManager[SimulatorServer]:
        """Serve on 127.0.0.1 for as long as the `with` block runs.

        Args:
            port: which port; 0 takes a free one.

        Returns:
            The server; its `base_url` is for a transport.

        Raises:
            OSError: the port is taken, or not allowed.
        """
        from otpflow.testing.simulator_server import SimulatorServer

        return SimulatorServer(self, port)

    def transport(self) -> MockTransport:
        """Mount in process: `httpx.Client(transport=simulator.transport())`, or `httpx.AsyncClient`.

        A fault that delays or drips is a read timeout at once, for there is no wire to be slow.

        Returns:
            A transport that reaches this simulator under any URL.
        """
        from otpflow.transports._http import mock_transport

        return mock_transport(self._in_process)

    def _in_process(
        self, method: str, url: str, _: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        answer = self.exchange(method, url, body, _hang)
        if answer.drop:
            raise ConnectionResetError
        if answer.drip:
            raise TimeoutError
        _hang(answer.hold)
        return answer.status, answer.headers, answer.body

    def exchange(self, method: str, url: str, body: bytes, wait: Callable[[float], object]) -> Answer:
        """Take one request as it is served, faults included.

        Args:
            method: `"GET"` or `"POST"`.
            url: path and query, with or without a host.
            body: the request's body.
            wait: called with the seconds that a fault delays the work.

        Returns:
            What goes over the wire.
        """
        split = urlsplit(url)
        query: dict[str, object] = dict(parse_qsl(split.query, keep_blank_values=True))
        fields = fields_of(body) if method == "POST" else query
        with self._lock:
            request = Request(method=method, path=split.path, fields=fields, at=self._clock())
            self._requests.append(request)
            fault = self._faults.popleft() if self._faults else None
        if fault is None:
            return self._work(request)
        wait(fault.wait)
        right = self._work(request) if fault.accepts else Answer()
        return fault.spoil(right, "CodeResult" if split.path == SEND else "CodeResponse")

    def _work(self, request: Request) -> Answer:
        with self._lock:
            match request.method, request.path:
                case "POST", path if path == SEND:
                    return self._send(request.fields)
                case "GET", path if path == STATUS:
                    return self._status(request.fields)
                case "POST", path if path == BALANCE:
                    return self._balance(request.fields)
                case _:
                    return Answer(
                        status=404, headers={"Content-Type": "text/html"}, body=b"<h1>Not found</h1>"
                    )

    def _authorized(self, fields: Mapping[str, object]) -> bool:
        return (fields.get("ApiKey"), fields.get("SecretKey")) == (self.api_key, self.secret_key)

    def _send(self, fields: Mapping[str, object]) -> Answer:
        if not fields or not all(isinstance(fields.get(name), str) for name in ("ApiKey", "SecretKey")):
            return INVALID
        if not self._authorized(fields):
            return refused("101", "Authorize Failed")
        if (refusal := objection(fields)) is not None:
            return refusal
        request_id = str(fields.get("RequestId") or "")
        if request_id and self._clock() - self._taken.get(request_id, float("-inf")) < _DUPLICATES_BLOCKED:
            return refused("124", "Request exist 1", SendStatus="5")
        sandbox = str(fields.get("Sandbox", 0)) == "1"
        if not sandbox and self.balance < self.price:
            return refused("103", "Balance not enough")
        sms_id = uuid.uuid4().hex
        if not sandbox:
            self.balance -= self.price
            if request_id:
                self._taken[request_id] = self._clock()
            self._calls[sms_id] = Call(
                phone=str(fields["Phone"]),
                content=str(fields["Content"]),
                request_id=request_id,
                sms_id=sms_id,
                callback_url=str(fields["CallbackUrl"]) if fields.get("CallbackUrl") else None,
                at=self._clock(),
                fields=fields,
            )
        return written({"CodeResult": "100", "CountRegenerate": 0, "SMSID": sms_id})

    def _status(self, fields: Mapping[str, object]) -> Answer:
        if not self._authorized(fields):
            return written({"CodeResponse": "101", "ErrorMessage": "Authorize Failed"})
        call = self._calls.get(str(fields.get("ReferenceId") or fields.get("RefId")))
        if call is None or self._clock() - call.at > _STATUS_KEPT:
            return written({"CodeResponse": "105", "ErrorMessage": "SMSID not found"})
        done, answered = call.send_status == 5, int(call.answered)
        shared = {"CodeResponse": "100", "SendStatus": call.send_status}
        if "ReferenceId" in fields:
            form = {"CallDuration": call.duration, "CallStatus": call.call_status, "Ivr": ""}
            return written(shared | form | {"ReferenceId": call.sms_id, "SentResult": answered})
        counts = {"SendFailed": int(done) - answered, "SendSuccess": answered, "TotalSent": int(done)}
        return written(
            shared | counts | {"SMSID": call.sms_id, "TotalPrice": float(self.price), "TotalReceiver": 1}
        )

    def _balance(self, fields: Mapping[str, object]) -> Answer:
        if not self._authorized(fields):
            return written({"Balance": 0, "CodeResponse": "101", "ErrorMessage": "Authorize Failed"})
        return written({"Balance": self.balance, "CodeResponse": "100", "UserID": 9999})

    def _finish(self, sms_id: str, status: str, duration: int) -> None:
        with self._lock:
            call = replace(self._calls[sms_id], send_status=5, call_status=status, duration=duration)
            self._calls[sms_id] = call
            if call.callback_url is not None:
                self._callbacks.append(call.callback(self.price, self._appends_with))


def _hang(seconds: float) -> None:
    if seconds > 0:
        raise TimeoutError
