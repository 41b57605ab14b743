"""Many sends at once: shared connections, aiohttp behind httpx, and what is still not believed (D1, D2)."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport

from otpflow.models import Receipt
from otpflow.transports import AsyncEsmsTemplateCall, AsyncEsmsVoice, _http
from otpflow.transports._exchange import Failure, Reply, Request
from tests.transports.conftest import API_KEY, SECRET_KEY, message

TAKEN = b'{"CodeResult":"100","SMSID":"abc"}'
AGAIN = b'{"CodeResult":"124"}'
Respond = Callable[[int, asyncio.StreamWriter], bytes | None]


class Server:
    """Keeps connections, counts them and the requests on them, and answers through a function."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.connections = 0
        self.open = 0
        self.bodies: list[bytes] = []
        self.base_url = ""
        self.hold = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        self.open += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(
                    next(
                        (
                            line[15:]
                            for line in head.lower().split(b"\r\n")
                            if line.startswith(b"content-length:")
                        ),
                        b"0",
                    )
                )
                self.bodies.append(await reader.readexactly(length) or head.split(b" ")[1])
                answer = self.respond(len(self.bodies), writer)
                if answer is None:
                    return
                if answer == b"hold":
                    await self.hold.wait()
                    answer = TAKEN
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def serving(respond: Respond) -> AsyncGenerator[Server]:
    """Serve on loopback, on the running event loop."""
    server = Server(respond)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.base_url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server


async def closed(server: Server) -> None:
    """Wait until the last connection is gone."""
    async with asyncio.timeout(5):
        while server.open:
            await asyncio.sleep(0)


def built(server: Server, kind: type[Any] = AsyncEsmsVoice, **options: Any) -> Any:
    return kind(API_KEY, SECRET_KEY, base_url=server.base_url, timeout=5, **options)


def test_connections_are_shared_while_sends_overlap_and_closed_after() -> None:
    """As many as there are sends at a time, however many come one after the other; none where nothing is sent."""

    async def run() -> tuple[int, int]:
        async with serving(lambda _, __: TAKEN) as server:
            voice = built(server)

            async def four(sender: int) -> None:
                for number in range(4):
                    await voice.send(message(request_id=f"{sender}-{number}"))

            await asyncio.gather(*(four(sender) for sender in range(8)))
            await closed(server)
            return server.connections, len(server.bodies)

    connections, requests = asyncio.run(run())
    assert requests == 32
    assert connections <= 8


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize("kind", ["voice", "template"])
def test_a_kept_connection_that_is_dead_costs_one_repeat(kind: str) -> None:
    """The server hangs up on a request of a kept connection, having taken it: one repeat, the same id, 124, one send."""

    async def run() -> tuple[Receipt, list[bytes]]:
        def respond(number: int, _: asyncio.StreamWriter) -> bytes | None:
            return {1: b"hold", 2: TAKEN, 3: None}.get(number, AGAIN)

        async with serving(respond) as server:
            options = {"template_id": "17"} if kind == "template" else {}
            chosen = built(server, AsyncEsmsTemplateCall if kind == "template" else AsyncEsmsVoice, **options)
            holding = asyncio.create_task(chosen.send(message(request_id="held")))
            while not server.bodies:
                await asyncio.sleep(0)
            await chosen.send(message(request_id="kept"))
            receipt: Receipt = await chosen.send(message(request_id="dead"))
            server.hold.set()
            await holding
            return receipt, server.bodies

    receipt, bodies = asyncio.run(run())
    assert receipt.provider_ref is None
    assert [b"dead" in body for body in bodies] == [False, False, True, True]
    assert bodies[2] == bodies[3]


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_aiohttp_repeats_nothing_by_itself(method: str) -> None:
    """It would send a GET again where a connection breaks; whether that is right is not for it to say."""

    async def run() -> tuple[Reply | Failure, int]:
        async with serving(lambda _, __: None) as server:
            client = _http.AsyncHTTPClient()
            request = Request(method=method, url=server.base_url, body=b"{}" if method == "POST" else b"")
            return await client.exchange(request, 5), len(server.bodies)

    answer, requests = asyncio.run(run())
    assert isinstance(answer, Failure)
    assert (answer.sent, answer.code, requests) == (True, "disconnected", 1)


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_aiohttp_of_the_callers_own_is_not_believed(method: str) -> None:
    """It calls a lost answer a connection that took too long; and it tells nothing of how far it got."""

    async def run(base_url: str | None) -> Reply | Failure:
        async with (
            serving(lambda _, __: None) as server,
            httpx.AsyncClient(transport=AiohttpTransport()) as given,
        ):
            client = _http.AsyncHTTPClient(given)
            request = Request(
                method=method, url=base_url or server.base_url, body=b"{}" if method == "POST" else b""
            )
            return await client.exchange(request, 5)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    for url in (None, f"http://127.0.0.1:{port}/"):
        answer = asyncio.run(run(url))
        assert isinstance(answer, Failure)
        assert (answer.sent, answer.code) == (True, "disconnected")


