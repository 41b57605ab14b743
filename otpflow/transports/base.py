"""The contract between the engine and whatever carries a code to a phone."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, runtime_checkable

from otpflow.models import Message, Receipt

CHANNELS = ("voice", "sms", "zalo")
"""The channels that templates and transports know."""


@runtime_checkable
class Transport(Protocol):
    """Anything with a `send`.

    It may also have `name` (a short word for events and receipts, otherwise the class name), `channels`
    (the channels it serves, the default one first; otherwise every channel), `close()` or `aclose()`, and
    to tell what became of a send `poll(provider_ref) -> Report` and `parse_receipt(query) -> Report | None`
    (the provider's fields of a callback as a mapping of texts; no I/O, and it never raises).
    """

    def send(self, message: Message, /) -> Receipt | None:
        """Ask the provider to deliver the message, in bounded time.

        Args:
            message: what to deliver; `request_id` names this send and must be repeated on a repeat.

        Returns:
            What the provider answered, or `None`: taken, nothing more to say.

        Raises:
            DeliveryError: the provider surely did not take it. The engine gives the budget back.
            DeliveryUnknownError: it may have taken it. The engine lets the challenge live.
        """
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """The same for `AsyncOTPEngine`: `send` is awaited."""

    def send(self, message: Message, /) -> Awaitable[Receipt | None]:
        """Do what `Transport.send` does, without blocking the event loop."""
        ...
