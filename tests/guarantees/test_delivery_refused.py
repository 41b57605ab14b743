"""D2: whatever the provider answers, or does not, ends in a typed error or an unknown delivery, in time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from otpflow import Challenge, DeliveryError, DeliveryState, Event, EventKind, Policy, ThrottledError
from otpflow.testing import Fault
from otpflow.transports import AsyncEsmsVoice, EsmsVoice
from tests.conftest import Build
from tests.guarantees import canaries
from tests.guarantees.canaries import (
    API_KEY,
    HANGING,
    HARMLESS,
    KEYS,
    LOST,
    NUMBER,
    PATIENT,
    REFUSING,
    SECRET_KEY,
    SHORT,
    UNTAKEN,
    Provider,
)
from tests.subjects import Subject

MARGIN = 5
TRIES_TIME = 2
"""The whole send takes at most this many times the time of one try, as the transport documents."""

ONCE = Policy(sends_per_hour=1, sends_per_day=1)
"""One send a day: only what was given back can be used again."""

REFUSED = {
    **dict.fromkeys(("99", "101", "102", "103", "104", "106", "108", "118", "140", "143", "146"), False),
    **dict.fromkeys(("163", "177", "201", "300"), False),
    **dict.fromkeys(("105", "160"), True),
    **dict.fromkeys(("0", "-1", "1", "98", "123", "777", "1000", "E_LIMIT"), False),
}
"""Codes that refuse a send, documented or not, and whether the same call may work later."""

FAULTS: dict[str, tuple[Fault, str, bool]] = {
    **{f"code {code}": (Fault.code(code, "No"), code, later) for code, later in REFUSED.items()},
    "html 404": (REFUSING["html 404"], "http_404", False),
    "html 429": (REFUSING["html 429"], "http_429", True),
    "redirect": (REFUSING["redirect"], "redirect", False),
    "redirect 301": (Fault.redirect("http://127.0.0.1:9/", 301), "redirect", False),
    "error_without_code": (REFUSING["error_without_code"], "invalid_request", False),
    "code 101 in a 401": (Fault.reply(b'{"CodeResult":"101"}', status=401), "101", False),
    "code 103 as a number": (Fault.reply(b'{"CodeResult":103}'), "103", False),
}

KINDS_OF_REFUSALS = ("code 101", "code 105", "html 404", "redirect", "error_without_code")

Start = Callable[..., Provider]


@pytest.fixture
def start(style: str) -> Iterator[Start]:
    """Start providers; they end with the test."""
    with ExitStack() as running:

        def one(timeout: float = PATIENT) -> Provider:
            return running.enter_context(Provider(style, timeout))

        yield one


@pytest.fixture
def reach(style: str) -> Iterator[Callable[..., Any]]:
    """Build transports that lead somewhere else than to a provider."""
    built: list[Any] = []

    def one(base_url: str, **options: Any) -> Any:
        kind: Any = EsmsVoice if style == "sync" else AsyncEsmsVoice
        built.append(kind(API_KEY, SECRET_KEY, base_url=base_url, timeout=PATIENT, **options))
        return built[-1]

    yield one
    for transport in built:
        if style == "sync":
            transport.close()
        else:
            asyncio.run(transport.aclose())


def _refused(subject: Subject, provider: Provider | None = None) -> DeliveryError:
    """Issue in vain: a `DeliveryError`, nothing secret in it, and the store as if nothing had been asked.

    That the provider failed is remembered for the breaker; of the number and its challenge nothing is.
    """
    with pytest.raises(DeliveryError) as caught:
        subject.issue()
    error: DeliveryError = caught.value
    words = (*canaries.KEY_WORDS, *canaries.number_forms(NUMBER))
    codes = provider.codes if provider else []
    assert canaries.found_in(canaries.shown(error), words, codes) == []
    alarm = [EventKind.ALARM] if error.concerns == "operator" else []
    detail = {"provider": "esms", "code": error.code}
    assert [(event.kind, event.detail) for event in subject.events] == [
        (kind, detail) for kind in (EventKind.DELIVERY_REFUSED, *alarm)
    ]
    for event in subject.events:
        assert canaries.found_in(canaries.shown(event), words, codes) == []
    ends = [key.rpartition(b":")[2] for key in subject.admin.scan_iter()]
    assert ends == ([b"breaker"] if error.concerns == "provider" else [])
    return error


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize(("fault", "code", "retryable"), FAULTS.values(), ids=FAULTS)
def test_a_refusal_is_typed_and_costs_nothing(
    build: Build, start: Start, fault: Fault, code: str, retryable: bool
) -> None:
    """The one send of the day is still there, at once, and only that."""
    provider = start()
    subject = build(keys=KEYS, transport=provider.transport, policy=ONCE)
    provider.simulator.misbehave(fault)

    error = _refused(subject, provider)

    assert (type(error), error.code, error.retryable) == (DeliveryError, code, retryable)
    assert len(provider.simulator.requests) == 1
    challenge = subject.issue()
    assert challenge.delivery.state is DeliveryState.ACCEPTED
    assert subject.verify(challenge.id, provider.code)
    with pytest.raises(ThrottledError):
        subject.issue()


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize(
    ("fault", "code", "retryable"), [FAULTS[name] for name in KINDS_OF_REFUSALS], ids=KINDS_OF_REFUSALS
)
def test_a_refused_resend_costs_nothing(
    build: Build, start: Start, fault: Fault, code: str, retryable: bool
) -> None:
    """Sends and cooldown are given back, and the code that was heard before still verifies."""
    provider = start()
    subject = build(keys=KEYS, transport=provider.transport)
    challenge = subject.issue()
    heard = provider.code
    subject.advance(61)
    before = subject.inspect(challenge.id)
    provider.simulator.misbehave(fault)

    with pytest.raises(DeliveryError) as caught:
        subject.resend(challenge.id)

    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    after = subject.inspect(challenge.id)
    assert (after.sends_left, after.resend_after, after.attempts_left) == (
        before.sends_left,
        before.resend_after,
        before.attempts_left,
    )
    assert subject.resend(challenge.id).sends_left == 1
    assert provider.code != heard
    assert subject.verify(challenge.id, provider.code)


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("fault", [Fault.code("101"), Fault.redirect("http://127.0.0.1:9/")])
def test_the_code_from_before_a_refused_resend_verifies(build: Build, start: Start, fault: Fault) -> None:
    """It was not replaced by one that nobody heard."""
    provider = start()
    subject = build(transport=provider.transport)
    challenge = subject.issue()
    subject.advance(61)
    provider.simulator.misbehave(fault)
    with pytest.raises(DeliveryError):
        subject.resend(challenge.id)

    assert subject.verify(challenge.id, provider.simulator.heard(NUMBER) or "")


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize(
    "fault", [*HANGING.values(), *LOST.values(), *UNTAKEN.values()], ids=[*HANGING, *LOST, *UNTAKEN]
)
def test_what_nobody_knows_is_unknown_in_time_and_costs_a_send(
    build: Build, start: Start, fault: Fault
) -> None:
    """No error, since the user may hear the code; the one send of the day is spent."""
    timeout = SHORT if fault in HANGING.values() else PATIENT
    provider = start(timeout)
    events: list[Event] = []
    subject = build(keys=KEYS, transport=provider.transport, policy=ONCE, on_event=(events.append,))
    provider.simulator.misbehave(fault, 9)

    started = time.monotonic()
    challenge: Challenge = subject.issue()
    assert time.monotonic() - started < MARGIN * TRIES_TIME * timeout

    assert challenge.delivery.state is DeliveryState.UNKNOWN
    words = (*canaries.KEY_WORDS, *canaries.number_forms(NUMBER), challenge.id)
    assert [event.kind for event in events] == [EventKind.DELIVERY_UNKNOWN, EventKind.ISSUED]
    for shown in map(canaries.shown, (challenge, *events)):
        assert canaries.found_in(shown, words, provider.codes) == []
    with pytest.raises(ThrottledError):
        subject.issue()
    assert subject.verify(challenge.id, provider.codes[-1])


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("fault", HARMLESS.values(), ids=HARMLESS)
def test_what_is_only_unusual_is_no_error(build: Build, start: Start, fault: Fault) -> None:
    """The call was taken, and the challenge says so."""
    provider = start()
    subject = build(transport=provider.transport)
    provider.simulator.misbehave(fault)

    challenge = subject.issue()

    assert challenge.delivery.provider_ref == provider.simulator.calls[0].sms_id
    assert len(provider.simulator.requests) == 1


@pytest.mark.guarantee("D2")
def test_a_provider_that_is_not_there_costs_nothing(build: Build, reach: Callable[..., Any]) -> None:
    """A closed port: surely not sent, and worth another try."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    subject = build(keys=KEYS, transport=reach(f"http://127.0.0.1:{port}"))

    error = _refused(subject)

    assert (type(error), error.code, error.retryable) == (DeliveryError, "connect", True)


