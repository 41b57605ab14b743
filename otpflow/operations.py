"""The store's operations, with the numbers of one policy filled in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from otpflow import limits, receipts
from otpflow.delivery_operations import DeliveryOperations, place_of
from otpflow.keys import Address
from otpflow.models import Delivery
from otpflow.orders import Order, Send
from otpflow.policy import Policy, float_seconds
from otpflow.stores import _delivery_wire, _wire
from otpflow.stores.base import (
    Admission,
    Claim,
    Confirmation,
    Left,
    Operation,
    Place,
    Settlement,
    View,
)


@dataclass(frozen=True, kw_only=True)
class Operations(DeliveryOperations):
    """Writes operations, by the settings of one engine.

    Attributes:
        policy: the numbers.
    """

    policy: Policy

    @cached_property
    def _lifetime(self) -> int:
        return limits.milliseconds(float_seconds(self.policy.max_lifetime))

    @cached_property
    def _sends(self) -> limits.Rules:
        return limits.send_rules(self.policy)

    @cached_property
    def _sends_at_once(self) -> limits.Rules:
        return limits.send_rules(self.policy, cooldown=False)

    @cached_property
    def _guesses(self) -> limits.Rules:
        return limits.guess_rules(self.policy)

    @cached_property
    def _row(self) -> limits.Row:
        return limits.guess_row(self.policy)

    @cached_property
    def fresh(self) -> Left:
        """What is left of a challenge right after it was admitted, before it has a code."""
        return Left(
            wait=float_seconds(self.policy.cooldown),
            life=0.0,
            attempts=self.policy.attempts,
            sends=self.policy.sends - 1,
        )

    def bind(self, slot: str, value: str, *, again: bool = False) -> Operation[str]:
        """Tie an idempotency key to one request, for as long as its challenge can live.

        Args:
            slot: names the idempotency key.
            value: what to tie it to.
            again: whether its challenge begins only now, under an earlier tie, which then lasts as long.

        Returns:
            The operation.
        """
        return _wire.bind(slot, value, self._lifetime, again=again)

    def admit(self, send: Send, order: Order) -> Operation[Admission]:
        """Reserve a first send.

        Args:
            send: the send.
            order: what is to be sent.

        Returns:
            The operation.
        """
        key_id, locator = send.address.key_id, send.address.locator
        fields: dict[str, str | int] = {
            "attempts": self.policy.attempts,
            "sends_left": self.policy.sends - 1,
            "sealed": self.keyring.seal(key_id, order.recipient, "recipient", locator),
            "purpose": order.purpose,
            "locale": order.locale,
            "channel": order.channel,
        }
        if order.bound:
            fields["context"] = self.keyring.seal(key_id, order.bound, "context", locator)
        rules = self._sends
        return _wire.admit(
            place_of(send.address), send.nonce, rules.text, rules.window, self._lifetime, fields
        )

    def renew(self, send: Send, after: int = 0) -> Operation[Admission]:
        """Reserve one more send.

        Args:
            send: the send.
            after: number of the send that did not get through, where this one goes on from it: then nobody
                asked for another call, and the cooldown does not hold it up; every other budget does, and a
                send that was made meanwhile. 0 where the user asked.

        Returns:
            The operation.
        """
        rules = self._sends_at_once if after else self._sends
        return _wire.renew(place_of(send.address), send.nonce, rules.text, rules.window, after)

    def store(self, send: Send, digest: str, life: float) -> Operation[bool]:
        """Keep a code's hash.

        Args:
            send: the send it will go with.
            digest: the hash.
            life: seconds that the code lives.

        Returns:
            The operation.
        """
        return _wire.store(place_of(send.address), send.nonce, send.number, digest, limits.milliseconds(life))

    def confirm(self, send: Send, life: float, delivery: Delivery) -> Operation[Confirmation]:
        """Write down what became of a send.

        Args:
            send: the send.
            life: seconds that its code lives from now on, where it was taken.
            delivery: what is known.

        Returns:
            The operation.
        """
        return _delivery_wire.confirm(
            place_of(send.address),
            send.nonce,
            send.number,
            limits.milliseconds(life),
            self._sends.text,
            self.policy.resend,
            (
                delivery.state.value,
                receipts.overtaken(delivery.state),
                delivery.provider,
                delivery.provider_ref or "",
            ),
        )

    def release(self, send: Send) -> Operation[str]:
        """Give a reservation back.

        Args:
            send: the send that was not taken.

        Returns:
            The operation.
        """
        return _wire.release(place_of(send.address), send.nonce)

    def claim(self, address: Address, attempt: str) -> Operation[Claim]:
        """Spend one attempt.

        Args:
            address: where the challenge lives.
            attempt: names the attempt.

        Returns:
            The operation.
        """
        rules, row = self._guesses, self._row
        return _wire.claim(place_of(address), attempt, rules.text, rules.window, row.allowed, row.memory)

    def settle(self, address: Address, attempt: str, outcome: str, number: int) -> Operation[Settlement]:
        """Give an attempt its verdict.

        Args:
            address: where the challenge lives.
            attempt: names the attempt.
            outcome: what the comparison came to.
            number: number of the send whose code it was; 0 where it was none.

        Returns:
            The operation.
        """
        return _wire.settle(place_of(address), attempt, outcome, number)

    def cancel(self, address: Address) -> Operation[str]:
        """End a challenge.

        Args:
            address: where it lives.

        Returns:
            The operation.
        """
        return _wire.cancel(place_of(address))

    def read(self, address: Address) -> Operation[View]:
        """Look at a challenge.

        Args:
            address: where it lives.

        Returns:
            The operation.
        """
        return self.look(place_of(address))

    def look(self, place: Place) -> Operation[View]:
        """Look at a challenge by its place alone.

        Args:
            place: where it lives.

        Returns:
            The operation.
        """
        return _wire.read(place, self._sends.text)

    def unlock(self, slot: str) -> Operation[int]:
        """Lift the guessing budgets of a number.

        Args:
            slot: names it.

        Returns:
            The operation.
        """
        return _wire.unlock(slot)
