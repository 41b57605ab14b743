"""Events reach every hook, and no hook can break a login."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import pickle
import time
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any

import pytest

from otpflow.errors import ConfigurationError
from otpflow.events import Event, EventKind, Events, log

FULL = Event(
    kind=EventKind.CHECKED,
    at=1_700_000_000.5,
    challenge="locator",
    recipient_masked="+84*****8484",
    purpose="login",
    channel="voice",
    detail={"outcome": "WRONG_CODE", "attempts": 4},
)


async def awaiting(event: Event) -> None:
    """A hook that would have to be awaited."""


class AwaitingObject:
    """A hook whose call would have to be awaited."""

    async def __call__(self, event: Event) -> None:
        """Do nothing."""


class Broken:
    """A hook that fails with something that must not be logged."""

    def __call__(self, event: Event) -> None:
        """Fail."""
        msg = "+84901888484"
        raise RuntimeError(msg)


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int, str]]:
    """Return what was logged."""
    return [(record.name, record.levelno, record.getMessage()) for record in caplog.records]


def test_what_is_left_out_is_empty() -> None:
    """Only the kind is needed; the moment is that of this machine, the rest says nothing."""
    before = time.time()
    event = Event(kind=EventKind.ISSUED)
    assert before <= event.at <= time.time()
    assert event == Event(
        kind=EventKind.ISSUED,
        at=event.at,
        challenge="",
        recipient_masked="",
        purpose="",
        channel="",
        detail={},
    )


def test_an_event_as_json() -> None:
    """A hook can write any event down with the standard library alone."""
    event = Event(kind=EventKind.UNLOCKED, at=1.5)
    for each in (event, FULL):
        assert Event(**json.loads(json.dumps(dataclasses.asdict(each)))) == each


def test_an_event_does_not_change() -> None:
    """One hook cannot change what the next one sees."""
    event: Any = Event(kind=EventKind.ISSUED)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.purpose = "other"
    with pytest.raises(TypeError, match="positional argument"):
        Event(EventKind.ISSUED)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "detail", [{}, {"limit": "hour"}, MappingProxyType({"limit": "hour", "wait": 1.5})], ids=repr
)
def test_an_event_survives_a_pickle(detail: Any) -> None:
    """A worker process can hand an event on, whatever kind of mapping it holds."""
    event = dataclasses.replace(FULL, detail=detail)
    assert pickle.loads(pickle.dumps(event)) == event
    assert pickle.loads(pickle.dumps(Event(kind=EventKind.ISSUED, at=1.0))) == Event(
        kind=EventKind.ISSUED, at=1.0
    )


@pytest.mark.parametrize("container", [tuple, list], ids=lambda container: container.__name__)
def test_every_hook_hears_in_order(container: Any) -> None:
    """Each hook is called once per event, in the order given."""
    heard: list[tuple[int, Event]] = []

    def hear(number: int, event: Event) -> None:
        heard.append((number, event))

    hooks = container(functools.partial(hear, number) for number in range(3))
    Events(hooks).emit(FULL)
    assert heard == [(0, FULL), (1, FULL), (2, FULL)]


@pytest.mark.parametrize("container", [set, frozenset], ids=lambda container: container.__name__)
def test_a_set_of_hooks(container: Any) -> None:
    """Where the order does not matter to the application, it need not give one."""
    heard: list[Event] = []
    Events(container([heard.append])).emit(FULL)
    assert heard == [FULL]


def test_whether_anybody_listens() -> None:
    """Without hooks no event needs to be made."""
    assert (Events(()).heard, Events((log,)).heard) == (False, True)
    Events(()).emit(FULL)


def test_hooks_that_are_added_later_are_not_heard() -> None:
    """The hooks are those that the engine was built with."""
    heard: list[Event] = []
    hooks: list[Any] = []
    events = Events(hooks)
    hooks.append(heard.append)
    events.emit(FULL)
    assert heard == []


@pytest.mark.guarantee("S1")
def test_a_broken_hook_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The others hear the event all the same; the log names the hook and the kind of error, not its words."""
    heard: list[Event] = []

    def broken_function(event: Event) -> None:
        raise LookupError(event.recipient_masked)

    with caplog.at_level(logging.DEBUG, "otpflow"):
        Events((heard.append, Broken(), broken_function, heard.append)).emit(FULL)
    assert heard == [FULL, FULL]
    name = f"{test_a_broken_hook_harms_nothing.__name__}.<locals>.broken_function"
    assert lines(caplog) == [
        ("otpflow", logging.ERROR, "the event hook Broken raised RuntimeError"),
        ("otpflow", logging.ERROR, f"the event hook {name} raised LookupError"),
    ]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_the_end_of_the_program_is_not_held_back(error: type[BaseException]) -> None:
    """Ctrl-C in a hook ends the program, as it does everywhere else."""

    def ending(event: Event) -> None:
        raise error

    with pytest.raises(error):
        Events((ending,)).emit(FULL)


