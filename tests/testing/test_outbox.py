"""The outbox keeps what it is given, and fails when told to."""

from __future__ import annotations

import pytest

from otpflow import DeliveryError, DeliveryUnknownError
from otpflow.models import Message, Receipt
from otpflow.testing import Outbox
from otpflow.transports import Transport


def message(to: str = "+84901888484", code: str = "123456") -> Message:
    """Write a message."""
    return Message(
        to=to,
        content=f"Your code is {code}",
        code=code,
        channel="sms",
        locale="en",
        purpose="login",
        request_id="request",
        expires_in=180.0,
    )


def test_it_is_a_transport_for_every_channel() -> None:
    """It has all that the contract names."""
    outbox = Outbox()

    assert isinstance(outbox, Transport)
    assert (outbox.name, outbox.channels) == ("outbox", ("voice", "sms", "zalo"))


def test_messages_are_kept_in_order() -> None:
    """The last one gives the code, and a receipt's reference is the message's number."""
    outbox = Outbox()
    first, second, third = message(), message("+84912345678", "222222"), message(code="333333")
    receipts = [outbox.send(each) for each in (first, second, third)]

    assert receipts == [Receipt(provider="outbox", provider_ref=str(number)) for number in (1, 2, 3)]
    assert outbox.messages == (first, second, third)
    assert (outbox.last, outbox.code) == (third, "333333")
    assert outbox.sent_to("+84901888484") == (first, third)
    assert outbox.sent_to("+84999999999") == ()


def test_an_empty_outbox_says_that_nothing_was_sent() -> None:
    """Asking it for a code is the test's mistake, and told as such."""
    outbox = Outbox()

    with pytest.raises(LookupError, match="^the outbox is empty: nothing was sent$"):
        outbox.code.strip()
    with pytest.raises(LookupError, match="^the outbox is empty: nothing was sent$"):
        outbox.last.code.strip()


def test_the_next_sends_fail_as_told() -> None:
    """Each failure is raised once, in order, and what failed is not kept."""
    outbox = Outbox()
    refused, unknown = DeliveryError("104"), DeliveryUnknownError("timeout")
    outbox.fail(refused, times=2)
    outbox.fail(unknown)
    raised: list[Exception] = []
    for _ in range(3):
        with pytest.raises(DeliveryError) as caught:
            outbox.send(message())
        raised.append(caught.value)

    assert raised == [refused, refused, unknown]
    assert outbox.messages == ()
    assert outbox.send(message()).provider_ref == "1"


def test_clearing_forgets_messages_and_failures() -> None:
    """It is as if it were new."""
    outbox = Outbox()
    outbox.send(message())
    outbox.fail(DeliveryError())
    outbox.clear()

    assert outbox.messages == ()
    assert outbox.send(message()) == Receipt(provider="outbox", provider_ref="1")


def test_it_shows_no_code_and_no_number() -> None:
    """Its `repr` says how much there is, and nothing of it."""
    outbox = Outbox()
    outbox.send(message())

    assert repr(outbox) == "Outbox(messages=1)"
