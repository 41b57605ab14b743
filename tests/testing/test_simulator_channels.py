"""The simulator's other channels: text messages, Zalo notifications, calls from a template."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from otpflow.testing.simulator import CALL, ZALO, EsmsSimulator
from otpflow.testing.simulator_calls import Call
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_provider import REPEATED
from tests.testing.asking import ask, fields, send, status
from tests.testing.conftest import Clock

CALLBACK = "http://127.0.0.1/r?x=1"
SMS = {"SmsType": "2", "Brandname": "Shop"}


def zalo(simulator: EsmsSimulator, **changes: object) -> dict[str, Any]:
    whole = fields(Content=None, SmsType=None, IsUnicode=None)
    own = {"OAID": "4097", "TempID": "200607", "TempData": {"otp": "686868"}, "SendingMode": "1"}
    return ask(simulator, "POST", ZALO, {**whole, **own, **changes})


def call(simulator: EsmsSimulator, **changes: str) -> dict[str, Any]:
    whole = {
        "ApiKey": simulator.api_key,
        "SecretKey": simulator.secret_key,
        "TemplateId": "17",
        "Phone": "0901888484",
        "VariableListStr": "686868||3",
        "Voice": "male",
        "Speed": "-3",
        "RequestId": "request-1",
    }
    return ask(simulator, "GET", f"{CALL}?{urlencode(whole | changes)}")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "100"),
        ({"SecretKey": "wrong"}, "101"),
        ({"ApiKey": None}, None),
        ({"Phone": "12"}, "108"),
        ({"Phone": "0901888484 0901888485"}, "163"),
        ({"OAID": ""}, None),
        ({"TempID": 7}, None),
        ({"TempData": {}}, None),
        ({"TempData": "686868"}, None),
        ({"SendingMode": "2"}, None),
        ({"Sandbox": "x"}, None),
        ({"SendDate": "2026-04-01 09:30:00"}, "100"),
        ({"SendDate": "2026/04/01 09:30:00"}, None),
    ],
)
def test_zalo_requests_are_checked(
    simulator: EsmsSimulator, changes: dict[str, object], code: str | None
) -> None:
    """What is wrong with one is answered as for a call."""
    assert zalo(simulator, **changes).get("CodeResult") == code
    assert len(simulator.calls) == int(code == "100")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "100"),
        ({"SecretKey": "wrong"}, "101"),
        ({"TemplateId": ""}, "104"),
        ({"Phone": "12"}, "108"),
        ({"VariableListStr": ""}, None),
        ({"Voice": "robot"}, None),
        ({"Speed": "4"}, None),
        ({"RequestId": "r" * 51}, None),
        ({"SendDate": "2026/04/01 09:30:00"}, "100"),
        ({"SendDate": "2026-04-01 09:30:00"}, None),
    ],
)
def test_template_calls_are_checked(
    simulator: EsmsSimulator, changes: dict[str, str], code: str | None
) -> None:
    """So is a call from a template, which comes as a query."""
    assert call(simulator, **changes).get("CodeResult") == code
    assert len(simulator.calls) == int(code == "100")


def test_what_was_taken_is_remembered(simulator: EsmsSimulator) -> None:
    """Each kind with what fills it; the code is heard in all of them."""
    zalo(simulator)
    call(simulator, RequestId="request-2")
    send(simulator, RequestId="request-3", **SMS)
    assert [(one.kind, one.content) for one in simulator.calls] == [
        ("zalo", '{"otp": "686868"}'),
        ("call", "686868||3"),
        ("sms", "686868"),
    ]
    assert simulator.heard("+84901888484") == "686868"


def test_one_request_id_is_for_one_send_of_any_kind(simulator: EsmsSimulator) -> None:
    """124 whichever endpoint took the first."""
    assert zalo(simulator)["CodeResult"] == "100"
    assert call(simulator)["CodeResult"] == "124"


def test_the_same_text_is_refused_for_5_minutes(simulator: EsmsSimulator, clock: Clock) -> None:
    """The same content to the same number, in text messages alone."""

    def code(**changes: object) -> object:
        number = len(simulator.requests)
        return send(simulator, **{"RequestId": f"r{number}", **SMS, **changes})["CodeResult"]

    assert code(SmsType="8") == code() == "100"
    assert code(SmsType="8") == "100"
    clock.now += 299
    assert code() == REPEATED
    assert code(Content="686869") == code(Phone="0901888485") == "100"
    clock.now += 1
    assert code() == "100"


def test_a_repeat_is_known_by_its_request_id_first(simulator: EsmsSimulator) -> None:
    """The same send again is 124, not the refusal of its content."""
    assert [send(simulator, **SMS)["CodeResult"] for _ in range(2)] == ["100", "124"]


def test_text_that_is_not_registered_is_146() -> None:
    """A text matches one of the templates as a whole; other channels have none. The refusal has an id."""
    simulator = EsmsSimulator(templates=[r"\d{6} is your code", r"Code: \d{6}"])
    registered = [send(simulator, RequestId=text, Content=text, **SMS) for text in ("Code: 686868", "686868")]
    assert [answer["CodeResult"] for answer in registered] == ["100", "146"]
    assert registered[1]["SMSID"]
    assert send(simulator, RequestId="voice")["CodeResult"] == "100"


@pytest.mark.parametrize("kind", ["sms", "zalo"])
@pytest.mark.parametrize(
    ("arrived", "counts"), [(True, ("0", "1", "850.0000")), (False, ("1", "0", "0.0000"))]
)
def test_a_message_reports_in_the_message_form(
    simulator: EsmsSimulator, kind: str, arrived: bool, counts: tuple[str, str, str]
) -> None:
    """Every documented field, behind the URL's own, and one that is not documented."""
    taken = (
        zalo(simulator, CallbackUrl=CALLBACK)
        if kind == "zalo"
        else send(simulator, CallbackUrl=CALLBACK, **SMS)
    )
    sms_id = taken["SMSID"]
    (simulator.arrive if arrived else simulator.fail)(sms_id)
    (url,) = simulator.due_callbacks()
    assert dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) == {
        "x": "1",
        "SMSID": sms_id,
        "SendFailed": counts[0],
        "SendStatus": "5",
        "SendSuccess": counts[1],
        "TotalPrice": counts[2],
        "TotalReceiver": "1",
        "TotalSent": "1",
        "RequestId": "request-1",
        "TypeId": "24" if kind == "zalo" else "2",
        "telcoid": "2",
        "phonenumber": "0901888484",
        "partnerids": "",
        "error_info": "",
        "oaid": "4097" if kind == "zalo" else "",
        "tempid": "200607" if kind == "zalo" else "",
        "switchsmsid": "",
    }


