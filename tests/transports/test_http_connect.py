"""Connections that do not come about: surely nothing was sent (D2)."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from otpflow.errors import DeliveryError
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports import _http
from otpflow.transports._exchange import Failure, Reply
from tests.transports.conftest import Build, Post, message


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[int]:
    """The port of a TLS server whose certificate nobody signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.settimeout(5)
                with suppress(OSError), connection, context.wrap_socket(connection, server_side=True):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.mark.guarantee("D2")
def test_a_closed_port_is_surely_not_sent(build: Build) -> None:
    """Refused by the kernel: retryable, and nothing was taken."""
    with pytest.raises(DeliveryError) as caught:
        build(f"http://127.0.0.1:{closed_port()}").send(message())
    assert (type(caught.value), caught.value.code, caught.value.retryable) == (DeliveryError, "connect", True)


@pytest.mark.guarantee("D2")
def test_an_untrusted_certificate_is_surely_not_sent(build: Build, untrusted: int) -> None:
    """The handshake fails before any byte of the request; the operator reads why."""
    with pytest.raises(DeliveryError, match="TLS") as caught:
        build(f"https://localhost:{untrusted}", timeout=2).send(message())
    assert (type(caught.value), caught.value.code, caught.value.retryable) == (DeliveryError, "connect", True)


@pytest.mark.guarantee("D2")
def test_a_name_that_does_not_resolve_is_surely_not_sent(post: Post) -> None:
    """As httpx reports it; no look-up is made here."""

    def fail(_: httpx.Request) -> httpx.Response:
        try:
            raise socket.gaierror(-2, "Name or service not known")
        except OSError as error:
            raise httpx.ConnectError("failed") from error

    answer = post("https://rest.esms.vn/", fail)
    assert answer == Failure(sent=False, code="connect", detail="the host's name could not be resolved")


@pytest.mark.guarantee("D2")
def test_a_handshake_that_hangs_is_surely_not_sent(post: Post, listener: socket.socket) -> None:
    """The connection is there, TLS is not: nothing of the request has left."""
    answer = post(f"https://127.0.0.1:{listener.getsockname()[1]}/")
    assert isinstance(answer, Failure)
    assert (answer.sent, answer.code) == (False, "connect")


@pytest.mark.guarantee("D2")
def test_connecting_is_tried_twice(twin: str, build: Build) -> None:
    """One repeat, then the error."""
    tries: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        raise httpx.ConnectError("refused")

    kind = httpx.Client if twin == "sync" else httpx.AsyncClient
    voice = build("https://rest.esms.vn", client=kind(transport=httpx.MockTransport(refuse)))
    with pytest.raises(DeliveryError):
        voice.send(message())
    assert len(tries) == 2


@pytest.mark.guarantee("D1")
def test_no_connection_after_a_lost_answer_stays_unknown(twin: str, build: Build) -> None:
    """The second try did not get there; the first may have."""
    outcomes: list[Exception] = [
        httpx.ReadTimeout("late"),
        httpx.ConnectError("no"),
        httpx.ConnectError("no"),
    ]

    def lose(_: httpx.Request) -> httpx.Response:
        raise outcomes.pop(0)

    kind = httpx.Client if twin == "sync" else httpx.AsyncClient
    voice = build("https://rest.esms.vn", client=kind(transport=httpx.MockTransport(lose)))
    with pytest.raises(DeliveryError) as caught:
        voice.send(message())
    assert (type(caught.value).__name__, outcomes) == ("DeliveryUnknownError", [])


def test_the_environment_is_not_read(
    monkeypatch: pytest.MonkeyPatch, post: Post, server: SimulatorServer
) -> None:
    """A proxy from the environment would read the keys."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    assert isinstance(post(server.base_url), Reply)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://rest.esms.vn", True),
        ("https://rest.esms.vn:8443/path/", True),
        ("http://127.0.0.1:8080", True),
        ("http://127.8.9.10", True),
        ("http://[::1]:8080", True),
        ("http://localhost:8080", True),
        ("http://rest.esms.vn", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@example.com", False),
        ("http://127.1", False),
        ("http://0.0.0.0", False),
        ("http://[::ffff:127.0.0.1]", False),
        ("http://10.0.0.1", False),
        ("https://user:pass@rest.esms.vn", False),
        ("https://rest.esms.vn?key=1", False),
        ("https://rest.esms.vn#x", False),
        ("ftp://127.0.0.1", False),
        ("rest.esms.vn", False),
        ("https://", False),
        ("https://rest.esms.vn:port", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_base_urls(url: object, allowed: bool) -> None:
    """https, or plain http to this machine; nothing that could carry a secret or lead elsewhere."""
    problem = _http.base_url_problem(url)
    assert (problem is None) is allowed
    assert problem is None or "pass" not in problem
