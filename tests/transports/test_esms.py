"""eSMS: the request, the codes, and what a delivery that went wrong comes to (D1, D2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from otpflow.errors import DeliveryError, DeliveryUnknownError
from otpflow.models import DeliveryState, Receipt
from otpflow.testing.simulator import SEND, EsmsSimulator
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports._esms_codes import CODES
from tests.transports.conftest import API_KEY, NUMBER, SECRET_KEY, Build, Esms, fail, message

# Code, whether the same call may work later, whether an earlier try must have met it too.
REFUSALS = [
    ("99", False, True),
    ("101", False, True),
    ("102", False, True),
    ("103", False, False),
    ("104", False, True),
    ("105", True, False),
    ("106", False, True),
    ("108", False, True),
    ("118", False, True),
    ("140", False, True),
    ("143", False, True),
    ("146", False, True),
    ("160", True, False),
    ("163", False, True),
    ("177", False, True),
    ("201", False, True),
    ("300", False, True),
    ("777", False, False),
    ("-5", False, False),
]


def test_the_request_is_the_documented_one(voice: Esms, simulator: EsmsSimulator) -> None:
    """Every field with the type that the documentation's example has, and no other field."""
    receipt = voice.send(message())
    (request,), (call,) = simulator.requests, simulator.calls
    assert (request.method, request.path) == ("POST", SEND)
    assert request.fields == {
        "ApiKey": API_KEY,
        "SecretKey": SECRET_KEY,
        "Phone": "0901888484",
        "Content": message().content,
        "SmsType": "8",
        "IsUnicode": 0,
        "Sandbox": 0,
        "RequestId": "request-1",
    }
    assert receipt == Receipt(provider="esms", provider_ref=call.sms_id, state=DeliveryState.ACCEPTED)
    assert simulator.heard(NUMBER) == "918273"


def test_optional_fields(build: Build, server: SimulatorServer, simulator: EsmsSimulator) -> None:
    """Campaign, sandbox and callback go out where they are given; diacritics are announced."""
    voice = build(server.base_url + "/", sandbox=True, campaign="Tết 2026")
    voice.send(message(content="Mã: 9, 1, 8", callback_url="https://shop.example/r?s=1", to="+15550100200"))
    sent = simulator.requests[0].fields
    assert {key: sent[key] for key in ("campaignid", "Sandbox", "CallbackUrl", "IsUnicode", "Phone")} == {
        "campaignid": "Tết 2026",
        "Sandbox": 1,
        "CallbackUrl": "https://shop.example/r?s=1",
        "IsUnicode": 1,
        "Phone": "15550100200",
    }
    assert simulator.calls == []


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 4, 1, 18, 30, 5, 999, tzinfo=UTC), "2026-04-02 01:30:05"),
        (datetime(2026, 4, 1, 18, 30, tzinfo=timezone(timedelta(hours=7))), "2026-04-01 18:30:00"),
        (None, None),
    ],
)
def test_a_scheduled_time_is_vietnam_time(
    build: Build,
    server: SimulatorServer,
    simulator: EsmsSimulator,
    moment: datetime | None,
    expected: str | None,
) -> None:
    """An aware time is brought to UTC+7, asked once a send even where the send is repeated."""
    asked: list[datetime | None] = []

    def send_at() -> datetime | None:
        asked.append(moment)
        return moment

    voice = build(server.base_url, send_at=send_at)
    simulator.misbehave(Fault.accept_then_drop())
    voice.send(message())
    assert [request.fields.get("SendDate") for request in simulator.requests] == [expected] * 2
    assert asked == [moment]


def test_a_naive_scheduled_time_is_refused(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator
) -> None:
    """Without a time zone nobody knows when it is; nothing goes out."""
    error = fail(build(server.base_url, send_at=lambda: datetime(2026, 4, 1)))
    assert (error.code, simulator.requests) == ("send_at", [])


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\x1b", "\u202e", "\u2066", "\u200b", "\u2028", "\ud800"])
def test_control_and_bidi_characters_never_go_out(voice: Esms, simulator: EsmsSimulator, bad: str) -> None:
    """Whatever made the content, such characters end here, in every field that is free text."""
    assert fail(voice, content=f"Code{bad} 918273").code == "content"
    assert fail(voice, callback_url=f"https://shop.example/{bad}").code == "callback_url"
    assert fail(voice, request_id=f"r{bad}").code == "request_id"
    assert simulator.requests == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel": "sms"}, "channel"),
        ({"to": "0901888484"}, "number"),
        ({"to": "+84901888484,+84901888485"}, "number"),
        ({"to": "+84９01888484"}, "number"),
        ({"content": "  "}, "content"),
        ({"request_id": ""}, "request_id"),
        ({"request_id": "r" * 51}, "request_id"),
    ],
)
def test_a_message_that_cannot_be_sent_is_not(
    voice: Esms, simulator: EsmsSimulator, changes: dict[str, Any], code: str
) -> None:
    """Surely refused, not retryable, no request."""
    error = fail(voice, **changes)
    assert (type(error), error.code, error.retryable) == (DeliveryError, code, False)
    assert simulator.requests == []