def generated() -> Iterator[object]:
    """Return an iterator, which would be empty when it is looked at again."""
    return iter((log,))


@pytest.mark.parametrize(
    ("hooks", "kind"),
    [
        (None, "NoneType"),
        (log, "function"),
        ("log", "str"),
        (generated(), "tuple_iterator"),
        ({log: 1}, "dict"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_list_of_hooks(hooks: object, kind: str) -> None:
    """A bare function, a text or an iterator is refused when the engine is built."""
    with pytest.raises(ConfigurationError) as caught:
        Events(hooks)
    assert caught.value.problems == (f"on_event is a {kind}; give a tuple of functions",)


def test_every_hook_that_will_not_do_is_told_at_once() -> None:
    """What cannot be called and what would have to be awaited are refused, and nothing else is."""
    with pytest.raises(ConfigurationError) as caught:
        Events((None, log, 5, awaiting, Broken(), "log"))
    assert caught.value.problems == (
        "on_event has a NoneType; give functions that take an Event",
        "on_event has a int; give functions that take an Event",
        "on_event has the async function awaiting; give one that does not await",
        "on_event has a str; give functions that take an Event",
    )


@pytest.mark.parametrize(
    ("hook", "name"),
    [
        (functools.partial(awaiting), "partial"),
        (AwaitingObject(), "AwaitingObject"),
        (AwaitingObject().__call__, "AwaitingObject.__call__"),
    ],
    ids=["partial", "object", "method"],
)
def test_a_hook_that_awaits_is_found_out_in_any_shape(hook: Any, name: str) -> None:
    """A hook whose coroutine nobody would await is refused, whatever it looks like."""
    with pytest.raises(ConfigurationError) as caught:
        Events((hook,))
    assert caught.value.problems == (f"on_event has the async function {name}; give one that does not await",)


TROUBLE = {
    *("OVERLOADED", "DELIVERY_REFUSED", "DELIVERY_UNKNOWN", "RECEIPT_REFUSED", "ALARM", "CIRCUIT_OPENED"),
    *("STORE_UNAVAILABLE", "UNREADABLE"),
}


def told(events: Iterable[Event], caplog: pytest.LogCaptureFixture, level: int) -> list[tuple[str, int, str]]:
    """Log events at a level and return what was written."""
    with caplog.at_level(level, "otpflow"):
        for event in events:
            log(event)
    return lines(caplog)


def test_the_log_line(caplog: pytest.LogCaptureFixture) -> None:
    """What is empty is left out; the rest is one line."""
    assert told((FULL, Event(kind=EventKind.ISSUED)), caplog, logging.INFO) == [
        ("otpflow", logging.INFO, "CHECKED +84*****8484 login voice locator outcome=WRONG_CODE attempts=4"),
        ("otpflow", logging.INFO, "ISSUED "),
    ]


def test_trouble_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Where the system failed it is a warning, where a user did something it is information."""
    levels = {text.strip(): level for _, level, text in told(map(of_kind, EventKind), caplog, logging.DEBUG)}
    assert levels == {
        kind.value: logging.WARNING if kind.value in TROUBLE else logging.INFO for kind in EventKind
    }


def of_kind(kind: EventKind) -> Event:
    """Return an event with nothing but its kind."""
    return Event(kind=kind)


def test_what_is_not_wanted_is_not_written(caplog: pytest.LogCaptureFixture) -> None:
    """At the level of warnings, information costs nothing: it is not even put into words."""

    class Unspeakable(dict[str, Any]):
        """A detail that must not be looked at."""

        def items(self) -> Any:
            """Fail."""
            raise AssertionError

    assert told((dataclasses.replace(FULL, detail=Unspeakable(a=1)),), caplog, logging.WARNING) == []


WORDS = (
    "ISSUED RESENT REPEATED THROTTLED OVERLOADED DELIVERY_REFUSED DELIVERY_UNKNOWN DELIVERY_REPORTED "
    "RECEIPT_REFUSED WENT_ON ALARM CIRCUIT_OPENED CIRCUIT_CLOSED STORE_UNAVAILABLE CHECKED CANCELLED UNLOCKED "
    "UNREADABLE"
)


def test_the_words() -> None:
    """Each kind is its own value, so that it reads alike in logs and metrics."""
    assert {kind.name: str(kind) for kind in EventKind} == {name: name for name in WORDS.split()}
