"""What the flows have in common: the parts of an engine, and the steps that more than one flow takes."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from otpflow import challenges, codes, recipients
from otpflow.drivers import Flow, call
from otpflow.errors import (
    ChallengeError,
    DeliveryError,
    DeliveryUnknownError,
    OverloadedError,
    StoreUnavailableError,
)
from otpflow.events import Event, EventKind, Events
from otpflow.hashing import Hasher, Permit
from otpflow.keys import Address
from otpflow.models import Challenge, ChallengeState, Delivery
from otpflow.operations import Operations
from otpflow.orders import Order, Orders, Send
from otpflow.records import encode
from otpflow.stores.base import Admission, Left, Operation, Store
from otpflow.transports._carrier import Carrier
from otpflow.transports._route import Leg, Route, deliver
from otpflow.transports.fallback import hop_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The parts that an engine was built with, and steps over them.

    Attributes:
        store: runs the scripts.
        route: the transports.
        hasher: gives places in the hashing pool.
        digest: hashes, in the way that fits the engine.
        orders: writes and reads what is to be sent, by the engine's settings.
        operations: writes what the store is asked, by the engine's settings.
        events: hears of every step.
    """

    store: Store
    route: Route
    hasher: Hasher
    digest: Callable[[bytes, bytes], bytes | Awaitable[bytes]]
    orders: Orders
    operations: Operations
    events: Events

    def _reserved(self, send: Send, operation: Operation[Admission]) -> Flow[Admission]:
        """Reserve a send; where the answer is lost, give back what may have been reserved."""
        try:
            return (yield from self._ask(operation))
        except StoreUnavailableError:
            yield from self._release(send)
            raise

    def _kept(
        self, send: Send, order: Order, route: Route, tie: Operation[str] | None = None
    ) -> Flow[list[Leg]]:
        """Make a code and keep its hash; where that fails, nothing is sent and the reservation given back."""
        orders, address = self.orders, send.address
        try:
            if tie is not None:
                yield from self._ask(tie)
            code = codes.generate(orders.policy.digits)
            legs = [
                Leg(
                    carrier,
                    orders.message(send, order.on(channel), code, hop_id(send.nonce, place), carrier.name),
                )
                for place, (carrier, channel) in enumerate(route.hops(order.channel))
            ]
            secret = challenges.material(
                orders.keyring, address, orders.namespace, order.purpose, order.recipient, order.bound, code
            )
            digest = yield from call(self.digest, secret, address.salt)
            life = legs[0].message.expires_in
            stored = yield from self._ask(self.operations.store(send, encode(digest), life))
            if not stored:
                raise ChallengeError(ChallengeState.EXPIRED.value)
        except (Exception, CancelledError):
            yield from self._release(send)
            raise
        return legs

    def _sent(
        self, kind: EventKind, send: Send, order: Order, legs: list[Leg], before: Left
    ) -> Flow[Challenge]:
        """Have it delivered, and write down what became of it."""
        try:
            landing = yield from deliver(legs, _Watch(self, send, order))
        except DeliveryError:
            yield from self._release(send)
            raise
        message, delivery, left = landing.leg.message, landing.delivery, before
        order = order.on(message.channel)
        try:
            left = yield from self._ask(self.operations.confirm(send, message.expires_in, delivery))
            if left.delivery is not delivery.state:  # a report was quicker than the answer
                delivery = replace(delivery, state=left.delivery)
        except StoreUnavailableError:
            # The phone rings, and the code verifies as it was stored: the user must get the challenge's id.
            left = replace(before, life=message.expires_in)
        self.tell_order(kind, send, order, provider=delivery.provider, delivery=delivery.state.value)
        return self._shown(send, order, left, delivery)

    def _shown(self, send: Send, order: Order, left: Left, delivery: Delivery) -> Challenge:
        return challenges.as_challenge(self.orders.keyring.challenge_id(send.address), order, left, delivery)

    def _release(self, send: Send) -> Flow[None]:
        """Give a reservation back; where that fails too, it lapses by itself."""
        with suppress(StoreUnavailableError):
            yield from self._ask(self.operations.release(send))

    def _ask(self, operation: Operation[T]) -> Flow[T]:
        try:
            return (yield from call(self.store.run, operation))
        except StoreUnavailableError as error:
            self.tell(EventKind.STORE_UNAVAILABLE, operation=operation.name, error=str(error))
            raise

    def _turn(self) -> Permit:
        """Hold a place in the hashing pool from before anything is spent."""
        try:
            return self.hasher.reserve()
        except OverloadedError:
            self.tell(EventKind.OVERLOADED)
            raise

    def circuit(self, carrier: Carrier, event: str) -> Flow[float]:
        """Tell Redis how a provider is doing, and learn how all processes find it.

        Args:
            carrier: the transport.
            event: `"failed"`, `"taken"` or `"ask"`.

        Returns:
            Seconds for which it is not to be asked; 0 where it is, or where Redis cannot say.
        """
        with suppress(StoreUnavailableError):
            found = yield from self._ask(self.operations.breaker(carrier.name, event))
            return found.wait if found.status == "open" else 0.0
        return 0.0

    def tell(
        self, kind: EventKind, address: Address | None = None, *, purpose: str = "", **detail: str | float
    ) -> None:
        """Tell the hooks of a step that is not about an order.

        Args:
            kind: what kind of step.
            address: the challenge.
            purpose: what the code is for.
            detail: what else there is.
        """
        if self.events.heard:
            challenge = address.locator if address else ""
            self.events.emit(Event(kind=kind, challenge=challenge, purpose=purpose, detail=detail))

    def tell_delivery(
        self, challenge: str, purpose: str, channel: str, detail: dict[str, str | float]
    ) -> None:
        """Tell the hooks what became of a send.

        Args:
            challenge: names the challenge.
            purpose: what the code is for.
            channel: how it was sent.
            detail: state, provider and what else was reported.
        """
        if self.events.heard:
            kind = EventKind.DELIVERY_REPORTED
            self.events.emit(
                Event(kind=kind, challenge=challenge, purpose=purpose, channel=channel, detail=detail)
            )

    def tell_order(self, kind: EventKind, send: Send, order: Order, **detail: str | float) -> None:
        """Tell the hooks of a step that is about an order.

        Args:
            kind: what kind of step.
            send: the send.
            order: what is to be sent to whom.
            detail: what else there is.
        """
        if self.events.heard:
            self.events.emit(
                Event(
                    kind=kind,
                    challenge=send.address.locator,
                    recipient_masked=recipients.mask(order.recipient),
                    purpose=order.purpose,
                    channel=order.channel,
                    detail=detail,
                )
            )


