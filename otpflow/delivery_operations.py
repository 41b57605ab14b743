"""The store's operations that are about deliveries, with their numbers filled in. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from otpflow import receipts
from otpflow.keys import Address, Keyring
from otpflow.models import DeliveryState
from otpflow.stores import _delivery_wire
from otpflow.stores.base import Circuit, Operation, Place, Progress

FIRST_POLL = 3_000
"""Milliseconds between the first two times that a provider is asked about a send; then twice as long, …"""

MOST_POLLS = 7
"""How often a provider is asked about one send: over 189 s, longer than a spoken code lives."""

FAILURES = 10
"""Failures of a provider in a row, over all processes, after which it is not asked for a while."""

FAILURE_MEMORY = 60_000
"""Milliseconds for which a failure is remembered that nothing followed."""

PAUSE = 30_000
"""Milliseconds for which a provider that is down is not asked, until one call may find out."""


@dataclass(frozen=True, kw_only=True)
class DeliveryOperations:
    """Writes operations that are about deliveries.

    Attributes:
        keyring: the server keys.
    """

    keyring: Keyring = field(repr=False)

    def report(
        self, place: Place, number: int, state: DeliveryState, provider: str, reference: str
    ) -> Operation[Progress]:
        """Take a provider's report of a send.

        Args:
            place: where the challenge lives.
            number: number of the send.
            state: what is reported.
            provider: name of the transport.
            reference: the provider's id of the send; empty where it says none.

        Returns:
            The operation.
        """
        known = receipts.overtaken(state)
        return _delivery_wire.report(place, number, state.value, known, provider, reference)

    def poll(self, address: Address) -> Operation[Progress]:
        """Take a turn to ask the provider about the latest send.

        Args:
            address: where the challenge lives.

        Returns:
            The operation.
        """
        return _delivery_wire.poll(
            place_of(address), FIRST_POLL, MOST_POLLS, f" {DeliveryState.ACCEPTED.value} "
        )

    def breaker(self, provider: str, event: str) -> Operation[Circuit]:
        """Count a provider's failure or success for all processes, or ask whether to try it.

        Args:
            provider: name of the transport.
            event: `"failed"`, `"taken"` or `"ask"`.

        Returns:
            The operation.
        """
        slot = self.keyring.slot("breaker", provider)
        return _delivery_wire.breaker(slot, event, FAILURES, FAILURE_MEMORY, PAUSE)


def place_of(address: Address) -> Place:
    """Tell where an address lies.

    Args:
        address: where a challenge lives, with the secret that only its id holds.

    Returns:
        The place, without the secret.
    """
    return Place(address.slot, address.locator)
