"""Testing a login that uses otpflow: no phone, no Redis, no waiting. The login here is `login_flow.py`.

Run it with `pytest examples/test_my_login.py`. The fixtures `otpflow_engine`, `otpflow_outbox` and
`otpflow_store` come with otpflow: pytest finds them by itself.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from login_flow import check_code, send_again, send_code

from otpflow import DeliveryError, DeliveryUnknownError, OTPEngine
from otpflow.keys import new_key
from otpflow.stores import EmbeddedStore
from otpflow.testing import EsmsSimulator, Fault, Outbox, advance
from otpflow.transports import EsmsVoice


@pytest.fixture
def session() -> dict[str, str]:
    """An empty session, as a new visitor has it."""
    return {}


def test_the_code_logs_in(otpflow_engine: OTPEngine, otpflow_outbox: Outbox, session: dict[str, str]) -> None:
    """The outbox has what would have been said, and the bare code."""
    send_code(otpflow_engine, session, "0901 888 484")

    assert "Mã xác thực đăng nhập" in otpflow_outbox.last.content
    assert check_code(otpflow_engine, session, otpflow_outbox.code)[0] == 200
    assert session == {"phone": "+84901888484"}


def test_a_late_code_does_not(
    otpflow_engine: OTPEngine, otpflow_store: EmbeddedStore, otpflow_outbox: Outbox, session: dict[str, str]
) -> None:
    """`advance` lets time pass for all that the store remembers; nobody sleeps."""
    send_code(otpflow_engine, session, "0901 888 484")

    advance(otpflow_store, 181)

    assert check_code(otpflow_engine, session, otpflow_outbox.code)[0] == 410


def test_the_button_waits_for_the_cooldown(
    otpflow_engine: OTPEngine, otpflow_store: EmbeddedStore, session: dict[str, str]
) -> None:
    """What the store limits, it limits in tests as well."""
    send_code(otpflow_engine, session, "0901 888 484")
    assert send_again(otpflow_engine, session)[0] == 429

    advance(otpflow_store, 60)
    assert send_again(otpflow_engine, session)[0] == 202


def test_a_refused_call_can_be_repeated_at_once(
    otpflow_engine: OTPEngine, otpflow_outbox: Outbox, session: dict[str, str]
) -> None:
    """`fail` makes the next sends fail: the provider surely refused, so nothing was spent."""
    otpflow_outbox.fail(DeliveryError("103"))

    assert send_code(otpflow_engine, session, "0901 888 484")[0] == 502
    assert send_code(otpflow_engine, session, "0901 888 484")[0] == 202


def test_an_unknown_call_may_still_ring(
    otpflow_engine: OTPEngine, otpflow_outbox: Outbox, session: dict[str, str]
) -> None:
    """Where nobody knows what became of a call, the user is asked for the code all the same."""
    otpflow_outbox.fail(DeliveryUnknownError("timeout"))

    assert send_code(otpflow_engine, session, "0901 888 484")[0] == 202


def test_the_real_transport_calls_once(otpflow_store: EmbeddedStore, session: dict[str, str]) -> None:
    """The simulator is eSMS without the phones: here it takes the call, and its answer is lost."""
    simulator = EsmsSimulator()
    simulator.misbehave(Fault.accept_then_drop())
    with (
        simulator.serve() as server,
        EsmsVoice(simulator.api_key, simulator.secret_key, base_url=server.base_url) as transport,
        OTPEngine(otpflow_store, transport, keys=new_key()) as engine,
    ):
        assert send_code(engine, session, "0901 888 484")[0] == 202
        assert len(simulator.calls) == 1
        assert check_code(engine, session, simulator.heard("+84901888484") or "")[0] == 200


if __name__ == "__main__":
    sys.exit(subprocess.call((sys.executable, "-m", "pytest", __file__)))
