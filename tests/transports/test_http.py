"""One bounded exchange: what is surely not sent, what nobody knows, and that nothing hangs."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from otpflow.testing.simulator import EsmsSimulator
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports import _http
from otpflow.transports._exchange import LARGEST_BODY, AbandonedError, Failure, Progress, Reply, Request
from tests.transports.conftest import TIMEOUT, Build, Esms, Post, fail, message

REQUEST = Request(method="POST", url="https://x.test/", body=b"{}")
EXCEPTIONS: list[tuple[Exception, bool, str]] = [
    (httpx.ConnectError("x"), False, "connect"),
    (httpx.ConnectTimeout("x"), False, "connect"),
    (httpx.ProxyError("x"), False, "connect"),
    (httpx.UnsupportedProtocol("x"), False, "connect"),
    (httpx.PoolTimeout("x"), False, "busy"),
    (httpx.ReadTimeout("x"), True, "timeout"),
    (httpx.WriteTimeout("x"), True, "timeout"),
    (TimeoutError("x"), True, "timeout"),
    (httpx.ReadError("x"), True, "disconnected"),
    (httpx.WriteError("x"), True, "disconnected"),
    (httpx.CloseError("x"), True, "disconnected"),
    (httpx.LocalProtocolError("x"), True, "disconnected"),
    (httpx.RemoteProtocolError("x"), True, "disconnected"),
    (ConnectionResetError("x"), True, "disconnected"),
    (ssl.SSLError("x"), True, "disconnected"),
    (httpx.DecodingError("x"), True, "failed"),
    (httpx.TooManyRedirects("x"), True, "failed"),
    (httpx.InvalidURL("x"), True, "failed"),
    (RuntimeError("x"), True, "failed"),
    (KeyError("x"), True, "failed"),
]


@pytest.mark.parametrize(
    ("error", "sent", "code"),
    EXCEPTIONS,
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_exception_becomes_a_failure(post: Post, error: Exception, sent: bool, code: str) -> None:
    """Only what surely left no byte counts as not sent."""

    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    answer = post("https://rest.esms.vn/", fail)
    assert isinstance(answer, Failure)
    assert (answer.sent, answer.code) == (sent, code)


def test_every_exception_of_httpx_is_in_the_table() -> None:
    """A class that httpx adds is looked at before it is relied on."""
    tested = {type(row[0]) for row in EXCEPTIONS}
    known = {
        one for one in vars(httpx).values() if isinstance(one, type) and issubclass(one, httpx.HTTPError)
    }
    leaves = {one for one in known if not any(other is not one and issubclass(other, one) for other in known)}
    # Only `raise_for_status` raises it, which is not called here.
    assert leaves - tested == {httpx.HTTPStatusError}


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("fault", [Fault.drip_headers(0.02), Fault.drip_body(0.02)], ids=lambda one: one.name)
def test_a_server_that_drips_is_cut_off(
    post: Post, server: SimulatorServer, simulator: EsmsSimulator, fault: Fault
) -> None:
    """The deadline holds although every single read is in time."""
    simulator.misbehave(fault)
    started = time.monotonic()
    answer = post(server.base_url)
    assert time.monotonic() - started < TIMEOUT + 0.5
    assert answer == Failure(sent=True, code="timeout", detail="no whole answer in time")


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("fault", [Fault.drip_headers(0.02), Fault.drip_body(0.02)], ids=lambda one: one.name)
def test_nobody_keeps_reading_from_a_server_that_drips(
    voice: Esms, simulator: EsmsSimulator, fault: Fault
) -> None:
    """The connection ends with the deadline, not when the transport is closed; no worker stays behind."""
    simulator.misbehave(fault, times=2)
    assert fail(voice).code == "timeout"
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:  # the server's, which ends when it cannot write
            thread.join(2)
            assert not thread.is_alive()


@pytest.mark.guarantee("D2")
def test_a_huge_body_is_not_read(post: Post) -> None:
    """At most 64 KiB, and never what is compressed."""
    at_most = post("https://x.test/", lambda _: httpx.Response(200, content=b"x" * LARGEST_BODY))
    assert at_most == Reply(status=200, body=b"x" * LARGEST_BODY)
    more = post("https://x.test/", lambda _: httpx.Response(200, content=b"x" * (LARGEST_BODY + 1)))
    assert isinstance(more, Failure)
    assert (more.sent, more.code) == (True, "oversized")

    def read_all() -> Iterator[bytes]:
        yield from [b"x" * 60_000] * 2
        pytest.fail("read on after the limit")

    class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return read_all()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in read_all():
                yield chunk

    endless = post("https://x.test/", lambda _: httpx.Response(200, stream=Endless()))
    assert endless == more
    packed = post(
        "https://x.test/", lambda _: httpx.Response(200, headers={"Content-Encoding": "br"}, stream=Endless())
    )
    assert isinstance(packed, Failure)
    assert packed.code == "encoded"


def test_what_goes_out(post: Post) -> None:
    """POST, JSON, nothing compressed asked for."""
    heard: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(204)

    assert post("https://x.test/path", hear) == Reply(status=204, body=b"")
    (request,) = heard
    assert (request.method, str(request.url), request.content) == ("POST", "https://x.test/path", b"{}")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"


def test_when_all_workers_hang_the_next_is_surely_not_sent() -> None:
    """It waited for a thread in vain and was taken back before it began."""
    release = threading.Event()
    sent: list[httpx.Request] = []

    def hang(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        release.wait(10)
        return httpx.Response(200)

    client = _http.HTTPClient(httpx.Client(transport=httpx.MockTransport(hang)))
    callers = [threading.Thread(target=client.exchange, args=(REQUEST, 5)) for _ in range(32)]
    for caller in callers:
        caller.start()
    while len(sent) < 32:
        release.wait(0.001)
    answer = client.exchange(REQUEST, 0.05)
    release.set()
    for caller in callers:
        caller.join()
    client.close()
    assert isinstance(answer, Failure)
    assert (answer.sent, answer.code, len(sent)) == (False, "busy", 32)


def test_closing_takes_back_what_has_not_begun() -> None:
    """A caller that waits for a thread is told, and does not hang."""
    release, hanging = threading.Event(), threading.Semaphore(0)
    answers: list[Reply | Failure] = []

    def hang(_: httpx.Request) -> httpx.Response:
        hanging.release()
        release.wait(10)
        return httpx.Response(200)

    client = _http.HTTPClient(httpx.Client(transport=httpx.MockTransport(hang)))

    def call() -> None:
        answers.append(client.exchange(REQUEST, 5))

    callers = [threading.Thread(target=call) for _ in range(33)]
    for caller in callers:
        caller.start()
    for _ in range(32):
        hanging.acquire()
    waiting: Any = vars(client)["_pool"]._work_queue
    while waiting.empty():
        release.wait(0.001)
    client.close()
    release.set()
    for caller in callers:
        caller.join(5)
    closed = [answer for answer in answers if isinstance(answer, Failure)]
    assert [(answer.sent, answer.code) for answer in closed] == [(False, "closed")]
    assert client.exchange(REQUEST, 1) == closed[0]


def test_what_was_abandoned_before_it_was_sent_is_never_sent() -> None:
    """A slow name look-up that ends after the deadline leads to no call that nobody knows of."""
    progress = Progress()
    progress.trace("connection.connect_tcp.started", {})
    failure = progress.abandon()
    assert (failure.sent, failure.code) == (False, "connect")
    with pytest.raises(AbandonedError):
        progress.trace("http11.send_request_headers.started", {})


def test_what_was_abandoned_after_it_was_sent_is_unknown() -> None:
    """So is what a client's transport says nothing about."""
    progress = Progress()
    progress.trace("connection.connect_tcp.started", {})
    progress.trace("http11.send_request_headers.started", {})
    assert progress.abandon().sent
    assert Progress().abandon().sent


