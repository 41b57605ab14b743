"""How many sends a second one event loop makes: 64 at a time, to a provider that answers each after 50 ms.

Run it with `python -m tests.benchmarks.sending`. The provider is the simulator, in a process and on an event loop of
its own, so that it is not what is measured; with 64 at a time, 1,280 a second is the most that can be. Each send has
to come back with the provider's id of it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

import httpx

from otpflow.models import Message
from otpflow.testing.simulator import EsmsSimulator
from otpflow.transports import AsyncEsmsVoice

AT_A_TIME = 64
ANSWERS_AFTER = 0.05
GOAL = 900
_ROUNDS = 40
_WARM_UP = 3
_PATIENCE = 30.0


class _Connection(asyncio.Protocol):
    """Hands each request to the simulator, and answers after a while; the client decides how long it stays."""

    def __init__(self, simulator: EsmsSimulator) -> None:
        self._simulator = simulator
        self._read = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in head.splitlines())
        }
        if end and len(body) >= int(headers.get(b"content-length", 0)):
            self._read = b""
            method, url, _ = head.decode("ascii").split(" ", 2)
            answer = self._simulator.exchange(method, url, body, lambda _: None)
            length = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer.body)}\r\n\r\n".encode("ascii")
            keep = headers.get(b"connection", b"").lower() != b"close"
            loop = asyncio.get_running_loop()
            loop.call_later(ANSWERS_AFTER, partial(self._answer, length + answer.body, keep=keep))

    def _answer(self, whole: bytes, *, keep: bool) -> None:
        self._transport.write(whole)
        if not keep:
            self._transport.close()


async def provide() -> None:
    """Serve until standard input ends; the port is printed first."""
    loop = asyncio.get_running_loop()
    simulator = EsmsSimulator(balance=10**12)
    server = await loop.create_server(lambda: _Connection(simulator), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def provider() -> Generator[str]:
    """Run the provider in a process of its own, and give its base URL."""
    command = (sys.executable, "-m", "tests.benchmarks.sending", "provide")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


async def measure(
    base_url: str, name: str, client: httpx.AsyncClient | None = None, rounds: int = _ROUNDS
) -> float:
    """Send, 64 at a time.

    Args:
        base_url: the provider's.
        name: begins the request ids.
        client: what to send with; the transport's own where it is left out.
        rounds: sends of each of the 64.

    Returns:
        Sends a second.
    """
    simulated = EsmsSimulator()
    keys = (simulated.api_key, simulated.secret_key)
    async with AsyncEsmsVoice(*keys, base_url=base_url, timeout=_PATIENCE, client=client) as voice:

        async def send(sender: int, first: int, count: int) -> None:
            for number in range(first, first + count):
                receipt = await voice.send(_message(f"{name}-{sender}-{number}"))
                assert receipt.provider_ref

        await asyncio.gather(*(send(sender, 0, _WARM_UP) for sender in range(AT_A_TIME)))
        started = time.perf_counter()
        await asyncio.gather(*(send(sender, _WARM_UP, rounds) for sender in range(AT_A_TIME)))
        return AT_A_TIME * rounds / (time.perf_counter() - started)


def _message(request_id: str) -> Message:
    return Message(
        to="+84901888484",
        content="Your Shop login code is 6, 8, 6, 8, 6, 8. Once more: 6, 8, 6, 8, 6, 8.",
        code="686868",
        channel="voice",
        locale="en",
        purpose="login",
        request_id=request_id,
        callback_url="https://shop.example/otp?otpflow_send=s&otpflow_signature=x",
        expires_in=180.0,
    )


async def _plain(base_url: str, name: str, kept: int, rounds: int) -> float:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=kept)
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
        return await measure(base_url, name, client, rounds)


def main() -> None:
    """Print a line for each way to send."""
    with provider() as base_url:
        ours = asyncio.run(measure(base_url, "ours"))
        unkept = asyncio.run(_plain(base_url, "unkept", 0, 10))
        plain = asyncio.run(_plain(base_url, "plain", 20, 4))
    print(f"AsyncEsmsVoice: {ours:.0f}/s (at least {GOAL} with the extra `aiohttp`)")
    print(f"httpx.AsyncClient that keeps no connection, as without the extra: {unkept:.0f}/s")
    print(f"httpx.AsyncClient as it comes: {plain:.0f}/s")


if __name__ == "__main__":
    asyncio.run(provide()) if sys.argv[1:] == ["provide"] else main()
