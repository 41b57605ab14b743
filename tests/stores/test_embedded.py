"""The embedded stores: the same scripts in this process, by many threads, and errors of the same kind."""

from __future__ import annotations

import asyncio
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from otpflow import ConfigurationError, StoreUnavailableError, stores
from otpflow.stores import AsyncEmbeddedStore, EmbeddedStore
from otpflow.stores._wire import bind, unlock
from otpflow.stores.base import Operation

SLOT = "AAAAAAAAAAAAAAAAAAAA"
KINDS = (EmbeddedStore, AsyncEmbeddedStore)


def refused(reply: object) -> int:
    """Read a reply as one that is of another script."""
    raise ValueError(f"CANARY {reply!r}")


@pytest.mark.parametrize("kind", KINDS)
def test_an_operation_runs_at_once(kind: Any) -> None:
    """Both twins give the answer itself."""
    store = kind()

    assert store.run(bind(SLOT, "first", 60_000)) == "first"
    assert store.run(bind(SLOT, "second", 60_000)) == "first"
    assert store.run(unlock(SLOT)) == 0


def test_every_store_is_a_world_of_its_own() -> None:
    """Two stores in one process share nothing."""
    one, other = EmbeddedStore(), EmbeddedStore()
    one.run(bind(SLOT, "first", 60_000))

    assert other.run(bind(SLOT, "second", 60_000)) == "second"


def test_threads_run_their_operations_one_by_one() -> None:
    """While one script runs, no other thread's script begins."""
    store = EmbeddedStore()
    inside: list[int] = []
    most: list[int] = []
    together = threading.Barrier(2)

    def script(keys: object, args: object) -> list[bytes]:
        inside.append(1)
        most.append(len(inside))
        with suppress(threading.BrokenBarrierError):
            together.wait(timeout=0.2)
        inside.pop()
        return [b"value"]

    vars(store)["_scripts"]["bind"] = script
    operation = bind(SLOT, "value", 60_000)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(store.run, [operation] * 2))

    assert (answers, most) == (["value", "value"], [1, 1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (Operation(name="store", keys=(), arguments=(), parse=str), "ResponseError"),
        (
            Operation(name="bind", keys=(f"otpflow:1:{{{SLOT}}}:x",), arguments=("v", 9_000), parse=refused),
            "ValueError",
        ),
        (Operation(name="unlock", keys=(SLOT,), arguments=(("CANARY",),), parse=str), "DataError"),  # type: ignore[arg-type]
    ],
    ids=["script", "reply", "argument"],
)
def test_a_failure_is_of_the_one_kind(kind: Any, operation: Operation[Any], said: str) -> None:
    """The error names the operation and what failed, without its words."""
    with pytest.raises(StoreUnavailableError) as caught:
        kind().run(operation)

    assert str(caught.value) == f"{operation.name}: the embedded store failed ({said})"
    assert type(caught.value.__cause__).__name__ == said


def test_without_fakeredis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded store is an extra, and the error names it."""
    monkeypatch.setitem(sys.modules, "fakeredis", None)

    with pytest.raises(ConfigurationError) as caught:
        EmbeddedStore()
    assert caught.value.problems == (
        "the embedded store needs fakeredis: python -m pip install 'otpflow[embedded]'",
    )
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_not_for_storing(kind: Any) -> None:
    """It lives in one process, and says so."""
    with pytest.raises(
        TypeError, match=f"^an {kind.__name__} lives in one process; build it where it is used$"
    ):
        pickle.dumps(kind())
    assert repr(kind()) == f"{kind.__name__}()"


def test_closing_forgets_nothing() -> None:
    """What is kept stays while the store does, also after its block has ended."""

    async def entered() -> str:
        async with AsyncEmbeddedStore() as store:
            store.run(bind(SLOT, "first", 60_000))
        await store.aclose()
        return store.run(bind(SLOT, "second", 60_000))

    with EmbeddedStore() as plain:
        plain.run(bind(SLOT, "first", 60_000))
    plain.close()

    assert plain.run(bind(SLOT, "second", 60_000)) == "first"
    assert asyncio.run(entered()) == "first"


def test_a_name_is_imported_when_it_is_used() -> None:
    """The package lists its stores, gives each of them, and knows no other name."""
    assert dir(stores) == sorted(stores.__all__)
    assert {getattr(stores, name).__name__ for name in stores.__all__} == set(stores.__all__)
    with pytest.raises(AttributeError, match=r"^module 'otpflow\.stores' has no attribute 'MemcachedStore'$"):
        stores.__getattr__("MemcachedStore")
