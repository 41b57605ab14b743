"""S4: unknown, expired and foreign ids look alike, and so do a refused number and one that was not reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from otpflow import (
    ChallengeError,
    ChallengeStatus,
    Delivery,
    DeliveryError,
    DeliveryState,
    OTPError,
    Outcome,
    RecipientError,
    Verdict,
)
from otpflow.errors import DeliveryUnknownError
from otpflow.keys import Keyring, new_key
from otpflow.models import ChallengeState
from otpflow.testing import Fault
from tests.conftest import Build
from tests.guarantees.canaries import Provider
from tests.stores.doubles import watched
from tests.subjects import KEYS, NUMBER, Subject

LOCALES = ("vi", "en", None, "fr")
NOTHING = Verdict(outcome=Outcome.EXPIRED, purpose="login")
NO_STATUS = ChallengeStatus(
    state=ChallengeState.EXPIRED,
    attempts_left=0,
    sends_left=0,
    expires_in=0.0,
    resend_after=0.0,
    delivery=Delivery(state=DeliveryState.UNKNOWN, provider="", provider_ref=None),
)


def _unknown(_: Subject) -> str:
    ring = Keyring(KEYS)
    return ring.challenge_id(ring.new_address(ring.slot("number", "default", NUMBER)))


def _altered(subject: Subject) -> str:
    real = subject.issue().id
    return real[:-8] + ("A" * 8 if real[-8:] != "A" * 8 else "B" * 8)


def _made_up(_: Subject) -> str:
    return f"k1.{'A' * 44}"


def _unknown_key(subject: Subject) -> str:
    return subject.issue().id.replace("k1.", "k7.")


def _foreign(subject: Subject) -> str:
    return subject.another(keys=new_key("k1")).issue().id


def _foreign_key(subject: Subject) -> str:
    return subject.another(keys=new_key("k9")).issue().id


def _expired(subject: Subject) -> str:
    challenge = subject.issue()
    subject.advance(601)
    return challenge.id


def _expired_and_sent_again(subject: Subject) -> str:
    challenge = subject.issue()
    subject.advance(61)
    subject.resend(challenge.id)
    subject.advance(540)
    return challenge.id


IDS = [
    *(_unknown, _altered, _made_up, _unknown_key),
    *(_foreign, _foreign_key, _expired, _expired_and_sent_again),
]


@pytest.mark.guarantee("S4")
@pytest.mark.parametrize("make", IDS)
def test_no_two_of_them_are_told_apart(subject: Subject, make: Callable[[Subject], str]) -> None:
    """The same verdict, status and error, and the same questions to the store, which is where time goes."""
    challenge_id = make(subject)
    code = subject.code if subject.outbox.messages else "123456"
    engine, store = watched(subject)

    verdicts = [engine.verify(challenge_id, code), engine.verify(challenge_id, code, attempt_id="a-1")]
    status = engine.inspect(challenge_id)
    with pytest.raises(ChallengeError) as caught:
        engine.resend(challenge_id)
    engine.cancel(challenge_id)

    assert (verdicts, status) == ([NOTHING, NOTHING], NO_STATUS)
    assert (caught.value.args, caught.value.__cause__) == (("EXPIRED",), None)
    assert store.ran == ["claim", "claim", "read", "renew", "read"]
    assert engine.outbox.messages == ()


@pytest.mark.guarantee("S4")
def test_what_has_ended_verifies_like_what_never_was(subject: Subject) -> None:
    """A challenge whose code is too old, and one that was cancelled, tell nothing of themselves either."""
    challenge = subject.issue()
    subject.advance(181)
    engine, store = watched(subject)
    assert engine.verify(challenge.id, subject.code) == NOTHING
    cancelled = engine.issue()
    engine.cancel(cancelled.id)

    assert engine.verify(cancelled.id, engine.code) == NOTHING
    assert store.ran == ["claim", "admit", "store", "confirm", "read", "cancel", "claim"]


@pytest.mark.guarantee("S4")
def test_one_that_is_still_there_asks_the_store_more(subject: Subject) -> None:
    """Otherwise counting the questions would tell nothing."""
    challenge = subject.issue()
    engine, store = watched(subject)

    assert engine.verify(challenge.id, subject.code)
    assert store.ran == ["claim", "settle"]


@pytest.mark.guarantee("S4")
def test_a_verdict_says_no_more_than_it_must() -> None:
    """Outcomes whose difference would help an attacker share one text, in every language."""
    told = [
        {
            outcome.value: Verdict(outcome=outcome, purpose="login").public_message(locale)
            for outcome in Outcome
        }
        for locale in LOCALES
    ]
    for texts in told:
        assert texts["EXPIRED"] == texts["ALREADY_USED"] == texts["EXHAUSTED"]
        assert texts["WRONG_CODE"] == texts["SUPERSEDED"]
        assert len(set(texts.values())) == 5
    for locale in LOCALES:
        lines = {ChallengeError(state.value).public_message(locale) for state in ChallengeState}
        assert lines == {NOTHING.public_message(locale)}


@pytest.mark.guarantee("S4")
def test_a_refused_number_reads_like_one_that_was_not_reached(build: Build, style: str) -> None:
    """Whoever types numbers learns not which of them the service calls, or the provider can reach."""
    refused: list[OTPError] = []
    with Provider(style) as provider:
        subject = build(transport=provider.transport)
        for number in ("", "banana", "0901", "+842838221234", "+14155550123", f"{NUMBER},{NUMBER}"):
            with pytest.raises(RecipientError) as recipient:
                subject.issue(number)
            refused.append(recipient.value)
        for code in ("99", "108", "177", "101", "103", "160", "777"):
            provider.simulator.misbehave(Fault.code(code))
            with pytest.raises(DeliveryError) as delivery:
                subject.issue()
            refused.append(delivery.value)
    refused += [DeliveryUnknownError("timeout"), DeliveryError("connect", True)]
    for locale in LOCALES:
        assert len({error.public_message(locale) for error in refused}) == 1
    assert not any(character.isdigit() for error in refused for character in error.public_message("en"))
