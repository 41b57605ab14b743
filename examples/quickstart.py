"""The whole idea: a code is called out, the user types it, and it works once.

Run it with `python examples/quickstart.py`. It needs no Redis, no account and no phone.
"""

from __future__ import annotations

from otpflow import OTPEngine
from otpflow.keys import new_key
from otpflow.stores import EmbeddedStore
from otpflow.testing import Outbox


def main() -> None:
    """Issue a code, type a wrong one, type the right one, type it again."""
    # In production these are RedisStore.from_url(…), EsmsVoice(…) and a key from `otpflow keygen`.
    store, outbox, key = EmbeddedStore(), Outbox(), new_key()

    with OTPEngine(store, outbox, keys=key, app="Shop") as engine:
        # Any spelling of the number will do. Keep challenge.id in the user's session.
        challenge = engine.issue("0901 888 484", purpose="login", locale="en")
        print(f"calling {challenge.recipient_masked}: {outbox.last.content}")

        # What the user typed wrongly is a value, not an exception.
        wrong = "000000" if outbox.code != "000000" else "111111"
        verdict = engine.verify(challenge.id, wrong, purpose="login")
        print(f"{wrong}: {verdict.public_message('en')} ({verdict.attempts_left} tries left)")

        # Spaces and dashes do not matter; a verdict is true only when the code was right.
        typed = f"{outbox.code[:3]} {outbox.code[3:]}"
        verdict = engine.verify(challenge.id, typed, purpose="login")
        if verdict:
            print(f"{typed}: welcome, {verdict.recipient}")

        # A code works once, whoever asks, from whichever server.
        verdict = engine.verify(challenge.id, typed, purpose="login")
        print(f"{typed}: {verdict.outcome}")


if __name__ == "__main__":
    main()
