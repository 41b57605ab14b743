"""What is printed: nothing of what others wrote can harm a terminal, and nothing is left without words."""

from __future__ import annotations

import pytest
from rich.console import RenderableType

from otpflow.cli import view
from otpflow.cli.stage import Kept
from otpflow.errors import ChallengeError, RecipientError, ThrottledError
from otpflow.models import ChallengeState, ChallengeStatus, Delivery, DeliveryState, Outcome, Verdict
from tests.cli.players import screen


def shown(what: RenderableType) -> str:
    """Print it."""
    console, words = screen()
    console.print(what)
    return words()


def status(state: ChallengeState) -> ChallengeStatus:
    """A challenge in some state."""
    return ChallengeStatus(
        state=state,
        attempts_left=1,
        sends_left=1,
        expires_in=1.0,
        resend_after=0.0,
        delivery=Delivery(state=DeliveryState.UNANSWERED, provider="esms"),
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_meaning(outcome: Outcome) -> None:
    """No outcome lacks the line that explains it."""
    verdict = Verdict(outcome=outcome, purpose="login")

    text = shown(view.verdict(verdict, status(ChallengeState.PENDING), ("claim",), "en"))

    assert text.startswith(f"{outcome.value} 1 attempt left The user reads: {verdict.public_message('en')} ")
    assert text.endswith(" Scripts that ran: claim.")


@pytest.mark.parametrize("state", ChallengeState)
def test_every_state_has_a_meaning(state: ChallengeState) -> None:
    """No state lacks words, in a status and in a refusal."""
    assert f"state {state.value}: " in shown(view.status(status(state)))
    assert shown(view.refused(ChallengeError(state.value), "en")).startswith("NO CALL The challenge is ")


def test_only_what_a_provider_took_is_told_apart_from_ringing() -> None:
    """A call that is known not to have been answered gets no such remark."""
    assert shown(view.status(status(ChallengeState.PENDING))).endswith("delivery UNANSWERED by esms")


def test_refusals_that_have_no_words_of_their_own_are_shown_as_they_are() -> None:
    """A limit or a reason that is new is shown, not a failure."""
    assert "The limit 'prefix' is reached. Wait 1.5 s." in shown(
        view.refused(ThrottledError(1.5, "prefix"), "en")
    )
    assert "NO CALL recipient refused (new): why" in shown(view.refused(RecipientError("new", "why"), "en"))


def test_a_code_or_number_that_can_be_read_is_told_loudly() -> None:
    """The search can fail, and then names what it found."""
    found = Kept(key="otpflow:1", fields={"digest:1": "123456", "sealed": "0901888484"})

    assert "The code and the number can be read there!" in shown(view.kept(found, "123456", "901888484"))
    assert "The number can be read there!" in shown(view.kept(found, "654321", "901888484"))


def test_what_others_wrote_cannot_steer_a_terminal() -> None:
    """Control and bidi characters become question marks, and markup stays text."""
    hostile = "\x1b[2J\x07\u202e[bold red]"

    texts = [
        shown(view.simulated_call("12:00:00", hostile, hostile, "1")),
        shown(view.simulated_answer("12:00:00", hostile, hostile, hostile)),
        shown(view.failure(ValueError(hostile))),
    ]

    assert [text.count("?[2J???[bold red]".replace("???", "??")) for text in texts] == [2, 3, 1]
