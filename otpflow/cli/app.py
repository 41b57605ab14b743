"""The commands, and what they have in common: how they end, and how they say what went wrong."""

from __future__ import annotations

import io
import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated, BinaryIO

import typer
from rich.console import Console

from otpflow.cli import view
from otpflow.cli.conversation import Conversation
from otpflow.cli.prompt import Left, Prompt
from otpflow.cli.rehearsal import rehearse
from otpflow.cli.simulation import simulate
from otpflow.cli.stage import opened
from otpflow.errors import ConfigurationError, OTPError
from otpflow.keys import new_key
from otpflow.policy import Policy

_INTERRUPTED = 130  # 128 + SIGINT, as shells count
_WIDEST = 88

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="OTP verification by voice call. Start with: otpflow demo",
)


class Locale(StrEnum):
    """Languages of the voice and of messages to the end user."""

    VI = "vi"
    EN = "en"


@app.callback(invoke_without_command=True)
def _root(
    version_wanted: Annotated[
        bool, typer.Option("--version", is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if version_wanted:
        typer.echo(f"otpflow {version('otpflow')}")
        raise typer.Exit


@app.command()
def demo(
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: play the story once, exit 1 if it goes wrong.")
    ] = False,
    redis: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Keep challenges in this Redis, not in this process."),
    ] = None,
    locale: Annotated[
        Locale, typer.Option(help="Language of the voice and of messages to the user.")
    ] = Locale.EN,
    cooldown: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds between two calls; in production it is 60.")
    ] = 5.0,
    ttl: Annotated[
        float, typer.Option(min=1, max=180, help="Seconds that a code lives; try 5 to come too late.")
    ] = 180.0,
) -> None:
    """Ask for a number, place a call with a simulated eSMS, check the code you type."""
    with (
        _ending() as console,
        opened(policy=Policy(cooldown=cooldown, ttl=ttl), locale=locale.value, redis_url=redis) as stage,
    ):
        if yes:
            raise typer.Exit(rehearse(stage, console))
        Conversation(stage, Prompt(_stdin(), console)).run()


@app.command()
def keygen(
    key_id: Annotated[str, typer.Option("--id", help="The key's name; a new one for each rotation.")] = "k1",
) -> None:
    """Print a new server key, for OTPFLOW_KEYS or keys=."""
    with _ending():
        typer.echo(new_key(key_id))
        if sys.stderr.isatty():
            typer.echo(
                "Keep it outside Redis. To rotate, put the new key first: OTPFLOW_KEYS=k2:...,k1:...",
                err=True,
            )


@app.command("simulate-esms")
def simulate_esms(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of 127.0.0.1; 0 takes a free one.")] = 0,
    api_key: Annotated[str, typer.Option(help="The ApiKey that it knows.")] = "simulated-api-key",
    secret_key: Annotated[str, typer.Option(help="The SecretKey that it knows.")] = "simulated-secret-key",
) -> None:
    """Run a simulated eSMS on 127.0.0.1, and show the calls it is asked for."""
    with _ending() as console:
        simulate(console, port=port, api_key=api_key, secret_key=secret_key)


@contextmanager
def _ending() -> Generator[Console]:
    """Give the screen, and turn every way of ending into an exit code and at most one message."""
    _speak_every_alphabet()
    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    try:
        yield console
    except Left:
        console.print(view.farewell())
    except KeyboardInterrupt:
        typer.echo()  # Rich, interrupted while it wrote, would write the same once more
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        raise  # whoever was reading has gone; Click ends the process without a word
    except (OTPError, OSError) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(view.failure(error))
        raise typer.Exit(2 if isinstance(error, ConfigurationError) else 1) from None


def _speak_every_alphabet() -> None:
    """Have a terminal without Vietnamese letters show question marks, where it would be an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _stdin() -> BinaryIO:
    # Bytes, since what is pasted need not be text; and there is none at all where it was closed.
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer
