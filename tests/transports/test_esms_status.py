"""eSMS: what became of a send, and what is on the account; whatever a server answers (D2)."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from otpflow.errors import DeliveryError, DeliveryUnknownError
from otpflow.models import DeliveryState, Report
from otpflow.testing.simulator import BALANCE, STATUS, EsmsSimulator
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_server import SimulatorServer
from tests.transports.conftest import API_KEY, CANARIES, KINDS, SECRET_KEY, TIMEOUT, Build, Esms
from tests.transports.test_esms_family import text

GRACE = 0.5
MESSAGES = ("Sms", "Zalo")
every_kind = pytest.mark.parametrize("kind", KINDS)


def sent(esms: Esms, kind: str) -> str:
    reference = esms.send(text(kind)).provider_ref
    assert reference
    return reference


def poll_error(esms: Esms, reference: str = "reference-1") -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        esms.poll(reference)
    return caught.value


@every_kind
def test_what_became_of_a_send(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, kind: str
) -> None:
    """Nothing yet while it stands somewhere; then how it ended, in the form of its kind."""
    esms = build(server.base_url, kind)
    reference = sent(esms, kind)
    price = 850.0 if kind in MESSAGES else None
    duration = None if kind in MESSAGES else 0
    for standing, state in ((1, "ACCEPTED"), (2, "ACCEPTED"), (7, "ACCEPTED"), (4, "FAILED")):
        simulator.hold(reference, standing)
        assert esms.poll(reference) == Report(
            state=DeliveryState(state), provider_ref=reference, price=price, duration=duration
        )
    simulator.fail(reference)
    assert esms.poll(reference).state is DeliveryState.FAILED
    if kind in MESSAGES:
        simulator.arrive(reference)
        assert esms.poll(reference) == Report(
            state=DeliveryState.DELIVERED, provider_ref=reference, price=850.0
        )
        return
    for spelling in ("NOANSWERED", "NO ANSWER"):
        simulator.no_answer(reference, spelling=spelling)
        assert esms.poll(reference).state is DeliveryState.UNANSWERED
    simulator.answer(reference, duration=13)
    assert esms.poll(reference) == Report(state=DeliveryState.DELIVERED, provider_ref=reference, duration=13)


@every_kind
def test_the_question_is_the_documented_one(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, kind: str
) -> None:
    """GET, the keys, and the id under the name of its endpoint."""
    build(server.base_url, kind).poll("a b&c=d||%")
    (request,) = simulator.requests
    name = "RefId" if kind in MESSAGES else "ReferenceId"
    assert (request.method, request.path) == ("GET", STATUS)
    assert request.fields == {"ApiKey": API_KEY, "SecretKey": SECRET_KEY, name: "a b&c=d||%"}


@every_kind
@pytest.mark.parametrize("code", ["105", "199"])
def test_too_early_is_not_yet(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, kind: str, code: str
) -> None:
    """What the provider does not know yet is no error."""
    simulator.misbehave(Fault.code(code))
    assert build(server.base_url, kind).poll("reference-1") == Report(state=DeliveryState.ACCEPTED)
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("reference", ["", "r" * 65, "a\nb", "é", None, 7])
def test_what_is_no_reference_is_not_asked_for(voice: Esms, simulator: EsmsSimulator, reference: Any) -> None:
    """Nothing goes out."""
    error = poll_error(voice, reference)
    assert (type(error), error.code, simulator.requests) == (DeliveryError, "reference", [])


ANSWERS: list[tuple[dict[str, Any], str | None]] = [
    ({"SendStatus": "5", "CallStatus": "ANSWERED"}, "DELIVERED"),
    ({"SendStatus": 5.0, "CallStatus": " no answer "}, "UNANSWERED"),
    ({"SendStatus": 5, "CallStatus": "", "SentResult": 1}, "DELIVERED"),
    ({"SendStatus": 5, "CallStatus": "BUSY", "SentResult": "0"}, "FAILED"),
    ({"SendStatus": 5, "CallStatus": None, "SentResult": True}, "DELIVERED"),
    ({"SendStatus": 5, "CallStatus": 7, "SentResult": False}, "FAILED"),
    ({"SendStatus": 5, "SendSuccess": 1, "SendFailed": 0}, "DELIVERED"),
    ({"SendStatus": 5, "SendSuccess": 0, "SendFailed": 1}, "FAILED"),
    ({"SendStatus": "4.0"}, "FAILED"),
    ({"SendStatus": 5, "SendSuccess": 0, "SendFailed": 0}, None),
    ({"SendStatus": 5}, None),
    ({"SendStatus": 3, "CallStatus": "ANSWERED"}, None),
    ({"SendStatus": "5.5", "CallStatus": "ANSWERED"}, None),
    ({"SendStatus": [5], "CallStatus": "ANSWERED"}, None),
    ({"SendStatus": 10**300, "CallStatus": "ANSWERED"}, None),
    ({}, None),
]


@pytest.mark.parametrize("kind", ["Voice", "Sms"])
@pytest.mark.parametrize(("fields", "state"), ANSWERS)
def test_how_an_answer_is_read(
    build: Build, twin: str, kind: str, fields: dict[str, Any], state: str | None
) -> None:
    """Either form at either endpoint, numbers as texts; what does not say it is not believed to."""
    esms = answering(build, twin, kind, {"CodeResponse": 100} | fields)
    if state is None:
        error = poll_error(esms)
        assert (type(error), error.code, error.retryable) == (DeliveryUnknownError, "no_code", True)
    else:
        assert esms.poll("reference-1") == Report(state=DeliveryState(state))


def answering(build: Build, twin: str, kind: str, answer: dict[str, Any]) -> Esms:
    """Build one that hears always the same."""
    body = json.dumps(answer).replace("Infinity", "1e999").encode()
    mock = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    client = httpx.Client(transport=mock) if twin == "sync" else httpx.AsyncClient(transport=mock)
    return build("https://rest.esms.vn", kind, client=client)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"SMSID": "abc", "TotalPrice": "850.0000"}, {"provider_ref": "abc", "price": 850.0}),
        ({"ReferenceId": "r" * 70, "Price": 1}, {"provider_ref": "r" * 64, "price": 1.0}),
        ({"SMSID": "", "ReferenceId": "x", "CallDuration": "13"}, {"provider_ref": "x", "duration": 13}),
        ({"SMSID": API_KEY, "TotalPrice": -1, "CallDuration": -1}, {}),
        ({"SMSID": f"x{SECRET_KEY}", "TotalPrice": 1e10, "CallDuration": 86_401}, {}),
        ({"SMSID": 7, "TotalPrice": "much", "CallDuration": True, "Price": None}, {"duration": 1}),
        ({"SMSID": "a\u202eb", "TotalPrice": True, "CallDuration": 1e999}, {}),
        ({"phonenumber": "0901888484"}, {"number": "0901888484"}),
    ],
)
def test_what_else_an_answer_says(
    build: Build, twin: str, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Kept where it is what it should be; nothing of ours comes back in it."""
    answer = {"CodeResponse": "100", "SendStatus": 7} | fields
    esms = answering(build, twin, "Voice", answer)
    assert esms.poll("reference-1") == Report(state=DeliveryState.ACCEPTED, **expected)


