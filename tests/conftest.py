"""Every store, both engines, no traffic off this machine, and no key without an end."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Generator, Iterator
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings

from otpflow.stores import EmbeddedStore
from tests.servers import KINDS, Server, binary
from tests.subjects import STYLES, Subject

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
NO_REDIS = "no redis-server on PATH"
IN_CI = bool(os.environ.get("CI_OTPFLOW"))


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    address: Any = arguments[1] if event == "socket.connect" else None
    if isinstance(address, tuple):
        host = str(cast("tuple[object, ...]", address)[0])
        if not host.startswith(_LOOPBACK):
            msg = f"a test wants to connect to {host}; nothing may leave this machine"
            raise RuntimeError(msg)


sys.addaudithook(_stay_here)

# A shared machine may be slow for a while: that is no failure of what is tested.
settings.register_profile("otpflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("otpflow")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail what CI skips although it could run it."""
    report = yield
    if IN_CI and report.skipped and not (NO_REDIS in str(report.longrepr) and binary("redis") is None):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


class _Servers:
    def __init__(self) -> None:
        self._running: dict[str, Server] = {}

    def get(self, kind: str) -> Server:
        if binary(kind) is None:
            pytest.skip(NO_REDIS)
        if kind not in self._running:
            self._running[kind] = Server(kind)
        return self._running[kind]

    def close(self) -> None:
        for server in self._running.values():
            server.close()

    def leaks(self) -> list[str]:
        return [leak for server in self._running.values() for leak in _swept(server)]


@pytest.fixture(scope="session")
def servers() -> Iterator[_Servers]:
    """Real servers, started when first asked for."""
    started = _Servers()
    yield started
    started.close()


def endless(client: Any) -> list[str]:
    """Find keys that would stay for ever.

    Args:
        client: a blocking client.

    Returns:
        Their names.
    """
    return [str(key) for key in client.scan_iter(count=1_000) if client.ttl(key) == -1]


def _swept(server: Server) -> list[str]:
    with server.client() as client:
        found = endless(client)
        client.flushall()
    return found


@pytest.fixture(autouse=True)
def every_key_has_an_end(servers: _Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look after each test for keys without TTL, in every store that it used."""
    embedded: list[EmbeddedStore] = []
    built = EmbeddedStore.__init__

    def noticed(store: EmbeddedStore) -> None:
        built(store)
        embedded.append(store)

    monkeypatch.setattr(EmbeddedStore, "__init__", noticed)
    yield
    leaks = [leak for store in embedded for leak in endless(vars(store)["_client"])] + servers.leaks()
    assert not leaks, f"keys without TTL: {leaks}"


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, servers: _Servers) -> Server:
    """A real server; it is empty again after the test."""
    return servers.get(request.param)


@pytest.fixture(params=["embedded", *KINDS])
def backend(request: pytest.FixtureRequest, servers: _Servers) -> Server | None:
    """Where challenges live: in this process (`None`), or on a real server."""
    return None if request.param == "embedded" else servers.get(request.param)


@pytest.fixture(params=STYLES)
def style(request: pytest.FixtureRequest) -> str:
    """Which engine: `"sync"` or `"async"`."""
    kind: str = request.param
    return kind


Build = Callable[..., Subject]


@pytest.fixture
def build(backend: Server | None, style: str) -> Iterator[Build]:
    """Build engines on this test's store; each gets a store object of its own, on the same data if real."""
    subjects: list[Subject] = []
    with asyncio.Runner() as runner:

        def one(**options: Any) -> Subject:
            subjects.append(Subject(style, backend, runner, **options))
            return subjects[-1]

        yield one
        for subject in subjects:
            subject.close()


@pytest.fixture
def subject(build: Build) -> Subject:
    """An engine with the default policy and an outbox."""
    return build()
