"""`--yes` passes on what is right, and notices each thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from otpflow import Challenge, Outcome, StoreUnavailableError
from otpflow.cli.rehearsal import rehearse
from otpflow.cli.stage import Kept, Stage
from otpflow.errors import ChallengeError, ThrottledError
from tests.cli.conftest import Open
from tests.cli.players import place_call, screen

STEPS = 23


def run(stage: Stage) -> tuple[int, str]:
    """Play the story; give the exit code and all that was shown."""
    console, shown = screen()
    return rehearse(stage, console), shown()


class Around:
    """Something that does one thing differently.

    Args:
        real: what does the rest.
        changes: what is done differently.
    """

    def __init__(self, real: Any, **changes: Callable[..., Any]) -> None:
        self._real = real
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        return self._changes.get(name) or getattr(self._real, name)


def with_engine(stage: Stage, **changes: Callable[..., Any]) -> Stage:
    """The same stage, with an engine that does one thing differently."""
    engine: Any = Around(stage.engine, **changes)
    return replace(stage, engine=engine)


def answers(stage: Stage, kind: Outcome, **instead: Any) -> Stage:
    """The same stage, with an engine whose verdicts of one kind are changed."""

    def verify(*arguments: Any, **options: Any) -> Any:
        verdict = stage.engine.verify(*arguments, **options)
        return replace(verdict, **instead) if verdict.outcome is kind else verdict

    return with_engine(stage, verify=verify)


def test_the_whole_story_passes(stage: Stage) -> None:
    """Every step is checked and shown once, and the exit code is 0."""
    code, text = run(stage)

    assert (code, text.split().count("ok")) == (0, STEPS)
    assert text.endswith(f"All {STEPS} checks passed. Play it yourself: otpflow demo")


def test_it_passes_on_a_real_server_without_the_long_wait(stage_on_redis: Stage) -> None:
    """On Redis the one step that would take minutes is left out, and says so."""
    code, text = run(stage_on_redis)

    assert (code, text.split().count("ok")) == (0, STEPS - 1)
    assert "-- left out: a code that comes too late is refused" in text


def test_a_short_life_is_waited_for(open_stage: Open) -> None:
    """Where the wait is short, the late code is played on Redis too."""
    passed: list[float] = []
    stage = open_stage(ttl=2, cooldown=1)

    def let_pass(seconds: float) -> None:
        passed.append(round(seconds))
        stage.let_pass(seconds)

    code, _ = run(replace(stage, on_redis=True, let_pass=let_pass))

    assert (code, passed) == (0, [1, 2])


def test_without_a_cooldown_nobody_waits(open_stage: Open) -> None:
    """A step that the policy does not have is not played."""
    code, text = run(open_stage(cooldown=0))

    assert (code, text.split().count("ok")) == (0, STEPS - 1)
    assert "has to wait" not in text


@pytest.mark.parametrize(
    ("outcome", "instead", "promise"),
    [
        (Outcome.MALFORMED, {"outcome": Outcome.WRONG_CODE}, "what cannot be a code costs nothing"),
        (Outcome.MALFORMED, {"attempts_left": 4}, "what cannot be a code costs nothing"),
        (Outcome.WRONG_CODE, {"outcome": Outcome.VERIFIED}, "a wrong code costs an attempt"),
        (Outcome.WRONG_CODE, {"attempts_left": 5}, "a wrong code costs an attempt"),
        (Outcome.SUPERSEDED, {"outcome": Outcome.VERIFIED}, "the second call ended the first code"),
        (Outcome.VERIFIED, {"outcome": Outcome.WRONG_CODE}, "the right code verifies, in any digits"),
        (Outcome.ALREADY_USED, {"outcome": Outcome.VERIFIED}, "a code is used once"),
        (
            Outcome.EXHAUSTED,
            {"outcome": Outcome.VERIFIED},
            "after the last attempt the right code is refused",
        ),
        (Outcome.EXPIRED, {"outcome": Outcome.VERIFIED}, "a code that comes too late is refused"),
    ],
)
def test_a_wrong_verdict_is_noticed(
    stage: Stage, outcome: Outcome, instead: dict[str, Any], promise: str
) -> None:
    """Each outcome of the story, changed, fails the step that is about it."""
    code, text = run(answers(stage, outcome, **instead))

    assert code == 1
    assert "checks passed" not in text
    assert f"WRONG {promise}" in text


def test_a_verdict_for_the_wrong_number_is_noticed(stage: Stage) -> None:
    """A right code has to come back with the number that was called."""
    code, text = run(answers(stage, Outcome.VERIFIED, recipient="+84912345678"))

    assert code == 1
    assert "WRONG the right code verifies, in any digits and with spaces" in text
    assert "expected ('VERIFIED', 2, '+84901888484'), saw ('VERIFIED', 2, '+84912345678')" in text


def test_refilled_attempts_are_noticed(stage: Stage) -> None:
    """A second call that gives attempts back fails."""

    def resend(challenge_id: str) -> Any:
        return replace(stage.engine.resend(challenge_id), attempts_left=5)

    code, text = run(with_engine(stage, resend=resend))

    assert code == 1
    assert "WRONG one more call says a new code, and refills no attempts" in text


@pytest.mark.parametrize("content", ["{code}", "Good morning", "1234567"])
def test_a_call_without_a_new_code_is_noticed(open_stage: Open, content: str) -> None:
    """A second call that says the old code, none, or one of another length fails."""
    stage = open_stage(cooldown=0)
    challenges: list[Challenge] = []

    def issue(*arguments: Any, **options: Any) -> Challenge:
        challenges.append(stage.engine.issue(*arguments, **options))
        return challenges[-1]

    def resend(_: str) -> Challenge:
        place_call(stage, content.replace("{code}", stage.heard))
        return replace(challenges[-1], attempts_left=4)

    code, text = run(with_engine(stage, issue=issue, resend=resend))

    assert code == 1
    assert "WRONG one more call says a new code, and refills no attempts" in text


def test_two_calls_for_one_are_noticed(open_stage: Open) -> None:
    """A second call that rings twice fails."""
    stage = open_stage(cooldown=0)

    def resend(challenge_id: str) -> Challenge:
        place_call(stage, "Good morning")
        return stage.engine.resend(challenge_id)

    code, text = run(with_engine(stage, resend=resend))

    assert code == 1
    assert "WRONG one more call says a new code, and refills no attempts" in text


def test_a_call_that_was_not_placed_is_noticed(stage: Stage) -> None:
    """A challenge without a call fails."""
    challenge = stage.issue("0901 888 484")

    code, text = run(with_engine(stage, issue=lambda *_, **__: challenge))

    assert code == 1
    assert "WRONG one call is placed, and the voice says a code" in text


def test_a_call_without_a_cooldown_is_noticed(stage: Stage) -> None:
    """A second call right away fails."""
    challenges: list[Any] = []

    def issue(*arguments: Any, **options: Any) -> Any:
        challenges.append(stage.engine.issue(*arguments, **options))
        return challenges[-1]

    def resend(_: str) -> Any:
        return challenges[-1]

    code, text = run(with_engine(stage, issue=issue, resend=resend))

    assert code == 1
    assert "WRONG the next call has to wait, and it is told how long it was called" in text


@pytest.mark.parametrize(
    "error", [ThrottledError(600.0, "cooldown"), ThrottledError(1.0, "hour"), ChallengeError("EXPIRED")]
)
def test_a_dishonest_refusal_is_noticed(stage: Stage, error: Exception) -> None:
    """A refusal for another reason, or with a wait that is too long, fails."""

    def resend(_: str) -> Any:
        raise error

    code, text = run(with_engine(stage, resend=resend))

    assert code == 1
    assert "WRONG the next call has to wait, and it is told how long" in text


@pytest.mark.parametrize("fields", [{}, {"digest:1": "code"}, {"sealed": "+84901888484"}])
def test_a_secret_in_redis_is_noticed(stage: Stage, fields: dict[str, str]) -> None:
    """A record that is missing, or shows the code or the number, fails."""

    def kept() -> Kept:
        return Kept(
            key="", fields={name: value.replace("code", stage.heard) for name, value in fields.items()}
        )

    store: Any = Around(stage.store, kept=kept)
    code, text = run(replace(stage, store=store))

    assert code == 1
    assert "WRONG Redis holds neither the code nor the number" in text


def test_a_system_that_fails_is_named_with_the_step(stage: Stage) -> None:
    """An error in the middle ends the story in one place, harmless to the terminal."""

    def verify(*_: Any, **__: Any) -> Any:
        raise StoreUnavailableError("Redis is gone\x1b[2J")

    code, text = run(with_engine(stage, verify=verify))

    assert code == 1
    assert text.endswith("WRONG what cannot be a code costs nothing Redis is gone?[2J")