@dataclass(frozen=True, slots=True)
class _Watch:
    """Stands before every transport: keeps its breaker, and tells what became of it."""

    steps: Steps
    send: Send
    order: Order

    def allows(self, carrier: Carrier, /) -> Flow[bool]:
        breaker = carrier.breaker
        if not breaker.opened:
            return True
        if breaker.resting:
            return False
        # It may be up again: one process finds out, the others wait for another pause.
        wait = yield from self.steps.circuit(carrier, "ask")
        if wait > 0:
            breaker.open(wait)
        return wait <= 0

    def hears(self, leg: Leg, error: Exception | None, /) -> Flow[None]:
        carrier = leg.carrier
        if error is None:
            if carrier.breaker.troubled:
                yield from self.steps.circuit(carrier, "taken")
                if carrier.breaker.opened:
                    self.steps.tell(EventKind.CIRCUIT_CLOSED, provider=carrier.name)
                carrier.breaker.close()
            return
        refused = isinstance(error, DeliveryError) and not isinstance(error, DeliveryUnknownError)
        kind = EventKind.DELIVERY_REFUSED if refused else EventKind.DELIVERY_UNKNOWN
        code = (error.code or "") if isinstance(error, DeliveryError) else challenges.where(error)
        order = self.order.on(leg.message.channel)
        self.steps.tell_order(kind, self.send, order, provider=carrier.name, code=code)
        concerns = error.concerns if isinstance(error, DeliveryError) else "caller"
        if concerns == "operator":
            self.steps.tell(EventKind.ALARM, provider=carrier.name, code=code)
        if concerns == "provider":
            carrier.breaker.troubled = True
            wait = yield from self.steps.circuit(carrier, "failed")
            if wait > 0:
                carrier.breaker.open(wait)
                self.steps.tell(EventKind.CIRCUIT_OPENED, provider=carrier.name, seconds=wait)
