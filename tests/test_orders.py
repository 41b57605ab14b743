"""What is to be sent to whom: written once, read back for a re-send, and said to the transport."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from otpflow import ConfigurationError, Policy, RecipientError, Templates, challenges
from otpflow.arguments import check
from otpflow.keys import Keyring, new_key
from otpflow.models import Message
from otpflow.operations import Operations
from otpflow.orders import Order, Orders, Send
from otpflow.records import encode
from otpflow.stores.base import View
from tests.subjects import NUMBER

RING = Keyring(new_key("k1"))
ORDERS = Orders(
    keyring=RING,
    policy=Policy(ttl=600),
    templates=Templates({"vi": {"sms": "$app $code $purpose $minutes $amount"}}, fields=("amount",)),
    channels=("voice", "sms"),
    namespace="default",
    app="Shop",
    callback_url=None,
    goes_on=False,
)
ADDRESS = RING.new_address(ORDERS.slot(NUMBER))
ORDER = Order(
    recipient=NUMBER,
    purpose="login",
    locale="vi",
    channel="sms",
    context={"amount": "5"},
    bound='{"amount":"5"}',
)


def kept(order: Order, **changes: Any) -> View:
    """Show an order as the store keeps it."""
    flat: list[Any] = list(
        Operations(keyring=RING, policy=Policy()).admit(Send(address=ADDRESS), order).arguments
    )
    fields: dict[str, Any] = dict(zip(flat[4::2], flat[5::2], strict=True))
    shown = {name: fields[name] for name in fields.keys() - {"attempts", "sends_left"}}
    return replace(challenges.NOTHING, **{**shown, **changes})


def test_an_order_is_written_in_one_form() -> None:
    """The number in its canonical form, the locale and the channel that have a text, the context sorted."""
    asked = check(purpose="login", context={"payee": "x", "amount": 5})

    assert ORDERS.write("0901 888 484", asked, "vi-VN", "sms") == Order(
        recipient=NUMBER,
        purpose="login",
        locale="vi",
        channel="sms",
        context={"amount": "5", "payee": "x"},
        bound='{"amount":"5","payee":"x"}',
    )
    assert ORDERS.write(NUMBER, check(purpose="login"), None, None).channel == "voice"


def test_what_cannot_be_sent_is_not_written() -> None:
    """Locale, channel, context and number are checked, each with an error of its own."""
    asked = check(purpose="login")
    for arguments, problem in (
        ((NUMBER, asked, 5, None), "locale is a int; give for example 'vi', or None"),
        ((NUMBER, asked, None, "zalo"), "channel is 'zalo'; the transport serves voice, sms"),
        ((NUMBER, asked, None, "sms"), "context lacks amount; the vi sms text says it"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            ORDERS.write(*arguments)
        assert caught.value.problems == (problem,)
    with pytest.raises(RecipientError, match="voice codes go to mobile numbers"):
        ORDERS.write("02838222222", asked, None, None)


@pytest.mark.parametrize("order", [ORDER, replace(ORDER, context={}, bound="")])
def test_an_order_is_read_back_as_it_was_written(order: Order) -> None:
    """What the store keeps of it is sealed, and enough to send again."""
    view = kept(order)

    assert ORDERS.read(ADDRESS, view, None) == order
    assert ORDERS.read(ADDRESS, view, "voice") == replace(order, channel="voice")
    assert NUMBER[3:] not in repr(view) + view.sealed + view.context


@pytest.mark.parametrize(
    "changes",
    [{"sealed": ""}, {"sealed": "A" * 60}, {"context": "A" * 60}, {"context": "é"}],
    ids=repr,
)
def test_an_order_that_was_altered_is_none(changes: dict[str, str]) -> None:
    """Neither number nor context is believed unless it opens."""
    assert ORDERS.read(ADDRESS, kept(ORDER, **changes), None) is None


def test_an_order_of_another_namespace_or_challenge_is_none() -> None:
    """The number must be that of the slot, and what is sealed belongs to one challenge."""
    view = kept(ORDER)

    assert replace(ORDERS, namespace="shop").read(ADDRESS, view, None) is None
    assert ORDERS.read(RING.new_address(ADDRESS.slot), view, None) is None


def test_a_message_has_all_that_the_transport_needs() -> None:
    """The text is rendered, and the request is named as it was asked for."""
    send = Send(address=ADDRESS, number=2)

    assert ORDERS.message(send, ORDER, "123456", "request", "esms") == Message(
        to=NUMBER,
        content="Shop 123456 đăng nhập 10 5",
        code="123456",
        channel="sms",
        locale="vi",
        purpose="login",
        request_id="request",
        callback_url=None,
        expires_in=600.0,
    )


def test_a_spoken_code_lives_three_minutes_at_most() -> None:
    """The message says so too."""
    order = replace(ORDER, channel="voice")
    message = ORDERS.message(Send(address=ADDRESS), order, "123456", "request", "esms")

    assert message.expires_in == 180.0


@pytest.mark.parametrize(
    ("ttl", "minutes"), [(600, 10), (599.9, 9), (120, 2), (119.5, 1), (61, 1), (60, 1), (59, 1), (1, 1)]
)
def test_no_more_minutes_are_promised_than_there_are(ttl: float, minutes: int) -> None:
    """Only under a minute one is said, since a text has no smaller word for it."""
    orders = replace(ORDERS, policy=Policy(ttl=ttl))

    assert (
        orders.message(Send(address=ADDRESS), ORDER, "123456", "r", "esms").content
        == f"Shop 123456 đăng nhập {minutes} 5"
    )


def test_every_send_reports_under_a_name_of_its_own() -> None:
    """Key, slot, challenge, number of the send and transport are named and signed."""
    orders = replace(ORDERS, callback_url="https://shop.example/otp")
    sends = [(1, "esms", "ZXNtcw"), (2, "esms", "ZXNtcw"), (2, "sms", "c21z")]
    urls = [
        orders.message(Send(address=ADDRESS, number=number), ORDER, "1", "request", carrier).callback_url
        for number, carrier, _ in sends
    ]
    names = [f"k1.{ADDRESS.slot}.{ADDRESS.locator}.{number}.{carrier}" for number, _, carrier in sends]

    assert urls == [
        f"https://shop.example/otp?otpflow_send={name}&otpflow_signature={RING.sign('k1', 'callback', name)}"
        for name in names
    ]


def test_the_secret_goes_along_where_a_report_may_lead_to_another_send() -> None:
    """Sealed for this one send, so that no other name opens it."""
    orders = replace(ORDERS, callback_url="https://shop.example/otp", goes_on=True)
    url = orders.message(Send(address=ADDRESS, number=2), ORDER, "1", "request", "esms").callback_url
    name = f"k1.{ADDRESS.slot}.{ADDRESS.locator}.2.ZXNtcw"
    fields = dict(parse_qsl(urlsplit(url or "").query))
    sealed = fields.pop("otpflow_secret")

    assert fields == {"otpflow_send": name, "otpflow_signature": RING.sign("k1", "callback", name)}
    assert RING.unseal("k1", sealed, "callback", name) == encode(ADDRESS.secret)
    assert RING.unseal("k1", sealed, "callback", name.replace(".2.", ".1.")) is None


def test_no_two_sends_have_the_same_name() -> None:
    """The nonce is drawn anew for each of them."""
    assert len({Send(address=ADDRESS).nonce for _ in range(100)}) == 100


def test_an_order_shows_neither_number_nor_context() -> None:
    """Its `repr` may be in a log."""
    assert NUMBER not in repr(ORDER)
    assert "amount" not in repr(ORDER)
    assert "k1" not in repr(ORDERS)
