"""Many guesses at the same time cost what few cost, and find out no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from operator import methodcaller
from typing import Any

import pytest
from argon2 import low_level

from otpflow import Challenge, OTPEngine, Outcome, Policy, Verdict
from otpflow.stores import RedisStore
from otpflow.testing import Outbox
from tests.conftest import Build
from tests.guarantees.processes import Burst, Evaluations, Tally, at_once
from tests.guarantees.stores import together
from tests.servers import Server
from tests.subjects import KEYS, NUMBER, Subject

# So wide that nothing but the challenge's own attempts ends the guessing.
WIDE = Policy(wrong_per_hour=1_000, wrong_per_day=1_000, wrong_in_a_row=100, cooldown=0)
PROCESSES = ("sync", "async", "sync", "async")
GUESSES = 1_000


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> Evaluations:
    """Count every evaluation of argon2 in this process; there is no other place that all of them pass."""
    counter = Evaluations()
    monkeypatch.setattr(low_level, "hash_secret_raw", counter)
    return counter


def tries(challenge: Challenge, codes: Iterable[str], **options: Any) -> list[Callable[[Any], Any]]:
    """Write one call of `verify` for each code."""
    return [methodcaller("verify", challenge.id, code, purpose="login", **options) for code in codes]


def outcomes(answers: Iterable[Any]) -> dict[str, int]:
    """Count outcomes, and errors by their type."""
    return dict(Counter(str(getattr(answer, "outcome", type(answer).__name__)) for answer in answers))


def others(code: str, count: int) -> list[str]:
    """Write as many different codes, none of them the right one."""
    return [f"{(int(code) + number) % 10**6:06d}" for number in range(1, count + 1)]


def from_processes(server: Server, codes: Callable[[str], list[str]], **options: Any) -> Tally:
    """Issue one challenge, and guess at it from two processes of each engine at once."""
    outbox = Outbox()
    with (
        RedisStore.from_url(server.url, timeout=5.0) as store,
        OTPEngine(store, outbox, keys=KEYS, policy=WIDE) as engine,
    ):
        challenge = engine.issue(NUMBER, purpose="login")
        typed, share = codes(outbox.code), GUESSES // len(PROCESSES)
        return at_once(
            [
                Burst(
                    style=style,
                    url=server.url,
                    keys=KEYS,
                    policy=WIDE,
                    challenge_id=challenge.id,
                    codes=typed[turn * share : (turn + 1) * share],
                    **options,
                )
                for turn, style in enumerate(PROCESSES)
            ]
        )


@pytest.mark.guarantee("G1")
def test_wrong_guesses_from_processes(server: Server) -> None:
    """Of 1,000 wrong guesses from four processes and both engines, argon2 sees as many as there are attempts."""
    tally = from_processes(server, lambda code: others(code, GUESSES))

    assert tally == Tally(outcomes=Counter(WRONG_CODE=5, EXHAUSTED=GUESSES - 5), evaluations=5)


@pytest.mark.guarantee("G2")
def test_right_answers_from_processes(server: Server) -> None:
    """Of 1,000 right answers from four processes and both engines, one is verified."""
    tally = from_processes(server, lambda code: [code] * GUESSES)

    assert tally.outcomes["VERIFIED"] == 1
    assert set(tally.outcomes) <= {"VERIFIED", "ALREADY_USED", "EXHAUSTED"}
    assert tally.outcomes.total() == GUESSES
    assert 1 <= tally.evaluations <= 5


@pytest.mark.guarantee("G2")
def test_one_attempt_from_processes(server: Server) -> None:
    """One attempt that four processes repeat 1,000 times is one success for all of them."""
    tally = from_processes(server, lambda code: [code] * GUESSES, attempt_id="form-17")

    assert tally.outcomes == Counter(VERIFIED=GUESSES)


@pytest.mark.guarantee("G1")
def test_wrong_guesses_at_once(build: Build, evaluations: Evaluations) -> None:
    """Each of the five that are compared spends one attempt; 195 others are refused unseen."""
    subject = build(policy=WIDE)
    challenge = subject.issue()
    before = evaluations.made

    verdicts = subject.at_once(tries(challenge, others(subject.code, 200)))

    compared = [verdict.attempts_left for verdict in verdicts if verdict.outcome == "WRONG_CODE"]
    refused = [verdict for verdict in verdicts if verdict.outcome != "WRONG_CODE"]
    assert sorted(compared) == [0, 1, 2, 3, 4]
    assert refused == [Verdict(outcome=Outcome.EXHAUSTED, purpose="login", attempts_left=0)] * 195
    assert evaluations.made - before == 5


@pytest.mark.guarantee("G1")
def test_named_guesses_at_once(build: Build, evaluations: Evaluations) -> None:
    """A name of its own for each guess buys no more of them; neither does one name for all."""
    subject = build(policy=WIDE)
    challenge = subject.issue()
    before = evaluations.made

    named = [
        call
        for number, code in enumerate(others(subject.code, 100))
        for call in tries(challenge, [code], attempt_id=f"form-{number // 2}")
    ]

    assert outcomes(subject.at_once(named)) == {"WRONG_CODE": 5, "EXHAUSTED": 95}
    assert evaluations.made - before == 5


@pytest.mark.guarantee("G1")
def test_wrong_guesses_at_many_challenges_at_once(build: Build, evaluations: Evaluations) -> None:
    """What a number's hour allows holds for all its challenges together, also when all are tried at once."""
    subject = build(policy=Policy(cooldown=0, sends_per_hour=10, wrong_per_hour=10))
    challenges = [subject.issue() for _ in range(4)]
    before, wrong = evaluations.made, subject.wrong

    verdicts = subject.at_once([call for each in challenges for call in tries(each, [wrong] * 25)])

    found = outcomes(verdicts)
    assert (found["WRONG_CODE"], evaluations.made - before) == (10, 10)
    assert set(found) <= {"WRONG_CODE", "THROTTLED", "EXHAUSTED"}
    assert sum(found.values()) == 100


