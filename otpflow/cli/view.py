"""What the command line prints: every sentence of it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from otpflow.cli.stage import EXAMPLE, Kept, Stage
from otpflow.errors import ChallengeError, RecipientError, ThrottledError
from otpflow.messages import spoken_wait
from otpflow.models import Challenge, ChallengeState, ChallengeStatus, DeliveryState, Outcome, Verdict

NoCall = ChallengeError | RecipientError | ThrottledError
"""Why a number was not called, where that is no fault of the system's."""

ASK_NUMBER = Text.assemble(("Phone number", "bold"), (f" (Enter takes {EXAMPLE}; q quits): ", "dim"))
ASK_CODE = Text.assemble(("Code", "bold"), (" (r call again, s status, n new number, q quit): ", "dim"))
ASK_MORE = Text.assemble(
    ("Enter for another round", "bold"), (", q to quit, or a code to see it refused: ", "dim")
)

_MEANINGS = {
    Outcome.VERIFIED: "verdict.recipient is who to log in. Type the same code once more to see it refused.",
    Outcome.WRONG_CODE: "It cost an attempt; the attempt was spent before anything was compared.",
    Outcome.SUPERSEDED: "It was right until the number was called again: that ended it. It cost an attempt.",
    Outcome.MALFORMED: "No code looks like this, so it cost nothing.",
    Outcome.EXPIRED: "It came too late, and cost nothing. Type r to have the number called again.",
    Outcome.ALREADY_USED: "A challenge is verified once; now even the right code is refused.",
    Outcome.EXHAUSTED: "The challenge is locked: even the right code is refused.",
    Outcome.THROTTLED: "This number had too many wrong codes, over all its challenges. Type n for another one.",
}
_LOCKED = "It was the last attempt. Now type the right code: it is refused too."
_GONE = "It came too late, and this challenge has no more calls."
_STATES = {
    ChallengeState.PENDING: "waiting for the code",
    ChallengeState.VERIFIED: "verified, so no code works any more",
    ChallengeState.EXHAUSTED: "locked, since every attempt is spent",
    ChallengeState.CANCELLED: "cancelled",
    ChallengeState.EXPIRED: "past its time",
}
_NUMBERS = {
    "malformed": "It is not written like a phone number.",
    "not_a_number": "There is no such number.",
    "country_not_allowed": "It is in a country that may not be called; the demo calls Vietnam only.",
    "kind_not_allowed": "It is not a mobile number.",
}
_LIMITS = {
    "cooldown": "The number was called just now. Wait {wait}, then type r.",
    "challenge": "This challenge has had all the calls it may have.",
    "hour": "The number has had all the calls it may have in an hour. Take another number, or wait {wait}.",
    "day": "The number has had all the calls it may have in a day. Take another number, or wait {wait}.",
}
_LIMIT = "The limit {limit!r} is reached. Wait {wait}."
_FIELDS = {
    "digest": "the code, hashed: argon2id over a keyed hash",
    "sealed": "the number, encrypted",
    "attempts": "how many codes may still be tried",
    "sends_left": "how often it may still be sent",
    "until": "when this code dies, by Redis' clock",
    "deadline": "when all of it is deleted",
}
_LONGEST_VALUE = 16


def welcome(stage: Stage, *, by_itself: bool = False) -> RenderableType:
    """Say what is about to happen, and what of it is real."""
    place = "in the Redis of --redis" if stage.on_redis else "in this process (--redis URL takes yours)"
    who = "It plays by itself." if by_itself else "You are the user: give a number, hear the code, type it."
    return Group(
        Text("A login by phone call", "bold"),
        Text(
            f"{who} Engine, scripts and the HTTP request to eSMS are real; the phone is not: a simulated eSMS "
            f"at {stage.base_url} takes the call, and nobody is called. Challenges live {place}."
        ),
        Text(),
    )


