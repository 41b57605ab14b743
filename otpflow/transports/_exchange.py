"""What one HTTP exchange comes to: a whole answer, or a failure that says whether anything was sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

LARGEST_BODY = 64 * 1024
"""Bytes of an answer that are read; the longest documented answer has about 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of the server.

    Attributes:
        method: `"GET"` or `"POST"`.
        url: where to; of a `"GET"` it may hold the keys, the number and the code.
        body: the JSON, encoded; empty for a `"GET"`.
    """

    method: str
    url: str = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answered, whole.

    Attributes:
        status: the HTTP status.
        body: the bytes after it, at most `LARGEST_BODY`.
    """

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no answer.

    Attributes:
        sent: `False`: surely no byte of the request left. `True`: nobody knows what became of it.
        code: a word for programs: `"connect"`, `"busy"`, `"closed"`, `"timeout"`, `"disconnected"`,
            `"oversized"`, `"encoded"` or `"failed"`.
        detail: a few words for the operator; nothing that came from outside.
    """

    sent: bool
    code: str
    detail: str


BROKEN = Failure(sent=True, code="disconnected", detail="the connection broke before a whole answer came")
BUSY = Failure(sent=False, code="busy", detail="too many requests at once; no connection was free in time")
CLOSED = Failure(sent=False, code="closed", detail="the transport or its client is closed")
LATE = Failure(sent=True, code="timeout", detail="no whole answer in time")
OVERSIZED = Failure(sent=True, code="oversized", detail=f"the answer is longer than {LARGEST_BODY} bytes")
ENCODED = Failure(sent=True, code="encoded", detail="the answer is compressed, which was not asked for")


def no_connection(detail: str) -> Failure:
    """Say that no connection came about, so that surely nothing was sent.

    Args:
        detail: a few words for the operator.

    Returns:
        The failure.
    """
    return Failure(sent=False, code="connect", detail=detail)


class AbandonedError(Exception):
    """Ends an exchange that would send a request which nobody waits for any more, or that was sent before."""


class Progress:
    """How far an exchange got, as far as the client's transport tells (httpcore does, and aiohttp where asked).

    Attributes:
        heard: whether the transport told anything; it does so before it connects.
        sending: whether bytes of the request may have left.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stream: Any = None
        self._abandoned = False
        self.heard = False
        self.sending = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of an event of httpcore's `trace` extension."""
        with self._lock:
            if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
                self._stream = info["return_value"]
            if event.startswith("http2."):
                self._stream = None  # other requests share it
            if event.endswith(".send_request_headers.started"):
                if self._abandoned:
                    raise AbandonedError
                self.sending = True
            self.heard = True

    async def atrace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of an event, for an asynchronous transport."""
        self.trace(event, info)

    def abandon(self) -> Failure:
        """Make sure that nothing is sent from here on.

        Returns:
            What can be said of the request at this moment.
        """
        with self._lock:
            self._abandoned = True
            surely_not_sent = self.heard and not self.sending
        return no_connection("no connection in time") if surely_not_sent else LATE

    def cut(self) -> None:
        """End the connection under a worker that is still reading from it."""
        connection = self._stream.get_extra_info("socket") if self._stream is not None else None
        if isinstance(connection, socket.socket):
            with suppress(OSError):  # it has ended by itself
                # Not the method: that of a TLS socket takes the TLS state away from under the reader.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    async def aclose(self) -> None:
        """Close a connection that was cancelled in its TLS handshake, which httpcore leaves open."""
        if self._stream is not None and not self.sending:
            await self._stream.aclose()


EXCHANGE: ContextVar[Progress] = ContextVar("otpflow_exchange")
"""Which exchange the running task makes: through httpx, aiohttp's tracing cannot be told for one request."""
