"""The whole command, in a process of its own: terminals, pipes and languages of every kind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.players import COMMAND, Terminal, environment, ran, terminal

_HINT = "the whole story by itself"


def heard(running: Terminal) -> str:
    """Wait for a call, and hear its code."""
    return running.wait_for("Once more").partition("code is ")[2][:16].replace(", ", "")


def test_somebody_at_a_terminal_plays_two_rounds() -> None:
    """At a real terminal a whole round is played, with an old, a right and a used code, and another begins."""
    with terminal("demo", "--cooldown", "0") as running:
        running.wait_for("Phone number")
        running.type("\r")
        first = heard(running)
        running.wait_for("q quit")
        running.type("r\r")
        second = heard(running)
        running.wait_for("q quit")
        running.type(f"{first}\r")
        running.wait_for("SUPERSEDED")
        running.wait_for("q quit")
        running.type(f"{second[:3]}-{second[3:]}\r")
        running.wait_for("VERIFIED")
        running.wait_for("another round")
        running.type(f"{second}\r")
        running.wait_for("ALREADY_USED")
        running.wait_for("another round")
        running.type("\r")
        running.wait_for("Phone number")
        running.type("q\r")
        running.wait_for("Bye.")

        assert running.ended() == 0


def test_ctrl_c_ends_with_130_and_without_a_traceback() -> None:
    """Ctrl-C at a prompt ends the demo without a word."""
    with terminal("demo") as running:
        running.wait_for("q quits")
        running.type("\r")
        running.wait_for("q quit): ")
        running.type("\x03")

        assert running.ended() == 130
        assert running.rest().strip(" ^C\n") == ""


def test_ctrl_d_leaves() -> None:
    """Ctrl-D is a goodbye, not a failure."""
    with terminal("demo") as running:
        running.wait_for("q quits")
        running.type("\x04")
        running.wait_for("Bye.")

        assert running.ended() == 0


def test_a_new_key_comes_with_advice_at_a_terminal() -> None:
    """Somebody who sees the key is told where it belongs."""
    with terminal("keygen") as running:
        running.wait_for("k1:")
        running.wait_for("Keep it outside Redis.")

        assert running.ended() == 0


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C", "LANG": "C"},
        {"PYTHONIOENCODING": "ascii"},
        {"TERM": "dumb", "COLUMNS": "40"},
        {"NO_COLOR": "1", "COLUMNS": "20"},
    ],
)
def test_it_plays_by_itself_whatever_the_terminal_can_do(variables: dict[str, str]) -> None:
    """Neither language, encoding, colours nor width can break the story."""
    done = ran("demo", "--yes", "--locale", "vi", variables=variables)

    assert (done.returncode, done.stderr) == (0, "")
    assert "checks passed." in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout
    width = int(variables.get("COLUMNS", "80"))
    assert max(map(len, done.stdout.splitlines())) <= width


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        (b"", "Phone number"),
        (b"\n", "Ring, ring!"),
        (b"\n\xff\xfe\n", "MALFORMED"),
        (b"\n" + b"9" * 10_000_000 + b"\n12", "MALFORMED"),
        (b"\xff" * 10_000_000, "NO CALL"),
    ],
)
def test_whatever_is_piped_in_it_ends_well(typed: bytes, seen: str) -> None:
    """An end in the middle, bytes that are no text and very long lines are answers like any other."""
    done = ran("demo", typed=typed)

    assert (done.returncode, done.stderr) == (0, "")
    assert seen in done.stdout
    assert _HINT in " ".join(done.stdout.split())


@pytest.mark.parametrize(("closed", "shows"), [("<&-", True), (">&-", False), ("<&- >&- 2>&-", False)])
def test_streams_may_be_closed(closed: str, *, shows: bool) -> None:
    """A stream that is not there is neither read nor written."""
    done = subprocess.run(
        f'exec "{COMMAND}" demo {closed}', shell=True, capture_output=True, env=environment({}), check=False
    )

    assert (done.returncode, done.stderr, b"Phone number" in done.stdout) == (0, b"", shows)


@pytest.mark.parametrize("arguments", [("demo", "--yes"), ("demo",), ("keygen",)])
def test_a_reader_that_has_gone_gets_no_traceback(arguments: tuple[str, ...]) -> None:
    """A pipe that nobody reads any more ends the command quietly."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            (COMMAND, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=subprocess.PIPE,
            env=environment({}),
            check=False,
        )
    finally:
        os.close(write)

    assert (done.returncode, done.stderr) == (1, b"")


def test_a_reader_that_stops_after_a_line_gets_no_traceback() -> None:
    """`otpflow demo --yes | head -1` prints one line."""
    done = subprocess.run(
        f'"{COMMAND}" demo --yes | head -1', shell=True, capture_output=True, env=environment({}), check=False
    )

    assert (done.stdout, done.stderr) == (b"A login by phone call\n", b"")


@pytest.mark.parametrize("arguments", [("demo", "--yes"), ("keygen",)])
def test_an_output_that_cannot_be_written_is_one_line(arguments: tuple[str, ...]) -> None:
    """What the system says of it is told in one line, without a traceback."""
    with Path(os.devnull).open("rb") as read_only:
        done = subprocess.run(
            (COMMAND, *arguments), stdout=read_only, stderr=subprocess.PIPE, env=environment({}), check=False
        )

    assert done.returncode == 1
    assert re.fullmatch(rb"otpflow: .*Bad file descriptor\n", done.stderr)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_typer_or_rich_it_says_how_to_get_them(missing: str) -> None:
    """The extra that is missing is named, as it is installed."""
    done = without(missing)

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == (b"the command line needs Typer and Rich: python -m pip install 'otpflow[cli]'\n")


def test_any_other_missing_module_is_not_hidden() -> None:
    """A broken installation is not mistaken for a missing extra."""
    assert b"ModuleNotFoundError: import of httpx halted" in without("httpx").stderr


def without(module: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command where a module is not installed."""
    program = f"import sys; sys.modules[{module!r}] = None; from otpflow.cli import main; main()"
    return subprocess.run((sys.executable, "-c", program, "demo"), capture_output=True, check=False)
