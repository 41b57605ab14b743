"""One bounded HTTP exchange. The only importer of httpx, and no exception of httpx leaves this file.

A failure comes back as a value: an httpx exception holds the request, the request holds the keys and the
code, and Python hangs whatever is being handled on whatever is raised next.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import cache
from typing import Any, TypeAlias

import httpx

from otpflow.transports._exchange import (
    BUSY,
    CLOSED,
    ENCODED,
    LARGEST_BODY,
    LATE,
    OVERSIZED,
    Failure,
    Progress,
    Reply,
    no_connection,
)

_WORKERS = 32
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "otpflow",
}
# A connection is not kept: a server that closes an idle one just as it is used again leaves nobody knowing
# whether the request was taken, and a connection of its own is what lets a deadline cut a dripping answer off.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=0)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

Client: TypeAlias = httpx.Client
AsyncClient: TypeAlias = httpx.AsyncClient
MockTransport: TypeAlias = httpx.MockTransport


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: 127.0.0.0/8, `::1` or `localhost`.

    Args:
        host: a name or an address, without brackets.

    Returns:
        `True` for loopback only.
    """
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback if address.version == 4 else address == ipaddress.IPv6Address(1)


def base_url_problem(base_url: object) -> str | None:
    """Say what is wrong with a base URL, without showing it: it may hold a password.

    Args:
        base_url: what the caller gave.

    Returns:
        The rest of a sentence that begins with the argument's name, or `None`.
    """
    try:
        url = httpx.URL(base_url) if isinstance(base_url, str) else None
    except httpx.InvalidURL:
        url = None
    if url is None or not url.host or url.scheme not in {"https", "http"}:
        return "is not a web address; give one such as 'https://rest.esms.vn'"
    if url.userinfo or url.query or url.fragment:
        return "holds a user, a query or a fragment; give scheme, host and path only"
    plain = url.scheme == "http" and not is_loopback(url.host)
    return "is plain http, which is allowed to this machine only; give an https address" if plain else None


def client_problem(client: object, *, asynchronous: bool) -> str | None:
    """Say what is wrong with a client that the caller brought.

    Args:
        client: what the caller gave.
        asynchronous: whether it has to be an `httpx.AsyncClient`.

    Returns:
        The rest of a sentence that begins with the argument's name, or `None`.
    """
    wanted = httpx.AsyncClient if asynchronous else httpx.Client
    problem = f"is a {type(client).__name__}; give an httpx.{wanted.__name__}, or leave it out"
    return None if client is None or isinstance(client, wanted) else problem