@pytest.mark.guarantee("S5")
def test_content_cannot_reshape_the_request(voice: Esms, simulator: EsmsSimulator) -> None:
    """Quotes, braces and bars stay text."""
    content = 'x", "Phone": "0999999999", "y": "||%s{x.__class__}$code'
    voice.send(message(content=content))
    assert (simulator.calls[0].content, simulator.calls[0].phone) == (content, "0901888484")


def test_every_row_of_the_table_is_tested() -> None:
    """A code that is added is added here as well."""
    assert set(CODES) - {row[0] for row in REFUSALS} == {"100", "124", "199"}


@pytest.mark.parametrize(("code", "retryable", "lasting"), REFUSALS)
def test_a_refusal_of_the_first_try(
    voice: Esms, simulator: EsmsSimulator, code: str, retryable: bool, lasting: bool
) -> None:
    """Surely not taken: a DeliveryError with the code, at once, nothing repeated."""
    simulator.misbehave(Fault.code(code, "Some words"))
    error = fail(voice)
    assert (type(error), error.code, error.retryable) == (DeliveryError, code, retryable)
    assert code in str(error)
    assert "Some words" in str(error)
    assert len(simulator.requests) == 1


@pytest.mark.guarantee("D1")
@pytest.mark.parametrize(("code", "retryable", "lasting"), REFUSALS)
def test_a_refusal_of_a_repeat(
    voice: Esms, simulator: EsmsSimulator, code: str, retryable: bool, lasting: bool
) -> None:
    """Only what the first try must have met too is believed; the rest leaves it open."""
    simulator.misbehave(Fault.empty())
    simulator.misbehave(Fault.code(code), times=2)
    error = fail(voice)
    assert type(error) is (DeliveryError if lasting else DeliveryUnknownError)
    assert error.code == code
    assert len(simulator.requests) == (2 if lasting else 3)


def test_a_code_may_be_a_number(voice: Esms, simulator: EsmsSimulator) -> None:
    """100 and "100" are the same."""
    simulator.misbehave(Fault.numeric_code())
    assert voice.send(message()).provider_ref == simulator.calls[0].sms_id
    for body in (b'{"CodeResult":101}', b'{"CodeResult":101.0}', b'{"CodeResult":" 101 "}'):
        simulator.misbehave(Fault.reply(body))
        assert fail(voice).code == "101"


@pytest.mark.parametrize(
    ("sms_id", "expected"),
    [
        ('"abc"', "abc"),
        (json.dumps("x" * 100), "x" * 64),
        ("17", None),
        ("null", None),
        ('""', None),
        ('"a\\u0000b"', None),
        (json.dumps(f"id-{API_KEY}"), None),
        ('"id-84901888484"', None),
    ],
)
def test_a_reference_is_kept_where_it_is_one(
    voice: Esms, simulator: EsmsSimulator, sms_id: str, expected: str | None
) -> None:
    """At most 64 characters of a string; nothing of ours comes back in it."""
    simulator.misbehave(Fault.reply(f'{{"CodeResult":"100","SMSID":{sms_id}}}'.encode()))
    assert voice.send(message()) == Receipt(provider="esms", provider_ref=expected)


@pytest.mark.parametrize(
    ("base_url", "voice_base_url", "expected"),
    [
        ("https://rest.esms.vn", None, "https://voiceapi.esms.vn"),
        ("https://gateway.example", None, "https://voiceapi.esms.vn"),
        ("http://127.0.0.1:8080/x", None, "http://127.0.0.1:8080/x"),
        ("https://localhost:8443", None, "https://localhost:8443"),
        ("http://[::1]:8080", None, "http://[::1]:8080"),
        ("http://127.0.0.1:8080", "https://voice.example/", "https://voice.example"),
        ("https://rest.esms.vn", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_where_calls_are_asked_for(
    twin: str, build: Build, base_url: str, voice_base_url: str | None, expected: str
) -> None:
    """Where a simulator stands in for the one host it does for the other: no test sends keys to the real one."""
    urls: list[str] = []

    def hear(request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        return httpx.Response(200, json={"CodeResult": "100", "CodeResponse": "105"})

    mock = httpx.MockTransport(hear)
    client = httpx.Client(transport=mock) if twin == "sync" else httpx.AsyncClient(transport=mock)
    for kind in ("Voice", "TemplateCall"):
        esms = build(base_url, kind, voice_base_url=voice_base_url, client=client)
        esms.send(message())
        esms.poll("reference-1")
    paths = ("GetSendStatus", "MakeCallTemplate_V2", "GetSendStatus")
    assert urls[0] == f"{base_url}{SEND}"
    assert [url.partition("?")[0] for url in urls[1:]] == [
        f"{expected}/MainService.svc/json/{path}" for path in paths
    ]
