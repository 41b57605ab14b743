"""eSMS: text messages, Zalo notifications and calls from a template, over the rules that calls have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from otpflow import transports
from otpflow.errors import ConfigurationError, DeliveryError, DeliveryUnknownError
from otpflow.models import DeliveryState, Receipt
from otpflow.testing.simulator import CALL, SEND, ZALO, EsmsSimulator
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_provider import REPEATED
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports import AsyncTransport, Transport
from tests.transports.conftest import API_KEY, CODE, KINDS, SECRET_KEY, Build, Esms, fail, message

CHANNELS = {"Voice": "voice", "Sms": "sms", "Zalo": "zalo", "TemplateCall": "voice"}
NAMES = {"Voice": "esms", "Sms": "esms-sms", "Zalo": "esms-zalo", "TemplateCall": "esms-call"}
TEXT = f"{CODE} is your Shop login code, valid for 3 min."
SHARED = {"ApiKey": API_KEY, "SecretKey": SECRET_KEY, "Phone": "0901888484", "RequestId": "request-1"}
REQUESTS: dict[str, tuple[str, str, dict[str, object]]] = {
    "Sms": (
        "POST",
        SEND,
        {"Content": TEXT, "SmsType": "2", "Brandname": "Shop", "IsUnicode": 0, "Sandbox": 0},
    ),
    "Zalo": (
        "POST",
        ZALO,
        {
            "OAID": "4097311281936189049",
            "TempID": "200607",
            "TempData": {"otp": CODE},
            "SendingMode": "1",
            "Sandbox": 0,
        },
    ),
    "TemplateCall": (
        "GET",
        CALL,
        {"TemplateId": "17", "VariableListStr": CODE, "Voice": "female", "Speed": "0"},
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def text(kind: str, **changes: Any) -> Any:
    """What each kind is asked to deliver."""
    return message(**{"channel": CHANNELS[kind], "content": TEXT, **changes})


def refusal(esms: Esms, kind: str, **changes: Any) -> DeliveryError:
    return fail(esms, **{"channel": CHANNELS[kind], "content": TEXT, **changes})


@pytest.mark.parametrize("kind", REQUESTS)
def test_each_request_is_the_documented_one(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, kind: str
) -> None:
    """Every field with the type that the documentation's example has, and no other field."""
    esms = build(server.base_url, kind)
    receipt = esms.send(text(kind))
    (request,), (call,) = simulator.requests, simulator.calls
    assert (request.method, request.path, request.fields) == (*REQUESTS[kind][:2], REQUESTS[kind][2] | SHARED)
    assert receipt == Receipt(provider=NAMES[kind], provider_ref=call.sms_id, state=DeliveryState.ACCEPTED)
    assert simulator.heard("+84901888484") == CODE


@pytest.mark.parametrize("kind", REQUESTS)
def test_optional_fields(build: Build, server: SimulatorServer, simulator: EsmsSimulator, kind: str) -> None:
    """Each where it is given, in the form of its endpoint; a call from a template has no campaign and no sandbox."""
    given: dict[str, Any] = {"send_at": lambda: datetime(2026, 4, 1, 18, 30, 5, tzinfo=UTC)}
    expected: dict[str, object] = {"SendDate": "2026/04/02 01:30:05"}
    if kind != "TemplateCall":
        given |= {"sandbox": True, "campaign": "Tết 2026"}
        expected = {"SendDate": "2026-04-02 01:30:05", "Sandbox": 1, "campaignid": "Tết 2026"}
    esms = build(server.base_url + "/", kind, **given)
    esms.send(text(kind, callback_url="https://shop.example/r?s=1&t=a+b%20c"))
    sent = simulator.requests[0].fields
    assert expected | {"CallbackUrl": "https://shop.example/r?s=1&t=a+b%20c"} == {
        name: sent[name] for name in (*expected, "CallbackUrl")
    }
    assert {"SendDate", "Sandbox", "campaignid"} & sent.keys() == expected.keys()


