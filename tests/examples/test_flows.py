"""What the two flows answer: every outcome and every error, and nothing about who has an account."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from otpflow import (
    AsyncOTPEngine,
    ChallengeError,
    ConfigurationError,
    DeliveryError,
    OTPEngine,
    OTPError,
    Outcome,
    OverloadedError,
    Policy,
    RecipientError,
    StoreUnavailableError,
    ThrottledError,
    VerificationError,
)
from otpflow.keys import new_key
from otpflow.stores import AsyncEmbeddedStore
from otpflow.testing import Outbox
from tests.examples.running import load

LOGIN, SIGNUP = load("login_flow"), load("signup_flow")
ERRORS: dict[OTPError, tuple[int, dict[str, str]]] = {
    RecipientError("malformed"): (422, {}),
    ThrottledError(12.2, "cooldown"): (429, {"Retry-After": "13"}),
    ChallengeError("EXPIRED"): (410, {}),
    DeliveryError("103"): (502, {}),
    StoreUnavailableError(): (503, {}),
    OverloadedError(0.5): (503, {"Retry-After": "1"}),
}
OUTCOMES = {
    "WRONG_CODE": 403,
    "SUPERSEDED": 403,
    "MALFORMED": 422,
    "EXPIRED": 410,
    "ALREADY_USED": 410,
    "EXHAUSTED": 410,
    "THROTTLED": 429,
}


async def raising(error: OTPError) -> Any:
    raise error


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_each_error_has_a_status_and_words_for_the_user(error: OTPError, locale: str) -> None:
    status, headers = ERRORS[error]
    expected = (status, {"message": error.public_message(locale)}, headers)

    assert LOGIN.refused(error, locale) == expected
    assert asyncio.run(SIGNUP.handled(raising(error), locale)) == expected


def test_a_wrong_setting_stays_a_bug() -> None:
    error = ConfigurationError("locale 'xx' has no texts")

    with pytest.raises(ConfigurationError):
        LOGIN.refused(error, "vi")
    with pytest.raises(ConfigurationError):
        asyncio.run(SIGNUP.handled(raising(error), "vi"))


def test_every_outcome_but_success_has_a_status() -> None:
    assert LOGIN.STATUS == {Outcome(name): status for name, status in OUTCOMES.items()}
    assert {outcome.value for outcome in Outcome} - OUTCOMES.keys() == {"VERIFIED"}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_that_is_raised_has_the_same_status(outcome: str) -> None:
    error = VerificationError(outcome, 59.5 if outcome == "THROTTLED" else None)
    headers = {"Retry-After": "60"} if outcome == "THROTTLED" else {}

    answer = asyncio.run(SIGNUP.handled(raising(error), "en"))

    assert answer == (OUTCOMES[outcome], {"message": error.public_message("en")}, headers)


def test_a_number_with_an_account_is_answered_like_one_without(
    otpflow_engine: OTPEngine, otpflow_outbox: Outbox
) -> None:
    known, unknown = dict[str, str](), dict[str, str]()

    answers = [
        LOGIN.send_code(otpflow_engine, known, "0901 888 484"),
        LOGIN.send_code(otpflow_engine, unknown, "0911 888 484"),
    ]

    assert answers == [(202, {"sent_to": "+84*****8484", "resend_after": 60}, {})] * 2
    assert [message.to in LOGIN.ACCOUNTS for message in otpflow_outbox.messages] == [True, False]


def test_a_login_takes_over_nothing_from_the_session_before(
    otpflow_engine: OTPEngine, otpflow_outbox: Outbox
) -> None:
    session = {"basket": "planted by somebody else"}
    LOGIN.send_code(otpflow_engine, session, "0901 888 484")

    LOGIN.check_code(otpflow_engine, session, otpflow_outbox.code)

    assert session == {"phone": "+84901888484"}


def test_a_code_for_a_sign_up_does_not_log_in(otpflow_engine: OTPEngine, otpflow_outbox: Outbox) -> None:
    session = {"otp": otpflow_engine.issue("0901 888 484", purpose="signup").id}

    assert LOGIN.check_code(otpflow_engine, session, otpflow_outbox.code)[0] == 403
    assert "phone" not in session


def test_a_number_that_was_changed_cannot_be_verified_any_more() -> None:
    async def story() -> tuple[int, dict[str, str]]:
        outbox, session = Outbox(), dict[str, str]()
        store = AsyncEmbeddedStore()
        async with AsyncOTPEngine(store, outbox, keys=new_key(), policy=Policy(cooldown=0)) as engine:
            await SIGNUP.send_code(engine, session, "0901 888 485", "form-1")
            before = dict(session)
            await SIGNUP.change_number(engine, session)
            answer = await SIGNUP.handled(SIGNUP.check_code(engine, before, outbox.code), "vi")
        return answer[0], session

    assert asyncio.run(story()) == (410, {})
