"""Values are frozen, tell no secret, and a verdict is true only when the code was right."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from enum import StrEnum
from typing import Any

import pytest

from otpflow import models
from otpflow.errors import VerificationError
from otpflow.models import (
    Challenge,
    ChallengeState,
    ChallengeStatus,
    Delivery,
    DeliveryReport,
    DeliveryState,
    Message,
    Outcome,
    Receipt,
    Report,
    Verdict,
)

NUMBER = "+84901888484"
IDENTIFIER = "k1.canary-of-the-client-held-half"
DELIVERY = Delivery(state=DeliveryState.ACCEPTED, provider="esms", provider_ref="7b2f")
CHALLENGE = Challenge(
    id=IDENTIFIER,
    recipient_masked="+84*****8484",
    channel="voice",
    purpose="login",
    expires_in=180.0,
    resend_after=60.0,
    sends_left=2,
    attempts_left=5,
    delivery=DELIVERY,
)
STATUS = ChallengeStatus(
    state=ChallengeState.PENDING,
    attempts_left=5,
    sends_left=2,
    expires_in=180.0,
    resend_after=60.0,
    delivery=DELIVERY,
)
VERDICT = Verdict(outcome=Outcome.VERIFIED, purpose="login", attempts_left=4, recipient=NUMBER)
MESSAGE = Message(
    to=NUMBER,
    content="canary 8 2 4 6 8 0",
    code="824680",
    channel="voice",
    locale="en",
    purpose="login",
    request_id="request",
    callback_url="https://shop.example/otp?otpflow_signature=canary",
    expires_in=180.0,
)
RECEIPT = Receipt(provider="esms", provider_ref="7b2f")
REPORT = Report(
    state=DeliveryState.DELIVERED, provider_ref="7b2f", number=NUMBER[1:], duration=13, price=850.0
)
DELIVERY_REPORT = DeliveryReport(
    challenge="locator",
    delivery=DELIVERY,
    changed=True,
    channel="voice",
    purpose="login",
    duration=13,
    price=850.0,
)
VALUES = [DELIVERY, CHALLENGE, STATUS, VERDICT, MESSAGE, RECEIPT, REPORT, DELIVERY_REPORT]
CANARIES = (NUMBER, NUMBER[1:], "canary", "824680")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_do_not_change(value: Any) -> None:
    """No field can be set, deleted or added; fields are given by name only."""
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(value, field.name)
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError, AttributeError)):
        value.extra = 1
    assert not hasattr(value, "__dict__")
    with pytest.raises(TypeError, match="positional argument"):
        type(value)(*(getattr(value, field.name) for field in dataclasses.fields(value)))


def test_every_value_is_tried() -> None:
    """No public dataclass of the module is left out above."""
    defined = {
        kind
        for kind in vars(models).values()
        if isinstance(kind, type) and kind.__module__ == models.__name__ and dataclasses.is_dataclass(kind)
    }
    assert {type(value) for value in VALUES} == defined


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_no_secret_in_a_repr(value: Any) -> None:
    """Neither `repr` nor `str` nor a format shows the number, the code, the text or the id."""
    shown = f"{value!r} {value!s} {value} {[value]}"
    assert [canary for canary in CANARIES if canary in shown] == []


def test_what_a_repr_shows() -> None:
    """The rest is there to be read."""
    assert [repr(value) for value in VALUES] == [
        "Delivery(state=<DeliveryState.ACCEPTED: 'ACCEPTED'>, provider='esms', provider_ref='7b2f')",
        (
            "Challenge(recipient_masked='+84*****8484', channel='voice', purpose='login', expires_in=180.0, "
            f"resend_after=60.0, sends_left=2, attempts_left=5, delivery={DELIVERY!r})"
        ),
        (
            "ChallengeStatus(state=<ChallengeState.PENDING: 'PENDING'>, attempts_left=5, sends_left=2, "
            f"expires_in=180.0, resend_after=60.0, delivery={DELIVERY!r})"
        ),
        "Verdict(outcome=<Outcome.VERIFIED: 'VERIFIED'>, purpose='login', attempts_left=4, retry_after=None)",
        "Message(channel='voice', locale='en', purpose='login', request_id='request')",
        "Receipt(provider='esms', provider_ref='7b2f', state=<DeliveryState.ACCEPTED: 'ACCEPTED'>)",
        (
            "Report(state=<DeliveryState.DELIVERED: 'DELIVERED'>, provider_ref='7b2f', duration=13, "
            "price=850.0)"
        ),
        (
            f"DeliveryReport(challenge='locator', delivery={DELIVERY!r}, changed=True, channel='voice', "
            "purpose='login', duration=13, price=850.0)"
        ),
    ]


@pytest.mark.parametrize(
    "value", [DELIVERY, CHALLENGE, STATUS, RECEIPT, DELIVERY_REPORT], ids=lambda value: type(value).__name__
)
def test_values_survive_a_pickle(value: Any) -> None:
    """What an application keeps in a session comes back equal."""
    assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_verdict_has_no_number(protocol: int) -> None:
    """The number stays behind, everything else comes along."""
    throttled = dataclasses.replace(VERDICT, outcome=Outcome.THROTTLED, retry_after=61.5)
    for verdict in (VERDICT, throttled):
        pickled = pickle.dumps(verdict, protocol)
        assert NUMBER.encode() not in pickled
        assert pickle.loads(pickled) == dataclasses.replace(verdict, recipient=None)


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_report_has_no_number(protocol: int) -> None:
    """What the provider wrote of whom it called stays behind, everything else comes along."""
    pickled = pickle.dumps(REPORT, protocol)
    assert NUMBER[1:].encode() not in pickled
    assert pickle.loads(pickled) == dataclasses.replace(REPORT, number=None)


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, copy.deepcopy], ids=lambda keep: keep.__name__)
def test_a_message_is_not_for_keeping(keep: Any) -> None:
    """A live code does not end up in a task queue or a cache."""
    with pytest.raises(TypeError, match="^a Message holds a live code and is not for storing; issue the"):
        keep(MESSAGE)


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_no_json_by_accident(value: Any) -> None:
    """Nothing secret gets into JSON because something was serialised as a whole."""
    with pytest.raises(TypeError, match="is not JSON serializable"):
        json.dumps(value)


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize("attempts_left", [None, 0, 4])
@pytest.mark.parametrize("outcome", Outcome)
def test_only_verified_is_true(outcome: Outcome, attempts_left: int | None) -> None:
    """`if verdict:` lets in exactly one outcome, and what is raised for the others says the same."""
    verdict = Verdict(outcome=outcome, purpose="login", retry_after=7.5, attempts_left=attempts_left)
    assert bool(verdict) is (outcome is Outcome.VERIFIED)
    if verdict:
        verdict.raise_for_outcome()
        return
    with pytest.raises(VerificationError) as caught:
        verdict.raise_for_outcome()
    assert vars(caught.value) == {
        "outcome": outcome.value,
        "retry_after": 7.5,
        "attempts_left": attempts_left,
    }
    assert caught.value.args == (outcome.value, 7.5, attempts_left)
    assert caught.value.public_message("en") == verdict.public_message("en")


class Elsewhere(StrEnum):
    """An outcome of somebody else's, spelled alike."""

    VERIFIED = "VERIFIED"


