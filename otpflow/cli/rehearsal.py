"""The demo played by itself: every step is checked, and the first one that goes wrong ends it."""

from __future__ import annotations

from itertools import count

from rich.console import Console

from otpflow import recipients
from otpflow.cli import view
from otpflow.cli.stage import EXAMPLE, Stage
from otpflow.errors import ChallengeError, OTPError, ThrottledError
from otpflow.models import Challenge, ChallengeState, Outcome

_SECOND_NUMBER = "0912 345 678"
_THIRD_NUMBER = "0987 654 321"
_FOOLISH = ("", "hello", "12 34", "9" * 300, "①②③④⑤⑥")
_LONGEST_WAIT = 10.0  # seconds for which a script is kept waiting, where time cannot be moved
_MARGIN = 0.05
_FULL_WIDTH = {ord("0") + digit: ord("\uff10") + digit for digit in range(10)}


class _Broken(Exception):
    """A step did not go as it must."""


def rehearse(stage: Stage, console: Console) -> int:
    """Play the whole story once.

    Args:
        stage: what it runs on.
        console: where it is shown.

    Returns:
        An exit code: 0 where every step went as it must, otherwise 1.
    """
    rehearsal = _Rehearsal(stage, console)
    try:
        rehearsal.play()
    except (_Broken, OTPError) as error:
        console.print(view.broken_promise(rehearsal.promise, str(error)))
        return 1
    console.print(view.played(rehearsal.kept))
    return 0


