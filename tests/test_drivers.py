"""Flows are driven step by step; what goes wrong is thrown into them, so that they can roll back."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

import pytest

from otpflow.drivers import Flow, Step, arun, call, run

T = TypeVar("T")


def awaited(flow: Flow[T]) -> T:
    """Drive a flow in a loop of its own."""
    return asyncio.run(arun(flow))


DRIVERS: list[Callable[[Flow[Any]], Any]] = [run, awaited]
ERRORS = [ValueError("no"), KeyboardInterrupt(), asyncio.CancelledError(), SystemExit(3), GeneratorExit()]
driven = pytest.mark.parametrize("drive", DRIVERS, ids=["run", "arun"])


def raising(error: BaseException) -> Callable[[], object]:
    """Return a step that fails."""

    def step() -> object:
        raise error

    return step


class Later:
    """An awaitable that is no coroutine."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, object]:
        yield
        return self.value


@driven
def test_results_go_in_and_the_last_one_comes_out(drive: Callable[[Flow[Any]], Any]) -> None:
    """Each step is performed once, in order, with its arguments."""
    done: list[tuple[object, ...]] = []

    def add(*numbers: int) -> int:
        done.append(numbers)
        return sum(numbers)

    def flow() -> Flow[int]:
        first = yield from call(add, 1, 2)
        second = yield from call(add, first, 10, 100)
        return (yield from call(add)) + second

    assert drive(flow()) == 113
    assert done == [(1, 2), (3, 10, 100), ()]


@driven
def test_a_flow_without_steps(drive: Callable[[Flow[Any]], Any]) -> None:
    """A flow that needs no I/O is driven all the same."""

    def flow() -> Flow[str]:
        yield from ()
        return "done"

    assert drive(flow()) == "done"


@driven
def test_nothing_happens_before_a_flow_is_driven(drive: Callable[[Flow[Any]], Any]) -> None:
    """Making a flow or a call does no step; driving it does."""
    done: list[int] = []
    made = call(done.append, 1)
    assert done == []
    drive(made)
    assert done == [1]


@driven
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_thrown_into_the_flow(drive: Callable[[Flow[Any]], Any], error: BaseException) -> None:
    """The flow sees the very error where the step was asked for, rolls back by further steps, and lets it out."""
    done: list[object] = []

    def flow() -> Flow[None]:
        try:
            yield from call(raising(error))
        except BaseException as caught:
            yield from call(done.append, caught)
            yield from call(done.append, "rolled back")
            raise
        done.append("went on")

    with pytest.raises(type(error)) as caught:
        drive(flow())
    assert caught.value is error
    assert done == [error, "rolled back"]


@driven
@pytest.mark.parametrize("error", ERRORS[:4], ids=lambda error: type(error).__name__)
def test_a_flow_may_answer_an_error(drive: Callable[[Flow[Any]], Any], error: BaseException) -> None:
    """A flow that deals with the error goes on to its end."""

    def flow() -> Flow[str]:
        try:
            yield from call(raising(error))
        except BaseException as caught:  # noqa: BLE001 - as a flow that rolls back may
            return f"dealt with {type(caught).__name__}"
        return "no error"

    assert drive(flow()) == f"dealt with {type(error).__name__}"


@driven
def test_an_error_of_the_flow_itself_comes_out(drive: Callable[[Flow[Any]], Any]) -> None:
    """What a flow raises between two steps, or while it rolls back, is what the caller gets."""

    def flow() -> Flow[None]:
        try:
            yield from call(raising(ValueError("first")))
        except ValueError as error:
            yield from call(raising(LookupError("second")))
            raise AssertionError from error

    with pytest.raises(LookupError, match="second") as caught:
        drive(flow())
    assert repr(caught.value.__context__) == "ValueError('first')"


@driven
def test_a_step_cannot_end_the_flow(drive: Callable[[Flow[Any]], Any]) -> None:
    """A step's `StopIteration` is an error, never the flow's result."""

    def flow() -> Flow[str]:
        yield from call(raising(StopIteration("verified")))
        return "went on"

    with pytest.raises(RuntimeError, match="StopIteration"):
        drive(flow())


def test_the_blocking_driver_awaits_nothing() -> None:
    """`run` hands an awaitable over as it is; `arun` hands over what it gives."""
    later = Later("result")

    def give() -> object:
        return later

    def flow() -> Flow[object]:
        return (yield from call(give))

    assert run(flow()) is later
    assert awaited(flow()) == "result"


def test_every_kind_of_awaitable_is_awaited() -> None:
    """Coroutines, tasks, futures and objects with `__await__`, and plain values between them."""

    async def coroutine(value: str) -> str:
        await asyncio.sleep(0)
        return value

    def task(value: str) -> Awaitable[str]:
        return asyncio.get_running_loop().create_task(coroutine(value))

    def future(value: str) -> Awaitable[str]:
        made = asyncio.get_running_loop().create_future()
        made.set_result(value)
        return made

    def flow() -> Flow[list[object]]:
        found: list[object] = []
        functions: list[Callable[[str], Any]] = [coroutine, task, future, Later, str.upper]
        for function in functions:
            found.append((yield from call(function, "x")))
        return found

    assert awaited(flow()) == ["x", "x", "x", "x", "X"]


def test_a_cancelled_task_rolls_back() -> None:
    """`CancelledError` arrives in the flow, which may still await its roll-back; the task ends as cancelled."""
    done: list[str] = []

    async def story() -> bool:
        entered = asyncio.Event()

        async def hang() -> None:
            entered.set()
            await asyncio.get_running_loop().create_future()

        async def release() -> None:
            await asyncio.sleep(0)
            done.append("released")

        started: Callable[[], Any] = hang
        ended: Callable[[], Any] = release

        def flow() -> Flow[None]:
            try:
                yield from call(started)
            except asyncio.CancelledError:
                yield from call(ended)
                raise

        task = asyncio.create_task(arun(flow()))
        await entered.wait()
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(story()) is True
    assert done == ["released"]


def test_a_flow_can_be_stepped_without_io() -> None:
    """A test drives a flow by hand: steps are values that can be compared, results are sent in."""

    def flow() -> Flow[str]:
        first = yield from call(str.upper, "a")
        second = yield from call(str.join, first, ["1", "2"])
        return second

    stepped = flow()
    assert next(stepped) == Step(str.upper, ("a",))
    assert stepped.send("B") == Step(str.join, ("B", ["1", "2"]))
    with pytest.raises(StopIteration) as end:
        stepped.send("last")
    assert end.value.value == "last"


def test_a_step_does_not_change() -> None:
    """What a flow asked for cannot be turned into something else on its way."""
    step = Step(str.upper, ("a",))
    with pytest.raises(dataclasses.FrozenInstanceError):
        step.function = str.lower  # type: ignore[misc]
