"""A call first; a text message where the call is refused, or where nobody answers it.

The next transport is asked in two cases only: the one before surely did not take the send, or it took it and then
said that nobody answered. Where nobody knows whether a call was made, nobody else is asked: the phone could ring
and get a message too. The new code belongs to the same challenge, so the page that waits for it stays as it is.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from otpflow import Event, OTPEngine, Policy
from otpflow.keys import new_key
from otpflow.stores import EmbeddedStore
from otpflow.testing import EsmsSimulator, Fault
from otpflow.transports import EsmsSms, EsmsVoice, Fallback

CALLBACK = "https://shop.example/otp/receipts"  # see receipts_endpoint.py for what stands there


def show(event: Event) -> None:
    """Say what happened, as a log would."""
    detail = " ".join(f"{name}={value}" for name, value in event.detail.items())
    print(f"   {event.kind:<18}{event.channel:<6}{detail}".rstrip())


def callbacks(simulator: EsmsSimulator, engine: OTPEngine) -> None:
    """Hand the provider's callbacks to the engine, as your endpoint would."""
    for url in simulator.due_callbacks():
        engine.handle_receipt(urlsplit(url).query)


def main() -> None:
    """Nobody answers; the number's network takes no calls; and an answer is lost on its way."""
    simulator = EsmsSimulator()
    keys = (simulator.api_key, simulator.secret_key)
    with (
        simulator.serve() as provider,
        EsmsVoice(*keys, base_url=provider.base_url, timeout=0.5) as voice,
        EsmsSms(*keys, base_url=provider.base_url, brandname="Shop") as sms,
        OTPEngine(
            EmbeddedStore(),
            Fallback(voice, sms),
            keys=new_key(),
            policy=Policy(cooldown=0),
            callback_url=CALLBACK,
            on_event=(show,),
        ) as engine,
    ):
        print("nobody answers the call")
        challenge = engine.issue("0901 888 484", purpose="login")
        called = simulator.last_code()
        simulator.no_answer(simulator.calls[-1].sms_id)
        callbacks(simulator, engine)
        simulator.arrive(simulator.calls[-1].sms_id)
        callbacks(simulator, engine)
        old = engine.verify(challenge.id, called or "", purpose="login")
        new = engine.verify(challenge.id, simulator.last_code() or "", purpose="login")
        print("   the code of the call:", old.outcome)
        print("   the code of the message:", new.outcome)

        print("the call is refused")
        simulator.misbehave(Fault.code("177"))
        print("   sent by:", engine.issue("0901 888 485", purpose="login").channel)

        print("nobody knows whether there is a call")
        simulator.misbehave(Fault.accept_then_drop(), times=3)
        unknown = engine.issue("0901 888 486", purpose="login")
        print("   sent by:", unknown.channel, unknown.delivery.state)
        print(
            "   the code of the call:",
            engine.verify(unknown.id, simulator.last_code() or "", purpose="login").outcome,
        )


if __name__ == "__main__":
    main()
