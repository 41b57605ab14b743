"""Prints what would be sent. For development: whoever reads the output has the code."""

from __future__ import annotations

import sys
from typing import TextIO

from otpflow.errors import DeliveryError
from otpflow.models import Message, Receipt
from otpflow.transports.base import CHANNELS


class Console:
    """A transport that prints, for both engines.

    Args:
        stream: where to; standard output, looked up at each send, where it is left out.
    """

    name = "console"
    channels: tuple[str, ...] = CHANNELS

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: Message, /) -> Receipt:
        """Print a small block with the number and what would be said to it.

        Args:
            message: what to show.

        Returns:
            A receipt without a reference.

        Raises:
            DeliveryError: the stream is closed or broken.
        """
        content = "".join(character if character.isprintable() else " " for character in message.content)
        block = (
            f"--- {message.channel} to {message.to} ({message.purpose}, {message.expires_in:g} s)\n"
            f"    {content}\n"
        )
        stream = sys.stdout if self._stream is None else self._stream
        if not _printed(block, stream):
            code = "console"
            raise DeliveryError(code, False, "the stream to print to is closed or broken")
        return Receipt(provider="console")


def _printed(block: str, stream: TextIO) -> bool:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(block.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        return False
    return True
