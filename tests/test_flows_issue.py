"""`issue`: what comes back, what is sent, and what is refused before anything is spent."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from otpflow import Challenge, ConfigurationError, Delivery, DeliveryState, Policy, RecipientError, Templates
from otpflow.keys import Keyring
from otpflow.models import Message
from otpflow.testing import Outbox
from tests.conftest import Build
from tests.expected import MASKED, about
from tests.stores.doubles import watched
from tests.subjects import KEYS, NUMBER, Subject


class OnlyText(Outbox):
    """An outbox that calls nobody."""

    channels: Any = ("sms", "zalo")


def test_a_challenge_tells_all_there_is_to_show(subject: Subject) -> None:
    """Every field of the challenge has its value."""
    challenge = subject.issue("0901 888 484")

    assert challenge == Challenge(
        id=challenge.id,
        recipient_masked=MASKED,
        channel="voice",
        purpose="login",
        expires_in=180.0,
        resend_after=about(60),
        sends_left=2,
        attempts_left=5,
        delivery=Delivery(state=DeliveryState.ACCEPTED, provider="outbox", provider_ref="1"),
    )


def test_the_transport_gets_all_that_it_needs(subject: Subject) -> None:
    """Every field of the message has its value."""
    subject.issue("0901 888 484")
    message: Message = subject.outbox.last

    assert message == Message(
        to=NUMBER,
        content=Templates().render(
            locale="vi",
            channel="voice",
            code=message.code,
            app="otpflow",
            minutes=3,
            purpose="login",
            context={},
        ),
        code=message.code,
        channel="voice",
        locale="vi",
        purpose="login",
        request_id=message.request_id,
        callback_url=None,
        expires_in=180.0,
    )
    assert re.fullmatch(r"[0-9]{6}", message.code)


def test_the_ids_are_safe_in_urls_and_never_the_same(build: Build) -> None:
    """A challenge's id has at most 80 characters, a request's at most 50, and no two are equal."""
    subject = build(policy=Policy(cooldown=0, sends_per_hour=9))
    challenges = [subject.issue() for _ in range(4)]
    subject.resend(challenges[0].id)
    requests = [message.request_id for message in subject.outbox.messages]

    assert len({challenge.id for challenge in challenges}) == 4
    assert len(set(requests)) == 5
    for name in (*(challenge.id for challenge in challenges), *requests):
        assert re.fullmatch(r"[A-Za-z0-9_.-]{16,80}", name)
    assert max(map(len, requests)) <= 50


def test_locale_channel_app_and_texts_are_those_asked_for(build: Build) -> None:
    """The message is written in the language, for the channel and with the words that were asked for."""
    templates = Templates(
        {"en": {"sms": "$app: $code, $amount for $purpose, $minutes min"}}, fields=("amount",)
    )
    subject = build(app="Shop", templates=templates, policy=Policy(digits=8, ttl=240))

    challenge = subject.issue(
        purpose="payment", locale="en-GB", channel="sms", context={"amount": 500_000, "payee": "x"}
    )

    message: Message = subject.outbox.last
    assert message.content == f"Shop: {message.code}, 500000 for payment, 4 min"
    assert (message.locale, message.channel, message.purpose) == ("en", "sms", "payment")
    assert (challenge.channel, challenge.purpose, challenge.expires_in) == ("sms", "payment", 240.0)
    assert re.fullmatch(r"[0-9]{8}", message.code)


def test_a_transport_that_names_its_channels_sets_the_default(build: Build) -> None:
    """Where no channel is asked for, the transport's first one is used, and no other than its own."""
    subject = build(transport=OnlyText())

    assert subject.issue().channel == "sms"
    with pytest.raises(ConfigurationError, match=r"channel is 'voice'; the transport serves sms, zalo"):
        subject.issue(channel="voice")


def test_a_spoken_code_lives_no_longer_than_three_minutes(build: Build) -> None:
    """Whatever the policy says, a voice code is over after 180 seconds; a written one is not."""
    subject = build(policy=Policy(ttl=600, cooldown=0))
    spoken, spoken_code = subject.issue(channel="voice"), subject.code
    written, written_code = subject.issue(channel="sms"), subject.code

    assert (spoken.expires_in, written.expires_in) == (180.0, about(600))
    subject.advance(181)
    assert subject.verify(spoken.id, spoken_code).outcome == "EXPIRED"
    assert subject.verify(written.id, written_code)


