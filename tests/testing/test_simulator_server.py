"""The simulator on loopback, and the callbacks that it makes."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from otpflow.errors import ConfigurationError
from otpflow.testing.simulator import SEND, EsmsSimulator
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_server import SimulatorServer
from tests.testing.asking import fields, send


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[int], list[str]]]:
    """A receiver of callbacks: its URL, the statuses it will answer with, the paths it heard."""
    statuses: list[int] = []
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(statuses.pop(0))
            self.send_header("Location", self.path)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/r", statuses, heard
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answers", "tries", "arrived"),
    [([200], 1, True), ([500, 302, 200], 3, True), ([500] * 6, 5, False)],
)
def test_callbacks_are_tried_five_times(
    simulator: EsmsSimulator,
    receiver: tuple[str, list[int], list[str]],
    answers: list[int],
    tries: int,
    arrived: bool,
) -> None:
    """Until HTTP 200, at most five times, no redirect followed."""
    url, statuses, heard = receiver
    statuses += answers
    simulator.answer(send(simulator, CallbackUrl=url)["SMSID"])
    assert simulator.deliver_callbacks() == [arrived]
    assert len(heard) == tries
    assert parse_qs(urlsplit(heard[0]).query)["CallStatus"] == ["ANSWERED"]
    assert simulator.deliver_callbacks() == []


@pytest.mark.parametrize("url", ["http://example.com/r", "https://127.0.0.1/r", "file:///etc/hosts"])
def test_callbacks_never_leave_this_machine(simulator: EsmsSimulator, url: str) -> None:
    """Another host, another scheme: refused."""
    simulator.answer(send(simulator, CallbackUrl=url)["SMSID"])
    with pytest.raises(ConfigurationError, match="callback_url"):
        simulator.deliver_callbacks()


def fetch(server: SimulatorServer, body: object, timeout: float = 5) -> tuple[int, bytes]:
    request = urllib.request.Request(server.base_url + SEND, data=json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.status, answer.read()


def test_it_serves_on_loopback(simulator: EsmsSimulator) -> None:
    """What the object answers is what goes over the wire, and the port is free afterwards."""
    with simulator.serve() as server:
        code, body = fetch(server, fields())
        assert (code, json.loads(body)["CodeResult"]) == (200, "100")
    with pytest.raises(urllib.error.URLError):
        fetch(server, fields())


@pytest.mark.parametrize(
    "fault",
    [Fault.delay(60), Fault.accept_then_delay(60), Fault.drip_headers(0.01), Fault.drip_body(0.01)],
    ids=lambda fault: fault.name,
)
def test_closing_ends_what_is_slow(simulator: EsmsSimulator, fault: Fault) -> None:
    """A server that is being slow stops at once, and leaves no thread behind."""
    before, started = threading.active_count(), time.monotonic()
    failed = threading.Event()

    def client() -> None:
        try:
            fetch(server, fields())
        except (OSError, urllib.error.URLError, ValueError):
            failed.set()
        except Exception:  # noqa: BLE001 - http.client's family: any failure will do
            failed.set()

    with simulator.serve() as server:
        simulator.misbehave(fault)
        thread = threading.Thread(target=client)
        thread.start()
        while not simulator.requests:
            threading.Event().wait(0.001)
    thread.join(5)
    assert threading.active_count() == before
    assert time.monotonic() - started < 2
