"""Keys and arguments of the scripts: one slot for every operation, nothing secret in sight."""

from __future__ import annotations

from typing import Any

import pytest

from otpflow.stores import _delivery_wire, _scripts, _wire
from otpflow.stores.base import Operation, Place

SLOT = "s" * 20
PLACE = Place(SLOT, "locator")
CHALLENGE, SENDS = "otpflow:1:{" + SLOT + "}:challenge:locator", "otpflow:1:{" + SLOT + "}:sends"
GUESSES = "otpflow:1:{" + SLOT + "}:guesses"
WRITTEN: list[tuple[Operation[Any], str, tuple[str, ...], tuple[Any, ...]]] = [
    (_wire.bind(SLOT, "value", 9), "bind", ("otpflow:1:{" + SLOT + "}:binding",), ("value", 9, 0)),
    (
        _wire.bind(SLOT, "value", 9, again=True),
        "bind",
        ("otpflow:1:{" + SLOT + "}:binding",),
        ("value", 9, 1),
    ),
    (
        _wire.admit(PLACE, "nonce", "rules", 7, 9, {"attempts": 5, "sealed": "x"}),
        "admit",
        (CHALLENGE, SENDS),
        ("nonce", "rules", 7, 9, "attempts", 5, "sealed", "x"),
    ),
    (_wire.renew(PLACE, "nonce", "rules", 7), "renew", (CHALLENGE, SENDS), ("nonce", "rules", 7, 0)),
    (_wire.renew(PLACE, "nonce", "rules", 7, 2), "renew", (CHALLENGE, SENDS), ("nonce", "rules", 7, 2)),
    (_wire.store(PLACE, "nonce", 2, "digest", 9), "store", (CHALLENGE,), ("nonce", 2, "digest", 9)),
    (
        _delivery_wire.confirm(PLACE, "nonce", 2, 9, "rules", "replace", ("UNKNOWN", " A ", "esms", "ref")),
        "confirm",
        (CHALLENGE, SENDS),
        ("nonce", 2, 9, "rules", "replace", "UNKNOWN", " A ", "esms", "ref"),
    ),
    (
        _delivery_wire.report(PLACE, 2, "FAILED", " A B ", "esms", "ref"),
        "report",
        (CHALLENGE,),
        (2, "FAILED", " A B ", "esms", "ref"),
    ),
    (_delivery_wire.poll(PLACE, 3_000, 7, " A "), "poll", (CHALLENGE,), (3_000, 7, " A ")),
    (
        _delivery_wire.breaker(SLOT, "failed", 10, 60_000, 30_000),
        "breaker",
        ("otpflow:1:{" + SLOT + "}:breaker",),
        ("failed", 10, 60_000, 30_000),
    ),
    (_wire.release(PLACE, "nonce"), "release", (CHALLENGE, SENDS), ("nonce",)),
    (
        _wire.claim(PLACE, "attempt", "rules", 7, 100, 9),
        "claim",
        (CHALLENGE, GUESSES),
        ("attempt", "rules", 7, 100, 9),
    ),
    (
        _wire.settle(PLACE, "attempt", "VERIFIED", 2),
        "settle",
        (CHALLENGE, GUESSES),
        ("attempt", "VERIFIED", 2),
    ),
    (_wire.cancel(PLACE), "cancel", (CHALLENGE,), ()),
    (_wire.read(PLACE, "rules"), "read", (CHALLENGE, SENDS), ("rules",)),
    (_wire.unlock(SLOT), "unlock", (GUESSES,), ()),
]


@pytest.mark.parametrize(("operation", "name", "keys", "arguments"), WRITTEN)
def test_an_operation_is_written_whole(
    operation: Operation[Any], name: str, keys: tuple[str, ...], arguments: tuple[Any, ...]
) -> None:
    """Name, keys and arguments are those that the script's header names."""
    assert (operation.name, operation.keys, operation.arguments) == (name, keys, arguments)
    assert {key[: len("otpflow:1:{}:") + len(SLOT)] for key in keys} == {"otpflow:1:{" + SLOT + "}:"}
    assert "arguments" not in repr(operation)


def test_every_script_has_its_operation() -> None:
    """No script is without one, and none is named that is not there."""
    assert sorted({name for _, name, _, _ in WRITTEN}) == list(_scripts.NAMES)
    assert all(_scripts.source(name).startswith(b"local function clock()") for name in _scripts.NAMES)
    assert not [name for name in _scripts.NAMES if b"\n--" in _scripts.source(name)]


def test_what_must_not_be_forgotten_waits_for_replicas() -> None:
    """An attempt, a verdict and a cancellation; the others cost at most a send."""
    durable = [name for operation, name, _, _ in WRITTEN if operation.durable]

    assert durable == ["claim", "settle", "cancel"]


@pytest.mark.parametrize(
    ("operation", "reply", "read"),
    [
        (_wire.store(PLACE, "nonce", 1, "digest", 9), [b"stored"], True),
        (_wire.store(PLACE, "nonce", 1, "digest", 9), [b"gone"], False),
        (_wire.release(PLACE, "nonce"), [b"released"], "released"),
        (_wire.cancel(PLACE), [b"cancelled"], "cancelled"),
        (_wire.cancel(PLACE), [b"verified"], "verified"),
        (_wire.cancel(PLACE), [b""], ""),
        (_wire.unlock(SLOT), [1], 1),
    ],
)
def test_short_answers_are_read(operation: Operation[Any], reply: list[Any], read: object) -> None:
    """A word or a number is all that these scripts say, and any other word is refused."""
    assert operation.parse(reply) == read
    with pytest.raises(ValueError, match="."):
        operation.parse([b"pending"])