@pytest.mark.guarantee("G2")
def test_right_answers_at_once(build: Build) -> None:
    """One of 200 right answers is verified, and the challenge says so."""
    subject = build(policy=WIDE)
    challenge = subject.issue()

    found = outcomes(subject.at_once(tries(challenge, [subject.code] * 200)))

    assert found.pop("VERIFIED") == 1
    assert set(found) <= {"ALREADY_USED", "EXHAUSTED"}
    assert sum(found.values()) == 199
    assert subject.inspect(challenge.id).state == "VERIFIED"


@pytest.mark.guarantee("G2")
def test_right_answers_that_all_were_claimed(build: Build) -> None:
    """Where every attempt found the code right before the first was settled, still one is verified."""
    subject = build(policy=WIDE)
    challenge = subject.issue()

    answers = together(subject, 5).at_once(tries(challenge, [subject.code] * 5))

    assert outcomes(answers) == {"VERIFIED": 1, "ALREADY_USED": 4}
    assert [answer.recipient for answer in answers if answer] == [NUMBER]


@pytest.mark.guarantee("G2")
def test_one_attempt_that_all_claimed(build: Build) -> None:
    """Where one attempt was claimed five times before it was settled, all five get its one verdict."""
    subject = build(policy=WIDE)
    challenge = subject.issue()

    answers = together(subject, 5).at_once(tries(challenge, [subject.code] * 5, attempt_id="form-17"))

    assert [(answer.outcome, answer.attempts_left) for answer in answers] == [("VERIFIED", 4)] * 5


@pytest.mark.guarantee("G2")
def test_two_right_codes_at_once(build: Build) -> None:
    """Where two codes of a challenge are right, they are used up together."""
    subject = build(policy=Policy(resend="overlap", cooldown=0))
    challenge = subject.issue()
    first = subject.code
    subject.resend(challenge.id)

    answers = together(subject, 4).at_once(tries(challenge, [first, subject.code] * 2))

    assert outcomes(answers) == {"VERIFIED": 1, "ALREADY_USED": 3}


@pytest.mark.guarantee("G2")
def test_a_right_attempt_asked_again(subject: Subject) -> None:
    """After a lost answer the same attempt gets the same verdict, then and later, and another one gets none."""
    challenge = subject.issue()
    first = subject.verify(challenge.id, subject.code, attempt_id="form-17")
    subject.advance(400)

    again = [subject.verify(challenge.id, subject.code, attempt_id="form-17") for _ in range(10)]

    assert again == [first] * 10
    assert (first.outcome, first.recipient, first.attempts_left) == ("VERIFIED", NUMBER, 4)
    assert subject.verify(challenge.id, subject.code, attempt_id="form-18").outcome == "ALREADY_USED"


@pytest.mark.guarantee("G1")
def test_a_wrong_attempt_asked_again(build: Build, evaluations: Evaluations) -> None:
    """A wrong attempt costs once however often it is asked again: its challenge, its number, and argon2."""
    subject = build(policy=Policy(wrong_per_hour=2))
    challenge, wrong, before = subject.issue(), subject.wrong, evaluations.made

    verdicts = [subject.verify(challenge.id, wrong, attempt_id="form-17") for _ in range(10)]

    assert verdicts == [Verdict(outcome=Outcome.WRONG_CODE, purpose="login", attempts_left=4)] * 10
    assert evaluations.made - before == 1
    assert subject.verify(challenge.id, subject.code).attempts_left == 3


@pytest.mark.guarantee("G2")
@pytest.mark.parametrize("right", [True, False])
def test_one_attempt_at_once(subject: Subject, right: bool) -> None:
    """Asked 50 times at once, one attempt has one verdict and one price."""
    challenge = subject.issue()
    code = subject.code if right else subject.wrong

    verdicts = subject.at_once(tries(challenge, [code] * 50, attempt_id="form-17"))

    assert outcomes(verdicts) == {"VERIFIED" if right else "WRONG_CODE": 50}
    assert {verdict.attempts_left for verdict in verdicts} == {4}
    assert subject.verify(challenge.id, subject.wrong).attempts_left == (4 if right else 3)