class HTTPClient:
    """Makes bounded exchanges in threads of its own, so that a deadline holds whatever the server does.

    Args:
        client: the caller's own client, which stays open; otherwise one is made and closed here.
    """

    def __init__(self, client: Client | None = None) -> None:
        self._owned = client is None
        self._client = client or httpx.Client(verify=_trust(), trust_env=False, limits=_LIMITS)
        self._lock = threading.Lock()
        self._closed = False
        self._pool: ThreadPoolExecutor | None = None
        self._process = 0

    def post(self, url: str, body: bytes, seconds: float) -> Reply | Failure:
        """Post a JSON body and read the answer; redirects are not followed.

        Args:
            url: where to.
            body: the JSON, encoded.
            seconds: for the whole exchange, and for each step of it.

        Returns:
            The answer, or why there is none.
        """
        if self._client.is_closed:
            return CLOSED
        progress = Progress()
        try:
            future = self._workers().submit(self._exchange, url, body, seconds, progress)
        except RuntimeError:
            progress.abandon()
            return CLOSED if self._closed else BUSY
        try:
            return future.result(timeout=seconds)
        except CancelledError:
            return CLOSED
        except TimeoutError:
            pass
        if future.cancel():
            return BUSY
        failure = progress.abandon()
        progress.cut()
        return failure

    def close(self) -> None:
        """Let go of the threads, and of the client where it was made here."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        if self._owned:
            self._client.close()

    def _workers(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._closed:
                raise RuntimeError
            # A process that was forked has the pool but none of its threads.
            if self._pool is None or self._process != os.getpid():
                self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="otpflow-http")
                self._process = os.getpid()
            return self._pool

    def _exchange(self, url: str, body: bytes, seconds: float, progress: Progress) -> Reply | Failure:
        deadline = time.monotonic() + seconds
        arguments = _arguments(body, seconds, progress.trace)
        try:
            with self._client.stream("POST", url, **arguments) as response:
                if "content-encoding" in response.headers:
                    return ENCODED
                read = bytearray()
                for chunk in response.iter_bytes():
                    read += chunk
                    if len(read) > LARGEST_BODY:
                        return OVERSIZED
                    if time.monotonic() > deadline:
                        return LATE
                return Reply(status=response.status_code, body=bytes(read))
        except Exception as error:  # noqa: BLE001 - whatever a client's transport may raise
            return _failure(error, progress)


class AsyncHTTPClient:
    """The same for `await`: cancellation holds the deadline, no thread is needed.

    Args:
        client: the caller's own client, which stays open; otherwise one is made and closed here.
    """

    def __init__(self, client: AsyncClient | None = None) -> None:
        self._owned = client is None
        self._client = client or httpx.AsyncClient(verify=_trust(), trust_env=False, limits=_LIMITS)
        self._closed = False

    async def post(self, url: str, body: bytes, seconds: float) -> Reply | Failure:
        """Do what `HTTPClient.post` does, without blocking the event loop."""
        if self._closed or self._client.is_closed:
            return CLOSED
        progress = Progress()
        arguments = _arguments(body, seconds, progress.atrace)
        try:
            async with asyncio.timeout(seconds), self._client.stream("POST", url, **arguments) as response:
                if "content-encoding" in response.headers:
                    return ENCODED
                read = bytearray()
                async for chunk in response.aiter_bytes():
                    read += chunk
                    if len(read) > LARGEST_BODY:
                        return OVERSIZED
                return Reply(status=response.status_code, body=bytes(read))
        except TimeoutError:
            return progress.abandon()
        except Exception as error:  # noqa: BLE001 - whatever a client's transport may raise
            return _failure(error, progress)
        finally:
            await progress.aclose()

    async def aclose(self) -> None:
        """Send nothing more, and close the client where it was made here."""
        self._closed = True
        if self._owned:
            await self._client.aclose()


def mock_transport(
    handler: Callable[[str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]],
) -> MockTransport:
    """Mount a handler in process, for clients that a test builds.

    Args:
        handler: takes method, URL, headers and body, returns status, headers and body. Its `TimeoutError`
            and `ConnectionError` become what a client sees of a server that hangs or drops the connection.

    Returns:
        A transport for `httpx.Client` and `httpx.AsyncClient`.
    """

    def handle(request: httpx.Request) -> httpx.Response:
        try:
            status, headers, body = handler(
                request.method, str(request.url), dict(request.headers), request.content
            )
        except TimeoutError:
            raise httpx.ReadTimeout("timed out", request=request) from None
        except ConnectionError:
            raise httpx.RemoteProtocolError("server disconnected", request=request) from None
        return httpx.Response(status, headers=dict(headers), content=body)

    return MockTransport(handle)


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)  # once a process: it takes some 30 ms


def _arguments(body: bytes, seconds: float, trace: object) -> dict[str, Any]:
    return {
        "content": body,
        "headers": _HEADERS,
        "timeout": httpx.Timeout(seconds),
        "follow_redirects": False,
        "extensions": {"trace": trace},
    }


def _failure(error: Exception, progress: Progress) -> Failure:
    if isinstance(error, httpx.PoolTimeout):
        return BUSY
    if isinstance(error, _NOT_SENT) and not progress.sending:
        if any(isinstance(cause, ssl.SSLError) for cause in _chain(error)):
            return no_connection("the TLS handshake failed; the server's certificate may not be trusted")
        if any(isinstance(cause, socket.gaierror) for cause in _chain(error)):
            return no_connection("the host's name could not be resolved")
        return no_connection("no connection could be made")
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return LATE
    if isinstance(error, httpx.TransportError | OSError):
        return Failure(
            sent=True, code="disconnected", detail="the connection broke before a whole answer came"
        )
    return Failure(sent=True, code="failed", detail=f"the exchange failed with a {type(error).__name__}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
