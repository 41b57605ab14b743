"""A transport that keeps what it is given, so that a test can read the code."""

from __future__ import annotations

import threading

from otpflow.models import Message, Receipt
from otpflow.transports.base import CHANNELS


class Outbox:
    """A transport for tests, for both engines: nothing leaves the process, every message is kept.

    ```python
    outbox = Outbox()
    engine = OTPEngine(EmbeddedStore(), outbox, keys=new_key())
    challenge = engine.issue("0901 888 484", purpose="login")
    assert engine.verify(challenge.id, outbox.code, purpose="login")
    ```
    """

    name = "outbox"
    channels: tuple[str, ...] = CHANNELS

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Message] = []
        self._failures: list[Exception] = []

    def __repr__(self) -> str:
        return f"Outbox(messages={len(self._messages)})"

    def send(self, message: Message, /) -> Receipt:
        """Keep a message.

        Args:
            message: what to keep.

        Returns:
            A receipt whose reference is the number of the message, from 1.

        Raises:
            Exception: what `fail` was given.
        """
        with self._lock:
            if self._failures:
                raise self._failures.pop(0)
            self._messages.append(message)
            return Receipt(provider=self.name, provider_ref=str(len(self._messages)))

    def fail(self, error: Exception, times: int = 1) -> None:
        """Have the next sends fail.

        Args:
            error: what they raise: `DeliveryError` where the provider surely refused,
                `DeliveryUnknownError` where nobody knows.
            times: how many of them.
        """
        with self._lock:
            self._failures += [error] * times

    def clear(self) -> None:
        """Forget the messages, and the failures that are still to come."""
        with self._lock:
            self._messages.clear()
            self._failures.clear()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was sent, oldest first."""
        with self._lock:
            return tuple(self._messages)

    @property
    def last(self) -> Message:
        """What was sent last.

        Raises:
            LookupError: nothing was sent.
        """
        messages = self.messages
        if not messages:
            msg = "the outbox is empty: nothing was sent"
            raise LookupError(msg)
        return messages[-1]

    @property
    def code(self) -> str:
        """The code that was sent last.

        Raises:
            LookupError: nothing was sent.
        """
        return self.last.code

    def sent_to(self, number: str) -> tuple[Message, ...]:
        """Tell what one number was sent, oldest first.

        Args:
            number: in E.164 form, for example `"+84901888484"`.

        Returns:
            Its messages.
        """
        return tuple(message for message in self.messages if message.to == number)
