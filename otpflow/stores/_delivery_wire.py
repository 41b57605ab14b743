"""Keys and arguments of the scripts that are about deliveries. Pure, as `_wire` is."""

from __future__ import annotations

from typing import Literal

from otpflow.stores import _replies
from otpflow.stores._wire import challenge_key, key_of
from otpflow.stores.base import Circuit, Confirmation, Operation, Place, Progress


def confirm(
    place: Place,
    nonce: str,
    number: int,
    life: int,
    rules: str,
    resend: Literal["replace", "overlap"],
    delivery: tuple[str, str, str, str],
) -> Operation[Confirmation]:
    """Write down that a send was taken, or that nobody knows.

    Args:
        place: where the challenge lives.
        nonce: names this send.
        number: number of this send.
        life: how long the code lives from now on, in milliseconds.
        rules: the number's sending budgets.
        resend: what becomes of the earlier codes.
        delivery: state, states that it overtakes, transport and reference.

    Returns:
        An operation that gives what is left of the challenge then, and what is known of the send.
    """
    return Operation(
        name="confirm",
        keys=(challenge_key(place), key_of(place.slot, "sends")),
        arguments=(nonce, number, life, rules, resend, *delivery),
        parse=_replies.confirmation,
    )


def report(
    place: Place, number: int, state: str, overtaken: str, provider: str, reference: str
) -> Operation[Progress]:
    """Take a provider's report of a send.

    Args:
        place: where the challenge lives.
        number: number of the send.
        state: what is reported.
        overtaken: the states that it moves on from.
        provider: name of the transport.
        reference: the provider's id of the send; empty where it says none.

    Returns:
        An operation that gives what is known then.
    """
    return Operation(
        name="report",
        keys=(challenge_key(place),),
        arguments=(number, state, overtaken, provider, reference),
        parse=_replies.progress,
    )


def poll(place: Place, first_wait: int, most: int, open_states: str) -> Operation[Progress]:
    """Take a turn to ask the provider about the latest send.

    Args:
        place: where the challenge lives.
        first_wait: milliseconds between the first two turns; each later wait is twice as long.
        most: how many turns there are.
        open_states: the states in which there is something to ask.

    Returns:
        An operation that says whether it is time.
    """
    return Operation(
        name="poll",
        keys=(challenge_key(place),),
        arguments=(first_wait, most, open_states),
        parse=_replies.turn,
    )


def breaker(slot: str, event: str, failures: int, memory: int, pause: int) -> Operation[Circuit]:
    """Count a provider's failure or success for all processes, or ask whether to try it.

    Args:
        slot: names the provider.
        event: `"failed"`, `"taken"` or `"ask"`.
        failures: how many in a row open it.
        memory: for how long a failure counts, in milliseconds.
        pause: for how long it stays open, in milliseconds.

    Returns:
        An operation that says whether the provider is asked.
    """
    return Operation(
        name="breaker",
        keys=(key_of(slot, "breaker"),),
        arguments=(event, failures, memory, pause),
        parse=_replies.circuit,
    )
