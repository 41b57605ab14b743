"""One bounded HTTP exchange. The only importer of httpx, and no exception of httpx leaves this file.

A failure comes back as a value: an httpx exception holds the request, the request holds the keys and the
code, and Python hangs whatever is being handled on whatever is raised next.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache, partial
from importlib import import_module
from typing import Any, TypeAlias

import httpx

from otpflow.transports._bursts import Bursts
from otpflow.transports._exchange import (
    BROKEN,
    BUSY,
    CLOSED,
    ENCODED,
    EXCHANGE,
    LARGEST_BODY,
    LATE,
    OVERSIZED,
    AbandonedError,
    Failure,
    Progress,
    Reply,
    Request,
    no_connection,
)
from otpflow.transports._loopback import is_loopback

_WORKERS = 32
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "otpflow",
}
# httpx keeps no connection: one of its own is what lets a deadline cut a dripping answer off in a thread, and
# many sends at once are faster so. A kept one would be safe, since a repeat carries the same request id.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=0)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

Client: TypeAlias = httpx.Client
AsyncClient: TypeAlias = httpx.AsyncClient
MockTransport: TypeAlias = httpx.MockTransport


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
    """Say what is wrong with a client that the caller brought, as `base_url_problem` does."""
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

    def exchange(self, request: Request, seconds: float) -> Reply | Failure:
        """Ask, and read the answer; redirects are not followed.

        Args:
            request: what to ask.
            seconds: for the whole exchange, and for each step of it.

        Returns:
            The answer, or why there is none.
        """
        if self._client.is_closed:
            return CLOSED
        progress = Progress()
        try:
            future = self._workers().submit(self._work, request, seconds, progress)
        except RuntimeError:
            progress.abandon()
            return CLOSED if self._closed else BUSY
        try:
            return future.result(timeout=seconds)
        except CancelledError:
            return CLOSED
        except TimeoutError:
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

    def _work(self, request: Request, seconds: float, progress: Progress) -> Reply | Failure:
        deadline = time.monotonic() + seconds
        try:
            with self._client.stream(**_arguments(request, seconds, progress.trace)) as response:
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

    Where `httpx-aiohttp` is installed, a client that is made here sends through it.

    Args:
        client: the caller's own client, which stays open; otherwise one is made for each burst of sends.
    """

    def __init__(self, client: AsyncClient | None = None) -> None:
        self._source = Bursts(_maker()) if client is None else client
        self._closed = False

    async def exchange(self, request: Request, seconds: float) -> Reply | Failure:
        """Do what `HTTPClient.exchange` does, without blocking the event loop."""
        source = self._source
        if self._closed or (isinstance(source, AsyncClient) and source.is_closed):
            return CLOSED
        progress = Progress()
        token = EXCHANGE.set(progress)
        try:
            lent = source.client() if isinstance(source, Bursts) else nullcontext(source)
            async with lent as client, asyncio.timeout(seconds):
                return await _asked(client, _arguments(request, seconds, progress.atrace))
        except TimeoutError:
            return progress.abandon()
        except Exception as error:  # noqa: BLE001 - whatever a client's transport may raise
            return _failure(error, progress)
        finally:
            EXCHANGE.reset(token)
            await progress.aclose()

    async def aclose(self) -> None:
        """Send nothing more; what is under way ends by itself, and lets go of its connections."""
        self._closed = True


async def _asked(client: AsyncClient, arguments: dict[str, Any]) -> Reply | Failure:
    async with client.stream(**arguments) as response:
        if "content-encoding" in response.headers:
            return ENCODED
        read = bytearray()
        async for chunk in response.aiter_bytes():
            read += chunk
            if len(read) > LARGEST_BODY:
                return OVERSIZED
        return Reply(status=response.status_code, body=bytes(read))


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


def _maker() -> Callable[[], AsyncClient]:
    try:
        aiohttp: Any = import_module("otpflow.transports._aiohttp")
    except ImportError:
        return partial(httpx.AsyncClient, verify=_trust(), trust_env=False, limits=_LIMITS)
    return lambda: httpx.AsyncClient(transport=aiohttp.transport(_trust()), trust_env=False)


def _arguments(request: Request, seconds: float, trace: object) -> dict[str, Any]:
    return {
        "method": request.method,
        "url": request.url,
        "content": request.body or None,
        "headers": _HEADERS,
        "timeout": httpx.Timeout(seconds),
        "follow_redirects": False,
        "extensions": {"trace": trace},
    }


def _failure(error: Exception, progress: Progress) -> Failure:
    if isinstance(error, httpx.PoolTimeout):
        return BUSY
    chain = list(_chain(error))
    # aiohttp behind a client of the caller's own tells nothing, and what it raises says less: a connection that
    # breaks when the request has left comes as a `ConnectTimeout`.
    told = progress.heard or not any(type(link).__module__.startswith("aiohttp.") for link in chain)
    if isinstance(error, _NOT_SENT) and told and not progress.sending:
        if any(isinstance(link, ssl.SSLError) for link in chain):
            return no_connection("the TLS handshake failed; the server's certificate may not be trusted")
        if any(isinstance(link, socket.gaierror) for link in chain):
            return no_connection("the host's name could not be resolved")
        return no_connection("no connection could be made")
    if isinstance(error, httpx.TimeoutException | TimeoutError) and not isinstance(
        error, httpx.ConnectTimeout
    ):
        return LATE
    if isinstance(error, httpx.TransportError | OSError | AbandonedError):
        return BROKEN
    return Failure(sent=True, code="failed", detail=f"the exchange failed with a {type(error).__name__}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
