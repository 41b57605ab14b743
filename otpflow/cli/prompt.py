"""Asks a line of somebody who may type, paste or pipe anything."""

from __future__ import annotations

from typing import BinaryIO

from rich.console import Console
from rich.text import Text

_LONGEST_LINE = 4_096
_QUIT = frozenset({"q", "quit", "exit"})


class Left(Exception):
    """Whoever was asked has gone, or said so."""


class Prompt:
    """Asks on a console, and reads lines of bytes.

    Args:
        stream: where answers come from.
        console: where questions go.

    Attributes:
        console: the same.
    """

    def __init__(self, stream: BinaryIO, console: Console) -> None:
        self._stream = stream
        self._echoes = stream.isatty()
        self.console = console

    def ask(self, question: Text) -> str:
        """Ask, and wait for a line.

        Args:
            question: what to show before the cursor.

        Returns:
            The line without its end, cut where it is longer than any sensible answer. Bytes that are no
            UTF-8 are replacement characters.

        Raises:
            Left: the input has ended, or the answer is `q`.
        """
        self.console.print(question, end="")
        line = self._line()
        if not (self._echoes and line.endswith(b"\n")):
            self.console.print()
        if not line:
            raise Left
        answer = line.decode("utf-8", "replace").rstrip("\r\n")
        if answer.strip().lower() in _QUIT:
            raise Left
        return answer

    def _line(self) -> bytes:
        try:
            line = rest = self._stream.readline(_LONGEST_LINE)
            while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
                rest = self._stream.readline(_LONGEST_LINE)
        except OSError:  # the terminal has gone
            return b""
        return line
