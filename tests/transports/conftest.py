"""What the tests of the transports share: one body for both twins, a message, and the canaries in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

import httpx
import pytest

from otpflow.errors import DeliveryError
from otpflow.models import Message, Receipt
from otpflow.testing.simulator import EsmsSimulator
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports import AsyncEsmsVoice, EsmsVoice, _http
from otpflow.transports._exchange import Failure, Reply

API_KEY = "CANARY-api-key-1"
SECRET_KEY = "CANARY-secret-key-2"
CODE = "918273"
NUMBER = "+84901888484"
CANARIES = (API_KEY, SECRET_KEY, CODE, NUMBER[1:], NUMBER[3:], "9, 1, 8, 2, 7, 3")
TIMEOUT = 0.2


class Voice:
    """An `EsmsVoice` or an `AsyncEsmsVoice`, called alike."""

    def __init__(self, transport: EsmsVoice | AsyncEsmsVoice, runner: asyncio.Runner) -> None:
        self.transport = transport
        self._runner = runner

    def send(self, message: Message) -> Receipt:
        """Send with either twin."""
        if isinstance(self.transport, EsmsVoice):
            return self.transport.send(message)
        return self._runner.run(self.transport.send(message))

    def close(self) -> None:
        """Close either twin."""
        if isinstance(self.transport, EsmsVoice):
            self.transport.close()
        else:
            self._runner.run(self.transport.aclose())

    def close_client(self, client: httpx.Client | httpx.AsyncClient) -> None:
        """Close a client that was brought along, where it was used."""
        if isinstance(client, httpx.Client):
            client.close()
        else:
            self._runner.run(client.aclose())


Build: TypeAlias = Callable[..., Voice]
Handler: TypeAlias = Callable[[httpx.Request], httpx.Response]


class Post(Protocol):
    """One exchange, with a client of otpflow's own or with one that answers through a handler."""

    def __call__(
        self, url: str, handler: Handler | None = None, seconds: float = TIMEOUT
    ) -> Reply | Failure: ...


@pytest.fixture(params=["sync", "async"])
def twin(request: pytest.FixtureRequest) -> str:
    """Run the test once for each twin."""
    return str(request.param)


@pytest.fixture
def build(twin: str) -> Iterator[Build]:
    """Build transports with the canary keys, and close them after the test."""
    built: list[Voice] = []
    with asyncio.Runner() as runner:

        def build_one(base_url: str, **options: Any) -> Voice:
            options.setdefault("timeout", TIMEOUT)
            chosen = EsmsVoice if twin == "sync" else AsyncEsmsVoice
            transport = chosen(API_KEY, SECRET_KEY, base_url=base_url, **options)
            built.append(Voice(transport, runner))
            return built[-1]

        yield build_one
        for voice in built:
            voice.close()


@pytest.fixture
def post(twin: str) -> Iterator[Post]:
    """Make exchanges with either twin."""
    with asyncio.Runner() as runner:

        def one(url: str, handler: Handler | None = None, seconds: float = TIMEOUT) -> Reply | Failure:
            mock = httpx.MockTransport(handler) if handler is not None else None
            if twin == "sync":
                client = _http.HTTPClient(httpx.Client(transport=mock) if mock else None)
                answer = client.post(url, b"{}", seconds)
                client.close()
                return answer
            return runner.run(ask(url, mock, seconds))

        async def ask(url: str, mock: httpx.MockTransport | None, seconds: float) -> Reply | Failure:
            client = _http.AsyncHTTPClient(httpx.AsyncClient(transport=mock) if mock else None)
            answer = await client.post(url, b"{}", seconds)
            await client.aclose()
            return answer

        yield one


@pytest.fixture
def simulator() -> EsmsSimulator:
    """A simulated provider that knows the canary keys."""
    return EsmsSimulator(API_KEY, SECRET_KEY)


@pytest.fixture
def server(simulator: EsmsSimulator) -> Iterator[SimulatorServer]:
    """The simulated provider on loopback."""
    with simulator.serve() as running:
        yield running


@pytest.fixture
def voice(build: Build, server: SimulatorServer) -> Voice:
    """A transport that talks to the simulated provider."""
    return build(server.base_url)


def message(**changes: Any) -> Message:
    """A call with the canary code and number."""
    spoken = ", ".join(CODE)
    fields: dict[str, Any] = {
        "to": NUMBER,
        "content": f"Your Shop login code is {spoken}. Once more: {spoken}.",
        "code": CODE,
        "channel": "voice",
        "locale": "en",
        "purpose": "login",
        "request_id": "request-1",
        "expires_in": 180.0,
    }
    return Message(**(fields | changes))


def fail(voice: Voice, **changes: Any) -> DeliveryError:
    """Send, and return the error that it ends in."""
    with pytest.raises(DeliveryError) as caught:
        voice.send(message(**changes))
    return caught.value
