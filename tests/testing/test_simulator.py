"""The simulator speaks the documented protocol, so that what passes against it means something."""

from __future__ import annotations

import json

import pytest

from otpflow.testing.simulator import SEND, EsmsSimulator
from otpflow.testing.simulator_calls import spoken_code
from otpflow.testing.simulator_faults import Answer, Fault
from tests.testing.asking import balance, fields, send, status
from tests.testing.conftest import Clock


def test_a_good_request_is_taken_charged_and_called(simulator: EsmsSimulator) -> None:
    """100, an id, one call, one price."""
    answer = send(simulator, CallbackUrl="http://127.0.0.1/r?x=1")
    (call,) = simulator.calls
    assert answer == {"CodeResult": "100", "CountRegenerate": 0, "SMSID": call.sms_id}
    assert (call.phone, call.content, call.request_id) == ("0901888484", "686868", "request-1")
    assert (call.callback_url, call.at) == ("http://127.0.0.1/r?x=1", 1000.0)
    assert simulator.balance == 1_000_000 - 850


def test_ids_are_unique(simulator: EsmsSimulator) -> None:
    """No two sends share an SMSID."""
    assert len({send(simulator, RequestId=f"r{n}")["SMSID"] for n in range(50)}) == 50


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ApiKey": "wrong"}, "101"),
        ({"SecretKey": "wrong"}, "101"),
        ({"Phone": "12"}, "108"),
        ({"Phone": None}, "108"),
        ({"Phone": "0901888484,0901888485"}, "163"),
        ({"Phone": ["0901888484", "0901888485"]}, "163"),
        ({"SmsType": None}, "300"),
        ({"SmsType": "24"}, "118"),
        ({"SmsType": "2"}, "104"),
        ({"SmsType": "2", "Brandname": "Shop"}, "100"),
        ({"Phone": "15550100200"}, "100"),
        ({"SendDate": "2026-04-01 09:30:00"}, "100"),
        ({"ApiKey": None}, None),
        ({"Content": ""}, None),
        ({"RequestId": "r" * 51}, None),
        ({"campaignid": "c" * 255}, None),
        ({"Sandbox": 2}, None),
        ({"SendDate": "01/04/2026"}, None),
        ({"SendDate": "2026-4-1 9:30:00"}, None),
    ],
)
def test_requests_are_checked(simulator: EsmsSimulator, changes: dict[str, object], code: str | None) -> None:
    """What is wrong with a request is answered as documented; without a code where it is malformed."""
    answer = send(simulator, **changes)
    assert answer.get("CodeResult") == code
    assert answer == {"error": "Invalid request"} or "CodeResult" in answer
    assert len(simulator.calls) == int(code == "100")
    assert len(simulator.requests) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_malformed(simulator: EsmsSimulator, body: bytes) -> None:
    """Malformed, without a code, and remembered."""
    assert b"Invalid request" in simulator.exchange("POST", SEND, body, lambda _: None).body
    assert [request.fields for request in simulator.requests] == [{}]


def test_a_request_id_is_blocked_for_24_hours(simulator: EsmsSimulator, clock: Clock) -> None:
    """124 as documented, no second call, no second charge; free again after a day."""
    send(simulator)
    clock.now += 24 * 3600 - 1
    assert send(simulator) == {
        "CodeResult": "124",
        "CountRegenerate": 0,
        "ErrorMessage": "Request exist 1",
        "SendStatus": "5",
    }
    assert (len(simulator.calls), simulator.balance) == (1, 1_000_000 - 850)
    clock.now += 1
    assert send(simulator)["CodeResult"] == "100"


def test_a_refused_request_does_not_block_its_id(simulator: EsmsSimulator) -> None:
    """Only what was taken blocks."""
    send(simulator, Phone="1")
    assert send(simulator)["CodeResult"] == "100"


def test_a_spent_balance_is_103() -> None:
    """One call is paid for, the next one is not made."""
    simulator = EsmsSimulator(balance=900, price=850)
    assert [send(simulator, RequestId=f"r{n}")["CodeResult"] for n in range(2)] == ["100", "103"]
    assert len(simulator.calls) == 1


def test_a_sandbox_request_is_only_checked(simulator: EsmsSimulator) -> None:
    """Neither stored nor charged nor called, and its id is not blocked."""
    assert send(simulator, Sandbox=1)["CodeResult"] == "100"
    assert send(simulator, Sandbox=1, Phone="1")["CodeResult"] == "108"
    assert (simulator.calls, simulator.balance) == ([], 1_000_000)
    assert send(simulator)["CodeResult"] == "100"


def test_status_in_both_forms(simulator: EsmsSimulator, clock: Clock) -> None:
    """The message form for RefId, the call form for ReferenceId; 105 for unknown or week-old ids."""
    sms_id = send(simulator)["SMSID"]
    assert status(simulator, ReferenceId=sms_id)["CallStatus"] == ""
    simulator.answer(sms_id, duration=13)
    assert status(simulator, ReferenceId=sms_id) == {
        "CallDuration": 13,
        "CallStatus": "ANSWERED",
        "CodeResponse": "100",
        "Ivr": "",
        "ReferenceId": sms_id,
        "SendStatus": 5,
        "SentResult": 1,
    }
    assert status(simulator, RefId=sms_id) == {
        "CodeResponse": "100",
        "SMSID": sms_id,
        "SendFailed": 0,
        "SendStatus": 5,
        "SendSuccess": 1,
        "TotalPrice": 850.0,
        "TotalReceiver": 1,
        "TotalSent": 1,
    }
    simulator.no_answer(sms_id, spelling="NO ANSWER")
    assert status(simulator, ReferenceId=sms_id)["CallStatus"] == "NO ANSWER"
    assert status(simulator, RefId="nothing")["CodeResponse"] == "105"
    assert status(simulator, RefId=sms_id, ApiKey="wrong")["CodeResponse"] == "101"
    clock.now += 7 * 24 * 3600 + 1
    assert status(simulator, RefId=sms_id)["CodeResponse"] == "105"


