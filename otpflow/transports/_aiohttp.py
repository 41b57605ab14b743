"""aiohttp behind httpx, for many sends at once. The only importer of aiohttp; it comes with an extra.

With 64 sends under way, httpx's own transport spends most of its time on its pool: see
`python -m tests.benchmarks.sending`.
"""

from __future__ import annotations

import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
from httpx_aiohttp import AiohttpTransport

from otpflow.transports._exchange import EXCHANGE, AbandonedError

_CONNECTIONS = 100
# Far below the idle time after which servers hang up, so that a kept connection is hardly ever a dead one.
_KEPT = 2.0


def transport(trust: ssl.SSLContext) -> AiohttpTransport:
    """Make a transport for one `httpx.AsyncClient` on one event loop.

    It keeps connections for as long as it lives, reads no environment variables, and tells the exchange in
    `EXCHANGE` how far it got.

    Args:
        trust: which certificates to believe.

    Returns:
        The transport; it connects when it is first used.
    """

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=trust, limit=_CONNECTIONS, keepalive_timeout=_KEPT)
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[_tracing()]
        )

    return AiohttpTransport(verify=trust, trust_env=False, client=session)


def _tracing() -> aiohttp.TraceConfig:
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_queued_start.append(_connecting)
    tracing.on_connection_create_start.append(_connecting)
    tracing.on_connection_reuseconn.append(_connecting)
    tracing.on_request_headers_sent.append(_sending)  # called before the first byte is written
    return tracing


async def _connecting(_: aiohttp.ClientSession, __: SimpleNamespace, ___: Any) -> None:
    EXCHANGE.get().trace("aiohttp.connect.started", {})


async def _sending(_: aiohttp.ClientSession, __: SimpleNamespace, ___: Any) -> None:
    progress = EXCHANGE.get()
    # aiohttp sends a GET a second time by itself where a connection breaks; repeating is for the transport.
    if progress.sending:
        raise AbandonedError
    progress.trace("aiohttp.send_request_headers.started", {})
