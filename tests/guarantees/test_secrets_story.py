"""S1: no code, key, secret or full number in anything that an application, a log or an operator sees."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from otpflow import (
    Event,
    Verdict,
    log,
)
from otpflow.testing import Fault
from tests.conftest import Build
from tests.guarantees import canaries
from tests.guarantees.canaries import KEYS, NUMBER, OTHER_NUMBERS, Evidence, Provider
from tests.stores.doubles import watched
from tests.subjects import Subject

CALLBACK_URL = "https://shop.example/otp"
TYPED = ("135790", "246801", "975310", "864209", "112358", "314159")
FAULTS = [
    *((fault, 2) for fault in canaries.HANGING.values()),
    *((fault, 3) for fault in (*canaries.LOST.values(), *canaries.UNTAKEN.values())),
    *((fault, 1) for fault in (*canaries.REFUSING.values(), *canaries.HARMLESS.values())),
]
MEETS = {
    "_called": {
        *("VERIFIED", "WRONG_CODE", "SUPERSEDED", "MALFORMED", "ALREADY_USED"),
        *("ISSUED", "RESENT", "REPEATED", "THROTTLED", "CHECKED"),
        *("ThrottledError", "IdempotencyError", "ChallengeError"),
    },
    "_misdelivered": {"VERIFIED", "DELIVERY_UNKNOWN", "DELIVERY_REFUSED", "DeliveryError"},
    "_reported": {
        *("DELIVERY_REPORTED", "RECEIPT_REFUSED", "DELIVERY_REFUSED", "ALARM", "CIRCUIT_OPENED"),
        *("DeliveryReport", "Delivery", "DeliveryError"),
    },
    "_guessed": {"WRONG_CODE", "EXHAUSTED", "THROTTLED", "UNLOCKED"},
    "_unstored": {"STORE_UNAVAILABLE", "StoreUnavailableError"},
    "_refused": {"RecipientError"},
}
UNCALLABLE = (f"{NUMBER}99999", f"{NUMBER},{NUMBER}", "+842838221234", "+14155550123", f"{NUMBER}x")


@pytest.fixture
def provider(style: str) -> Iterator[Provider]:
    """The provider; a try is short, so that those which hang end soon."""
    with Provider(style, canaries.SHORT) as running:
        yield running


@pytest.fixture
def evidence(caplog: pytest.LogCaptureFixture) -> Evidence:
    """What is seen, while everything that logs does so at DEBUG."""
    caplog.set_level(logging.DEBUG)
    for name in ("otpflow", "httpx", "httpcore", "redis", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    return Evidence()


async def _talkative(_: object) -> None:
    """Have asyncio log every callback, with its arguments."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0


def _called(subject: Subject, provider: Provider, evidence: Evidence) -> list[Any]:
    """Issue, throttle, guess, send again, verify, use twice."""
    context, tie = {"amount": 500_000}, {"context": {"amount": 500_000}, "idempotency_key": "order-1"}
    first = evidence.of(subject.issue, NUMBER, client_ip="203.0.113.7", **tie)
    code = provider.code
    for again in (tie, {**tie, "context": {"amount": 1}}, {}):
        evidence.of(subject.issue, NUMBER, **again)
    evidence.of(subject.inspect, first.id)
    evidence.of(subject.verify, first.id, f"{code} {code}", context=context)
    evidence.of(subject.verify, first.id, TYPED[0], context=context)
    evidence.of(subject.verify, first.id, code, context=context, purpose="payment")
    evidence.of(subject.resend, first.id)
    subject.advance(61)
    evidence.of(subject.resend, first.id)
    evidence.of(subject.verify, first.id, code, context=context)
    for _ in range(2):
        evidence.of(subject.verify, first.id, provider.code, context=context)
    evidence.of(subject.verify, first.id, TYPED[1])
    evidence.of(subject.resend, first.id)
    evidence.of(subject.cancel, first.id)
    return [first]


def _misdelivered(subject: Subject, provider: Provider, evidence: Evidence) -> list[Any]:
    """Issue to one number after the other, each time with another fault that lasts."""
    issued: list[Any] = []
    for (fault, times), number in zip(FAULTS, OTHER_NUMBERS, strict=False):
        provider.simulator.misbehave(fault, times)
        answer = evidence.of(subject.issue, number)
        _forget_failures(subject)
        if not isinstance(answer, Exception):
            issued.append(answer)
            evidence.of(subject.inspect, answer.id)
            evidence.of(subject.verify, answer.id, provider.code)
    for echo in (*canaries.KEY_WORDS[:2], NUMBER, NUMBER[1:], *canaries.number_forms(NUMBER)):
        provider.simulator.misbehave(Fault.code("101", f"Refused: {echo}"))
        evidence.of(subject.issue, NUMBER)
    return issued


def _forget_failures(subject: Subject) -> None:
    """Have the provider's breaker count anew, so that it is asked again after each fault."""
    for key in list(subject.admin.scan_iter("*:breaker")):
        subject.admin.delete(key)