@pytest.mark.parametrize("outcome", ["VERIFIED", Elsewhere.VERIFIED, True, 1, None], ids=repr)
def test_what_only_looks_verified_is_false(outcome: Any) -> None:
    """A verdict that was not made by this package's own outcome lets nobody in."""
    assert bool(Verdict(outcome=outcome, purpose="login")) is False


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (None, "That code is not right. Type the code from the latest call or message."),
        ("en-GB", "That code is not right. Type the code from the latest call or message."),
        ("vi-VN", "Mã không đúng. Hãy nhập mã trong cuộc gọi hoặc tin nhắn mới nhất."),
    ],
)
def test_a_verdict_speaks_to_the_user(locale: str | None, said: str) -> None:
    """The public message is in the user's language; Vietnamese where none is asked for."""
    verdict = Verdict(outcome=Outcome.WRONG_CODE, purpose="login", attempts_left=4)
    assert verdict.public_message(locale) == said
    assert verdict.public_message() == verdict.public_message("vi")
    last = Verdict(outcome=Outcome.WRONG_CODE, purpose="login", attempts_left=0)
    assert last.public_message("en") == "That code is not right, and no attempts are left. Ask for a new one."
    throttled = Verdict(outcome=Outcome.THROTTLED, purpose="login", retry_after=90.0)
    assert throttled.public_message("en") == "Too many attempts. Try again in 2 minutes."


def test_what_is_left_out() -> None:
    """Fields that may be left out say that nothing is known."""
    assert Delivery() == Delivery(state=DeliveryState.UNKNOWN, provider="", provider_ref=None)
    assert Receipt(provider="esms") == Receipt(
        provider="esms", provider_ref=None, state=DeliveryState.ACCEPTED
    )
    assert Report(state=DeliveryState.FAILED) == Report(
        state=DeliveryState.FAILED, provider_ref=None, number=None, duration=None, price=None
    )
    assert dataclasses.replace(DELIVERY_REPORT, duration=None, price=None) == DeliveryReport(
        challenge="locator", delivery=DELIVERY, changed=True, channel="voice", purpose="login"
    )
    assert Verdict(outcome=Outcome.EXPIRED, purpose="login") == Verdict(
        outcome=Outcome.EXPIRED, purpose="login", attempts_left=None, retry_after=None, recipient=None
    )


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            Outcome,
            "VERIFIED WRONG_CODE SUPERSEDED MALFORMED EXPIRED ALREADY_USED EXHAUSTED THROTTLED",
        ),
        (ChallengeState, "PENDING VERIFIED EXHAUSTED CANCELLED EXPIRED"),
        (DeliveryState, "ACCEPTED DELIVERED UNANSWERED FAILED UNKNOWN"),
    ],
)
def test_the_words(kind: type[StrEnum], names: str) -> None:
    """Each word is its own value, so that it reads alike in code, logs and JSON."""
    assert {member.name: str(member) for member in kind} == {name: name for name in names.split()}
