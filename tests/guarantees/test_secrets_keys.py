"""S3: server keys rotate while challenges live, and an id under an unknown key is worth nothing."""

from __future__ import annotations

import pytest

from otpflow import ChallengeError, Outcome, Policy, ThrottledError, Verdict
from otpflow.keys import new_key
from otpflow.models import ChallengeState
from tests.conftest import Build
from tests.subjects import NUMBER, Subject

K1, K2, K10 = new_key("k1"), new_key("k2"), new_key("k10")
NOTHING = Verdict(outcome=Outcome.EXPIRED, purpose="login")
ROTATIONS = {
    "k2": f"{K2},{K1}",
    "k10": f"{K10},{K1}",
    "k2 and k10": f"{K10},{K2},{K1}",
    "k2 last": f"{K1},{K2}",
}


@pytest.fixture(params=ROTATIONS.values(), ids=list(ROTATIONS))
def pair(request: pytest.FixtureRequest, build: Build) -> tuple[Subject, Subject]:
    """An engine before a rotation, and one after it, on the same store."""
    old = build(keys=K1)
    return old, old.another(keys=request.param)


@pytest.mark.guarantee("S3")
def test_a_code_verifies_after_a_rotation(pair: tuple[Subject, Subject]) -> None:
    """With attempts, context and number as they were."""
    old, new = pair
    challenge = old.issue(context={"amount": 7}, idempotency_key="order-1")

    assert new.issue(context={"amount": 7}, idempotency_key="order-1").id == challenge.id
    assert new.outbox.messages == ()
    assert new.inspect(challenge.id).attempts_left == 5
    assert new.verify(challenge.id, old.wrong, context={"amount": 7}).attempts_left == 4
    assert new.verify(challenge.id, old.code).outcome is Outcome.WRONG_CODE
    assert new.verify(challenge.id, old.code, context={"amount": 7}) == Verdict(
        outcome=Outcome.VERIFIED, purpose="login", attempts_left=2, recipient=NUMBER
    )
    assert old.verify(challenge.id, old.code, context={"amount": 7}).outcome is Outcome.ALREADY_USED


@pytest.mark.guarantee("S3")
def test_a_challenge_is_sent_again_after_a_rotation(pair: tuple[Subject, Subject]) -> None:
    """To the number that only the store knows, under the id that the user has."""
    old, new = pair
    challenge = old.issue()
    new.advance(61)

    assert new.resend(challenge.id).id == challenge.id
    assert new.outbox.last.to == NUMBER
    assert new.verify(challenge.id, old.code).outcome is Outcome.SUPERSEDED
    assert new.verify(challenge.id, new.code)


@pytest.mark.guarantee("S3")
def test_sending_budgets_survive_a_rotation(pair: tuple[Subject, Subject]) -> None:
    """A number is not called more often because the key is another one."""
    old, new = pair
    for place in range(5):
        (old, new)[place % 2].issue()
        for engine in (old, new):
            with pytest.raises(ThrottledError) as caught:
                engine.issue()
            assert caught.value.limit in {"cooldown", "hour"}
        old.advance(61)

    for engine in (old, new):
        with pytest.raises(ThrottledError) as caught:
            engine.issue()
        assert caught.value.limit == "hour"


@pytest.mark.guarantee("S3")
def test_guessing_budgets_survive_a_rotation(pair: tuple[Subject, Subject]) -> None:
    """Five wrong codes before it and five after it are ten."""
    old, new = pair
    for engine in (old, new):
        challenge = engine.issue()
        outcomes = [engine.verify(challenge.id, engine.wrong).outcome for _ in range(5)]
        assert outcomes == [Outcome.WRONG_CODE] * 5
        old.advance(61)

    for engine in (old, new):
        challenge = engine.issue()
        assert engine.verify(challenge.id, engine.code).outcome is Outcome.THROTTLED
        old.advance(61)
    new.unlock()
    assert new.verify(challenge.id, new.code)


@pytest.mark.guarantee("S3")
def test_a_key_that_is_gone_ends_its_challenges(build: Build) -> None:
    """Their ids are refused like ones that never were, and the engine that has it still takes them."""
    old = build(keys=K1, policy=Policy(cooldown=0))
    challenge = old.issue()
    for keys in (K2, f"{K2},{K10}", new_key("k1")):
        new = old.another(keys=keys)
        assert new.verify(challenge.id, old.code) == NOTHING
        assert new.inspect(challenge.id).state is ChallengeState.EXPIRED
        with pytest.raises(ChallengeError) as caught:
            new.resend(challenge.id)
        assert caught.value.state == "EXPIRED"
        new.cancel(challenge.id)
        assert new.outbox.messages == ()

    assert old.verify(challenge.id, old.code) == Verdict(
        outcome=Outcome.VERIFIED, purpose="login", attempts_left=4, recipient=NUMBER
    )


@pytest.mark.guarantee("S3")
@pytest.mark.parametrize("key_id", ["k2", "k0", "K1", "k1k1", "-", "_"])
def test_an_unknown_key_id_is_refused(build: Build, key_id: str) -> None:
    """Whatever stands behind it, and at no cost for the challenge that it was taken from."""
    subject = build(keys=K1)
    challenge = subject.issue()

    assert subject.verify(challenge.id.replace("k1", key_id, 1), subject.code) == NOTHING
    assert subject.verify(challenge.id, subject.code).attempts_left == 4


@pytest.mark.guarantee("S3")
def test_new_challenges_are_made_with_the_first_key(build: Build) -> None:
    """So that the last one can be taken away once its challenges are over."""
    rotated = build(keys=f"{K2},{K1}")
    challenge = rotated.issue()

    assert challenge.id.startswith("k2.")
    assert rotated.another(keys=K2).verify(challenge.id, rotated.code)


@pytest.mark.guarantee("S3")
def test_an_id_cannot_be_moved_to_another_key(build: Build) -> None:
    """The same secret under another key of the ring is another challenge, which is not there."""
    rotated = build(keys=f"{K2},{K1}")
    challenge = rotated.issue()
    moved = challenge.id.replace("k2.", "k1.")

    assert rotated.verify(moved, rotated.code) == NOTHING
    assert rotated.verify(challenge.id, rotated.code).attempts_left == 4
