"""An exchange whose answer has no end, and a handler that is mounted in process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping

import httpx
import pytest

from otpflow.transports import _http
from otpflow.transports._exchange import Failure

Answer = tuple[int, Mapping[str, str], bytes]


class Endless(httpx.SyncByteStream):
    """An answer that goes on for ever, and notes when nobody reads it any more."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.closed = threading.Event()
        self.given = 0

    def __iter__(self) -> Iterator[bytes]:
        self.gate.wait(timeout=30)
        while True:
            self.given += 1
            yield b"x"

    def close(self) -> None:
        """Note it."""
        self.closed.set()


def test_an_answer_without_end_is_read_no_longer_than_its_time() -> None:
    """The call ends in time, and so does the thread that reads, although the client cannot be cut off."""
    stream = Endless()
    mock = httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))
    client = _http.HTTPClient(httpx.Client(transport=mock))
    answer = client.post("https://rest.esms.vn/", b"{}", 0.05)
    stream.gate.set()

    assert isinstance(answer, Failure)
    assert (answer.sent, answer.code) == (True, "timeout")
    assert stream.closed.wait(timeout=30)
    assert stream.given == 1
    client.close()


def _hang(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    raise TimeoutError


def _drop(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    raise ConnectionResetError


def _echo(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    return 201, {"X-Method": method, "X-Host": headers["host"]}, body + url.encode()


@pytest.mark.parametrize(
    ("handler", "error"), [(_hang, httpx.ReadTimeout), (_drop, httpx.RemoteProtocolError)]
)
def test_what_a_mounted_handler_raises_is_what_a_client_sees(
    handler: Callable[..., Answer], error: type[Exception]
) -> None:
    """A handler that hangs or drops looks like a server that does."""
    with httpx.Client(transport=_http.mock_transport(handler)) as client, pytest.raises(error) as caught:
        client.post("https://rest.esms.vn/", content=b"body")

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_mounted_handler_gets_the_request_and_gives_the_answer() -> None:
    """Method, URL, headers and body go in; status, headers and body come out."""
    with httpx.Client(transport=_http.mock_transport(_echo)) as client:
        answer = client.post("https://rest.esms.vn/path?x=1", content=b"body ")

    assert (answer.status_code, answer.content) == (201, b"body https://rest.esms.vn/path?x=1")
    assert (answer.headers["X-Method"], answer.headers["X-Host"]) == ("POST", "rest.esms.vn")
