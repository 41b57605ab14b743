"""The interactive demo, as somebody at the keyboard sees it."""

from __future__ import annotations

import pytest

from otpflow.cli.stage import EXAMPLE, Stage
from tests.cli.conftest import Open
from tests.cli.players import Answer, code, played


def later(seconds: float, typed: Answer) -> Answer:
    """Type something after a while."""

    def answer(stage: Stage) -> str:
        stage.let_pass(seconds)
        return typed if isinstance(typed, str) else typed(stage)

    return answer


def inner(text: str, before: str, after: str) -> str:
    """Cut out what stands between two texts."""
    return text.partition(before)[2].partition(after)[0]


def test_a_call_is_shown_with_what_the_voice_says(stage: Stage) -> None:
    """The player sees whom it rings, what is said, what is left, and which scripts ran."""
    text = played(stage, EXAMPLE)

    said = ", ".join(stage.heard)
    assert "Ring, ring! +84*****8484 is called, and a voice says:" in text
    assert f"Your Demo login code is {said}. Once more: {said}. Do not tell it to anyone." in text.replace(
        "│ │ ", ""
    )
    assert "The code lives 3 minutes. 5 attempts, 2 more calls." in text
    assert f"eSMS took the call as {stage.call.sms_id}. Scripts that ran: admit, store, confirm." in text


def test_the_voice_and_the_messages_speak_vietnamese_when_asked_to(open_stage: Open) -> None:
    """The locale is that of the voice and of what the user reads."""
    text = played(open_stage(locale="vi"), EXAMPLE, "hello")

    assert "Mã xác thực đăng nhập tại Demo là" in text
    assert "The user reads: Mã chưa đúng dạng. Hãy nhập đủ các chữ số của mã." in text


def test_what_redis_keeps_is_shown_and_searched(stage: Stage) -> None:
    """The fields are those of the store, and the search for code and number was made."""
    text = played(stage, EXAMPLE)

    kept = stage.store.kept()
    assert f"What Redis keeps of it, in {len(kept.fields)} fields of {kept.key}, among them:" in text
    assert f"digest:1 {kept.fields['digest:1'][:13]}... the code, hashed" in text
    assert "attempts 5 how many codes may still be tried" in text
    assert "Neither the code nor the number is in any of them (just searched)." in text


def test_enter_takes_the_example(stage: Stage) -> None:
    """Nobody has to have a number."""
    played(stage, "")

    assert stage.call.phone == EXAMPLE.replace(" ", "")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("hello", "It is not written like a phone number."),
        ("12345", "There is no such number."),
        ("+1 212 555 0123", "It is in a country that may not be called; the demo calls Vietnam only."),
        ("024 3825 3536", "It is not a mobile number."),
    ],
)
def test_a_number_that_cannot_be_called_is_asked_for_again(stage: Stage, number: str, reason: str) -> None:
    """Each reason has its words, no call is made, and the next number is."""
    text = played(stage, number, EXAMPLE)

    assert f"NO CALL {reason} The user reads: We cannot send a code to this number now." in text
    assert len(stage.simulator.calls) == 1


@pytest.mark.parametrize("foolish", ["", "hello", "12 34", "9" * 300, "\U0001f642", "①②③④⑤⑥", "[bold]"])
def test_foolish_input_costs_nothing(stage: Stage, foolish: str) -> None:
    """What cannot be a code spends nothing and asks nothing of Redis."""
    text = played(stage, EXAMPLE, foolish)

    assert (
        "MALFORMED 5 attempts left The user reads: That is not a whole code. Please type all of its digits. "
        "No code looks like this, so it cost nothing. No script ran: Redis was not asked."
    ) in text


def test_a_wrong_code_costs_an_attempt(stage: Stage) -> None:
    """The verdict, the public message, the attempts left and the script are shown."""
    text = played(stage, EXAMPLE, later(0, "000000"))

    assert (
        "WRONG_CODE 4 attempts left The user reads: That code is not right. Type the code from the latest "
        "call or message. It cost an attempt; the attempt was spent before anything was compared. "
        "Scripts that ran: claim."
    ) in text