class _Rehearsal:
    """One run of the story.

    Attributes:
        promise: what is being checked.
        kept: how many promises were kept so far.
    """

    def __init__(self, stage: Stage, console: Console) -> None:
        self._stage = stage
        self._print = console.print
        self._codes: set[str] = set()
        self.promise = ""
        self.kept = 0

    def play(self) -> None:
        """Play it.

        Raises:
            OTPError: the system cannot go on.
        """
        self._print(view.welcome(self._stage, by_itself=True))
        self._right_code()
        self._guesses()
        self._late_code()

    def _right_code(self) -> None:
        attempts = self._stage.policy.attempts
        self._print(view.chapter("A login"))
        challenge = self._issue(EXAMPLE)
        first = self._stage.heard
        self._hide(first)
        for foolish in _FOOLISH:
            self._type(challenge, foolish, Outcome.MALFORMED, attempts, "what cannot be a code costs nothing")
        self._guess(challenge, attempts - 1)
        self._cool_down(challenge)
        self._call_again(challenge, attempts - 1)
        second = self._stage.heard
        promise = "the second call ended the first code"
        self._type(challenge, first, Outcome.SUPERSEDED, attempts - 2, promise)
        spaced = f"{second[:3]} {second[3:]}".translate(_FULL_WIDTH)
        promise = "the right code verifies, in any digits and with spaces"
        self._type(challenge, spaced, Outcome.VERIFIED, attempts - 3, promise)
        self._type(challenge, second, Outcome.ALREADY_USED, attempts - 3, "a code is used once")

    def _guesses(self) -> None:
        self._print(view.chapter("\nSomebody guesses"))
        challenge = self._issue(_SECOND_NUMBER)
        for left in reversed(range(self._stage.policy.attempts)):
            self._guess(challenge, left)
        promise = "after the last attempt the right code is refused"
        self._type(challenge, self._stage.heard, Outcome.EXHAUSTED, 0, promise)
        self._refuse(challenge, ChallengeState.EXHAUSTED.value, 0.0, "a locked challenge is not called again")

    def _late_code(self) -> None:
        self._print(view.chapter("\nToo late"))
        challenge = self._issue(_THIRD_NUMBER)
        life = self._stage.status(challenge).expires_in
        promise = "a code that comes too late is refused"
        if self._stage.on_redis and life > _LONGEST_WAIT:
            self._print(
                view.left_out(promise, "in your Redis time cannot be moved; --ttl 3 is worth waiting")
            )
            return
        self._pass(life)
        self._type(challenge, self._stage.heard, Outcome.EXPIRED, self._stage.policy.attempts, promise)

    def _issue(self, phone: str) -> Challenge:
        self.promise = "one call is placed, and the voice says a code"
        before = len(self._stage.simulator.calls)
        challenge = self._stage.issue(phone)
        self._hear(challenge, before, self._stage.policy.attempts)
        return challenge

    def _call_again(self, challenge: Challenge, left: int) -> None:
        self.promise = "one more call says a new code, and refills no attempts"
        before = len(self._stage.simulator.calls)
        self._hear(self._stage.resend(challenge), before, left)

    def _hear(self, challenge: Challenge, before: int, left: int) -> None:
        scripts = tuple(self._stage.store.scripts)
        self._print(view.call(challenge, self._stage.call.content, scripts))
        new = self._stage.heard not in self._codes
        seen = (
            len(self._stage.simulator.calls) - before,
            len(self._stage.heard),
            new,
            challenge.attempts_left,
        )
        wanted = (1, self._stage.policy.digits, True, left)
        self._expect("calls, digits, whether the code is new, attempts left", seen, wanted)
        self._codes.add(self._stage.heard)
        self._keep(f"{challenge.recipient_masked}: {challenge.delivery.state.value}")

    def _hide(self, code: str) -> None:
        self.promise = "Redis holds neither the code nor the number"
        number = self._stage.call.phone.removeprefix("0")
        found = self._stage.store.kept()
        self._print(view.kept(found, code, number))
        seen = (bool(found.fields), found.shows(code), found.shows(number))
        self._expect("whether there are fields, the code, the number", seen, (True, False, False))
        self._keep(f"searched in the key and all {len(found.fields)} fields")

    def _cool_down(self, challenge: Challenge) -> None:
        cooldown = self._stage.status(challenge).resend_after
        if cooldown > 0:
            promise = "the next call has to wait, and it is told how long"
            self._pass(self._refuse(challenge, "cooldown", cooldown, promise))

    def _refuse(self, challenge: Challenge, reason: str, longest: float, promise: str) -> float:
        self.promise = promise
        try:
            self._stage.resend(challenge)
        except (ThrottledError, ChallengeError) as error:
            seen = error.limit if isinstance(error, ThrottledError) else error.state
            wait = error.retry_after or 0.0
            self._expect("reason, whether the wait is honest", (seen, wait <= longest), (reason, True))
            self._keep(view.asked_again(error))
            return wait
        raise _Broken("it was called")

    def _guess(self, challenge: Challenge, left: int) -> None:
        numbers = (f"{number:0{self._stage.policy.digits}d}" for number in count())
        wrong = next(number for number in numbers if number not in self._codes)
        self._type(challenge, wrong, Outcome.WRONG_CODE, left, "a wrong code costs an attempt")

    def _type(self, challenge: Challenge, text: str, outcome: Outcome, left: int, promise: str) -> None:
        self.promise = promise
        verdict = self._stage.verify(challenge, text)
        scripts = tuple(self._stage.store.scripts)
        after = self._stage.status(challenge)
        spare = after.attempts_left if verdict.attempts_left is None else verdict.attempts_left
        called = recipients.canonical(self._stage.call.phone) if outcome is Outcome.VERIFIED else None
        seen = (verdict.outcome.value, spare, verdict.recipient)
        self._expect("outcome, attempts left, recipient", seen, (outcome.value, left, called))
        self._keep(view.typed(text, verdict, after, scripts))

    def _pass(self, seconds: float) -> None:
        self._print(view.passing(seconds))
        self._stage.let_pass(seconds + _MARGIN)

    def _expect(self, what: str, seen: object, wanted: object) -> None:
        if seen != wanted:
            raise _Broken(f"{what}: expected {wanted}, saw {seen}")

    def _keep(self, detail: str) -> None:
        self._print(view.kept_promise(self.promise, detail))
        self.kept += 1
