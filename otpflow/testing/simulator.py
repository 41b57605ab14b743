"""A simulated eSMS: the provider's documented protocol, without I/O, with faults on demand."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from otpflow.testing.simulator_calls import Call, Request, spoken_code
from otpflow.testing.simulator_faults import Answer, Fault
from otpflow.testing.simulator_provider import Provider
from otpflow.testing.simulator_rules import fields_of

if TYPE_CHECKING:
    from otpflow.testing.simulator_server import SimulatorServer
    from otpflow.transports._http import MockTransport

SEND = "/MainService.svc/json/SendMultipleMessage_V4_post_json/"
ZALO = "/MainService.svc/json/SendZaloMessage_V6/"
CALL = "/MainService.svc/json/MakeCallTemplate_V2"
STATUS = "/MainService.svc/json/GetSendStatus"
BALANCE = "/MainService.svc/json/GetBalance_json"

_NOT_FOUND = Answer(status=404, headers={"Content-Type": "text/html"}, body=b"<h1>Not found</h1>")


class EsmsSimulator:
    """Speaks eSMS's endpoints for calls, messages, status and balance, and remembers what it was asked.

    It stands in for both of the provider's hosts. Mount it on a loopback port with `serve()`, or in process with `transport()`. All methods may be
    called from any thread.

    Args:
        api_key: the ApiKey that it knows.
        secret_key: the SecretKey that it knows.
        balance: what is on the account, in dong.
        price: of one send, in dong (850 is the documentation's example).
        clock: seconds, monotonic; a test's own one can pass the 24 hours that block duplicates.
        appends_with: what comes before the receipt's fields where a callback URL has a query already:
            `"&"`, or `"?"`, since the documentation shows both.
        templates: regular expressions, one of which a text message has to match as a whole, as with registered
            templates; none: any text goes.
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
        templates: Iterable[str] = (),
    ) -> None:
        self._provider = Provider(
            api_key, secret_key, balance=balance, price=price, clock=clock, templates=templates
        )
        self._clock = clock
        self._appends_with = appends_with
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._faults: deque[Fault] = deque()
        self._callbacks: list[str] = []

    def __repr__(self) -> str:
        return f"EsmsSimulator(calls={len(self._provider.calls)}, requests={len(self._requests)}, balance={self.balance})"

    @property
    def api_key(self) -> str:
        """The ApiKey that it knows."""
        return self._provider.api_key

    @property
    def secret_key(self) -> str:
        """The SecretKey that it knows."""
        return self._provider.secret_key

    @property
    def balance(self) -> int:
        """What is left on the account, in dong; it can be set."""
        return self._provider.balance

    @balance.setter
    def balance(self, dong: int) -> None:
        """Set what is left.

        Args:
            dong: how much.
        """
        with self._lock:
            self._provider.balance = dong

    @property
    def calls(self) -> list[Call]:
        """The calls and messages that were taken, oldest first, as they stand now."""
        with self._lock:
            return list(self._provider.calls.values())

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
        self._finish(sms_id, call_status="ANSWERED", duration=duration, arrived=True)

    def no_answer(self, sms_id: str, *, spelling: str = "NOANSWERED") -> None:
        """Have nobody pick a call up; its callback is then due.

        Args:
            sms_id: which call.
            spelling: `"NOANSWERED"` or `"NO ANSWER"`; both are documented.
        """
        self._finish(sms_id, call_status=spelling, duration=0, arrived=False)

    def arrive(self, sms_id: str) -> None:
        """Have a message reach the phone; its callback is then due.

        Args:
            sms_id: which message.
        """
        self._finish(sms_id, arrived=True)

    def fail(self, sms_id: str) -> None:
        """Have the operator not get a call or message through; its callback is then due.

        Args:
            sms_id: which one.
        """
        self._finish(sms_id, call_status="", arrived=False)

    def hold(self, sms_id: str, send_status: int) -> None:
        """Have a call or message stand somewhere else than at its end; no callback is due.

        Args:
            sms_id: which one.
            send_status: 1 waiting for approval, 2 waiting to be sent, 4 refused, 7 waiting for the operator.
        """
        with self._lock:
            self._provider.change(sms_id, send_status=send_status)

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
        return fault.spoil(right, "CodeResult" if split.path in {SEND, ZALO, CALL} else "CodeResponse")

    def _work(self, request: Request) -> Answer:
        provider = self._provider
        endpoints = {
            ("POST", SEND): provider.send,
            ("POST", ZALO): provider.send_zalo,
            ("GET", CALL): provider.call,
            ("GET", STATUS): provider.status,
            ("POST", BALANCE): provider.account,
        }
        endpoint = endpoints.get((request.method, request.path))
        with self._lock:
            return _NOT_FOUND if endpoint is None else endpoint(request.fields)

    def _finish(self, sms_id: str, **became: object) -> None:
        with self._lock:
            call = self._provider.change(sms_id, send_status=5, **became)
            if call.callback_url is not None:
                self._callbacks.append(call.callback(self._provider.price, self._appends_with))


def _hang(seconds: float) -> None:
    if seconds > 0:
        raise TimeoutError