def test_each_send_has_a_callback_of_its_own(build: Build) -> None:
    """The callback URL keeps the application's query, names the send and its transport, and is signed."""
    subject = build(callback_url="https://shop.example/otp?shop=1", policy=Policy(cooldown=0))
    challenge = subject.issue()
    subject.resend(challenge.id)
    address = Keyring(KEYS).locate(challenge.id)
    assert address is not None

    for number, message in enumerate(subject.outbox.messages, start=1):
        url: str = message.callback_url
        send = f"k1.{address.slot}.{address.locator}.{number}.b3V0Ym94"
        assert url.startswith("https://shop.example/otp?shop=1&")
        assert parse_qs(urlsplit(url).query) == {
            "shop": ["1"],
            "otpflow_send": [send],
            "otpflow_signature": [Keyring(KEYS).sign("k1", "callback", send)],
        }


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"purpose": ""}, "purpose='': give a short fixed word"),
        ({"purpose": None}, "purpose=a NoneType"),
        ({"context": ["amount"]}, "context is a list"),
        ({"client_ip": "nowhere"}, "client_ip='nowhere'"),
        ({"idempotency_key": ""}, "idempotency_key is no str of 1 to 200 characters"),
        ({"locale": 5}, "locale is a int; give for example 'vi', or None"),
        ({"locale": "xx"}, "locale"),
        ({"channel": "fax"}, "channel is 'fax'; the transport serves voice, sms, zalo"),
        ({"channel": 7}, "channel is a int; the transport serves voice, sms, zalo"),
    ],
)
def test_wrong_arguments_cost_nothing(subject: Subject, arguments: dict[str, Any], problem: str) -> None:
    """A wrong argument is named, the store is not asked, and nothing is sent."""
    subject, store = watched(subject)

    with pytest.raises(ConfigurationError) as caught:
        subject.issue(**arguments)

    assert problem in str(caught.value)
    assert (store.ran, subject.outbox.messages, subject.events) == ([], (), [])


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("", "malformed"),
        (None, "malformed"),
        (["0901888484"], "malformed"),
        ("123", "not_a_number"),
        ("+12125550123", "country_not_allowed"),
        ("02838222222", "kind_not_allowed"),
    ],
)
def test_a_number_that_cannot_be_called_costs_nothing(subject: Subject, number: object, reason: str) -> None:
    """The number is refused before the store is asked."""
    subject, store = watched(subject)

    with pytest.raises(RecipientError) as caught:
        subject.issue(number)

    assert caught.value.reason == reason
    assert (store.ran, subject.outbox.messages) == ([], ())


def test_a_context_must_bring_what_the_text_says(build: Build) -> None:
    """A text with a placeholder that the context lacks is refused before the store is asked."""
    templates = Templates({"vi": {"sms": "$code $amount $payee"}}, fields=("amount", "payee"))
    subject, store = watched(build(), templates=templates)

    with pytest.raises(ConfigurationError, match=r"^context lacks payee; the vi sms text says it$"):
        subject.issue(channel="sms", context={"amount": 5})

    assert store.ran == []


def test_the_address_of_the_user_can_be_insisted_on(build: Build) -> None:
    """With `require_client_ip`, each call must say from where the user came."""
    subject = build(policy=Policy(require_client_ip=True, cooldown=0))
    challenge = subject.issue(client_ip="203.0.113.7")
    calls = (
        lambda: subject.issue(),
        lambda: subject.resend(challenge.id),
        lambda: subject.verify(challenge.id, subject.code),
    )

    for call in calls:
        with pytest.raises(ConfigurationError, match=r"^client_ip is missing, and the policy has require"):
            call()
    subject.resend(challenge.id, client_ip="2001:db8::1")
    assert subject.verify(challenge.id, subject.code, client_ip="203.0.113.8")


@pytest.mark.parametrize("address", ["nowhere", 7, "203.0.113.7/24", ""])
def test_an_address_must_be_one(subject: Subject, address: object) -> None:
    """Where an address is given it is checked, on every call that takes one."""
    challenge = subject.issue(client_ip="::ffff:203.0.113.7")

    for call in (
        lambda: subject.issue(client_ip=address),
        lambda: subject.resend(challenge.id, client_ip=address),
        lambda: subject.verify(challenge.id, subject.code, client_ip=address),
    ):
        with pytest.raises(ConfigurationError, match=r"^client_ip="):
            call()
    assert subject.verify(challenge.id, subject.code).attempts_left == 4