HANGING = [
    Fault.accept_then_delay(60),
    Fault.delay(60),
    Fault.drip_headers(0.02),
    Fault.drip_body(0.02),
]
BROKEN = [
    Fault.html(),
    Fault.html(502),
    Fault.empty(),
    Fault.huge(),
    Fault.truncated(),
    Fault.drop(),
    Fault.reply(b"[]"),
    Fault.reply(b'{"CodeResult":"100","SendStatus":5,"SentResult":1}'),
    Fault.reply(b"{}", headers={"Content-Encoding": "gzip"}),
    Fault.error_without_code("Internal error"),
    Fault.code("124"),
]
REFUSED = [
    (Fault.code("101", "Authorize Failed"), "101", False),
    (Fault.code("160"), "160", True),
    (Fault.code("777", f"{API_KEY} {SECRET_KEY}"), "777", False),
    (Fault.redirect("http://127.0.0.1/elsewhere"), "redirect", False),
    (Fault.html(404), "http_404", False),
    (Fault.html(429), "http_429", True),
    (Fault.error_without_code(), "invalid_request", False),
]


def ask(esms: Esms, asked: str) -> object:
    return esms.balance() if asked == "Account" else esms.poll("reference-1")


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("asked", ["Voice", "Account"])
@pytest.mark.parametrize("fault", [*HANGING, *BROKEN], ids=lambda fault: fault.name)
def test_what_cannot_be_read_is_unknown(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, asked: str, fault: Fault
) -> None:
    """At most two questions within twice the timeout, then a typed error without a secret."""
    simulator.misbehave(fault, times=9)
    started = time.monotonic()
    with pytest.raises(DeliveryError) as caught:
        ask(build(server.base_url, asked), asked)
    assert time.monotonic() - started < 2 * TIMEOUT + GRACE
    assert type(caught.value) is DeliveryUnknownError
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert [canary for canary in CANARIES if canary in f"{caught.value!r} {caught.value}"] == []
    assert 1 <= len(simulator.requests) <= 2


