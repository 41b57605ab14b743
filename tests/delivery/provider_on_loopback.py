"""The simulated eSMS on a port of this machine, the engine's transports that call it, and an endpoint that it calls."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from otpflow import DeliveryReport, Policy, transports
from otpflow.testing import EsmsSimulator
from otpflow.testing.simulator_server import SimulatorServer
from tests.conftest import Build
from tests.delivery.providers import fallback
from tests.subjects import Subject

API_KEY, SECRET_KEY = "table-api-key", "table-secret-key"
PATIENCE = 0.3


class Endpoint:
    """Keeps the queries that come to it, and answers 200; or 503, as an application does whose Redis is gone."""

    def __init__(self) -> None:
        self.queries: list[str] = []
        self.status = 200
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.queries.append(urlsplit(self.path).query)
                self.send_response(endpoint.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/otp/receipts"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def taken(self) -> list[str]:
        """Take what came in."""
        queries, self.queries = self.queries, []
        return queries

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def esms(style: str, kind: str, base_url: str, **options: Any) -> Any:
    """Build an eSMS transport of one engine."""
    built = getattr(transports, f"{'Async' if style == 'async' else ''}Esms{kind}")
    return built(API_KEY, SECRET_KEY, base_url=base_url, timeout=PATIENCE, **options)


def simulated(**options: Any) -> EsmsSimulator:
    """Build a provider that knows the keys."""
    return EsmsSimulator(API_KEY, SECRET_KEY, **options)


def finish(subject: Any, transport: Any) -> None:
    """Close a transport where it was used."""
    subject._done(transport.aclose() if subject.style == "async" else transport.close())


@dataclass
class World:
    """An engine, the simulated provider, and what lies between them."""

    build: Build
    style: str
    simulator: EsmsSimulator = field(default_factory=simulated)
    endpoint: Endpoint = field(default_factory=Endpoint)
    transports: list[Any] = field(default_factory=list[Any])
    server: SimulatorServer | None = None
    subject: Subject | None = None

    def start(self, *, with_sms: bool = False, **policy: Any) -> Subject:
        """Build the engine; over a call alone, or a call and then a text message."""
        self.server = SimulatorServer(self.simulator)
        voice = esms(self.style, "Voice", self.server.base_url)
        self.transports = [voice]
        if with_sms:
            self.transports.append(esms(self.style, "Sms", self.server.base_url, brandname="Shop"))
            voice = fallback(self.style, *self.transports)
        self.subject = self.build(transport=voice, callback_url=self.endpoint.url, policy=Policy(**policy))
        return self.subject

    def call_back(self) -> list[DeliveryReport | None]:
        """Have the provider make the callbacks that are due, and hand them to the engine."""
        assert self.subject is not None
        assert all(self.simulator.deliver_callbacks())
        return [self.subject.handle_receipt(query) for query in self.endpoint.taken()]

    def restart(self) -> None:
        """Have the provider come back where it was."""
        assert self.server is not None
        self.server = SimulatorServer(self.simulator, int(self.server.base_url.rpartition(":")[2]))

    def close(self) -> None:
        """End everything."""
        self.endpoint.close()
        for transport in self.transports:
            finish(self.subject, transport)
        if self.server is not None:
            self.server.close()