def call(challenge: Challenge, content: str, scripts: Sequence[str]) -> RenderableType:
    """Show a call: who is called, what the voice says, and what the user may do with it."""
    life = spoken_wait(challenge.expires_in, "en")
    again = _count(challenge.sends_left, "more call")
    return Group(
        Text.assemble("Ring, ring! ", (challenge.recipient_masked, "bold"), " is called, and a voice says:"),
        Panel(Text(clean(content), "bold cyan"), box=box.ROUNDED, border_style="cyan"),
        Text.assemble(
            f"The code lives {life}. ",
            (_count(challenge.attempts_left, "attempt"), "bold"),
            f", {again}.",
        ),
        Text(f"eSMS took the call as {challenge.delivery.provider_ref}.", "dim"),
        Text(_ran(scripts), "dim"),
        Text(),
    )


def kept(found: Kept, code: str, number: str) -> RenderableType:
    """Show what Redis holds of a challenge, and look for what it must not hold."""
    if not found.fields:
        return Text("Redis keeps nothing of it any more.\n")
    rows = Table.grid(padding=(0, 2))
    for kind, meaning in _FIELDS.items():
        for name, value in found.fields.items():
            if name.partition(":")[0] == kind:
                short = value if len(value) <= _LONGEST_VALUE else value[: _LONGEST_VALUE - 3] + "..."
                rows.add_row(Text(name), Text(short), Text(meaning, "dim"))
    there = [name for name, digits in (("code", code), ("number", number)) if found.shows(digits)]
    verdict = (
        Text(f"The {' and the '.join(there)} can be read there!", "bold red")
        if there
        else Text("Neither the code nor the number is in any of them (just searched).", "green")
    )
    return Group(
        Text(f"What Redis keeps of it, in {len(found.fields)} fields of"),
        Text(f"{found.key}, among them:", "dim"),
        Padding(rows, (0, 0, 0, 2)),
        verdict,
        Text(),
    )


def verdict(answer: Verdict, after: ChallengeStatus, scripts: Sequence[str], locale: str) -> RenderableType:
    """Show what became of a typed code, and where that leaves the challenge."""
    style = {Outcome.VERIFIED: "bold green", Outcome.MALFORMED: "bold yellow"}.get(answer.outcome, "bold red")
    says = answer.recipient or _left(after)
    meaning = _MEANINGS[answer.outcome]
    if answer.outcome is Outcome.WRONG_CODE and after.state is ChallengeState.EXHAUSTED:
        meaning = _LOCKED
    if answer.outcome is Outcome.EXPIRED and after.sends_left == 0:
        meaning = _GONE
    if answer.retry_after is not None:
        meaning += f" Or wait {spoken_wait(answer.retry_after, 'en')}."
    return Group(
        Text.assemble((answer.outcome.value, style), f"  {says}"),
        _read_by_user(answer.public_message(locale)),
        Text(meaning),
        Text(_ran(scripts), "dim"),
        Text(),
    )


def refused(error: NoCall, locale: str) -> RenderableType:
    """Show why no call was made."""
    return Group(
        Text.assemble(("NO CALL", "bold yellow"), f"  {_reason(error)}"),
        _read_by_user(error.public_message(locale)),
        Text(),
    )


def status(found: ChallengeStatus) -> RenderableType:
    """Show where a challenge is in its life."""
    rows = Table.grid(padding=(0, 2))
    for name, value in (
        ("state", f"{found.state.value}: {_STATES[found.state]}"),
        ("attempts left", str(found.attempts_left)),
        ("calls left", str(found.sends_left)),
        ("code lives", f"{found.expires_in:.1f} s"),
        ("next call in", f"{found.resend_after:.1f} s"),
        ("delivery", f"{found.delivery.state.value} by {found.delivery.provider or 'nobody'}{_taken(found)}"),
    ):
        rows.add_row(Text(name, "dim"), Text(value))
    return Group(rows, Text())


def chapter(title: str) -> Text:
    """Begin a part of what `--yes` plays."""
    return Text(f"{title}\n", "bold underline")


def passing(seconds: float) -> Text:
    """Say that time passes."""
    return Text(f"... {spoken_wait(seconds, 'en')} pass", "dim")


def kept_promise(promise: str, detail: str) -> RenderableType:
    """Say that a step went as it must, and what was seen."""
    return _step(Text.assemble(("ok", "bold green"), f"  {promise}"), detail)


