"""The provider's answers in another order than the sends went out."""

from __future__ import annotations

import asyncio

import pytest

from otpflow import Policy
from tests.servers import Server
from tests.subjects import NUMBER, Subject


@pytest.mark.guarantee("D3")
def test_a_late_answer_to_the_first_send_does_not_revive_its_code(backend: Server | None) -> None:
    """Once a second code was taken, the first one stays superseded, whenever its own answer comes."""
    with asyncio.Runner() as runner:
        subject = Subject("sync", backend, runner, policy=Policy(cooldown=0))
        flow = subject.engine._flows.issue(
            NUMBER,
            purpose="login",
            locale=None,
            channel=None,
            context=None,
            client_ip=None,
            idempotency_key=None,
        )
        step = next(flow)
        while step.function is not subject.engine._route.carriers[0].send:
            step = flow.send(step.function(*step.arguments))
        confirm = flow.send(step.function(*step.arguments))
        first = subject.code
        keyring = subject.engine._flows.orders.keyring
        [send] = [held for name, held in flow.gi_frame.f_locals.items() if name == "send"]
        challenge_id = keyring.challenge_id(send.address)
        subject.resend(challenge_id)

        with pytest.raises(StopIteration):
            flow.send(confirm.function(*confirm.arguments))

        assert subject.verify(challenge_id, first).outcome == "SUPERSEDED"
        assert subject.verify(challenge_id, subject.code)
        subject.close()
