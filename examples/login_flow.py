"""A login by phone, as three plain functions to paste into views: send a code, send it again, check it.

Every framework has a session, a request and a status code, so that is all there is here. The engine is
synchronous, for Django and Flask; `signup_flow.py` tells the same kind of story with `await`.

Nobody learns here whether a number has an account: every number is called in the same way, and accounts
are looked at only when the user has proved to hold the phone.
"""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from typing import TypeAlias

import otpflow
from otpflow import Challenge, OTPEngine, OTPError, Outcome
from otpflow.keys import new_key
from otpflow.stores import EmbeddedStore, RedisStore
from otpflow.testing import Outbox

Answer: TypeAlias = tuple[int, dict[str, object], dict[str, str]]  # status, body, headers
Session: TypeAlias = MutableMapping[str, str]
PURPOSE = "login"  # fixed in the code: a code for something else must not log anybody in
ACCOUNTS = {"+84901888484": "Lan"}
STATUS = {
    Outcome.MALFORMED: 422,  # cost no attempt
    Outcome.WRONG_CODE: 403,
    Outcome.SUPERSEDED: 403,
    Outcome.EXPIRED: 410,
    Outcome.ALREADY_USED: 410,
    Outcome.EXHAUSTED: 410,
    Outcome.THROTTLED: 429,
}


def send_code(engine: OTPEngine, session: Session, phone: str, locale: str = "vi") -> Answer:
    """Answer the form with the phone number; `locale` is one that you chose, not one that the client sent."""
    try:
        challenge = engine.issue(phone, purpose=PURPOSE, locale=locale)
    except OTPError as error:
        return refused(error, locale)
    session["otp"] = challenge.id
    return on_its_way(challenge)


def send_again(engine: OTPEngine, session: Session, locale: str = "vi") -> Answer:
    """Answer the button "call me again"."""
    try:
        return on_its_way(engine.resend(session.get("otp", "")))
    except OTPError as error:
        return refused(error, locale)


def check_code(engine: OTPEngine, session: Session, typed: str, locale: str = "vi") -> Answer:
    """Answer the form with the code."""
    try:
        verdict = engine.verify(session.get("otp", ""), typed, purpose=PURPOSE)
    except OTPError as error:
        return refused(error, locale)
    message: dict[str, object] = {"message": verdict.public_message(locale)}
    if not verdict:
        over = verdict.attempts_left == 0 and verdict.outcome is Outcome.WRONG_CODE
        return 410 if over else STATUS[verdict.outcome], message, waiting(verdict.retry_after)
    phone = str(verdict.recipient)  # the number that was called, not one that the client names
    session.clear()  # and give the session a new id, as Django's login() does
    session["phone"] = phone
    return 200, message | {"next": "/home" if phone in ACCOUNTS else "/signup"}, {}


def on_its_way(challenge: Challenge) -> Answer:
    """Say what the page has to show; 202, since a call that was taken is not yet one that was answered."""
    wait = math.ceil(challenge.resend_after)
    return 202, {"sent_to": challenge.recipient_masked, "resend_after": wait}, {}


def refused(error: OTPError, locale: str) -> Answer:
    """Say to the user what to do; what went wrong is for your log."""
    match error:
        case otpflow.RecipientError():
            status = 422
        case otpflow.ThrottledError():
            status = 429
        case otpflow.ChallengeError():
            status = 410
        case otpflow.DeliveryError():
            status = 502
        case otpflow.StoreUnavailableError() | otpflow.OverloadedError():
            status = 503
        case _:
            raise error  # a ConfigurationError is a bug or a wrong setting: nothing the user can help
    return status, {"message": error.public_message(locale)}, waiting(error.retry_after)


def waiting(seconds: float | None) -> dict[str, str]:
    """Say how long to wait, in whole seconds, where that is known."""
    return {} if seconds is None else {"Retry-After": str(math.ceil(seconds))}


def main() -> None:
    """Play a user in a hurry, and the systems behind the login on a bad day."""
    outbox, session, other = Outbox(), dict[str, str](), dict[str, str]()
    with OTPEngine(EmbeddedStore(), outbox, keys=new_key(), app="Shop") as engine:
        print("a landline   ", *send_code(engine, session, "024 3825 5555", "en"))
        outbox.fail(otpflow.DeliveryError("103", message="the balance is too low"))
        print("no balance   ", *send_code(engine, session, "0901 888 484", "en"))
        print("no account   ", *send_code(engine, other, "0911 888 484", "en"))
        print("has account  ", *send_code(engine, session, "0901 888 484", "en"))
        print("too early    ", *send_again(engine, session))
        print("no code      ", *check_code(engine, session, "12a456", "en"))
        print("right        ", *check_code(engine, session, outbox.code))
        print("nothing open ", *check_code(engine, session, outbox.code, "en"))
    with OTPEngine(RedisStore.from_url("redis://127.0.0.1:1/0"), outbox, keys=new_key()) as engine:
        print("Redis is gone", *send_code(engine, session, "0901 888 484"))


if __name__ == "__main__":
    main()