def test_balance(simulator: EsmsSimulator) -> None:
    """As documented, right keys and wrong ones."""
    assert balance(simulator) == {"Balance": 1_000_000, "CodeResponse": "100", "UserID": 9999}
    wrong = {"Balance": 0, "CodeResponse": "101", "ErrorMessage": "Authorize Failed"}
    assert balance(simulator, secret="wrong") == wrong


def test_another_path_is_not_found(simulator: EsmsSimulator) -> None:
    """404, no JSON."""
    assert simulator.exchange("GET", "/other", b"", lambda _: None).status == 404


def test_the_code_that_was_heard(simulator: EsmsSimulator) -> None:
    """The newest code, of anybody or of one number."""
    assert (simulator.last_code(), simulator.heard("+84901888484")) == (None, None)
    send(simulator, Content="Your code is 0, 8, 6, 8, 6, 8. Once more: 0, 8, 6, 8, 6, 8.")
    send(simulator, RequestId="r2", Phone="15550100200", Content="111222")
    assert simulator.last_code() == simulator.heard("+15550100200") == "111222"
    assert simulator.heard("+84901888484") == simulator.heard("0901888484") == "086868"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("686868", "686868"),
        ("686868 is your code, valid for 3 min", "686868"),
        ("Mã là 0, 0, 0, 0, 0, 0. Xin nhắc lại: 0, 0, 0, 0, 0, 0. Hiệu lực 3 phút.", "000000"),
        ("9, 8, 7, 6, 5, 4, 3, 2, 1", "987654321"),
        ("call 19001234567890 or 12345", None),
        ("", None),
    ],
)
def test_spoken_code(content: str, code: str | None) -> None:
    """Spoken digits and written ones; nothing that is too short or too long."""
    assert spoken_code(content) == code


def test_what_it_remembers_hides_the_content(simulator: EsmsSimulator) -> None:
    """No code, key or whole number in a repr."""
    send(simulator)
    shown = repr((simulator, simulator.calls, simulator.requests))
    assert not [secret for secret in ("686868", "0901888484", "simulated-") if secret in shown]


def test_faults_queue_up(simulator: EsmsSimulator) -> None:
    """One fault a request, in order; then all is well."""
    simulator.misbehave(Fault.code("160"), times=2)
    simulator.misbehave(Fault.numeric_code())
    codes = [send(simulator, RequestId=f"r{n}")["CodeResult"] for n in range(4)]
    assert codes == ["160", "160", 100, "100"]
    simulator.misbehave(Fault.code("105"))
    assert status(simulator, RefId="x")["CodeResponse"] == "105"


@pytest.mark.parametrize(
    ("fault", "taken", "expected"),
    [
        (Fault.drop(), 0, Answer(drop=True)),
        (Fault.accept_then_drop(), 1, Answer(drop=True)),
        (Fault.empty(), 0, Answer()),
        (Fault.accept_then(Fault.empty()), 1, Answer()),
        (
            Fault.redirect("http://127.0.0.1/"),
            0,
            Answer(status=307, headers={"Location": "http://127.0.0.1/"}),
        ),
        (Fault.error_without_code("no"), 0, Answer(body=b'{"error": "no"}')),
    ],
)
def test_what_a_fault_takes_and_answers(
    simulator: EsmsSimulator, fault: Fault, taken: int, expected: Answer
) -> None:
    """A fault says whether the request is taken as well as what is answered."""
    simulator.misbehave(fault)
    assert simulator.exchange("POST", SEND, json.dumps(fields()).encode(), lambda _: None) == expected
    assert len(simulator.calls) == taken


def test_a_truncated_answer_is_half_of_the_right_one(simulator: EsmsSimulator) -> None:
    """It was taken, and the answer cannot be read."""
    simulator.misbehave(Fault.truncated())
    answer = simulator.exchange("POST", SEND, json.dumps(fields()).encode(), lambda _: None)
    assert answer.body.startswith(b'{"CodeResult": "100"')
    assert not answer.body.endswith(b"}")
    assert len(simulator.calls) == 1


def test_a_delay_waits_before_the_work(simulator: EsmsSimulator) -> None:
    """Nothing is taken while it waits."""
    simulator.misbehave(Fault.delay(2.5))
    waits: list[tuple[float, int]] = []
    simulator.exchange(
        "POST",
        SEND,
        json.dumps(fields()).encode(),
        lambda seconds: waits.append((seconds, len(simulator.calls))),
    )
    assert (waits, len(simulator.calls)) == ([(2.5, 0)], 1)


@pytest.mark.parametrize(("joiner", "own"), [("&", "?sig=1"), ("?", "?sig=1"), ("&", "")])
def test_a_callback_is_due_when_the_call_ends(joiner: str, own: str) -> None:
    """The call form, behind the URL's own query however the provider appends it."""
    simulator = EsmsSimulator(appends_with=joiner)
    sms_id = send(simulator, CallbackUrl=f"http://127.0.0.1/r{own}")["SMSID"]
    assert simulator.due_callbacks() == []
    simulator.no_answer(sms_id)
    (url,) = simulator.due_callbacks()
    assert url == f"http://127.0.0.1/r{own}{joiner if own else '?'}" + (
        f"ReferenceId={sms_id}&CallDuration=0&CallStatus=NOANSWERED&Ivr=&Price=850&SentResult=0&CID=&SendStatus=5"
    )
    assert simulator.due_callbacks() == []
