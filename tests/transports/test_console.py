"""The console transport prints what would be sent."""

from __future__ import annotations

import io
import sys

import pytest

from otpflow.errors import DeliveryError
from otpflow.models import Receipt
from otpflow.transports import CHANNELS, Console, Transport
from tests.transports.conftest import message


def test_it_prints_a_small_block() -> None:
    """Channel, number, purpose, life and content, on two lines."""
    stream = io.StringIO()
    assert Console(stream).send(message(content="Mã: 9, 1", channel="sms")) == Receipt(provider="console")
    assert stream.getvalue() == "--- sms to +84901888484 (login, 180 s)\n    Mã: 9, 1\n"


def test_it_serves_every_channel() -> None:
    """By name and by contract."""
    console = Console()
    assert (console.name, console.channels) == ("console", CHANNELS)
    assert isinstance(console, Transport)


def test_standard_output_is_looked_up_when_it_is_needed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that is swapped after the transport was built is the one that is written to."""
    console = Console()
    console.send(message())
    assert "+84901888484" in capsys.readouterr().out
    swapped = io.StringIO()
    monkeypatch.setattr(sys, "stdout", swapped)
    console.send(message())
    assert "+84901888484" in swapped.getvalue()


@pytest.mark.guarantee("S5")
def test_control_characters_do_not_reach_the_terminal() -> None:
    """Escape sequences, line breaks and bidi overrides become spaces."""
    stream = io.StringIO()
    Console(stream).send(message(content="a\x1b[2Jb\nc\u202ed"))
    assert stream.getvalue().splitlines()[1:] == ["    a [2Jb c d"]


def test_a_narrow_encoding_is_no_obstacle() -> None:
    """What the stream cannot write is escaped."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Console(stream).send(message(content="Mã"))
    assert b"M\\xe3" in raw.getvalue()


def test_a_closed_stream_is_a_delivery_error() -> None:
    """Nobody can have read it, so the budget is given back."""
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError) as caught:
        Console(stream).send(message())
    assert (caught.value.code, caught.value.retryable) == ("console", False)
    assert caught.value.__context__ is None
