"""Replies are read strictly: the answers of a script, with and without decoding, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from otpflow.models import DeliveryState, Outcome
from otpflow.stores import _replies
from otpflow.stores.base import Admission, Circuit, Claim, Code, Confirmation, Progress, Settlement, View

VIEW: list[Any] = [
    *(60_000, 179_500, b"5", b"2", b"1", b"pending", b"1:ACCEPTED", b"esms", b"ref-1"),
    *(b"voice", b"login", b"vi", b"sealed", b""),
]
READ = View(
    wait=60.0,
    life=179.5,
    attempts=5,
    sends=2,
    sequence=1,
    state="pending",
    delivery=DeliveryState.ACCEPTED,
    provider="esms",
    reference="ref-1",
    channel="voice",
    purpose="login",
    locale="vi",
    sealed="sealed",
    context="",
)
ABSENT: list[Any] = [0, 0, *[b""] * 12]
NOTHING = View(
    wait=0.0,
    life=0.0,
    attempts=0,
    sends=0,
    sequence=0,
    state="",
    delivery=DeliveryState.UNKNOWN,
    provider="",
    reference="",
    channel="",
    purpose="",
    locale="",
    sealed="",
    context="",
)
UNDER_WAY = replace(READ, delivery=DeliveryState.UNKNOWN, provider="", reference="")
"""What is held is of another send than the latest: of that one nothing is known."""
FAILED = DeliveryState.FAILED
Parse = Callable[[object], object]
ANSWERS: list[tuple[Parse, list[Any], object]] = [
    (_replies.word, [b"anything"], "anything"),
    (_replies.count, [3], 3),
    (_replies.count, [b"0"], 0),
    (
        _replies.confirmation,
        [0, 180_000, b"5", b"2", b"ACCEPTED"],
        Confirmation(wait=0.0, life=180.0, attempts=5, sends=2, delivery=DeliveryState.ACCEPTED),
    ),
    (
        _replies.confirmation,
        [0, 0, b"", b"", b"UNKNOWN"],
        Confirmation(wait=0.0, life=0.0, attempts=0, sends=0, delivery=DeliveryState.UNKNOWN),
    ),
    *(
        (
            _replies.progress,
            [status, b"FAILED", b"r"],
            Progress(status=status.decode(), state=FAILED, reference="r"),
        )
        for status in (b"moved", b"same", b"earlier")
    ),
    (_replies.progress, [b"gone"], Progress(status="gone")),
    (
        _replies.turn,
        [b"ask", b"2", b"ACCEPTED", b"esms", b"r"],
        Progress(status="ask", state=DeliveryState.ACCEPTED, reference="r", number=2, provider="esms"),
    ),
    *(
        (_replies.turn, [status, b"1", b"", b"", b""], Progress(status=status.decode(), number=1))
        for status in (b"last", b"wait", b"over")
    ),
    (_replies.turn, [b"gone"], Progress(status="gone")),
    (_replies.circuit, [b"closed", 0], Circuit(status="closed", wait=0.0)),
    (_replies.circuit, [b"open", 29_500], Circuit(status="open", wait=29.5)),
    (_replies.circuit, [b"probe", 0], Circuit(status="probe", wait=0.0)),
    (_replies.view, VIEW, READ),
    (_replies.view, ABSENT, NOTHING),
    *(
        (_replies.view, [*VIEW[:6], held, *VIEW[7:]], UNDER_WAY)
        for held in (b"", b"2:ACCEPTED", b"11:ACCEPTED", b"ACCEPTED")
    ),
    (_replies.admission, [b"admitted"], Admission(status="admitted")),
    (_replies.admission, [b"admitted", *VIEW], Admission(status="admitted", view=READ)),
    (_replies.admission, [b"replay", *VIEW], Admission(status="replay", view=READ)),
    (
        _replies.admission,
        [b"throttled", 1_500, b"cooldown"],
        Admission(status="throttled", wait=1.5, limit="cooldown"),
    ),
    *(
        (_replies.admission, [state], Admission(status=state))
        for state in ("expired", "verified", "cancelled", "exhausted", "overtaken")
    ),
    (
        _replies.claim,
        [b"claimed", 4, b"sealed", 1, b"first", b"superseded", 2, b"second", b"live"],
        Claim(
            status="claimed",
            attempts=4,
            sealed="sealed",
            codes=(
                Code(number=2, digest="second", standing="live"),
                Code(number=1, digest="first", standing="superseded"),
            ),
        ),
    ),
    (_replies.claim, [b"claimed", 4, b"sealed"], Claim(status="claimed", attempts=4, sealed="sealed")),
    (
        _replies.claim,
        [b"settled", b"VERIFIED", b"3", b"sealed"],
        Claim(status="settled", outcome=Outcome.VERIFIED, attempts=3, sealed="sealed"),
    ),
    (_replies.claim, [b"throttled", 60_000, b"5"], Claim(status="throttled", wait=60.0, attempts=5)),
    (_replies.claim, [b"used", b"3"], Claim(status="used", attempts=3)),
    (_replies.claim, [b"exhausted", 0], Claim(status="exhausted", attempts=0)),
    (_replies.claim, [b"expired"], Claim(status="expired")),
    (_replies.settlement, [b"SUPERSEDED", b"2"], Settlement(outcome=Outcome.SUPERSEDED, attempts=2)),
    (_replies.settlement, [b"EXPIRED", 0], Settlement(outcome=Outcome.EXPIRED, attempts=0)),
]
PARSERS: list[Parse] = [
    *(_replies.count, _replies.view, _replies.admission, _replies.claim, _replies.settlement),
    *(_replies.confirmation, _replies.progress, _replies.turn, _replies.circuit),
]
NO_REPLIES: list[object] = [
    *(None, True, 0, 1, "", "expired", b"expired", (), ("expired",), {"expired": 1}, {b"expired"}),
    *([], [None], [[]], [1.0], [[b"expired"]], [b"\xff"], [{}], ["x"], [b"x", b"y"], ["x"] * 14),
]


@pytest.mark.parametrize(("parse", "reply", "read"), ANSWERS)
def test_an_answer_is_read_whole(parse: Parse, reply: list[Any], read: object) -> None:
    """Every field is where it belongs, whether the client decodes or not."""
    decoded = [part.decode() if isinstance(part, bytes) else part for part in reply]

    assert parse(reply) == parse(decoded) == read


@pytest.mark.parametrize("reply", NO_REPLIES, ids=repr)
@pytest.mark.parametrize("parse", PARSERS)
def test_what_is_no_answer_is_refused(parse: Parse, reply: object) -> None:
    """Whatever a proxy, a bug or an attacker answers, it is a `ValueError` and nothing else."""
    with pytest.raises(ValueError, match="."):
        parse(reply)


@pytest.mark.parametrize(("parse", "reply", "read"), ANSWERS[1:])
def test_an_answer_that_is_cut_off_or_goes_on_is_refused(
    parse: Parse, reply: list[Any], read: object
) -> None:
    """No part of another answer is taken for this one, unless it is a whole one itself."""
    whole = [other for other_parse, other, _ in ANSWERS if other_parse is parse]
    for wrong in (reply[:-1], [*reply, b"more"], [*reply, b"more", b"more"]):
        if wrong in whole or parse is _replies.count:
            continue
        with pytest.raises(ValueError, match="."):
            parse(wrong)
    assert parse(reply) == read


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, b"soon"),
        (1, b""),
        (2, b"many"),
        (3, b"1.5"),
        (4, b"x"),
        (6, b"1:RINGING"),
        (7, b"\xc3\xa9"),
        (12, None),
    ],
)
def test_every_field_of_a_view_is_checked(place: int, value: object) -> None:
    """Numbers are numbers, states are known, texts are ASCII."""
    with pytest.raises(ValueError, match="."):
        _replies.view([*VIEW[:place], value, *VIEW[place + 1 :]])


@pytest.mark.parametrize(
    "reply",
    [
        [b"claimed", b"x", b"sealed"],
        [b"claimed", 4, b"sealed", b"x", b"digest", b"live"],
        [b"claimed", 4, b"sealed", 1, b"digest", b"alive"],
        [b"settled", b"RIGHT", b"3", b"sealed"],
        [b"used", b""],
        [b"throttled", b"", b"5"],
    ],
    ids=repr,
)
def test_every_field_of_a_claim_is_checked(reply: list[Any]) -> None:
    """Numbers are numbers, outcomes and standings are known."""
    with pytest.raises(ValueError, match="."):
        _replies.claim(reply)


@pytest.mark.parametrize("reply", [[b"RIGHT", 1], [b"VERIFIED", b"x"], [1, b"VERIFIED"]], ids=repr)
def test_every_field_of_a_settlement_is_checked(reply: list[Any]) -> None:
    """An outcome that does not exist lets nobody in."""
    with pytest.raises(ValueError, match="."):
        _replies.settlement(reply)


def test_a_word_must_be_one_of_those_there_are() -> None:
    """Where a script has a few words, no other is taken, and none is taken for another."""
    assert _replies.word([b"stored"], "stored", "gone") == "stored"
    assert _replies.word([b""], "cancelled", "") == ""
    for reply in ([b"Stored"], [b""], [b"stored "], [1]):
        with pytest.raises(ValueError, match=r"^the reply is of another script$"):
            _replies.word(reply, "stored", "gone")