def test_the_right_code_verifies_however_it_is_typed_and_only_once(stage: Stage) -> None:
    """Full-width digits with spaces verify; the same code again is refused."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")

    text = played(stage, EXAMPLE, lambda stage: " ".join(stage.heard.translate(wide)), code)

    assert "VERIFIED +84901888484 The user reads: Verified." in text
    assert (
        "Enter for another round, q to quit, or a code to see it refused: ALREADY_USED nothing was spent "
        "The user reads: This code can no longer be used. Ask for a new one."
    ) in text


def test_calling_again_too_early_says_how_long_to_wait(open_stage: Open) -> None:
    """The wait is what is left of the cooldown, and no call is made."""
    stage = open_stage(cooldown=60)

    text = played(stage, EXAMPLE, later(10, "r"))

    wait = float(inner(text, "NO CALL The number was called just now. Wait ", " s, then type r."))
    assert 49 < wait <= 50
    assert "The user reads: Please wait 50 seconds before asking for another code." in text
    assert len(stage.simulator.calls) == 1


def test_calling_again_ends_the_first_code_and_refills_nothing(open_stage: Open) -> None:
    """After a second call the first code is superseded and the attempts are as few as before."""
    stage = open_stage(cooldown=60)
    first: list[str] = []

    def wrong(stage: Stage) -> str:
        first.append(stage.heard)
        return "hello" if stage.heard == "000000" else "000000"

    text = played(stage, EXAMPLE, wrong, later(61, "r"), lambda _: first[0], code)

    assert "4 attempts, 1 more call." in text
    assert "Scripts that ran: renew, store, confirm." in text
    assert "SUPERSEDED 3 attempts left" in text
    assert "It was right until the number was called again: that ended it." in text
    assert "VERIFIED +84901888484" in text


def test_a_round_that_can_go_on_is_not_over(open_stage: Open) -> None:
    """While another call or a code may help, Enter does not begin another round."""
    late = played(open_stage(ttl=3), EXAMPLE, later(4, "s"), "")
    last = played(open_stage(sends=1), EXAMPLE, "s", "")

    assert ["MALFORMED" in late, "another round" in late] == [True, False]
    assert ["MALFORMED" in last, "another round" in last] == [True, False]


def test_a_challenge_has_only_so_many_calls(open_stage: Open) -> None:
    """The last call of a challenge is the last."""
    text = played(open_stage(cooldown=0, sends=2), EXAMPLE, "r", "r")

    assert text.count("Ring, ring!") == 2
    assert "NO CALL This challenge has had all the calls it may have." in text


def test_a_number_has_only_so_many_calls_an_hour(open_stage: Open) -> None:
    """The next round is refused for the same number, and open to another one."""
    text = played(open_stage(cooldown=0, sends_per_hour=1), EXAMPLE, "n", EXAMPLE, "0912 345 678")

    assert (
        "NO CALL The number has had all the calls it may have in an hour. Take another number, or wait"
        in text
    )
    assert "+84*****5678 is called" in text


def test_the_last_attempt_locks_the_challenge_and_enter_begins_another_round(stage: Stage) -> None:
    """After five wrong codes the right one is refused, and so is another call."""
    wrong = [later(0, "000000")] * 5

    text = played(stage, EXAMPLE, *wrong, code, "r", "", "0912 345 678")

    assert "WRONG_CODE 0 attempts left" in text
    assert "It was the last attempt. Now type the right code: it is refused too." in text
    assert "EXHAUSTED 0 attempts left" in text
    assert "NO CALL The challenge is locked, since every attempt is spent." in text
    assert text.count("Phone number (Enter takes 0901 888 484; q quits):") == 2
    assert "+84*****5678 is called" in text


def test_a_late_code_is_refused_and_another_call_helps(open_stage: Open) -> None:
    """A code that came too late costs nothing, and the next call brings one that works."""
    stage = open_stage(ttl=3)

    text = played(stage, EXAMPLE, later(4, code), later(60, "r"), code)

    assert "EXPIRED nothing was spent" in text
    assert "It came too late, and cost nothing. Type r to have the number called again." in text
    assert "VERIFIED +84901888484" in text


def test_a_challenge_that_is_gone_says_so(stage: Stage) -> None:
    """After its life nothing is kept, and no call is made."""
    text = played(stage, EXAMPLE, later(601, code), "s", "r")

    assert "It came too late, and this challenge has no more calls." in text
    assert "state EXPIRED: past its time" in text
    assert "delivery UNKNOWN by nobody Redis keeps nothing of it any more." in text
    assert "NO CALL The challenge is past its time." in text


def test_the_status_tells_all_but_the_code(open_stage: Open) -> None:
    """State, attempts, calls, life and delivery are shown, and taken is told apart from ringing."""
    text = played(open_stage(cooldown=60), EXAMPLE, later(1, "s"))

    assert (
        "state PENDING: waiting for the code attempts left 5 calls left 2 code lives 178.9 s"
        in text.replace("179.0 s", "178.9 s")
    )
    assert "delivery ACCEPTED by esms; whether it rang is another matter" in text


def test_too_many_wrong_codes_for_one_number_stop_every_challenge(open_stage: Open) -> None:
    """The number's own budget is told with its wait and a way on."""
    stage = open_stage(wrong_per_hour=1)

    text = played(stage, EXAMPLE, later(0, "000000"), code)

    assert "THROTTLED 4 attempts left The user reads: Too many attempts. Try again in 1 hour." in text
    assert "Type n for another one. Or wait 1 hour." in text
