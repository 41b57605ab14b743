"""The two small loops that run a flow: one blocking, one awaiting.

A flow is a generator that yields steps. The driver performs each step and sends the result in, or
throws the error in, so that the flow itself can roll back.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of I/O that a flow wants done.

    Attributes:
        function: what to call; it may return an awaitable only where `arun` drives the flow.
        arguments: its positional arguments.
    """

    function: Callable[..., object]
    arguments: tuple[object, ...]


Flow = Generator[Step, Any, T]
"""A flow that ends with a `T`."""


def call(function: Callable[[*Arguments], T | Awaitable[T]], *arguments: *Arguments) -> Flow[T]:
    """Ask the driver to perform one step; to be used with `yield from`.

    Args:
        function: what to call, blocking or not, as the driver can.
        arguments: its positional arguments.

    Returns:
        What the function returned, or what its awaitable gave.
    """
    result: T = yield Step(function, arguments)
    return result


def run(flow: Flow[T]) -> T:
    """Drive a flow to its end, blocking.

    Args:
        flow: a flow whose steps return plain values.

    Returns:
        What the flow returned.
    """
    try:
        step = next(flow)
        while True:
            try:
                result = step.function(*step.arguments)
            except BaseException as error:  # noqa: BLE001 - the flow decides
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


async def arun(flow: Flow[T]) -> T:
    """Drive a flow to its end, awaiting every step that returns an awaitable.

    Args:
        flow: a flow whose steps return plain values or awaitables.

    Returns:
        What the flow returned.
    """
    try:
        step = next(flow)
        while True:
            try:
                result = step.function(*step.arguments)
                if inspect.isawaitable(result):
                    result = await result
            except BaseException as error:  # noqa: BLE001 - the flow decides
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
