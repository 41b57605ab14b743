"""The contract between the flows and Redis: one operation is one script, run as a whole.

The records here are made anew for every call, and not frozen: that would cost a twentieth of the engine's own time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from otpflow.models import DeliveryState, Outcome

T = TypeVar("T")


@dataclass(slots=True)
class Place:
    """Which challenge of which number; neither can be turned back into the number or the id.

    Attributes:
        slot: names the number's slot in Redis.
        locator: names the challenge in that slot.
    """

    slot: str
    locator: str


@dataclass(slots=True, kw_only=True)
class Operation(Generic[T]):
    """One run of one script.

    Attributes:
        name: the script's file name, without its ending.
        keys: the Redis keys, all in one slot.
        arguments: its arguments.
        parse: reads the reply, and raises `ValueError` where it is none of this script's.
        durable: whether it counts only once the replicas have it.
    """

    name: str
    keys: tuple[str, ...]
    arguments: tuple[str | int, ...] = field(repr=False)
    parse: Callable[[object], T] = field(repr=False)
    durable: bool = False


@dataclass(slots=True, kw_only=True)
class Left:
    """What is left of a challenge.

    Attributes:
        wait: seconds until the number may be sent to again.
        life: seconds that the longest-living code still has.
        attempts: attempts left.
        sends: sends left.
    """

    wait: float
    life: float
    attempts: int
    sends: int


@dataclass(slots=True, kw_only=True)
class Confirmation(Left):
    """What is left of a challenge after a send, and what is known of the send.

    Attributes:
        delivery: what the transport said, or what a report said before it.
    """

    delivery: DeliveryState


@dataclass(slots=True, kw_only=True)
class Progress:
    """What is known of a send after a report, or before the provider is asked.

    Attributes:
        status: of a report: `"moved"`, `"same"`, `"earlier"` (a later send was made since, or another
            transport has taken this one) or `"gone"`; of a turn to ask: `"ask"`, `"last"`, `"wait"`, `"over"`
            or `"gone"`.
        state: what is known.
        reference: the provider's id of the send; empty where it gave none.
        number: of a turn to ask, number of the send.
        provider: of a turn to ask, name of the transport.
    """

    status: str
    state: DeliveryState = DeliveryState.UNKNOWN
    reference: str = ""
    number: int = 0
    provider: str = ""


@dataclass(slots=True, kw_only=True)
class Circuit:
    """Whether a provider is asked at all.

    Attributes:
        status: `"closed"`: it is; `"open"`: it is not; `"probe"`: this call may find out whether it is up.
        wait: with `"open"`, seconds until one call may find out.
    """

    status: str
    wait: float


@dataclass(slots=True, kw_only=True)
class View(Left):
    """What the application may see of a challenge, and what a re-send needs of it.

    Attributes:
        sequence: number of the latest send, from 1.
        state: `"pending"`, `"verified"`, `"cancelled"`, or empty where there is no challenge.
        delivery: what is known of the latest send.
        provider: name of the transport.
        reference: the provider's id of the send.
        channel: channel of the first send.
        purpose: what the code is for.
        locale: the language of the first send.
        sealed: the number, sealed.
        context: the context, sealed; empty where there is none.
    """

    sequence: int
    state: str
    delivery: DeliveryState
    provider: str
    reference: str
    channel: str
    purpose: str
    locale: str
    sealed: str = field(repr=False)
    context: str = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Admission:
    """Whether a send was reserved.

    Attributes:
        status: `"admitted"`, `"replay"` (this challenge was admitted before), `"throttled"`, or the state
            that forbids it: `"expired"`, `"verified"`, `"cancelled"`, `"exhausted"`, `"overtaken"`.
        view: the challenge, where it is a replay or a further send was admitted.
        wait: with `"throttled"`, seconds until there is room.
        limit: with `"throttled"`, the rule that says so.
    """

    status: str
    view: View | None = None
    wait: float = 0.0
    limit: str = ""


@dataclass(slots=True, kw_only=True)
class Code:
    """The hash of one code of a challenge.

    Attributes:
        number: number of the send that it went with, from 1.
        digest: the hash.
        standing: `"live"`, `"superseded"` or `"expired"`.
    """

    number: int
    digest: str = field(repr=False)
    standing: str


@dataclass(slots=True, kw_only=True)
class Claim:
    """What became of the wish to try a code.

    Attributes:
        status: `"claimed"`, `"settled"`, `"expired"`, `"used"`, `"exhausted"` or `"throttled"`.
        attempts: attempts left, where the challenge is there.
        wait: with `"throttled"`, seconds until there is room.
        outcome: with `"settled"`, the verdict that this attempt has.
        sealed: with `"claimed"` and `"settled"`, the number, sealed.
        codes: with `"claimed"`, the codes, newest first.
    """

    status: str
    attempts: int | None = None
    wait: float = 0.0
    outcome: Outcome | None = None
    sealed: str = field(default="", repr=False)
    codes: tuple[Code, ...] = ()


@dataclass(slots=True, kw_only=True)
class Settlement:
    """The verdict that an attempt has now.

    Attributes:
        outcome: the verdict.
        attempts: attempts left.
    """

    outcome: Outcome
    attempts: int


class Store(Protocol):
    """Runs operations, each of them atomically."""

    asynchronous: bool
    """Whether `run` is for `AsyncOTPEngine`."""

    def run(self, operation: Operation[T], /) -> T | Awaitable[T]:
        """Run one operation, in bounded time.

        Args:
            operation: what to run.

        Returns:
            What the script answered, or an awaitable of it.

        Raises:
            StoreUnavailableError: it did not run, or nobody knows whether it did.
        """
        ...
