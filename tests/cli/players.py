"""Somebody who plays the demo: in this process, in a process of its own, or at a terminal."""

from __future__ import annotations

import codecs
import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from rich.console import Console

from otpflow.cli.conversation import Conversation
from otpflow.cli.prompt import Left, Prompt
from otpflow.cli.stage import Stage
from otpflow.testing.simulator import SEND

COMMAND = str(Path(sys.executable).with_name("otpflow"))
_PATIENCE = 60.0
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# The command on a terminal of its own, so that Ctrl-C typed there is a signal here.
_AT_A_TERMINAL = (
    "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from otpflow.cli import main; main()"
)

Answer = str | Callable[[Stage], str]
"""What is typed: a text, or what is found out when it is asked for."""


class Player(io.BytesIO):
    """Types one answer for each question, and leaves when it has no more.

    Args:
        stage: what it plays on.
        answers: what it types.
    """

    def __init__(self, stage: Stage, answers: Sequence[Answer]) -> None:
        super().__init__()
        self._stage = stage
        self._answers = iter(answers)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Type the next answer."""
        answer = next(self._answers, None)
        if answer is None:
            return b""
        return (answer if isinstance(answer, str) else answer(self._stage)).encode() + b"\n"


def screen(width: int = 88) -> tuple[Console, Callable[[], str]]:
    """Make a screen.

    Args:
        width: its columns.

    Returns:
        The console, and what gives all words on it with one space between them.
    """
    shown = io.StringIO()
    return Console(file=shown, width=width, highlight=False), lambda: " ".join(shown.getvalue().split())


def played(stage: Stage, *answers: Answer) -> str:
    """Play rounds of the demo.

    Args:
        stage: what to play on.
        answers: what is typed.

    Returns:
        All that was shown.
    """
    console, shown = screen()
    try:
        Conversation(stage, Prompt(Player(stage, answers), console)).run()
    except Left:
        return shown()


def code(stage: Stage) -> str:
    """Hear what the voice said last."""
    return stage.heard


def place_call(stage: Stage, content: str) -> None:
    """Have the last number called once more, by nobody's engine.

    Args:
        stage: whose provider.
        content: what the voice says.
    """
    fields = {**stage.call.fields, "Content": content, "RequestId": f"call {len(stage.simulator.calls)}"}
    stage.simulator.exchange("POST", SEND, json.dumps(fields).encode(), bool)


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Make the environment of a process: this one's, at 80 columns, with changes.

    Args:
        changes: variables that differ.

    Returns:
        The variables.
    """
    return {**os.environ, "COLUMNS": "80", "TERM": "xterm", **changes}


def ran(
    *arguments: str, typed: bytes = b"", variables: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """Run the whole command to its end.

    Args:
        arguments: of the command.
        typed: what is on its standard input.
        variables: of its environment.

    Returns:
        What became of it.
    """
    done = subprocess.run(
        (COMMAND, *arguments),
        input=typed,
        capture_output=True,
        timeout=_PATIENCE,
        env=environment(variables),
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


class Terminal:
    """The command at a terminal.

    Args:
        screen: the side of the terminal where somebody sits.
        process: the command.
    """

    def __init__(self, screen: int, process: subprocess.Popen[bytes]) -> None:
        self._screen = screen
        self._process = process
        self._shown = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def wait_for(self, text: str) -> str:
        """Read until a text is shown.

        Args:
            text: what to wait for.

        Returns:
            All that was shown since the last wait, up to that text, without colours.
        """
        end = time.monotonic() + _PATIENCE
        while text not in self._shown:
            ready, _, _ = select.select([self._screen], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} did not come; this did: {self._shown}"
            self._read()
        before, found, self._shown = self._shown.partition(text)
        return before + found

    def type(self, text: str) -> None:
        """Type something, as it is."""
        os.write(self._screen, text.encode())

    def rest(self) -> str:
        """Read what is still to be read, after the end."""
        with suppress(OSError):  # where nobody holds the other side any more
            while select.select([self._screen], [], [], 0)[0]:
                self._read()
        return self._shown

    def _read(self) -> None:
        text = self._shown + self._decoder.decode(os.read(self._screen, 65_536))
        self._shown = _COLOUR.sub("", text).replace("\r\n", "\n")

    def ended(self) -> int:
        """Wait for the end.

        Returns:
            The exit code.
        """
        return self._process.wait(_PATIENCE)


@contextmanager
def terminal(*arguments: str) -> Generator[Terminal]:
    """Sit down at a terminal where the command runs.

    Args:
        arguments: of the command.

    Yields:
        The terminal.
    """
    here, there = pty.openpty()
    with subprocess.Popen(
        (sys.executable, "-c", _AT_A_TERMINAL, *arguments),
        stdin=there,
        stdout=there,
        stderr=there,
        start_new_session=True,
        env=environment({}),
    ) as process:
        os.close(there)
        try:
            yield Terminal(here, process)
        finally:
            process.kill()
            os.close(here)