def test_what_fills_a_template(build: Build, server: SimulatorServer, simulator: EsmsSimulator) -> None:
    """Attributes of the message under the template's names, in any script; variables in their order."""
    names = {
        "otp": "code",
        "spoken": "digits",
        "text": "content",
        "life": "minutes",
        "seconds": "expires_in",
        "why": "purpose",
        "language": "locale",
    }
    values = [CODE, "9, 1, 8, 2, 7, 3", "Mã 100% & | +1 của bạn?", "4", "181", "login", "vi"]
    changes: dict[str, Any] = {"content": values[2], "expires_in": 181.5, "locale": "vi"}
    build(server.base_url, "Zalo", fields=names).send(text("Zalo", **changes))
    caller = build(server.base_url, "TemplateCall", variables=list(names.values()), voice="ngoclam", speed=-3)
    caller.send(text("TemplateCall", request_id="request-2", **changes))
    assert simulator.requests[0].fields["TempData"] == dict(zip(names, values, strict=True))
    sent = simulator.requests[1].fields
    assert (sent["VariableListStr"], sent["Voice"], sent["Speed"]) == ("||".join(values), "ngoclam", "-3")


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("bad", ["a||b", "|a", "a|", "a|||b", "", "  ", "a\nb", "a\u202eb", "\ud800"])
def test_a_value_cannot_reshape_the_variables(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, bad: str
) -> None:
    """What the provider would split, or nobody can read, does not go out."""
    caller = build(server.base_url, "TemplateCall", variables=("purpose", "code", "purpose"))
    assert refusal(caller, "TemplateCall", purpose=bad).code == "content"
    assert simulator.requests == []


@every_kind
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel": "fax"}, "channel"),
        ({"to": "0901888484"}, "number"),
        ({"content": "\u202e", "code": "\u202e"}, "content"),
        ({"request_id": ""}, "request_id"),
        ({"callback_url": "https://shop.example/\n"}, "callback_url"),
    ],
)
def test_a_message_that_cannot_be_sent_is_not(
    build: Build,
    server: SimulatorServer,
    simulator: EsmsSimulator,
    kind: str,
    changes: dict[str, Any],
    code: str,
) -> None:
    """Surely refused, not retryable, no request."""
    error = refusal(build(server.base_url, kind), kind, **changes)
    assert (type(error), error.code, error.retryable) == (DeliveryError, code, False)
    assert simulator.requests == []


@pytest.mark.guarantee("D1")
@every_kind
@pytest.mark.parametrize(
    "fault",
    [
        Fault.accept_then_drop(),
        Fault.truncated(),
        Fault.accept_then_delay(60),
        Fault.drip_headers(0.02),
        Fault.accept_then(Fault.html(502)),
        Fault.accept_then(Fault.huge()),
    ],
    ids=lambda fault: fault.name,
)
def test_a_lost_answer_leads_to_one_send(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, kind: str, fault: Fault
) -> None:
    """The very same request goes out again, whatever it is, and no HTTP library repeats it by itself."""
    simulator.misbehave(fault)
    esms = build(server.base_url, kind, timeout=0.5)
    assert esms.send(text(kind)) == Receipt(provider=NAMES[kind], provider_ref=None)
    first, second = simulator.requests
    assert first.fields == second.fields
    assert len(simulator.calls) == 1


@pytest.mark.guarantee("D2")
@every_kind
def test_refusals_and_what_nobody_knows(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator, kind: str
) -> None:
    """One table of codes for all of them."""
    esms = build(server.base_url, kind)
    simulator.misbehave(Fault.code("103", "Balance not enough"))
    error = refusal(esms, kind)
    assert (type(error), error.code, error.retryable) == (DeliveryError, "103", False)
    simulator.misbehave(Fault.accept_then_drop(), times=3)
    assert type(refusal(esms, kind)) is DeliveryUnknownError
    assert len(simulator.calls) == 1


def test_text_has_to_be_registered(build: Build) -> None:
    """146 from a provider that knows the template, and nothing where the text fits it."""
    simulator = EsmsSimulator(
        API_KEY, SECRET_KEY, templates=[r"\d{6} is your Shop login code, valid for 3 min\."]
    )
    with simulator.serve() as server:
        esms = build(server.base_url, "Sms")
        assert esms.send(text("Sms")).provider_ref
        error = refusal(esms, "Sms", content=f"Your code: {CODE}", request_id="request-2")
    assert (type(error), error.code) == (DeliveryError, "146")


