"""From the first transport that serves a channel to the last: the one place where the next one is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Protocol

from otpflow.drivers import Flow, call
from otpflow.errors import ConfigurationError, DeliveryError, DeliveryUnknownError
from otpflow.models import Delivery, Message
from otpflow.transports._carrier import Carrier


@dataclass(slots=True)
class Leg:
    """One transport's part of a send.

    Attributes:
        carrier: the transport.
        message: what it is asked to deliver, on a channel that it serves.
    """

    carrier: Carrier
    message: Message


@dataclass(slots=True)
class Landing:
    """Where a send ended.

    Attributes:
        leg: the transport that took it, or of which nobody knows whether it did.
        delivery: what is known.
        error: why nobody knows; `None` where it was taken.
    """

    leg: Leg
    delivery: Delivery
    error: Exception | None = None


class Gate(Protocol):
    """Stands before every transport and hears what became of it."""

    def allows(self, carrier: Carrier, /) -> Flow[bool]:
        """Tell whether the transport is asked."""
        ...

    def hears(self, leg: Leg, error: Exception | None, /) -> Flow[None]:
        """Take note of how it went; `None`: it took the send."""
        ...


class Route:
    """The transports of an engine, in order.

    Args:
        carriers: the transports; each has a name of its own.
        on_unanswered: whether the next one is tried where a send was taken and did not get through.

    Attributes:
        carriers: the same.
        on_unanswered: the same.
        channels: what they serve together, the default first.

    Raises:
        ConfigurationError: two have one name, or there is none.
    """

    def __init__(self, carriers: Sequence[Carrier], *, on_unanswered: bool = False) -> None:
        names = [carrier.name for carrier in carriers]
        if not names:
            raise ConfigurationError("a Fallback needs at least one transport")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ConfigurationError(
                f"two transports are called {', '.join(twice)}; give each a `name` of its own, so that a "
                "receipt can say which of them it is from"
            )
        self.carriers = tuple(carriers)
        self._hops: dict[str, list[tuple[Carrier, str]]] = {}
        self.on_unanswered = on_unanswered
        self.channels = tuple(dict.fromkeys(channel for carrier in carriers for channel in carrier.channels))

    def hops(self, channel: str) -> list[tuple[Carrier, str]]:
        """Tell who may carry a send, in order, and on which channel each.

        Args:
            channel: the one that was asked for.

        Returns:
            The first transport that serves it and all behind it; those that do not serve it use their own.

        Raises:
            DeliveryError: none serves it, for example since the challenge was made.
        """
        if channel not in self.channels:
            raise DeliveryError("channel", False, "no transport serves this channel", "caller")
        behind = dropwhile(lambda carrier: channel not in carrier.channels, self.carriers)
        return [(carrier, carrier.carries(channel)) for carrier in behind]

    def after(self, name: str) -> Route | None:
        """Tell who comes behind a transport.

        Args:
            name: the transport's.

        Returns:
            The rest of the route; `None` where there is none, or the transport is not on it.
        """
        names = [carrier.name for carrier in self.carriers]
        behind = self.carriers[names.index(name) + 1 :] if name in names else ()
        return Route(behind, on_unanswered=self.on_unanswered) if behind else None

    def named(self, name: str) -> Carrier | None:
        """Find a transport.

        Args:
            name: its name.

        Returns:
            The transport, or `None`.
        """
        return next((carrier for carrier in self.carriers if carrier.name == name), None)

    def close(self) -> None:
        """End the threads; the transports themselves stay open."""
        for carrier in self.carriers:
            carrier.close()


def deliver(legs: Sequence[Leg], gate: Gate) -> Flow[Landing]:
    """Try one transport after the other, for as long as each surely did not take the send.

    Args:
        legs: whom to ask for what, in order; at least one.
        gate: what stands before each.

    Returns:
        Where it ended: taken, or nobody knows. Then no other is asked, for there would be two calls.

    Raises:
        DeliveryError: none of them took it.
    """
    refusals: list[DeliveryError] = []
    skipped: list[DeliveryError] = []
    for leg in legs:
        if not (yield from gate.allows(leg.carrier)):
            message = f"{leg.carrier.name} failed several times in a row and is not asked for a while"
            skipped.append(DeliveryError("circuit_open", True, message))
            continue
        try:
            delivery = leg.carrier.delivery((yield from call(leg.carrier.send, leg.message)))
        except DeliveryUnknownError as error:
            yield from gate.hears(leg, error)
            return Landing(leg, leg.carrier.unknown(), error)
        except DeliveryError as error:
            yield from gate.hears(leg, error)
            refusals.append(error)
        except Exception as error:  # noqa: BLE001 - whatever a transport raises, the call may have been made
            yield from gate.hears(leg, error)
            return Landing(leg, leg.carrier.unknown(), error)
        else:
            yield from gate.hears(leg, None)
            return Landing(leg, delivery)
    raise (refusals or skipped)[-1]
