"""A code is used once, and the last attempt is the last."""

from __future__ import annotations

import pytest

from otpflow import ChallengeError, Outcome, Policy, StoreUnavailableError, Verdict
from tests.conftest import Build
from tests.guarantees.stores import watched
from tests.subjects import NUMBER, Subject

USED = Verdict(outcome=Outcome.ALREADY_USED, purpose="login", attempts_left=4)
EXHAUSTED = Verdict(outcome=Outcome.EXHAUSTED, purpose="login", attempts_left=0)


def full_width(code: str) -> str:
    """Write a code as an Asian keyboard may."""
    return "".join(chr(0xFF10 + int(digit)) for digit in code)


def arabic(code: str) -> str:
    """Write a code with Arabic-Indic digits."""
    return "".join(chr(0x0660 + int(digit)) for digit in code)


def spellings(code: str) -> list[str]:
    """Write the same digits in every way that is understood."""
    return [code, f"{code[:3]} {code[3:]}", "-".join(code), f" {code}. ", full_width(code), arabic(code)]


def node(build: Build, subject: Subject) -> Subject:
    """Build an engine as another process would have it: its own connections, where the store has any."""
    return build() if subject.server else subject.another()


@pytest.mark.guarantee("G3")
@pytest.mark.parametrize("spelled", range(6))
def test_any_spelling_is_the_code(build: Build, subject: Subject, spelled: int) -> None:
    """However the digits are spelled, and on whichever node, they verify; and then the plain ones do no more."""
    challenge = subject.issue()
    other = node(build, subject)

    verdict = other.verify(challenge.id, spellings(subject.code)[spelled])

    assert (verdict.outcome, verdict.recipient) == ("VERIFIED", NUMBER)
    assert subject.verify(challenge.id, subject.code) == USED


@pytest.mark.guarantee("G3")
def test_a_used_code_stays_used(build: Build, subject: Subject) -> None:
    """For as long as the challenge lives no node takes the code again, in no spelling; then it is gone."""
    challenge = subject.issue()
    nodes = (subject, node(build, subject))
    assert subject.verify(challenge.id, subject.code)

    for seconds in (0, 100, 79, 200, 220):
        subject.advance(seconds)
        assert [each.verify(challenge.id, code) for each in nodes for code in spellings(subject.code)] == [
            USED
        ] * 12
    subject.advance(2)
    assert nodes[1].verify(challenge.id, subject.code).outcome == "EXPIRED"


@pytest.mark.guarantee("G3")
def test_a_used_challenge_has_no_other_code(build: Build) -> None:
    """One success uses up all codes of the challenge, and no further one is made."""
    subject = build(policy=Policy(resend="overlap", cooldown=0))
    challenge = subject.issue()
    first = subject.code
    subject.resend(challenge.id)
    assert subject.verify(challenge.id, first)

    assert [subject.verify(challenge.id, code) for code in (first, subject.code)] == [USED, USED]
    with pytest.raises(ChallengeError, match="VERIFIED"):
        subject.resend(challenge.id)
    subject.cancel(challenge.id)
    assert subject.verify(challenge.id, subject.code) == USED


@pytest.mark.guarantee("G3")
def test_a_used_code_is_of_no_use_elsewhere(build: Build) -> None:
    """A new challenge of the same number does not bring an earlier code back, used or superseded."""
    subject = build(policy=Policy(cooldown=0))
    earlier = subject.issue()
    superseded = subject.code
    subject.resend(earlier.id)
    used = subject.code
    assert subject.verify(earlier.id, used)

    later = subject.issue()

    assert [subject.verify(later.id, code).outcome for code in (superseded, used)] == ["WRONG_CODE"] * 2
    assert subject.verify(earlier.id, subject.code) == USED


@pytest.mark.guarantee("G5")
@pytest.mark.parametrize("attempts", range(1, 6))
def test_after_the_last_attempt(build: Build, attempts: int) -> None:
    """The right code comes too late by one attempt, on every node and for as long as the challenge lives."""
    subject = build(policy=Policy(attempts=attempts))
    challenge, wrong = subject.issue(), subject.wrong
    nodes = (subject, node(build, subject))

    left = [nodes[turn % 2].verify(challenge.id, wrong).attempts_left for turn in range(attempts)]

    assert left == list(range(attempts))[::-1]
    assert [each.verify(challenge.id, subject.code) for each in nodes] == [EXHAUSTED] * 2
    subject.advance(179)
    assert subject.verify(challenge.id, full_width(subject.code)) == EXHAUSTED
    assert subject.inspect(challenge.id).state == "EXHAUSTED"
    with pytest.raises(ChallengeError, match="EXHAUSTED"):
        subject.resend(challenge.id)


@pytest.mark.guarantee("G5")
@pytest.mark.parametrize("attempts", range(1, 6))
def test_the_last_attempt(build: Build, attempts: int) -> None:
    """The right code comes in time with the last attempt."""
    subject = build(policy=Policy(attempts=attempts))
    challenge, wrong = subject.issue(), subject.wrong
    for _ in range(attempts - 1):
        assert subject.verify(challenge.id, wrong).outcome == "WRONG_CODE"

    verdict = subject.verify(challenge.id, subject.code)

    assert (verdict.outcome, verdict.attempts_left) == ("VERIFIED", 0)


@pytest.mark.guarantee("G5")
def test_attempts_that_died_are_spent(subject: Subject) -> None:
    """An attempt of which the verdict was never written verifies nothing, and is not given back."""
    challenge = subject.issue()
    engine, store = watched(subject)
    store.lost = ("settle",)
    for _ in range(5):
        with pytest.raises(StoreUnavailableError):
            engine.verify(challenge.id, subject.code)
    store.lost = ()

    assert [each.verify(challenge.id, subject.code) for each in (engine, subject)] == [EXHAUSTED] * 2


@pytest.mark.guarantee("G5")
def test_a_named_attempt_that_died(subject: Subject) -> None:
    """An attempt that died after it was claimed is finished by its repetition, for the one attempt it cost."""
    challenge = subject.issue()
    engine, store = watched(subject)
    store.lost = ("settle",)
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            engine.verify(challenge.id, subject.code, attempt_id="form-17")
    store.lost = ()

    verdict = engine.verify(challenge.id, subject.code, attempt_id="form-17")

    assert (verdict.outcome, verdict.attempts_left) == ("VERIFIED", 4)
