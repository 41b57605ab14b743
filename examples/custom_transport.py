"""A transport of your own: any object with `send(message)`. Here, a company's HTTP gateway for text messages.

`send` has three ways to end, and they differ in what the user may do next:

    it returns                        taken; the code lives, the cooldown runs
    it raises DeliveryError           surely not taken; cooldown and budget are given back
    it raises DeliveryUnknownError    nobody knows; the code lives, since the phone may still get it

Whatever else it raises counts as unknown. Its test is `tests/examples/test_custom_transport.py`.
"""

from __future__ import annotations

import json

import httpx

from otpflow import DeliveryError, DeliveryUnknownError, Message, OTPEngine, Receipt
from otpflow.keys import new_key
from otpflow.stores import EmbeddedStore

SECONDS = 4.0  # without a timeout, a gateway that hangs would hang the login


class HttpGateway:
    """POST /messages; 202 with `{"reference": "…"}` when the gateway has taken a message.

    Args:
        client: knows the gateway's address and credentials; a test brings one that answers by itself.
    """

    name = "gateway"  # for events and receipts
    channels = ("sms",)  # what it can carry, the default first

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(self, message: Message) -> Receipt:
        """Hand the message over; `request_id` lets the gateway recognise a repeat of the same send."""
        body = {"id": message.request_id, "to": message.to, "text": message.content}
        try:
            answer = self._client.post("/messages", json=body, timeout=SECONDS)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise DeliveryError("connect", retryable=True) from error  # nothing has left this machine
        except httpx.TransportError as error:
            raise DeliveryUnknownError("no_answer", retryable=True) from error  # it may have arrived
        if answer.status_code == 202:
            return Receipt(provider=self.name, provider_ref=answer.json()["reference"])
        code = f"http_{answer.status_code}"
        if answer.status_code >= 500:
            raise DeliveryUnknownError(code, retryable=True)  # it may have failed after taking it
        raise DeliveryError(code, retryable=answer.status_code == 429)


def main() -> None:
    """Send through a gateway that takes a message, one that is busy, and one that does not answer."""

    def taken(request: httpx.Request) -> httpx.Response:
        print("the gateway hears:", json.loads(request.content)["text"])
        return httpx.Response(202, json={"reference": "m-1"})

    def busy(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429)

    def silent(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    for gateway in (taken, busy, silent):
        transport = httpx.MockTransport(gateway)
        with (
            httpx.Client(base_url="https://gateway.example", transport=transport) as client,
            OTPEngine(EmbeddedStore(), HttpGateway(client), keys=new_key(), app="Shop") as engine,
        ):
            try:
                delivery = engine.issue("0901 888 484", purpose="login", locale="en").delivery
            except DeliveryError as error:
                print(f"{gateway.__name__}: {error}; the user may try again at once")
            else:
                print(f"{gateway.__name__}: {delivery.state} {delivery.provider_ref or ''}".rstrip())


if __name__ == "__main__":
    main()
