"""What is to be sent to whom: checked before anything is spent, and read back for a re-send. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from otpflow import recipients
from otpflow.arguments import Arguments, read_context
from otpflow.errors import ConfigurationError
from otpflow.keys import Address, Keyring
from otpflow.models import Message
from otpflow.policy import Policy
from otpflow.receipts import SendName, callback_url
from otpflow.records import encode, plain, shown
from otpflow.stores.base import View
from otpflow.templates import Templates

NONCE_BYTES = 12
"""Bytes that name a send or an attempt: 96 random bits, of which a million a day for a century hold no two
alike. It is a name and no secret; that is in the challenge id."""


@dataclass(slots=True, kw_only=True)
class Order:
    """What is to be sent to whom.

    Attributes:
        recipient: the number in E.164 form.
        purpose: what the code is for.
        locale: the language.
        channel: the channel.
        context: what the code is bound to beyond its purpose.
        bound: the context in its one written form.
    """

    recipient: str = field(repr=False)
    purpose: str
    locale: str
    channel: str
    context: Mapping[str, str] = field(repr=False)
    bound: str = field(repr=False)

    def on(self, channel: str) -> Order:
        """Tell what the same is on another channel.

        Args:
            channel: the channel.

        Returns:
            This order where that is its channel already.
        """
        return self if channel == self.channel else replace(self, channel=channel)


@dataclass(slots=True, kw_only=True)
class Send:
    """One send of a challenge.

    Attributes:
        address: where the challenge lives.
        number: the how-manieth send it is, from 1.
        nonce: names it, to the store and to the provider.
    """

    address: Address
    number: int = 1
    nonce: str = field(default_factory=lambda: encode(secrets.token_bytes(NONCE_BYTES)))


@dataclass(slots=True, kw_only=True)
class Orders:
    """Writes and reads orders, by the settings of one engine.

    Attributes:
        keyring: the server keys.
        policy: the numbers.
        templates: what is said and written.
        channels: what the transport serves, the default first.
        namespace: keeps engines that share a Redis apart.
        app: the name that the user knows the service by.
        callback_url: where the provider may report.
        goes_on: whether a report can lead to another send, for which the challenge's secret is needed.
    """

    keyring: Keyring = field(repr=False)
    policy: Policy
    templates: Templates
    channels: tuple[str, ...]
    namespace: str
    app: str
    callback_url: str | None
    goes_on: bool

    def slot(self, recipient: str) -> str:
        """Name a number's slot.

        Args:
            recipient: the number in E.164 form.

        Returns:
            A keyed hash.
        """
        return self.keyring.slot("number", self.namespace, recipient)

    def channel(self, channel: object) -> str:
        """Check a channel.

        Args:
            channel: as passed; `None` asks for the transport's first one.

        Returns:
            The channel.

        Raises:
            ConfigurationError: the transport does not serve it.
        """
        if channel is None:
            return self.channels[0]
        name = plain(channel)
        if name not in self.channels:
            served = ", ".join(self.channels)
            raise ConfigurationError(f"channel is {shown(channel)}; the transport serves {served}")
        return name

    def write(self, recipient: object, asked: Arguments, locale: object, channel: object) -> Order:
        """Check what `issue` was asked for.

        Args:
            recipient: as passed.
            asked: the other arguments, checked.
            locale: as passed.
            channel: as passed.

        Returns:
            The order.

        Raises:
            ConfigurationError: locale or channel have no text, or the context lacks what the text says.
            RecipientError: the number cannot be called.
        """
        wanted = plain(locale)
        if locale is not None and wanted is None:
            raise ConfigurationError(f"locale is a {type(locale).__name__}; give for example 'vi', or None")
        known, served = self.templates.resolve(wanted), self.channel(channel)
        if lacking := self.templates.missing(known, served, asked.context):
            raise ConfigurationError(f"context lacks {', '.join(lacking)}; the {known} {served} text says it")
        return Order(
            recipient=recipients.canonical(recipient, countries=self.policy.countries, channel=served),
            purpose=asked.purpose,
            locale=known,
            channel=served,
            context=asked.context,
            bound=asked.bound,
        )

    def owns(self, address: Address, view: View) -> bool:
        """Tell whether a challenge is there, and is one of this engine's namespace.

        Args:
            address: where it lives.
            view: what the store holds.

        Returns:
            Whether it is.
        """
        recipient = self.keyring.unseal(address.key_id, view.sealed, "recipient", address.locator)
        return recipient is not None and self.slot(recipient) == address.slot

    def read(self, address: Address, view: View, channel: str | None) -> Order | None:
        """Read an order back from the store.

        Args:
            address: where the challenge lives.
            view: what the store holds.
            channel: the one wanted now; `None` keeps that of the first send.

        Returns:
            The order; `None` where it was altered, or belongs to another namespace.

        Raises:
            ConfigurationError: there is no text for it any more, or on this channel.
        """
        recipient = self.keyring.unseal(address.key_id, view.sealed, "recipient", address.locator)
        bound: str | None = ""
        if view.context:
            bound = self.keyring.unseal(address.key_id, view.context, "context", address.locator)
        if recipient is None or bound is None or self.slot(recipient) != address.slot:
            return None
        return Order(
            recipient=recipient,
            purpose=view.purpose,
            locale=view.locale,
            channel=channel or view.channel,
            context=read_context(bound),
            bound=bound,
        )

    def message(self, send: Send, order: Order, code: str, request_id: str, carrier: str) -> Message:
        """Write what the transport is asked to deliver.

        Args:
            send: the send.
            order: what is to be sent.
            code: the code.
            request_id: names this send to the provider.
            carrier: name of the transport.

        Returns:
            The message.

        Raises:
            ConfigurationError: there is no text for it, or the context lacks what the text says.
        """
        life = self.policy.code_life(order.channel)
        return Message(
            to=order.recipient,
            content=self.templates.render(
                locale=order.locale,
                channel=order.channel,
                code=code,
                app=self.app,
                minutes=max(1, int(life // 60)),
                purpose=order.purpose,
                context=order.context,
            ),
            code=code,
            channel=order.channel,
            locale=order.locale,
            purpose=order.purpose,
            request_id=request_id,
            callback_url=self._callback_url(send, carrier),
            expires_in=life,
        )

    def _callback_url(self, send: Send, carrier: str) -> str | None:
        if self.callback_url is None:
            return None
        address = send.address
        name = SendName(
            key_id=address.key_id,
            slot=address.slot,
            locator=address.locator,
            number=send.number,
            carrier=carrier,
        )
        signature = self.keyring.sign(address.key_id, "callback", str(name))
        secret = ""
        if self.goes_on:
            secret = self.keyring.seal(address.key_id, encode(address.secret), "callback", str(name))
        return callback_url(self.callback_url, name, signature, secret)