@pytest.mark.guarantee("D2")
def test_a_provider_without_tls_costs_nothing(build: Build, start: Start, reach: Callable[..., Any]) -> None:
    """The handshake fails before anything of the request has left."""
    provider = start()
    with provider.simulator.serve() as server:
        subject = build(keys=KEYS, transport=reach(server.base_url.replace("http:", "https:")))
        error = _refused(subject)

    assert (type(error), error.code, error.retryable) == (DeliveryError, "connect", True)
    assert provider.simulator.requests == []


@pytest.mark.guarantee("D2")
def test_a_provider_whose_name_does_not_resolve_costs_nothing(
    build: Build, style: str, reach: Callable[..., Any]
) -> None:
    """As httpx reports it; no look-up is made here."""

    def unresolved(request: httpx.Request) -> httpx.Response:
        try:
            raise socket.gaierror(-2, "Name or service not known")
        except OSError as error:
            msg = f"{request.content!r} could not be sent"
            raise httpx.ConnectError(msg, request=request) from error

    client: Any = (httpx.Client if style == "sync" else httpx.AsyncClient)(
        transport=httpx.MockTransport(unresolved)
    )
    subject = build(keys=KEYS, transport=reach("https://rest.esms.vn", client=client))

    error = _refused(subject)

    assert (type(error), error.code, error.retryable) == (DeliveryError, "connect", True)
    if style == "sync":
        client.close()
    else:
        asyncio.run(client.aclose())


@pytest.mark.guarantee("D2")
def test_no_kind_of_fault_is_left_out() -> None:
    """Whoever adds one to the simulator adds it to these tests."""
    kinds = {name for name, member in vars(Fault).items() if isinstance(member, classmethod)}
    tried = {word for name in (*HANGING, *LOST, *UNTAKEN, *HARMLESS, *FAULTS) for word in name.split()}

    assert kinds - tried == set()
