"""A simulated eSMS for somebody's application, until Ctrl-C, with every request in sight."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from rich.console import Console, RenderableType

from otpflow import recipients
from otpflow.cli import view
from otpflow.errors import ConfigurationError
from otpflow.testing import Answer, Call, EsmsSimulator
from otpflow.testing.simulator_rules import fields_of
from otpflow.transports import EsmsVoice

_GLANCE = 0.5  # seconds; where a wait without end cannot be interrupted, one of this length can


def simulate(console: Console, port: int, api_key: str, secret_key: str) -> None:
    """Serve a simulated eSMS on 127.0.0.1, and show what it is asked, until Ctrl-C.

    Args:
        console: where it is shown.
        port: which port; 0 takes a free one.
        api_key: the ApiKey that it knows.
        secret_key: the SecretKey that it knows.

    Raises:
        ConfigurationError: the port cannot be had, or a key is none.
    """
    EsmsVoice(api_key, secret_key).close()  # refuses keys that no application could use
    simulator = _Overheard(api_key, secret_key)
    try:
        server = simulator.serve(port)
    except OSError as error:
        raise ConfigurationError(f"--port {port}: {error.strerror}; 0 takes a free one") from error
    # Ctrl-C is how this is meant to end, so that it is no failure.
    with server as running, suppress(KeyboardInterrupt):
        settings = {
            "ESMS_BASE_URL": running.base_url,
            "ESMS_API_KEY": shlex.quote(api_key),
            "ESMS_SECRET_KEY": shlex.quote(secret_key),
            "OTPFLOW_KEYS": '"$(otpflow keygen)"',
        }
        console.print(view.simulating(settings), soft_wrap=True)
        while True:
            with suppress(Empty):
                console.print(_line(simulator, *simulator.exchanges.get(timeout=_GLANCE)))
    console.print(view.stopped(len(simulator.calls)))


class _Overheard(EsmsSimulator):
    """A simulator that can be listened to.

    Attributes:
        exchanges: the path of each request, and its answer.
    """

    def __init__(self, api_key: str, secret_key: str) -> None:
        super().__init__(api_key, secret_key)
        self.exchanges: SimpleQueue[tuple[str, Answer]] = SimpleQueue()

    def exchange(self, method: str, url: str, body: bytes, wait: Callable[[float], object]) -> Answer:
        """Do what the simulator does, and tell it."""
        answer = super().exchange(method, url, body, wait)
        self.exchanges.put((urlsplit(url).path, answer))
        return answer


def _line(simulator: EsmsSimulator, path: str, answer: Answer) -> RenderableType:
    at = time.strftime("%H:%M:%S")
    fields = fields_of(answer.body)
    call = _call(simulator, fields) if "CodeResult" in fields else None
    if call is not None:
        return view.simulated_call(at, recipients.mask(call.phone), call.content, call.sms_id)
    code = fields.get("CodeResult") or fields.get("CodeResponse") or answer.status
    message = fields.get("ErrorMessage") or fields.get("error") or ""
    name = path.rstrip("/").rpartition("/")[2] or "/"
    return view.simulated_answer(at, name, str(code), str(message))


def _call(simulator: EsmsSimulator, fields: Mapping[str, object]) -> Call | None:
    calls = {call.sms_id: call for call in simulator.calls}
    return calls.get(str(fields.get("SMSID")))