def _reported(subject: Subject, provider: Provider, evidence: Evidence) -> list[Any]:
    """Take receipts, genuine and forged, that name the number; ask the provider, who may fail; open the breaker."""
    issued = [evidence.of(subject.issue, number) for number in (NUMBER, *OTHER_NUMBERS[:2])]
    for call, end in zip(provider.simulator.calls, ("answer", "no_answer", "fail"), strict=True):
        getattr(provider.simulator, end)(call.sms_id)
    for url in provider.simulator.due_callbacks():
        query = urlsplit(url).query
        for given in (query, query, query.replace("otpflow_signature=", "otpflow_signature=A"), f"{query}&x"):
            evidence.of(subject.handle_receipt, given)
    provider.simulator.misbehave(Fault.code("101", f"Refused: {OTHER_NUMBERS[-1]}"))
    evidence.of(subject.issue, OTHER_NUMBERS[-1])
    issued.append(evidence.of(subject.issue, OTHER_NUMBERS[-1]))
    provider.simulator.misbehave(Fault.code("101", f"Refused: {NUMBER}"))
    for challenge in (*issued[::-1], *issued):
        evidence.of(subject.refresh_delivery, challenge.id)
    for number in OTHER_NUMBERS[2:14]:
        provider.simulator.misbehave(Fault.code("160", f"Refused: {number}"))
        evidence.of(subject.issue, number)
    return issued


def _guessed(subject: Subject, provider: Provider, evidence: Evidence) -> list[Any]:
    """Spend the attempts of two challenges, and then the guesses of their number."""
    number = OTHER_NUMBERS[-1]
    issued: list[Any] = []
    for _ in range(3):
        issued.append(evidence.of(subject.issue, number))
        for typed in (*TYPED, TYPED[0]):
            evidence.of(subject.verify, issued[-1].id, typed, attempt_id=f"{issued[-1].id}/{typed}")
        subject.advance(61)
    evidence.of(subject.unlock, number)
    return issued


def _unstored(subject: Subject, provider: Provider, evidence: Evidence) -> list[Any]:
    """Find something else in the store than what was put there, so that every script fails."""
    number, other = OTHER_NUMBERS[-2:-4:-1]
    issued = [evidence.of(subject.issue, number)]

    def spoil(_: str) -> None:
        for key in list(subject.admin.scan_iter()):
            subject.admin.delete(key)
            subject.admin.set(key, "something else", px=60_000)

    unlucky, store = watched(subject, on_event=subject.options["on_event"])
    store.before = spoil
    for call in (unlucky.inspect, unlucky.resend, unlucky.cancel):
        evidence.of(call, issued[0].id)
    evidence.of(unlucky.verify, issued[0].id, provider.code)
    evidence.of(unlucky.issue, number)
    store.before = lambda _: None
    store.lost_replies = {len(store.ran) + place for place in (2, 3)}
    evidence.of(unlucky.issue, other)
    evidence.of(unlucky.issue, other)
    return issued


def _refused(subject: Subject, provider: Provider, evidence: Evidence) -> list[Any]:
    """Ask for what is never sent."""
    for number in UNCALLABLE:
        evidence.of(subject.issue, number)
        evidence.of(subject.unlock, number)
    return []


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("story", [_called, _misdelivered, _reported, _guessed, _unstored, _refused])
def test_no_canary_shows_in_a_story(
    build: Build,
    provider: Provider,
    evidence: Evidence,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    story: Callable[[Subject, Provider, Evidence], list[Any]],
) -> None:
    """Not in a value, an error and its causes, an event, a log at DEBUG, a repr, or on the terminal."""
    events: list[Event] = []
    subject = build(
        keys=KEYS, transport=provider.transport, callback_url=CALLBACK_URL, on_event=(events.append, log)
    )
    if subject.style == "async":
        subject.at_once([_talkative])

    issued = story(subject, provider, evidence)

    evidence.values += events
    parts = (subject.engine, subject.store, provider.transport)
    evidence.texts["parts"] = "\n".join(f"{part!r} {part!s} {vars(part)!r}" for part in parts)
    evidence.texts["log"] = "\n".join(
        f"{record.name} {record.getMessage()} {_arguments(record)!r} {record.exc_info!r}"
        for record in caplog.records
    )
    evidence.texts["terminal"] = "".join(capfd.readouterr())
    words = (
        *canaries.KEY_WORDS,
        *canaries.number_forms(NUMBER, *OTHER_NUMBERS),
        *(challenge.id.partition(".")[2] for challenge in issued),
    )
    assert evidence.found(words, [*provider.codes, *TYPED]) == {}
    assert _met(evidence, events) >= MEETS[story.__name__]


def _arguments(record: logging.LogRecord) -> object:
    """Give what was to be put into a log line; how long something took, without digits that are mere chance."""
    if not isinstance(record.args, tuple):
        return record.args
    return tuple(round(each, 3) if isinstance(each, float) else each for each in record.args)


def _met(evidence: Evidence, events: list[Event]) -> set[str]:
    outcomes = {str(value.outcome) for value in evidence.values if isinstance(value, Verdict)}
    kinds = {type(value).__name__ for value in evidence.values}
    return outcomes | kinds | {event.kind.value for event in events}