def left_out(promise: str, reason: str) -> RenderableType:
    """Say that a step was not played."""
    return _step(Text.assemble(("--", "bold yellow"), f"  left out: {promise}"), reason)


def broken_promise(promise: str, seen: str) -> RenderableType:
    """Say which step went wrong, and how."""
    return _step(Text.assemble(("WRONG", "bold red"), f"  {promise}"), seen)


def typed(text: str, answer: Verdict, after: ChallengeStatus, scripts: Sequence[str]) -> str:
    """Say in one line what was typed, and what became of it."""
    short = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text)} characters)"
    says = f"verified {answer.recipient}" if answer else f"{answer.outcome.value}, {_left(after)}"
    return f"typed {short or 'only Enter'}: {says}. {_ran(scripts)}"


def asked_again(error: NoCall) -> str:
    """Say in one line why no call was made."""
    return f"asked for a call: {_reason(error)}"


def played(steps: int) -> Text:
    """Sum up what `--yes` played."""
    return Text.assemble((f"\nAll {steps} checks passed.", "bold green"), " Play it yourself: otpflow demo")


def farewell() -> Text:
    """Say goodbye, and what comes next."""
    return Text(
        "Bye. `otpflow demo --yes` plays the whole story by itself; `otpflow keygen` is your first step."
    )


def failure(error: Exception) -> Text:
    """Say in one piece what went wrong."""
    return Text.assemble(("otpflow: ", "bold red"), clean(str(error)))


def simulating(settings: Mapping[str, str]) -> RenderableType:
    """Say where the simulator is, and which settings lead to it."""
    lines = [f"export {name}={value}" for name, value in settings.items()]
    return Group(
        Text("A simulated eSMS is running; nobody is called. In the terminal of your application:", "bold"),
        Text(),
        *(Text(f"  {line}", "cyan") for line in lines),
        Text(),
        Text("Calls are shown here as they come. Ctrl-C ends it.", "dim"),
    )


def simulated_call(at: str, phone: str, content: str, reference: str) -> RenderableType:
    """Show a call that the simulator took."""
    head = Text.assemble(
        (f"{at}  ", "dim"), ("call ", "bold green"), clean(phone), (f"  as {reference}", "dim")
    )
    return Group(head, Padding(Text(clean(content), "cyan"), (0, 0, 0, 10), expand=False))


def simulated_answer(at: str, what: str, code: str, message: str) -> Text:
    """Show any other request, and what the simulator answered."""
    style = "green" if code == "100" else "bold red"
    return Text.assemble((f"{at}  ", "dim"), f"{clean(what)}  ", (clean(code), style), f"  {clean(message)}")


def stopped(calls: int) -> Text:
    """Say that the simulator has ended."""
    return Text(f"\nStopped after {_count(calls, 'call')}.")


def clean(text: str) -> str:
    """Make a text of others harmless to a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def _step(head: Text, detail: str) -> RenderableType:
    return Group(head, Padding(Text(clean(detail), "dim"), (0, 0, 0, 4), expand=False))


def _reason(error: NoCall) -> str:
    if isinstance(error, RecipientError):
        return _NUMBERS.get(error.reason, str(error))
    if isinstance(error, ThrottledError):
        return _LIMITS.get(error.limit, _LIMIT).format(limit=error.limit, wait=f"{error.retry_after:.1f} s")
    return f"The challenge is {_STATES[ChallengeState(error.state)]}."


def _left(after: ChallengeStatus) -> str:
    if after.state in {ChallengeState.PENDING, ChallengeState.EXHAUSTED}:
        return f"{_count(after.attempts_left, 'attempt')} left"
    return "nothing was spent"


def _taken(found: ChallengeStatus) -> str:
    # The provider's code 100 is easily read as "the phone rang".
    return "; whether it rang is another matter" if found.delivery.state is DeliveryState.ACCEPTED else ""


def _read_by_user(message: str) -> Text:
    return Text.assemble(("The user reads: ", "dim"), (message, "italic"))


def _ran(scripts: Sequence[str]) -> str:
    return f"Scripts that ran: {', '.join(scripts)}." if scripts else "No script ran: Redis was not asked."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
