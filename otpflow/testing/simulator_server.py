"""The simulated provider on a loopback port, and the callbacks that it makes."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

from otpflow.errors import ConfigurationError
from otpflow.transports._loopback import is_loopback

if TYPE_CHECKING:
    from otpflow.testing.simulator import EsmsSimulator
    from otpflow.testing.simulator_faults import Answer

_CALLBACK_TRIES = 5
_CALLBACK_TIMEOUT = 5.0


class SimulatorServer:
    """Serves a simulator on a port of 127.0.0.1, from when it is built until `close()`.

    Args:
        simulator: what answers.
        port: which port; 0 takes a free one.

    Attributes:
        base_url: where it is, for a transport's `base_url`.
    """

    def __init__(self, simulator: EsmsSimulator, port: int = 0) -> None:
        self._server = _Server(simulator, port)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="otpflow-simulator", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop at once: answers that are being delayed or dripped end here."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def deliver(url: str) -> bool:
    """Call a callback URL as the provider does: GET, up to 5 times, until HTTP 200.

    Args:
        url: plain http to this machine.

    Returns:
        Whether it was answered with 200.

    Raises:
        ConfigurationError: the URL leads elsewhere.
    """
    target = urlsplit(url)
    if target.scheme != "http" or not target.hostname or not is_loopback(target.hostname):
        msg = "callback_url leads away from this machine; the simulator calls plain http on loopback only"
        raise ConfigurationError(msg)
    return any(
        _got_200(target.hostname, target.port, target._replace(scheme="", netloc="").geturl())
        for _ in range(_CALLBACK_TRIES)
    )


def _got_200(host: str, port: int | None, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=_CALLBACK_TIMEOUT)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = False  # so that `server_close` waits for the threads that answer

    def __init__(self, simulator: EsmsSimulator, port: int) -> None:
        self.simulator = simulator
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        self.stopping.set()
        for connection in self._open.copy():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body: bytes) -> None:
        self.close_connection = True
        server = cast("_Server", self.server)
        answer = server.simulator.exchange(self.command, self.path, body, server.stopping.wait)
        if answer.hold:
            server.stopping.wait(answer.hold)
        with suppress(OSError):  # the client may have gone
            if answer.drop:
                self.connection.shutdown(socket.SHUT_RDWR)
            elif answer.drip:
                self._drip(answer, server.stopping)
            else:
                self._write(answer)

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def _drip(self, answer: Answer, stopping: threading.Event) -> None:
        start = f"HTTP/1.1 {answer.status} OK\r\nX-Slow: "
        if answer.drip == "body":
            start = f"HTTP/1.1 {answer.status} OK\r\nContent-Length: 1000000\r\n\r\n"
        self.wfile.write(start.encode("ascii"))
        while not stopping.wait(answer.interval):
            self.wfile.write(b" " if answer.drip == "body" else b"x")
