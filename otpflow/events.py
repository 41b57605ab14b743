"""What happened, step by step, for logs, metrics and support: masked, and never with a code."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from otpflow.errors import ConfigurationError

_LOGGER = logging.getLogger("otpflow")


class EventKind(StrEnum):
    """What kind of step it was."""

    ISSUED = "ISSUED"
    RESENT = "RESENT"
    REPEATED = "REPEATED"
    THROTTLED = "THROTTLED"
    OVERLOADED = "OVERLOADED"
    DELIVERY_REFUSED = "DELIVERY_REFUSED"
    DELIVERY_UNKNOWN = "DELIVERY_UNKNOWN"
    DELIVERY_REPORTED = "DELIVERY_REPORTED"
    RECEIPT_REFUSED = "RECEIPT_REFUSED"
    WENT_ON = "WENT_ON"
    ALARM = "ALARM"
    CIRCUIT_OPENED = "CIRCUIT_OPENED"
    CIRCUIT_CLOSED = "CIRCUIT_CLOSED"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    CHECKED = "CHECKED"
    CANCELLED = "CANCELLED"
    UNLOCKED = "UNLOCKED"
    UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step.

    Attributes:
        kind: what kind of step.
        at: when, in seconds since 1970 by this machine's clock; for reading only, nothing depends on it.
        challenge: names the challenge; it cannot be turned back into its id. Empty where there is none.
        recipient_masked: the number as it may be shown; empty where it is not known.
        purpose: what the code is for; empty where it is not known.
        channel: where it went; empty where nothing was sent.
        detail: what else there is, in words and numbers: outcome, limit, retry_after, provider, code …
    """

    kind: EventKind
    at: float = field(default_factory=time.time)
    challenge: str = ""
    recipient_masked: str = ""
    purpose: str = ""
    channel: str = ""
    detail: Mapping[str, str | float] = field(default_factory=dict[str, str | float])

    def __reduce__(self) -> tuple[object, ...]:
        return _event, (
            self.kind,
            self.at,
            self.challenge,
            self.recipient_masked,
            self.purpose,
            self.channel,
            dict(self.detail),
        )


Hook = Callable[[Event], object]
"""Called with every event, in the thread that makes it; it must be quick and must not await."""


def log(event: Event) -> None:
    """Write an event to the logger `otpflow`: warnings where the system failed, otherwise information.

    Args:
        event: what happened.
    """
    level = logging.WARNING if event.kind in _TROUBLE else logging.INFO
    if _LOGGER.isEnabledFor(level):
        detail = " ".join(f"{name}={value}" for name, value in event.detail.items())
        parts = (event.recipient_masked, event.purpose, event.channel, event.challenge, detail)
        _LOGGER.log(level, "%s %s", event.kind.value, " ".join(part for part in parts if part))


_TROUBLE = frozenset(
    {
        EventKind.OVERLOADED,
        EventKind.DELIVERY_REFUSED,
        EventKind.DELIVERY_UNKNOWN,
        EventKind.RECEIPT_REFUSED,
        EventKind.ALARM,
        EventKind.CIRCUIT_OPENED,
        EventKind.STORE_UNAVAILABLE,
        EventKind.UNREADABLE,
    }
)


class Events:
    """Hands every event to every hook; a hook that fails is named in the log and harms nothing.

    Args:
        hooks: what to call.

    Raises:
        ConfigurationError: one of them cannot be called, or would have to be awaited.
    """

    def __init__(self, hooks: object) -> None:
        self._hooks = _checked(hooks)

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._hooks)

    def emit(self, event: Event) -> None:
        """Tell the hooks.

        Args:
            event: what happened.
        """
        for hook in self._hooks:
            try:
                hook(event)
            except Exception as error:  # noqa: BLE001 - a broken metric must not break a login
                # Without the traceback: its last line would be the hook's own words, which may hold anything.
                _LOGGER.error("the event hook %s raised %s", _named(hook), type(error).__name__)  # noqa: TRY400


def _checked(hooks: object) -> tuple[Hook, ...]:
    if not isinstance(hooks, tuple | list | set | frozenset):
        raise ConfigurationError(f"on_event is a {type(hooks).__name__}; give a tuple of functions")
    found: list[Hook] = []
    problems: list[str] = []
    for hook in cast("Iterable[object]", hooks):
        if not callable(hook):
            problems.append(f"on_event has a {type(hook).__name__}; give functions that take an Event")
        elif _awaits(hook):
            problems.append(f"on_event has the async function {_named(hook)}; give one that does not await")
        else:
            found.append(hook)
    if problems:
        raise ConfigurationError(*problems)
    return tuple(found)


def _awaits(hook: object) -> bool:
    call = getattr(hook, "__call__", None)  # noqa: B004 - an object can be called, and its call may be async
    return inspect.iscoroutinefunction(hook) or inspect.iscoroutinefunction(call)


def _named(hook: object) -> str:
    return getattr(hook, "__qualname__", type(hook).__name__)


def _event(
    kind: EventKind,
    at: float,
    challenge: str,
    recipient_masked: str,
    purpose: str,
    channel: str,
    detail: Mapping[str, str | float],
) -> Event:
    return Event(
        kind=kind,
        at=at,
        challenge=challenge,
        recipient_masked=recipient_masked,
        purpose=purpose,
        channel=channel,
        detail=detail,
    )
