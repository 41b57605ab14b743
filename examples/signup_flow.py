"""A sign-up by phone with `await`, for FastAPI, Starlette and Django's async views.

`login_flow.py` turns outcomes into answers one by one. Here everything that goes wrong is an exception and
one handler answers them all, which is what FastAPI's `@app.exception_handler(OTPError)` is for.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
from collections.abc import Awaitable, MutableMapping
from typing import TypeAlias

from otpflow import (
    AsyncOTPEngine,
    ChallengeError,
    DeliveryError,
    OTPError,
    OverloadedError,
    RecipientError,
    StoreUnavailableError,
    ThrottledError,
    VerificationError,
)
from otpflow.keys import new_key
from otpflow.stores import AsyncEmbeddedStore
from otpflow.testing import Outbox

Answer: TypeAlias = tuple[int, dict[str, object], dict[str, str]]  # status, body, headers
Session: TypeAlias = MutableMapping[str, str]
PURPOSE = "signup"
STATUS: dict[type[OTPError], int] = {
    RecipientError: 422,
    VerificationError: 403,
    ChallengeError: 410,
    ThrottledError: 429,
    DeliveryError: 502,
    StoreUnavailableError: 503,
    OverloadedError: 503,
}
ACCOUNTS = {"+84911888484": "Minh"}


async def send_code(engine: AsyncOTPEngine, session: Session, phone: str, form_id: str) -> Answer:
    """Answer the form with the phone number.

    `form_id` was drawn at random when the form was shown and comes back with it: a double click, or a retry
    after a lost answer, gets the same challenge and makes no second call. Another number in the same form is
    another request. Hashed, since what a client sends may have any length.
    """
    request = hashlib.sha256(f"{session.get('csrf', '')}/{form_id}/{phone}".encode()).hexdigest()
    challenge = await engine.issue(phone, purpose=PURPOSE, idempotency_key=request)
    session["otp"] = challenge.id
    return 202, {"sent_to": challenge.recipient_masked, "resend_after": math.ceil(challenge.resend_after)}, {}


async def change_number(engine: AsyncOTPEngine, session: Session) -> Answer:
    """Answer the link "that is not my number": the code that is under way is worth nothing any more."""
    await engine.cancel(session.pop("otp", ""))
    return 200, {"next": "/signup"}, {}


async def send_again(engine: AsyncOTPEngine, session: Session) -> Answer:
    """Answer the button "call me again"."""
    challenge = await engine.resend(session.get("otp", ""))
    return 202, {"sent_to": challenge.recipient_masked, "sends_left": challenge.sends_left}, {}


async def check_code(engine: AsyncOTPEngine, session: Session, typed: str) -> Answer:
    """Answer the form with the code. Only who holds the phone learns that its number has an account."""
    verdict = await engine.verify(session.get("otp", ""), typed, purpose=PURPOSE)
    verdict.raise_for_outcome()
    phone = str(verdict.recipient)
    session.clear()  # and give the session a new id
    session["phone"] = phone
    return (200, {"next": "/home"}, {}) if phone in ACCOUNTS else (201, {"next": "/welcome"}, {})


async def handled(view: Awaitable[Answer], locale: str) -> Answer:
    """Answer for whatever a view raises; a ConfigurationError is a bug, and stays one."""
    try:
        return await view
    except tuple(STATUS) as error:
        status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        if isinstance(error, VerificationError) and error.outcome != "WRONG_CODE":
            status = {"MALFORMED": 422, "SUPERSEDED": 403, "THROTTLED": 429}.get(error.outcome, 410)
        wait = {} if error.retry_after is None else {"Retry-After": str(math.ceil(error.retry_after))}
        return status, {"message": error.public_message(locale)}, wait


async def main() -> None:
    """Play a user who clicks twice, has typed a wrong number, and mistypes the code."""
    outbox, session = Outbox(), {"csrf": secrets.token_urlsafe()}  # drawn with the session
    async with AsyncOTPEngine(AsyncEmbeddedStore(), outbox, keys=new_key(), app="Shop") as engine:
        click = (send_code(engine, session, "0901 888 485", "form-1") for _ in range(2))
        for answer in await asyncio.gather(*(handled(view, "vi") for view in click)):
            print("clicked twice", *answer)
        print("calls made   ", len(outbox.messages))
        print("not my number", *await handled(change_number(engine, session), "vi"))
        print("right number ", *await handled(send_code(engine, session, "0901 888 484", "form-2"), "vi"))
        print("too early    ", *await handled(send_again(engine, session), "vi"))
        print("mistyped     ", *await handled(check_code(engine, session, f"{outbox.code}1"), "vi"))
        print("right        ", *await handled(check_code(engine, session, outbox.code), "vi"))
        print("once more    ", *await handled(check_code(engine, session, outbox.code), "en"))


if __name__ == "__main__":
    asyncio.run(main())