@pytest.mark.guarantee("D2")
def test_what_waits_for_a_connection_in_vain_is_surely_not_sent() -> None:
    """aiohttp opens 100; the next one waits, and its deadline ends it before a byte of it left."""

    async def run() -> tuple[list[Reply | Failure], Reply | Failure, int]:
        async with serving(lambda _, __: b"hold") as server:
            client = _http.AsyncHTTPClient()
            request = Request(method="POST", url=server.base_url, body=b"{}")
            first = [asyncio.create_task(client.exchange(request, 30)) for _ in range(100)]
            while len(server.bodies) < 100:
                await asyncio.sleep(0)
            last = await client.exchange(request, 0.05)
            server.hold.set()
            return await asyncio.gather(*first), last, len(server.bodies)

    first, last, requests = asyncio.run(run())
    assert first == [Reply(status=200, body=TAKEN)] * 100
    assert isinstance(last, Failure)
    assert (last.sent, last.code, requests) == (False, "connect", 100)


def test_headers_are_ours() -> None:
    """aiohttp adds none that would ask for something else."""

    async def run() -> list[bytes]:
        heads: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.extend((await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
            url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/a?b=%7C%7C"
            await _http.AsyncHTTPClient().exchange(Request(method="GET", url=url), 5)
        return heads

    line, *headers = asyncio.run(run())
    assert line in {b"get /a?b=%7c%7c http/1.1", b"get /a?b=|| http/1.1"}
    assert {one for one in headers if one and not one.startswith(b"host: 127.0.0.1:")} == {
        b"accept: application/json",
        b"accept-encoding: identity",
        b"connection: keep-alive",
        b"user-agent: otpflow",
        b"content-type: application/json",
    }


def test_nothing_is_left_behind_by_an_event_loop_that_ends() -> None:
    """Cancelled in the middle of a send: no connection, no warning."""

    async def run() -> int:
        async with serving(lambda _, __: b"hold") as server:
            sending = asyncio.create_task(built(server).send(message()))
            while not server.bodies:
                await asyncio.sleep(0)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            server.hold.set()  # it notices the end of the connection when it writes
            await closed(server)
            return server.open

    assert asyncio.run(run()) == 0
    gc.collect()  # a session or connection that was left open would warn here, which is an error


def test_with_and_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiohttp where it is installed, httpx's own transport where it is not."""

    async def used() -> str:
        client: Any = _http.AsyncHTTPClient()
        async with client._source.client() as lent:
            return type(lent._transport).__name__

    assert asyncio.run(used()) == "AiohttpTransport"
    monkeypatch.setitem(sys.modules, "otpflow.transports._aiohttp", None)
    assert asyncio.run(used()) == "AsyncHTTPTransport"
