"""The interactive demo: one round after the other, until whoever plays has had enough."""

from __future__ import annotations

from typing import NoReturn

from otpflow.cli import view
from otpflow.cli.prompt import Prompt
from otpflow.cli.stage import EXAMPLE, Stage
from otpflow.errors import ChallengeError, RecipientError, ThrottledError
from otpflow.models import Challenge, ChallengeState


class Conversation:
    """Calls numbers and checks codes, as somebody asks for it.

    Args:
        stage: what it runs on.
        prompt: asks whoever plays.
    """

    def __init__(self, stage: Stage, prompt: Prompt) -> None:
        self._stage = stage
        self._prompt = prompt
        self._print = prompt.console.print

    def run(self) -> NoReturn:
        """Play rounds until the player leaves.

        Raises:
            Left: the player has left.
            OTPError: the system cannot go on.
        """
        self._print(view.welcome(self._stage))
        while True:
            self._check(self._call())

    def _call(self) -> Challenge:
        while True:
            phone = self._prompt.ask(view.ASK_NUMBER).strip() or EXAMPLE
            try:
                challenge = self._stage.issue(phone)
            except (RecipientError, ThrottledError) as error:
                self._print(view.refused(error, self._stage.locale))
            else:
                self._show(challenge)
                self._show_kept()
                return challenge

    def _check(self, challenge: Challenge) -> None:
        over = False
        while True:
            typed = self._prompt.ask(view.ASK_MORE if over else view.ASK_CODE)
            match typed.strip().lower():
                case "n":
                    return
                case "" if over:
                    return
                case "r":
                    self._call_again(challenge)
                case "s":
                    self._print(view.status(self._stage.status(challenge)))
                    self._show_kept()
                case _:
                    self._verify(challenge, typed)
            over = self._over(challenge)

    def _call_again(self, challenge: Challenge) -> None:
        try:
            challenge = self._stage.resend(challenge)
        except (ChallengeError, ThrottledError) as error:
            self._print(view.refused(error, self._stage.locale))
        else:
            self._show(challenge)

    def _verify(self, challenge: Challenge, typed: str) -> None:
        verdict = self._stage.verify(challenge, typed)
        status = self._stage.status(challenge)
        self._print(view.verdict(verdict, status, self._stage.store.scripts, self._stage.locale))

    def _over(self, challenge: Challenge) -> bool:
        status = self._stage.status(challenge)
        return status.state is not ChallengeState.PENDING and status.sends_left == 0

    def _show(self, challenge: Challenge) -> None:
        self._print(view.call(challenge, self._stage.call.content, self._stage.store.scripts))

    def _show_kept(self) -> None:
        number = self._stage.call.phone.removeprefix("0")
        self._print(view.kept(self._stage.store.kept(), self._stage.heard, number))
