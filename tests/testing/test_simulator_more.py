"""The simulator mounted in process, and what the provider does with requests and callbacks at the edges."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from otpflow.testing import EsmsSimulator, Fault
from otpflow.testing.simulator import SEND, STATUS
from otpflow.testing.simulator_server import SimulatorServer, deliver

URL = "https://rest.esms.vn"
FIELDS: dict[str, Any] = {
    "ApiKey": "simulated-api-key",
    "SecretKey": "simulated-secret-key",
    "Phone": "0901888484",
    "Content": "686868",
    "SmsType": "8",
}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.drop(), httpx.RemoteProtocolError),
        (Fault.drip_headers(0.01), httpx.ReadTimeout),
        (Fault.drip_body(0.01), httpx.ReadTimeout),
        (Fault.delay(1.0), httpx.ReadTimeout),
        (Fault.accept_then(Fault.drop()), httpx.RemoteProtocolError),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else value.__name__,
)
def test_in_process_a_fault_looks_like_one_of_the_wire(fault: Fault, error: type[Exception]) -> None:
    """What hangs or drips is a timeout at once, what drops is a broken connection, and the next request is served."""
    simulator = EsmsSimulator()
    simulator.misbehave(fault)
    with httpx.Client(transport=simulator.transport()) as client:
        with pytest.raises(error):
            client.post(URL + SEND, json=FIELDS)
        answer = client.post(URL + SEND, json={**FIELDS, "RequestId": "second"})

    assert answer.json()["CodeResult"] == "100"
    assert len(simulator.requests) == 2


def test_requests_without_a_name_are_never_the_same() -> None:
    """Without a `RequestId` the provider calls as often as it is asked."""
    simulator = EsmsSimulator()
    with httpx.Client(transport=simulator.transport()) as client:
        answers = [client.post(URL + SEND, json=FIELDS).json() for _ in range(2)]

    assert [answer["CodeResult"] for answer in answers] == ["100", "100"]
    assert [call.request_id for call in simulator.calls] == ["", ""]
    assert len({answer["SMSID"] for answer in answers}) == 2


def test_status_is_asked_over_the_wire() -> None:
    """The server answers GET as the provider does."""
    simulator = EsmsSimulator()
    with (
        SimulatorServer(simulator) as server,
        httpx.Client(base_url=server.base_url, trust_env=False) as client,
    ):
        sms_id = client.post(SEND, json=FIELDS).json()["SMSID"]
        asked = {"ApiKey": FIELDS["ApiKey"], "SecretKey": FIELDS["SecretKey"], "RefId": sms_id}
        answer = client.get(STATUS, params=asked).json()

    assert (answer["CodeResponse"], answer["SMSID"], answer["SendStatus"]) == ("100", sms_id, 2)


def test_a_callback_that_nobody_takes_is_given_up() -> None:
    """With no one listening, every try fails, and the provider says so."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert deliver(f"http://127.0.0.1:{port}/receipt") is False
