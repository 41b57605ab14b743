"""Requests to the simulator, as the documentation shows them."""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import urlencode

from otpflow.testing.simulator import BALANCE, SEND, STATUS, EsmsSimulator


def fields(**changes: object) -> dict[str, object]:
    """A request as the documentation shows it, with changes; `None` leaves a field out."""
    whole: dict[str, object] = {
        "ApiKey": "simulated-api-key",
        "SecretKey": "simulated-secret-key",
        "Phone": "0901888484",
        "Content": "686868",
        "SmsType": "8",
        "IsUnicode": 0,
        "Sandbox": 0,
        "RequestId": "request-1",
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def ask(simulator: EsmsSimulator, method: str, url: str, body: object = None) -> dict[str, Any]:
    answer = simulator.exchange(method, url, json.dumps(body).encode(), lambda _: None)
    return cast("dict[str, Any]", json.loads(answer.body))


def send(simulator: EsmsSimulator, **changes: object) -> dict[str, Any]:
    return ask(simulator, "POST", SEND, fields(**changes))


def status(simulator: EsmsSimulator, **query: str) -> dict[str, Any]:
    keys = {"ApiKey": simulator.api_key, "SecretKey": simulator.secret_key}
    return ask(simulator, "GET", f"{STATUS}?{urlencode(keys | query)}")


def balance(simulator: EsmsSimulator, secret: str = "simulated-secret-key") -> dict[str, Any]:
    return ask(simulator, "POST", BALANCE, {"ApiKey": simulator.api_key, "SecretKey": secret})