def test_a_template_call_reports_in_the_call_form(simulator: EsmsSimulator) -> None:
    """As a call that speaks its content does; either form can be had of either."""
    sms_id = call(simulator, CallbackUrl=CALLBACK)["SMSID"]
    simulator.answer(sms_id, duration=7)
    (url,) = simulator.due_callbacks()
    (taken,) = simulator.calls
    assert taken.answered
    assert url == taken.callback(850, "&", form="call")
    assert url.startswith(f"{CALLBACK}&ReferenceId={sms_id}&CallDuration=7&CallStatus=ANSWERED")
    assert taken.callback(850, "?", form="message").startswith(f"{CALLBACK}?SMSID={sms_id}&SendFailed=0")


@pytest.mark.parametrize("standing", [1, 2, 4, 7])
def test_a_send_can_stand_anywhere(simulator: EsmsSimulator, standing: int) -> None:
    """Both status endpoints say where, and no callback is due."""
    sms_id = zalo(simulator, CallbackUrl=CALLBACK)["SMSID"]
    simulator.hold(sms_id, standing)
    assert [status(simulator, **{name: sms_id})["SendStatus"] for name in ("RefId", "ReferenceId")] == [
        standing
    ] * 2
    assert simulator.due_callbacks() == []


def test_a_call_that_failed(simulator: EsmsSimulator) -> None:
    """Done, without a call status."""
    sms_id = call(simulator)["SMSID"]
    simulator.fail(sms_id)
    assert {"CallStatus": "", "SendStatus": 5, "SentResult": 0}.items() <= status(
        simulator, ReferenceId=sms_id
    ).items()


@pytest.mark.parametrize("endpoint", [zalo, call])
def test_faults_come_in_each_envelope(simulator: EsmsSimulator, endpoint: Any) -> None:
    """All three ways to send have `CodeResult`."""
    simulator.misbehave(Fault.code("160"))
    assert endpoint(simulator)["CodeResult"] == "160"


def test_the_balance_can_be_set(simulator: EsmsSimulator) -> None:
    """Every kind of send is charged, and refused where nothing is left."""
    simulator.balance = 850
    assert [zalo(simulator)["CodeResult"], call(simulator, RequestId="r2")["CodeResult"]] == ["100", "103"]
    assert simulator.balance == 0


def test_a_repr_tells_the_kind() -> None:
    """And most of the number and the content stay out."""
    shown = repr(
        Call(
            kind="sms",
            phone="0901888484",
            content="686868",
            request_id="",
            sms_id="x",
            callback_url=None,
            at=0,
            fields={},
        )
    )
    assert shown.startswith("Call(kind='sms', phone='090*****84'")
    assert "686868" not in shown
