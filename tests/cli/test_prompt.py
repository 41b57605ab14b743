"""Whatever is typed, pasted or piped is one answer, or the end."""

from __future__ import annotations

import io

import pytest
from rich.text import Text

from otpflow.cli.prompt import Left, Prompt
from tests.cli.players import screen


def answers(typed: bytes) -> list[str]:
    """Ask until the end."""
    prompt = Prompt(io.BytesIO(typed), screen()[0])
    found: list[str] = []
    try:
        while True:
            found.append(prompt.ask(Text("?")))
    except Left:
        return found


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b" 12 34 56 \r\n", [" 12 34 56 "]),
        (b"123456", ["123456"]),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\nq\ntwo\n", ["one"]),
        (b" QUIT \n", []),
        (b"exit\n", []),
        (b"\xff\xfe1\n", ["\ufffd\ufffd1"]),
        ("１２\n".encode(), ["１２"]),
    ],
)
def test_lines_are_answers_until_the_end_or_quit(typed: bytes, expected: list[str]) -> None:
    """A line is an answer, without its end; the end of input or a word for quitting leaves."""
    assert answers(typed) == expected


@pytest.mark.parametrize("length", [4_095, 4_096, 4_097, 8_192, 10_000_000])
def test_a_line_of_any_length_is_one_answer(length: int) -> None:
    """What is too long is cut, and the rest of it is not taken for the next answer."""
    assert answers(b"9" * length + b"\nnext\n") == ["9" * min(length, 4_096), "next"]


def test_a_terminal_that_has_gone_is_the_end() -> None:
    """An input that fails is an input that has ended."""

    class Gone(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            raise OSError

    with pytest.raises(Left):
        Prompt(Gone(), screen()[0]).ask(Text("?"))


@pytest.mark.parametrize(
    ("echoes", "typed", "shown"), [(True, b"1\n", "?"), (True, b"", "?\n"), (False, b"1\n", "?\n")]
)
def test_the_line_ends_where_no_terminal_ends_it(*, echoes: bool, typed: bytes, shown: str) -> None:
    """There is one line break after an answer, whether or not the terminal made it."""

    class Typed(io.BytesIO):
        def isatty(self) -> bool:
            return echoes

    console, _ = screen()
    with console.capture() as capture:
        try:
            Prompt(Typed(typed), console).ask(Text("?"))
        except Left:
            assert typed == b""

    assert capture.get() == shown