@pytest.mark.guarantee("D3")
def test_a_re_send_does_not_trip_the_rule_of_5_minutes(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator
) -> None:
    """A repeat has the same request id, a re-send another code; only the same text under another id is refused."""
    esms = build(server.base_url, "Sms")
    simulator.misbehave(Fault.accept_then_drop())
    assert esms.send(text("Sms")) == Receipt(provider="esms-sms", provider_ref=None)
    again = TEXT.replace(CODE, "918274")
    assert esms.send(text("Sms", content=again, code="918274", request_id="request-2")).provider_ref
    assert refusal(esms, "Sms", request_id="request-3").code == REPEATED
    assert [call.content for call in simulator.calls] == [TEXT, again]


@every_kind
def test_each_fits_the_contract(build: Build, twin: str, kind: str) -> None:
    """Name and channels are where the engine looks for them."""
    esms = build("https://rest.esms.vn", kind)
    assert (esms.transport.name, esms.transport.channels) == (NAMES[kind], (CHANNELS[kind],))
    assert isinstance(esms.transport, Transport if twin == "sync" else AsyncTransport)


PROBLEMS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("Sms", {"brandname": ""}, ["brandname"]),
    ("Sms", {"brandname": 7}, ["brandname"]),
    ("Sms", {"brandname": " Shop"}, ["brandname"]),
    ("Sms", {"brandname": "S" * 65, "api_key": ""}, ["api_key", "brandname"]),
    ("Sms", {"brandname": "Sh\u200bop"}, ["brandname"]),
    ("Zalo", {"oaid": None, "template_id": 200607}, ["oaid", "template_id"]),
    ("Zalo", {"fields": {}}, ["fields"]),
    ("Zalo", {"fields": ["otp"]}, ["fields"]),
    ("Zalo", {"fields": {"otp": "purpose"}}, ["fields"]),
    ("Zalo", {"fields": {"otp": "code", "who": "to"}}, ["fields"]),
    ("Zalo", {"fields": {"": "code"}}, ["fields"]),
    ("Zalo", {"fields": {7: "code"}}, ["fields"]),
    ("Zalo", {"fields": {"o\ntp": "code"}}, ["fields"]),
    ("Zalo", {"fields": {"otp": ["code"]}}, ["fields"]),
    ("TemplateCall", {"variables": "code"}, ["variables"]),
    ("TemplateCall", {"variables": ()}, ["variables"]),
    ("TemplateCall", {"variables": ("minutes",)}, ["variables"]),
    ("TemplateCall", {"variables": 7}, ["variables"]),
    ("TemplateCall", {"template_id": "", "voice": "robot", "speed": 4}, ["template_id", "voice", "speed"]),
    ("TemplateCall", {"voice": ["male"], "speed": True}, ["voice", "speed"]),
    ("TemplateCall", {"speed": "0", "voice_base_url": "http://voice.test"}, ["voice_base_url", "speed"]),
    ("Voice", {"voice_base_url": 7}, ["voice_base_url"]),
]


@pytest.mark.parametrize(("kind", "wrong", "arguments"), PROBLEMS)
def test_every_problem_names_its_argument(
    twin: str, kind: str, wrong: dict[str, Any], arguments: list[str]
) -> None:
    """All in one error when it is built, each with what to do about it."""
    chosen: Any = getattr(transports, f"{'' if twin == 'sync' else 'Async'}Esms{kind}")
    with pytest.raises(ConfigurationError) as caught:
        chosen(**({"api_key": API_KEY, "secret_key": SECRET_KEY} | KINDS[kind] | wrong))
    assert [problem.split()[0] for problem in caught.value.problems] == arguments
    assert all("give" in problem or "copy" in problem for problem in caught.value.problems)


@every_kind
def test_a_repr_shows_the_settings(build: Build, kind: str) -> None:
    """Those of its kind too, and no key."""
    shown = repr(build("https://rest.esms.vn", kind).transport)
    assert "base_url='https://rest.esms.vn'" in shown
    assert all(f"{name}={value!r}" in shown for name, value in KINDS[kind].items())
    assert "CANARY" not in shown
