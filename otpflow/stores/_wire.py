"""Keys and arguments of the scripts. Pure: nothing here talks to Redis.

Everything written is ASCII, so that clients with and without `decode_responses` read the same.
"""

from __future__ import annotations

from otpflow.stores import _replies
from otpflow.stores.base import Admission, Claim, Operation, Place, Settlement, View


def challenge_key(place: Place) -> str:
    """Name the key of a challenge.

    Args:
        place: where it lives.

    Returns:
        The key.
    """
    return f"otpflow:1:{{{place.slot}}}:challenge:{place.locator}"


def key_of(slot: str, name: str) -> str:
    """Name another key of a slot.

    Args:
        slot: names the slot.
        name: what is in it.

    Returns:
        The key.
    """
    return f"otpflow:1:{{{slot}}}:{name}"


def bind(slot: str, value: str, life: int, *, again: bool = False) -> Operation[str]:
    """Tie an idempotency key to one request.

    Args:
        slot: names the idempotency key.
        value: what to tie it to.
        life: for how long, in milliseconds.
        again: whether a tie to this very value lasts that long from now on.

    Returns:
        An operation that gives the value that holds: this one, or an earlier one.
    """
    return Operation(
        name="bind",
        keys=(key_of(slot, "binding"),),
        arguments=(value, life, int(again)),
        parse=_replies.word,
    )


def admit(
    place: Place, nonce: str, rules: str, window: int, life: int, fields: dict[str, str | int]
) -> Operation[Admission]:
    """Reserve the first send of a new challenge.

    Args:
        place: where it will live.
        nonce: names this send.
        rules: the number's sending budgets.
        window: the longest window of the rules, in milliseconds.
        life: how long the challenge lives, in milliseconds.
        fields: what the challenge holds.

    Returns:
        An operation that says whether it was admitted.
    """
    flat = (part for pair in fields.items() for part in pair)
    return Operation(
        name="admit",
        keys=(challenge_key(place), key_of(place.slot, "sends")),
        arguments=(nonce, rules, window, life, *flat),
        parse=_replies.admission,
    )


def renew(place: Place, nonce: str, rules: str, window: int, after: int = 0) -> Operation[Admission]:
    """Reserve one more send of a challenge.

    Args:
        place: where it lives.
        nonce: names this send.
        rules: the number's sending budgets.
        window: the longest window of the rules, in milliseconds.
        after: number of the only send that it may follow; 0 for any.

    Returns:
        An operation that says whether it was admitted.
    """
    return Operation(
        name="renew",
        keys=(challenge_key(place), key_of(place.slot, "sends")),
        arguments=(nonce, rules, window, after),
        parse=_replies.admission,
    )


def store(place: Place, nonce: str, number: int, digest: str, life: int) -> Operation[bool]:
    """Keep the hash of a code before it is sent.

    Args:
        place: where the challenge lives.
        nonce: names this send.
        number: number of this send.
        digest: the hash.
        life: how long the code lives, in milliseconds.

    Returns:
        An operation that gives `False` where the challenge is over meanwhile.
    """
    return Operation(
        name="store",
        keys=(challenge_key(place),),
        arguments=(nonce, number, digest, life),
        parse=lambda reply: _replies.word(reply, "stored", "gone") == "stored",
    )


def release(place: Place, nonce: str) -> Operation[str]:
    """Give the reservation of a send back.

    Args:
        place: where the challenge lives.
        nonce: names this send.

    Returns:
        An operation that gives `"released"`.
    """
    return Operation(
        name="release",
        keys=(challenge_key(place), key_of(place.slot, "sends")),
        arguments=(nonce,),
        parse=lambda reply: _replies.word(reply, "released"),
    )


def claim(
    place: Place, attempt: str, rules: str, window: int, allowed_in_a_row: int, memory: int
) -> Operation[Claim]:
    """Spend one attempt.

    Args:
        place: where the challenge lives.
        attempt: names this attempt.
        rules: the number's guessing budgets.
        window: the longest window of the rules, in milliseconds.
        allowed_in_a_row: wrong codes that may follow each other.
        memory: for how long those are remembered, in milliseconds.

    Returns:
        An operation that gives what the comparison needs.
    """
    return Operation(
        name="claim",
        keys=(challenge_key(place), key_of(place.slot, "guesses")),
        arguments=(attempt, rules, window, allowed_in_a_row, memory),
        parse=_replies.claim,
        durable=True,
    )


def settle(place: Place, attempt: str, outcome: str, number: int) -> Operation[Settlement]:
    """Give a claimed attempt its verdict.

    Args:
        place: where the challenge lives.
        attempt: names this attempt.
        outcome: what the comparison came to.
        number: number of the send whose code matched; 0 where none did.

    Returns:
        An operation that gives the verdict that holds.
    """
    return Operation(
        name="settle",
        keys=(challenge_key(place), key_of(place.slot, "guesses")),
        arguments=(attempt, outcome, number),
        parse=_replies.settlement,
        durable=True,
    )


def cancel(place: Place) -> Operation[str]:
    """End a pending challenge.

    Args:
        place: where it lives.

    Returns:
        An operation that gives the state it is in then; empty where there is none.
    """
    return Operation(
        name="cancel",
        keys=(challenge_key(place),),
        arguments=(),
        parse=lambda reply: _replies.word(reply, "cancelled", "verified", ""),
        durable=True,
    )


def read(place: Place, rules: str) -> Operation[View]:
    """Look at a challenge.

    Args:
        place: where it lives.
        rules: the number's sending budgets.

    Returns:
        An operation that gives it as it stands.
    """
    return Operation(
        name="read",
        keys=(challenge_key(place), key_of(place.slot, "sends")),
        arguments=(rules,),
        parse=_replies.view,
    )


def unlock(slot: str) -> Operation[int]:
    """Lift the guessing budgets of one number.

    Args:
        slot: names the number's slot.

    Returns:
        An operation that gives how many counters there were.
    """
    return Operation(
        name="unlock",
        keys=(key_of(slot, "guesses"),),
        arguments=(),
        parse=_replies.count,
    )
