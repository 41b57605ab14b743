"""What comes late, twice or from elsewhere: found by people who tried to break the promises."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from otpflow import ChallengeError, ChallengeState, DeliveryError, Policy
from tests.conftest import Build
from tests.servers import Server
from tests.subjects import NUMBER, Subject


def issuing(subject: Subject, key: str | None = None) -> Any:
    """Begin an `issue` that is stepped by hand; only with the synchronous engine."""
    return subject.engine._flows.issue(
        NUMBER,
        purpose="login",
        locale=None,
        channel=None,
        context=None,
        client_ip=None,
        idempotency_key=key,
    )


def until_the_send(flow: Any) -> None:
    """Perform all steps before the send."""
    step = next(flow)
    while getattr(step.function, "__name__", "") != "send":
        step = flow.send(step.function(*step.arguments))


@pytest.fixture
def hurried(backend: Server | None) -> Any:
    """A synchronous engine without a cooldown."""
    with asyncio.Runner() as runner:
        subject = Subject("sync", backend, runner, policy=Policy(cooldown=0))
        yield subject
        subject.close()


@pytest.mark.guarantee("G3")
@pytest.mark.guarantee("G4")
def test_a_late_refusal_of_the_first_send_opens_nothing_again(hurried: Subject) -> None:
    """Its idempotency key finds the challenge as it is: used, with its attempts and its deadline."""
    flow = issuing(hurried, "form-1")
    until_the_send(flow)
    challenge = hurried.issue(idempotency_key="form-1")
    hurried.resend(challenge.id)
    code = hurried.code
    assert hurried.verify(challenge.id, code)
    with pytest.raises(DeliveryError):
        step = flow.throw(DeliveryError("104"))
        while True:
            step = flow.send(step.function(*step.arguments))

    again = hurried.issue(idempotency_key="form-1")

    assert (again.id, again.attempts_left) == (challenge.id, 4)
    assert hurried.inspect(challenge.id).state is ChallengeState.VERIFIED
    assert hurried.verify(challenge.id, code).outcome == "ALREADY_USED"


def test_a_code_that_is_kept_late_is_not_kept(hurried: Subject) -> None:
    """Once a later send was taken, an earlier one's code cannot come alive any more: nothing is sent."""
    flow = issuing(hurried)
    step = next(flow)
    while getattr(step.arguments[0], "name", "") != "store":
        step = flow.send(step.function(*step.arguments))
    [send] = [held for name, held in flow.gi_frame.f_locals.items() if name == "send"]
    challenge_id = hurried.engine._flows.orders.keyring.challenge_id(send.address)
    hurried.resend(challenge_id)
    sent = len(hurried.outbox.messages)

    with pytest.raises(ChallengeError):
        while True:
            step = flow.send(step.function(*step.arguments))

    assert len(hurried.outbox.messages) == sent
    assert hurried.verify(challenge_id, hurried.code)


@pytest.mark.guarantee("G4")
def test_an_ended_challenge_does_not_come_back_under_its_id(build: Build) -> None:
    """However often its idempotency key is asked for meanwhile, it is free again when the challenge ends."""
    subject = build(policy=Policy(cooldown=0))
    first = subject.issue(idempotency_key="form-1")
    subject.advance(590)
    assert subject.issue(idempotency_key="form-1").id == first.id

    subject.advance(11)
    second = subject.issue(idempotency_key="form-1")

    assert second.id != first.id
    assert subject.inspect(first.id).state is ChallengeState.EXPIRED


def test_a_key_outlives_a_refusal_as_long_as_its_challenge(build: Build) -> None:
    """A challenge that begins late under an earlier tie is still found when the tie would have ended."""
    subject = build(policy=Policy(cooldown=0))
    subject.outbox.fail(DeliveryError("104"))
    with pytest.raises(DeliveryError):
        subject.issue(idempotency_key="form-1")
    subject.advance(500)
    challenge = subject.issue(idempotency_key="form-1")

    subject.advance(300)

    assert subject.issue(idempotency_key="form-1").id == challenge.id
    assert len(subject.outbox.messages) == 1


@pytest.mark.guarantee("S4")
def test_another_namespace_neither_sees_nor_ends_a_challenge(subject: Subject) -> None:
    """Its id is like an unknown one there."""
    challenge = subject.issue()
    other = subject.another(namespace="other")

    assert other.inspect(challenge.id) == other.inspect("k1." + "A" * 44)
    other.cancel(challenge.id)

    assert subject.inspect(challenge.id).state is ChallengeState.PENDING


@pytest.mark.guarantee("S4")
def test_an_expired_id_tells_nothing_of_its_number(subject: Subject) -> None:
    """Not even how long the number has to wait."""
    challenge = subject.issue()
    subject.advance(601)
    subject.issue()

    assert subject.inspect(challenge.id).resend_after == 0


def test_a_cancelled_call_gives_its_reservation_back(backend: Server | None) -> None:
    """Whoever goes away while the code is hashed has spent nothing."""
    with asyncio.Runner() as runner:
        subject = Subject("async", backend, runner)

        async def gone() -> None:
            hasher = subject.engine._hasher
            hashing = asyncio.Event()

            async def for_ever(*_: object) -> None:
                hashing.set()
                await asyncio.get_running_loop().create_future()

            object.__setattr__(subject.engine._flows, "digest", for_ever)
            task = asyncio.create_task(subject.engine.issue(NUMBER, purpose="login"))
            await hashing.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            object.__setattr__(subject.engine._flows, "digest", hasher.adigest)

        runner.run(gone())
        assert subject.outbox.messages == ()
        assert subject.issue().sends_left == 2
        subject.close()


@pytest.mark.guarantee("R3")
def test_a_verdict_that_is_asked_for_again_is_written_again(server: Server) -> None:
    """Replicas are waited for after a write alone: so the second answer waits for what the first one wrote."""
    with asyncio.Runner() as runner:
        subject = Subject("sync", server, runner)
        challenge = subject.issue()
        written: list[int] = []
        for _ in range(3):
            assert subject.verify(challenge.id, subject.code, attempt_id="a-1")
            written.append(subject.admin.info("persistence")["rdb_changes_since_last_save"])
        subject.cancel(challenge.id)
        written.append(subject.admin.info("persistence")["rdb_changes_since_last_save"])
        subject.close()

    assert written == sorted(set(written))
