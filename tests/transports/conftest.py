"""What the tests of the transports share: one body for both twins, a message, and the canaries in it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

import httpx
import pytest

from otpflow import transports
from otpflow.errors import DeliveryError
from otpflow.models import Message, Receipt, Report
from otpflow.testing.simulator import EsmsSimulator
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports import _http
from otpflow.transports._exchange import Failure, Reply, Request

API_KEY = "CANARY-api-key-1"
SECRET_KEY = "CANARY-secret-key-2"
CODE = "918273"
NUMBER = "+84901888484"
CANARIES = (API_KEY, SECRET_KEY, CODE, NUMBER[1:], NUMBER[3:], "9, 1, 8, 2, 7, 3")
TIMEOUT = 0.2


class Esms:
    """An eSMS transport or account of either twin, called alike."""

    def __init__(self, client: Any, runner: asyncio.Runner, *, awaited: bool) -> None:
        self.transport = client
        self._runner = runner
        self._awaited = awaited

    def _result(self, answer: Any) -> Any:
        return self._runner.run(answer) if self._awaited else answer

    def send(self, message: Message) -> Receipt:
        """Send with either twin."""
        receipt: Receipt = self._result(self.transport.send(message))
        return receipt

    def poll(self, provider_ref: str) -> Report:
        """Ask with either twin what became of a send."""
        report: Report = self._result(self.transport.poll(provider_ref))
        return report

    def balance(self) -> int:
        """Ask with either twin for the balance."""
        balance: int = self._result(self.transport.balance())
        return balance

    def parse_receipt(self, query: Mapping[str, str]) -> Report | None:
        """Read a callback."""
        report: Report | None = self.transport.parse_receipt(query)
        return report

    def close(self) -> None:
        """Close either twin."""
        self._result(self.transport.aclose() if self._awaited else self.transport.close())

    def close_client(self, client: httpx.Client | httpx.AsyncClient) -> None:
        """Close a client that was brought along, where it was used."""
        if isinstance(client, httpx.Client):
            client.close()
        else:
            self._runner.run(client.aclose())


KINDS: dict[str, dict[str, Any]] = {
    "Voice": {},
    "Sms": {"brandname": "Shop"},
    "Zalo": {"oaid": "4097311281936189049", "template_id": "200607"},
    "TemplateCall": {"template_id": "17"},
}
"""The transports, and what each cannot do without."""

Build: TypeAlias = Callable[..., Esms]
Handler: TypeAlias = Callable[[httpx.Request], httpx.Response]


class Post(Protocol):
    """One exchange, with a client of otpflow's own or with one that answers through a handler."""

    def __call__(
        self, url: str, handler: Handler | None = None, seconds: float = TIMEOUT, method: str = "POST"
    ) -> Reply | Failure: ...


@pytest.fixture(params=["sync", "async", "aiohttp"])
def twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test once for each twin; for the asynchronous one without the extra `aiohttp`, and with it."""
    if request.param == "async":
        monkeypatch.setitem(sys.modules, "otpflow.transports._aiohttp", None)
    return str(request.param)


@pytest.fixture
def build(twin: str) -> Iterator[Build]:
    """Build transports with the canary keys, and close them after the test."""
    built: list[Esms] = []
    with asyncio.Runner() as runner:

        def build_one(base_url: str, kind: str = "Voice", **options: Any) -> Esms:
            options = {"timeout": TIMEOUT, "base_url": base_url} | KINDS.get(kind, {}) | options
            awaited = twin != "sync"
            chosen = getattr(transports, f"{'Async' if awaited else ''}Esms{kind}")
            built.append(Esms(chosen(API_KEY, SECRET_KEY, **options), runner, awaited=awaited))
            return built[-1]

        yield build_one
        for one in built:
            one.close()


@pytest.fixture
def post(twin: str) -> Iterator[Post]:
    """Make exchanges with either twin."""
    with asyncio.Runner() as runner:

        def one(
            url: str, handler: Handler | None = None, seconds: float = TIMEOUT, method: str = "POST"
        ) -> Reply | Failure:
            mock = httpx.MockTransport(handler) if handler is not None else None
            request = Request(method=method, url=url, body=b"{}" if method == "POST" else b"")
            if twin == "sync":
                client = _http.HTTPClient(httpx.Client(transport=mock) if mock else None)
                answer = client.exchange(request, seconds)
                client.close()
                return answer
            return runner.run(ask(request, mock, seconds))

        async def ask(request: Request, mock: httpx.MockTransport | None, seconds: float) -> Reply | Failure:
            client = _http.AsyncHTTPClient(httpx.AsyncClient(transport=mock) if mock else None)
            answer = await client.exchange(request, seconds)
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
def voice(build: Build, server: SimulatorServer) -> Esms:
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


def fail(voice: Esms, **changes: Any) -> DeliveryError:
    """Send, and return the error that it ends in."""
    with pytest.raises(DeliveryError) as caught:
        voice.send(message(**changes))
    return caught.value
