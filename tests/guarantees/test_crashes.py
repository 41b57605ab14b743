"""D5: the process dies between any two steps of any flow, and nothing is broken by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otpflow import Challenge, ChallengeStatus, DeliveryError, ThrottledError
from tests.conftest import Build, endless
from tests.delivery.providers import CALLBACK, UNANSWERED, Provider, fallback, report
from tests.delivery.stepping import Steps
from tests.subjects import Subject

SENDING = ("hash", "store", "send", "confirm")
FLOWS = {
    "issue": ("admit", *SENDING),
    "issue with a key": ("bind", "admit", *SENDING),
    "issue, refused once": ("admit", *SENDING[:3], "breaker", *SENDING[2:]),
    "issue, refused": ("admit", *SENDING[:3], "breaker", "send", "breaker", "release"),
    "resend": ("renew", *SENDING),
    "verify": ("claim", "hash", "settle"),
    "verify with an id": ("claim", "hash", "settle"),
    "verify a wrong code": ("claim", "hash"),
    "receipt": ("read", "report", "renew", *SENDING),
    "refresh": ("poll", "ask", "report", "renew", *SENDING),
    "cancel": ("read", "cancel"),
}
PLACES = [(flow, place) for flow, steps in FLOWS.items() for place in range(len(steps))]


class Scene:
    """One engine over two providers, and one number that a flow is about.

    Args:
        subject: the engine.
        voice: the first provider.
        sms: the second.
        kind: which flow.
    """

    def __init__(self, subject: Subject, voice: Provider, sms: Provider, kind: str) -> None:
        self.subject, self.voice, self.sms, self.kind = subject, voice, sms, kind
        self.challenge: Challenge | None = None
        self.before: ChallengeStatus | None = None
        if not kind.startswith("issue"):
            self.challenge = subject.issue()
            if kind == "resend":
                subject.advance(60)
            self.before = subject.inspect(self.challenge.id)
        self.first = voice.code if self.challenge else ""

    def flow(self) -> Any:
        """Begin the flow."""
        steps, challenge_id = Steps(self.subject), self.challenge.id if self.challenge else ""
        refusals = {"issue, refused once": (self.voice,), "issue, refused": (self.voice, self.sms)}
        for provider in refusals.get(self.kind, ()):
            provider.fail(DeliveryError("connect", True))
        flows: dict[str, Callable[[], Any]] = {
            "issue with a key": lambda: steps.issue(idempotency_key="order-1"),
            "resend": lambda: steps.resend(challenge_id),
            "verify": lambda: steps.verify(challenge_id, self.first),
            "verify with an id": lambda: steps.verify(challenge_id, self.first, "attempt-1"),
            "verify a wrong code": lambda: steps.verify(challenge_id, self.wrong),
            "receipt": lambda: steps.handle_receipt(report(self.voice.messages[0], UNANSWERED)),
            "refresh": lambda: steps.refresh_delivery(challenge_id),
            "cancel": lambda: steps.cancel(challenge_id),
        }
        if self.kind == "refresh":
            self.voice.answers.append(UNANSWERED)
        return flows.get(self.kind, steps.issue)()

    @property
    def wrong(self) -> str:
        """A code that was not sent."""
        sent = {message.code for message in (*self.voice.messages, *self.sms.messages)}
        return next(code for code in ("000000", "000001", "000002", "000003") if code not in sent)

    @property
    def request_ids(self) -> list[str]:
        """Of every call and message that was made, in no order."""
        return [message.request_id for message in (*self.voice.messages, *self.sms.messages)]

    def newest(self) -> str:
        """The code that reached the phone last."""
        return self.sms.code if self.sms.messages else self.voice.code


@pytest.fixture
def scene(build: Build, style: str) -> Callable[[str], Scene]:
    """Set the scene for one flow."""

    def one(kind: str) -> Scene:
        voice, sms = Provider(), Provider("sms", ("sms",))
        return Scene(build(transport=fallback(style, voice, sms), callback_url=CALLBACK), voice, sms, kind)

    return one


@pytest.fixture(params=[False, True], ids=["before", "after"])
def performed(request: pytest.FixtureRequest) -> bool:
    """Whether the process dies before a step, or right after it, with its answer lost."""
    done: bool = request.param
    return done


@pytest.mark.guarantee("D5")
@pytest.mark.parametrize("kind", FLOWS)
def test_the_steps_of_each_flow(scene: Callable[[str], Scene], kind: str) -> None:
    """These are all the places at which a process can die."""
    scenery = scene(kind)

    assert tuple(Steps(scenery.subject).names(scenery.flow())) == FLOWS[kind]


@pytest.mark.guarantee("D5")
@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_the_user_can_ask_again(
    scene: Callable[[str], Scene], kind: str, place: int, performed: bool
) -> None:
    """After the cooldown at the latest; no key is left without an end, no request is made twice."""
    scenery = scene(kind)
    subject = scenery.subject
    Steps(subject).abandon(scenery.flow(), place, performed=performed)

    assert endless(subject.admin) == []
    assert len(scenery.request_ids) == len(set(scenery.request_ids))
    for provider in (scenery.voice, scenery.sms):
        provider._failures.clear()  # pyright: ignore[reportPrivateUsage]
    subject.advance(60)

    again = subject.issue()

    assert (again.attempts_left, again.sends_left) == (5, 2)
    assert subject.verify(again.id, scenery.voice.code)
    assert len(scenery.request_ids) == len(set(scenery.request_ids)) <= 3
    assert endless(subject.admin) == []


@pytest.mark.guarantee("D5")
@pytest.mark.parametrize(("kind", "place"), [pair for pair in PLACES if not pair[0].startswith("issue")])
def test_nothing_is_refilled(scene: Callable[[str], Scene], kind: str, place: int, performed: bool) -> None:
    """Attempts, sends and time of the challenge are what they were, or less."""
    scenery = scene(kind)
    assert scenery.challenge is not None
    assert scenery.before is not None
    Steps(scenery.subject).abandon(scenery.flow(), place, performed=performed)

    after = scenery.subject.inspect(scenery.challenge.id)

    spent = 1 if kind.startswith("verify") and (place > 0 or performed) else 0
    over = after.state in {"VERIFIED", "CANCELLED"}
    assert after.attempts_left == (0 if over else scenery.before.attempts_left - spent)
    assert after.sends_left <= scenery.before.sends_left


@pytest.mark.guarantee("D5")
@pytest.mark.parametrize(
    ("kind", "place"), [pair for pair in PLACES if pair[0] in {"resend", "receipt", "refresh"}]
)
def test_what_the_phone_got_last_works(
    scene: Callable[[str], Scene], kind: str, place: int, performed: bool
) -> None:
    """Whether the next code got as far as the phone or not: one of the two verifies, and that once."""
    scenery = scene(kind)
    assert scenery.challenge is not None
    Steps(scenery.subject).abandon(scenery.flow(), place, performed=performed)

    code = scenery.newest()

    assert scenery.subject.verify(scenery.challenge.id, code)
    assert scenery.subject.verify(scenery.challenge.id, code).outcome == "ALREADY_USED"


@pytest.mark.guarantee("D5")
@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("kind", ["verify", "verify with an id"])
def test_a_right_code_counts_once(
    scene: Callable[[str], Scene], kind: str, place: int, performed: bool
) -> None:
    """Where nobody heard the verdict, it is given again to the same attempt, and to no other."""
    scenery = scene(kind)
    assert scenery.challenge is not None
    Steps(scenery.subject).abandon(scenery.flow(), place, performed=performed)
    settled = place == 2 and performed
    attempt = "attempt-1" if kind == "verify with an id" else None

    verdict = scenery.subject.verify(scenery.challenge.id, scenery.first, attempt_id=attempt)

    claimed = place > 0 or performed
    assert verdict.outcome == ("ALREADY_USED" if settled and attempt is None else "VERIFIED")
    assert verdict.attempts_left == (3 if claimed and not settled and attempt is None else 4)
    assert scenery.subject.verify(scenery.challenge.id, scenery.first).outcome == "ALREADY_USED"


@pytest.mark.guarantee("D5")
@pytest.mark.parametrize("place", range(len(FLOWS["issue with a key"])))
def test_a_request_that_is_repeated_makes_no_second_call(
    scene: Callable[[str], Scene], place: int, performed: bool
) -> None:
    """The same key gives the same challenge; where its code never got to the phone, the next one does."""
    scenery = scene("issue with a key")
    subject = scenery.subject
    Steps(subject).abandon(scenery.flow(), place, performed=performed)

    again = subject.issue(idempotency_key="order-1")

    assert len(scenery.voice.messages) <= 1
    admitted = place > 1 or (place == 1 and performed)
    assert (again.sends_left, again.attempts_left) == (2, 5)
    assert bool(scenery.voice.messages) is (not admitted or place > 4 or (place == 4 and performed))
    if scenery.voice.messages:
        assert subject.verify(again.id, scenery.voice.code)
        return
    with pytest.raises(ThrottledError):
        subject.resend(again.id)
    subject.advance(60)
    assert subject.resend(again.id).id == again.id
    assert subject.verify(again.id, scenery.voice.code)


@pytest.mark.guarantee("D5")
@pytest.mark.parametrize(("kind", "place"), [pair for pair in PLACES if pair[0] in {"receipt", "refresh"}])
def test_the_provider_calls_again(
    scene: Callable[[str], Scene], kind: str, place: int, performed: bool
) -> None:
    """It got no answer. What it says is known in the end, and is made up for where nobody had gone on from it yet.

    Nobody is sent a second message for that.
    """
    scenery = scene(kind)
    assert scenery.challenge is not None
    Steps(scenery.subject).abandon(scenery.flow(), place, performed=performed)
    done = FLOWS[kind][: place + performed]

    for _ in range(3):
        told = scenery.subject.handle_receipt(report(scenery.voice.messages[0], UNANSWERED))
        assert told is not None
        assert told.delivery.state == UNANSWERED

    assert len(scenery.sms.messages) == ("renew" not in done or "send" in done)
    assert scenery.subject.inspect(scenery.challenge.id).sends_left == 1
    if scenery.sms.messages:
        assert scenery.subject.verify(scenery.challenge.id, scenery.sms.code)


@pytest.mark.guarantee("D5")
@pytest.mark.parametrize("place", range(len(FLOWS["issue, refused"])))
def test_a_refusal_that_nobody_wrote_down(scene: Callable[[str], Scene], place: int, performed: bool) -> None:
    """The reservation lapses with the cooldown and the challenge; it is given back only where that was done."""
    scenery = scene("issue, refused")
    Steps(scenery.subject).abandon(scenery.flow(), place, performed=performed)
    kept = (place > 0 or performed) and not (place == len(FLOWS["issue, refused"]) - 1 and performed)

    if kept:
        with pytest.raises(ThrottledError) as caught:
            scenery.subject.issue()
        assert caught.value.limit == "cooldown"
        assert 0 < float(caught.value.retry_after or 0) <= 60


@pytest.mark.guarantee("D5")
def test_a_cancellation_that_nobody_heard_of(scene: Callable[[str], Scene], performed: bool) -> None:
    """It happened or it did not; asking again makes sure."""
    scenery = scene("cancel")
    assert scenery.challenge is not None
    Steps(scenery.subject).abandon(scenery.flow(), 1, performed=performed)
    assert scenery.subject.inspect(scenery.challenge.id).state == ("CANCELLED" if performed else "PENDING")

    scenery.subject.cancel(scenery.challenge.id)

    assert scenery.subject.verify(scenery.challenge.id, scenery.first).outcome == "EXPIRED"