def test_a_connection_that_other_requests_share_is_not_cut() -> None:
    """An HTTP/2 client of the caller's own carries many requests over one connection."""
    here, there = socket.socketpair()

    class Stream:
        def get_extra_info(self, _: str) -> socket.socket:
            return here

    with here, there:
        shared, own = Progress(), Progress()
        for progress in (shared, own):
            progress.trace("connection.connect_tcp.complete", {"return_value": Stream()})
        shared.trace("http2.send_connection_init.started", {})
        shared.cut()
        assert here.send(b"x") == 1
        own.cut()
        with pytest.raises(OSError, match="pipe"):
            here.send(b"x")


def test_no_connection_after_the_request_left_is_unknown() -> None:
    """As a transport of the caller's own reports it that tries again by itself."""

    def again(request: httpx.Request) -> httpx.Response:
        request.extensions["trace"]("http11.send_request_headers.started", {})
        raise httpx.ConnectError("the second time")

    client = _http.HTTPClient(httpx.Client(transport=httpx.MockTransport(again)))
    answer = client.exchange(REQUEST, 1)
    client.close()
    assert isinstance(answer, Failure)
    assert answer.sent


@pytest.mark.parametrize(("injected", "connections"), [(False, 2), (True, 1)])
def test_only_a_client_of_the_callers_own_keeps_connections(
    twin: str, build: Build, injected: bool, connections: int
) -> None:
    """One that we make opens a connection for each request; one that was brought keeps its habits."""
    peers: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            peers.append(self.client_address)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "20")
            self.end_headers()
            self.wfile.write(b'{"CodeResult":"100"}')

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        client = (httpx.Client() if twin == "sync" else httpx.AsyncClient()) if injected else None
        voice = build(f"http://127.0.0.1:{server.server_port}", client=client, timeout=5)
        for number in range(2):
            voice.send(message(request_id=f"r{number}"))
        if client is not None:
            voice.close_client(client)
        server.shutdown()
        thread.join()
    assert len(set(peers)) == connections