@pytest.mark.parametrize("asked", ["Voice", "Account"])
@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: fault.name)
def test_a_second_answer_is_good_enough(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, asked: str, fault: Fault
) -> None:
    """One answer that cannot be read is asked for again."""
    simulator.misbehave(fault)
    expected = 1_000_000 if asked == "Account" else Report(state=DeliveryState.ACCEPTED)
    assert ask(build(server.base_url, asked, timeout=5), asked) == expected
    assert len(simulator.requests) == 2


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("asked", ["Voice", "Account"])
@pytest.mark.parametrize(("fault", "code", "retryable"), REFUSED)
def test_what_is_refused_is_said_at_once(
    build: Build,
    server: SimulatorServer,
    simulator: EsmsSimulator,
    asked: str,
    fault: Fault,
    code: str,
    retryable: bool,
) -> None:
    """With the provider's code, once, and without a key."""
    esms = build(server.base_url, asked)
    simulator.misbehave(fault)
    with pytest.raises(DeliveryError) as caught:
        ask(esms, asked)
    error = caught.value
    assert (type(error), error.code, error.retryable) == (DeliveryError, code, retryable)
    assert "CANARY" not in f"{error!r} {error}"
    assert len(simulator.requests) == 1


@pytest.mark.guarantee("D2")
@pytest.mark.parametrize("asked", ["Voice", "Account"])
def test_a_server_that_is_not_there(build: Build, server: SimulatorServer, asked: str) -> None:
    """Not reached is a refusal to connect, as for a send."""
    server.close()
    esms = build(server.base_url, asked)
    with pytest.raises(DeliveryError) as caught:
        ask(esms, asked)
    assert (type(caught.value), caught.value.code, caught.value.retryable) == (DeliveryError, "connect", True)


def test_the_balance(build: Build, server: SimulatorServer, simulator: EsmsSimulator) -> None:
    """Whole dong, from the documented request; nothing on it is an answer, too."""
    account = build(server.base_url, "Account")
    assert account.balance() == 1_000_000
    simulator.balance = 0
    assert account.balance() == 0
    request = simulator.requests[0]
    assert (request.method, request.path) == ("POST", BALANCE)
    assert request.fields == {"ApiKey": API_KEY, "SecretKey": SECRET_KEY}
    assert repr(account.transport).endswith(f"EsmsAccount(base_url={server.base_url!r}, timeout={TIMEOUT})")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("36693", 36693),
        ('"36693"', 36693),
        ("36693.75", 36693),
        ("-20.5", -21),
        ("true", None),
        ("null", None),
        ("1e300", None),
        ('"much"', None),
    ],
)
def test_how_a_balance_is_read(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, amount: str, expected: int | None
) -> None:
    """A number, or a text that is one; rounded down."""
    account = build(server.base_url, "Account")
    simulator.misbehave(Fault.reply(f'{{"Balance":{amount},"CodeResponse":100}}'.encode()), times=2)
    if expected is None:
        with pytest.raises(DeliveryUnknownError, match="no_code"):
            account.balance()
    else:
        assert account.balance() == expected
