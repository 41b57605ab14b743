"""What the scripts answer, read strictly: a reply that is none of theirs is a `ValueError`. Pure."""

from __future__ import annotations

from typing import cast

from otpflow.models import DeliveryState, Outcome
from otpflow.stores.base import (
    Admission,
    Circuit,
    Claim,
    Code,
    Confirmation,
    Progress,
    Settlement,
    View,
)

_VIEW_LENGTH = 14
_STANDINGS = {"live", "superseded", "expired"}


def _flat(reply: object) -> list[str]:
    """Read a flat array of texts and whole numbers, each as text."""
    if not isinstance(reply, list) or not reply:
        raise ValueError("the reply is not an array")
    return [_text(part) for part in cast("list[object]", reply)]


def _text(part: object) -> str:
    if isinstance(part, bytes):
        return part.decode("ascii")
    if isinstance(part, str | int):
        return str(part)
    raise ValueError(f"the reply has a {type(part).__name__}")


def word(reply: object, *known: str) -> str:
    """Read one word.

    Args:
        reply: what came back.
        known: the words there are; any where this is left out.

    Returns:
        The word.

    Raises:
        ValueError: it is none of them.
    """
    word = _flat(reply)[0]
    if known and word not in known:
        raise ValueError("the reply is of another script")
    return word


def _seconds(milliseconds: str) -> float:
    return int(milliseconds) / 1_000


def _view(parts: list[str]) -> View:
    if len(parts) != _VIEW_LENGTH:
        raise ValueError("the view has another length")
    wait, life, attempts, sends, sequence, state, *texts = parts
    delivery, provider, reference, channel, purpose, locale, sealed, context = texts
    number, _, known = delivery.partition(":")
    if number != sequence:  # the latest send is under way, or was made by a process that died
        known = provider = reference = ""
    return View(
        wait=_seconds(wait),
        life=_seconds(life),
        attempts=int(attempts or 0),
        sends=int(sends or 0),
        sequence=int(sequence or 0),
        state=state,
        delivery=DeliveryState(known or "UNKNOWN"),
        provider=provider,
        reference=reference,
        channel=channel,
        purpose=purpose,
        locale=locale,
        sealed=sealed,
        context=context,
    )


def count(reply: object) -> int:
    """Read one whole number.

    Args:
        reply: what came back.

    Returns:
        The number.

    Raises:
        ValueError: it is none.
    """
    return int(_flat(reply)[0])


def confirmation(reply: object) -> Confirmation:
    """Read what is left of a challenge after a send, and what is known of the send.

    Args:
        reply: what came back.

    Returns:
        The same; zeros where there is no challenge any more.

    Raises:
        ValueError: it is none.
    """
    match _flat(reply):
        case [wait, life, attempts, sends, delivery]:
            return Confirmation(
                wait=_seconds(wait),
                life=_seconds(life),
                attempts=int(attempts or 0),
                sends=int(sends or 0),
                delivery=DeliveryState(delivery),
            )
        case _:
            raise ValueError("the reply is of another script")


def progress(reply: object) -> Progress:
    """Read what is known of a send after a report.

    Args:
        reply: what came back.

    Returns:
        The same.

    Raises:
        ValueError: it is none.
    """
    match _flat(reply):
        case ["gone"]:
            return Progress(status="gone")
        case [("moved" | "same" | "earlier") as status, state, reference]:
            return Progress(status=status, state=DeliveryState(state), reference=reference)
        case _:
            raise ValueError("the reply is of another script")


def turn(reply: object) -> Progress:
    """Read whether the provider may be asked about a send now.

    Args:
        reply: what came back.

    Returns:
        The same.

    Raises:
        ValueError: it is none.
    """
    match _flat(reply):
        case ["gone"]:
            return Progress(status="gone")
        case [("ask" | "last" | "wait" | "over") as status, number, state, provider, reference]:
            return Progress(
                status=status,
                state=DeliveryState(state or "UNKNOWN"),
                reference=reference,
                number=int(number),
                provider=provider,
            )
        case _:
            raise ValueError("the reply is of another script")


def circuit(reply: object) -> Circuit:
    """Read whether a provider is asked at all.

    Args:
        reply: what came back.

    Returns:
        The same.

    Raises:
        ValueError: it is none.
    """
    match _flat(reply):
        case [("closed" | "open" | "probe") as status, wait]:
            return Circuit(status=status, wait=_seconds(wait))
        case _:
            raise ValueError("the reply is of another script")


def view(reply: object) -> View:
    """Read what the application may see of a challenge.

    Args:
        reply: what came back.

    Returns:
        The challenge.

    Raises:
        ValueError: it is none.
    """
    return _view(_flat(reply))


def admission(reply: object) -> Admission:
    """Read whether a send was reserved.

    Args:
        reply: what came back.

    Returns:
        The answer.

    Raises:
        ValueError: it is none.
    """
    match _flat(reply):
        case ["admitted"]:
            return Admission(status="admitted")
        case [("admitted" | "replay") as status, *parts]:
            return Admission(status=status, view=_view(parts))
        case ["throttled", wait, limit]:
            return Admission(status="throttled", wait=_seconds(wait), limit=limit)
        case [("expired" | "verified" | "cancelled" | "exhausted" | "overtaken") as status]:
            return Admission(status=status)
        case _:
            raise ValueError("the reply is of another script")


def claim(reply: object) -> Claim:
    """Read what became of a claim.

    Args:
        reply: what came back.

    Returns:
        The answer, its codes newest first.

    Raises:
        ValueError: it is none.
    """
    match _flat(reply):
        case ["claimed", attempts, sealed, *codes] if len(codes) % 3 == 0 and {*codes[2::3]} <= _STANDINGS:
            found = tuple(
                Code(number=int(number), digest=digest, standing=standing)
                for number, digest, standing in zip(codes[::3], codes[1::3], codes[2::3], strict=True)
            )
            return Claim(status="claimed", attempts=int(attempts), sealed=sealed, codes=found[::-1])
        case ["settled", outcome, attempts, sealed]:
            return Claim(status="settled", outcome=Outcome(outcome), attempts=int(attempts), sealed=sealed)
        case ["throttled", wait, attempts]:
            return Claim(status="throttled", wait=_seconds(wait), attempts=int(attempts))
        case [("used" | "exhausted") as status, attempts]:
            return Claim(status=status, attempts=int(attempts))
        case ["expired"]:
            return Claim(status="expired")
        case _:
            raise ValueError("the reply is of another script")


def settlement(reply: object) -> Settlement:
    """Read the verdict of an attempt.

    Args:
        reply: what came back.

    Returns:
        The verdict.

    Raises:
        ValueError: it is none.
    """
    match _flat(reply):
        case [outcome, attempts]:
            return Settlement(outcome=Outcome(outcome), attempts=int(attempts))
        case _:
            raise ValueError("the reply is of another script")
