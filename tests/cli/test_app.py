"""Commands and options: each way of ending has its exit code and at most one message."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from typer.testing import CliRunner, Result

from otpflow.cli.app import app
from otpflow.keys import Keyring
from tests.servers import Server


def invoked(*arguments: str, typed: str = "") -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, list(arguments), input=typed, env={"COLUMNS": "88"})


def words(text: str) -> str:
    """Bring a text to one line, without the frame around it."""
    return " ".join(text.replace("│", " ").split())


def test_the_version_is_told() -> None:
    """`--version` prints the name and the installed version, and nothing else."""
    result = invoked("--version")

    assert (result.exit_code, result.stdout) == (0, f"otpflow {version('otpflow')}\n")


def test_without_a_command_there_is_help() -> None:
    """Somebody who types only `otpflow` learns which commands there are."""
    result = invoked()

    assert "Start with: otpflow demo" in result.output
    assert all(name in result.output for name in ("demo", "keygen", "simulate-esms"))


def test_the_demo_plays_by_itself() -> None:
    """`demo --yes` passes every check and exits with 0."""
    result = invoked("demo", "--yes")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "All 23 checks passed." in result.stdout


def test_the_demo_plays_by_itself_on_redis(server: Server) -> None:
    """The same on a real server, which is as empty afterwards as before."""
    result = invoked("demo", "--yes", "--redis", server.url, "--cooldown", "0")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "Challenges live in the Redis of --redis." in words(result.stdout)
    with server.client() as client:
        assert client.keys("*") == []


def test_the_demo_asks() -> None:
    """Locale, life and cooldown reach the engine that answers the player."""
    result = invoked("demo", "--locale", "vi", "--ttl", "9", "--cooldown", "0", typed="\nhello\nr\nq\n")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "Mã chưa đúng dạng. Hãy nhập đủ các chữ số của mã." in result.stdout
    assert result.stdout.count("Ring, ring!") == result.stdout.count("The code lives 9 seconds.") == 2
    assert words(result.stdout).endswith("`otpflow keygen` is your first step.")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("demo", "--ttl", "abc"), 2, "Invalid value for '--ttl'"),
        (("demo", "--ttl", "-1"), 2, "Invalid value for '--ttl'"),
        (("demo", "--ttl", "181"), 2, "Invalid value for '--ttl'"),
        (("demo", "--ttl", "nan"), 2, "ttl"),
        (("demo", "--cooldown", "-1"), 2, "Invalid value for '--cooldown'"),
        (("demo", "--cooldown", "61"), 2, "Invalid value for '--cooldown'"),
        (("demo", "--locale", "xx"), 2, "Invalid value for '--locale'"),
        (("demo", "--redis", ""), 2, "otpflow: url is not a Redis URL; give for example"),
        (("demo", "--redis", "nonsense"), 2, "otpflow: url is not a Redis URL; give for example"),
        (
            ("demo", "--redis", "redis://user:canary@127.0.0.1:1/0"),
            1,
            "otpflow: no Redis answers where --redis points to (unlock: Redis did not answer",
        ),
        (("simulate-esms", "--port", "65536"), 2, "Invalid value for '--port'"),
        (("keygen", "--id", "a b"), 2, "otpflow: key id 'a b': must be 1 to 16 letters"),
        (("nonsense",), 2, "No such command 'nonsense'"),
    ],
)
def test_what_is_wrong_is_one_clear_message(arguments: tuple[str, ...], code: int, message: str) -> None:
    """A wrong option is refused on stderr with its exit code, without a traceback or a password."""
    result = invoked(*arguments)

    assert (result.exit_code, result.stdout) == (code, "")
    assert message in words(result.stderr)
    assert "Traceback" not in result.stderr
    assert "canary" not in result.output


def test_a_key_is_printed_that_works() -> None:
    """What `keygen` prints is a keyring with the id that was asked for."""
    result = invoked("keygen", "--id", "k2")

    assert (result.exit_code, result.stderr) == (0, "")
    assert Keyring(result.stdout.strip()).active == "k2"


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    """A port that somebody else has is named, with a way out."""
    result = invoked("simulate-esms", "--port", str(server.port))

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"otpflow: --port {server.port}: Address already in use; 0 takes a free one\n"
