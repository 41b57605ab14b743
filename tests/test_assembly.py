"""How an engine is put together: every argument checked, every problem told at once."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any, TypeAlias, cast

import pytest

from otpflow import (
    AsyncOTPEngine,
    ConfigurationError,
    HashCost,
    Message,
    OTPEngine,
    Policy,
    Receipt,
    Templates,
    log,
)
from otpflow.stores import AsyncEmbeddedStore, AsyncRedisStore, EmbeddedStore, RedisStore
from otpflow.testing import Outbox

Engine: TypeAlias = type[OTPEngine] | type[AsyncOTPEngine]
NOWHERE = "redis://127.0.0.1:1/0"
KEY = "k1:" + "CANARYserverkey0123456789abcdefghijklmnopq-"


class Awaited:
    """A transport for the async engine alone."""

    async def send(self, message: Message, /) -> Receipt | None:
        """Take a message."""


@pytest.fixture(params=[OTPEngine, AsyncOTPEngine])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine."""
    kind: Engine = request.param
    return kind


@pytest.fixture
def store(engine: Engine) -> EmbeddedStore:
    """A store that fits the engine."""
    return AsyncEmbeddedStore() if engine is AsyncOTPEngine else EmbeddedStore()


Build: TypeAlias = Callable[..., Any]


@pytest.fixture
def build(engine: Engine, store: EmbeddedStore) -> Build:
    """Build an engine with good arguments, but for those that are given."""

    def built(**changes: Any) -> Any:
        arguments: dict[str, Any] = {"store": store, "transport": Outbox(), "keys": KEY, **changes}
        return engine(arguments.pop("store"), arguments.pop("transport"), **arguments)

    return built


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {"transport": object()},
            ("transport is a object, without a send(message); give any object that has one",),
        ),
        ({"keys": "k1:weak"}, ("keys: key 'k1' is weak: 32 random bytes are needed; see `otpflow keygen`",)),
        (
            {"keys": None},
            (
                "keys: at least one server key is needed; make one with `otpflow keygen` and keep it outside Redis",
            ),
        ),
        ({"policy": {"digits": 6}}, ("policy is a dict; give a Policy(…), or leave it out",)),
        (
            {"policy": Policy(countries=("VN", "XX"))},
            ("countries has 'XX', which is no ISO 3166-1 region such as 'VN'",),
        ),
        ({"templates": "hi $code"}, ("templates is a str; give Templates(…), or leave it out",)),
        ({"hash_cost": "LIGHT"}, ("hash_cost is no HashCost; give HashCost.LIGHT or HashCost.OWASP",)),
        ({"on_event": print}, ("on_event is a builtin_function_or_method; give a tuple of functions",)),
        (
            {"namespace": "my shop"},
            ("namespace is 'my shop'; give 1 to 64 letters, digits, '_', '-', '.' or ':'",),
        ),
        (
            {"namespace": None},
            ("namespace is a NoneType; give 1 to 64 letters, digits, '_', '-', '.' or ':'",),
        ),
        (
            {"namespace": "x" * 65},
            (f"namespace is '{'x' * 40}'; give 1 to 64 letters, digits, '_', '-', '.' or ':'",),
        ),
        (
            {"app": " "},
            ("app is ' '; give the name that users know the service by, at most 40 characters",),
        ),
        (
            {"app": b"x"},
            ("app is a bytes; give the name that users know the service by, at most 40 characters",),
        ),
        (
            {"app": "x" * 41},
            (f"app is '{'x' * 40}'; give the name that users know the service by, at most 40 characters",),
        ),
        (
            {"app": "a\nb"},
            ("app is 'a\\nb'; give the name that users know the service by, at most 40 characters",),
        ),
        (
            {"callback_url": "shop.example"},
            (
                "callback_url is no http(s) URL without a fragment; give for example 'https://shop.example/otp'",
            ),
        ),
    ],
)
def test_each_argument_is_checked(build: Build, changes: dict[str, Any], problems: tuple[str, ...]) -> None:
    """What is wrong is named, with what to give instead."""
    with pytest.raises(ConfigurationError) as caught:
        build(**changes)

    assert caught.value.problems == problems


def test_every_problem_of_every_argument_is_told_at_once(build: Build) -> None:
    """One error lists them all, in the order of the arguments, and no part of the key."""
    with pytest.raises(ConfigurationError) as caught:
        build(
            store=None,
            transport=None,
            keys=f"{KEY},{KEY}",
            policy=1,
            namespace="",
            hash_cost=None,
            app="",
            templates=2,
            callback_url=3,
            on_event=(4, 5),
        )

    starts = (
        "store",
        "transport",
        "keys",
        "on_event",
        "on_event",
        "policy",
        "templates",
        "hash_cost",
        "namespace",
    )
    found = caught.value.problems
    assert [problem.split()[0].strip(":") for problem in found] == [*starts, "app", "callback_url"]
    assert str(caught.value).startswith("11 problems:\n- store is a NoneType; give a store such as ")
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "shown"),
    [
        (None, "a NoneType"),
        (NOWHERE, "a str"),
        (EmbeddedStore, "the class EmbeddedStore"),
        (type("Half", (), {"asynchronous": False})(), "a Half"),
        (type("Odd", (), {"asynchronous": 1, "run": print})(), "a Odd"),
    ],
    ids=["none", "url", "class", "half", "odd"],
)
def test_a_store_is_an_object_that_runs_operations(
    engine: Engine, build: Build, wrong: object, shown: str
) -> None:
    """Anything else is named, with what to give instead."""
    prefix = "Async" if engine is AsyncOTPEngine else ""
    with pytest.raises(ConfigurationError) as caught:
        build(store=wrong)

    assert caught.value.problems == (
        f"store is {shown}; give a store such as {prefix}RedisStore.from_url(…)",
    )


def test_a_store_must_be_of_the_engines_kind() -> None:
    """The error names the twin that fits."""
    plain, awaiting = RedisStore.from_url(NOWHERE), AsyncRedisStore.from_url(NOWHERE)
    for build, problem in (
        (
            lambda: OTPEngine(awaiting, Outbox(), keys=KEY),
            "store is a AsyncRedisStore; OTPEngine needs an RedisStore",
        ),
        (
            lambda: AsyncOTPEngine(plain, Outbox(), keys=KEY),
            "store is a RedisStore; AsyncOTPEngine needs an AsyncRedisStore",
        ),
    ):
        with pytest.raises(ConfigurationError) as caught:
            build()
        assert caught.value.problems == (problem,)


def test_an_async_transport_is_for_the_async_engine() -> None:
    """The plain engine refuses it when it is built, the other one takes it."""
    with pytest.raises(ConfigurationError, match="whose send is async; give OTPEngine one with a plain send"):
        OTPEngine(EmbeddedStore(), cast("Any", Awaited()), keys=KEY)

    assert AsyncOTPEngine(AsyncEmbeddedStore(), Awaited(), keys=KEY)


def test_all_that_is_good_is_taken(build: Build) -> None:
    """Every argument has a value that is used."""
    engine = build(
        policy=Policy(digits=8),
        namespace="shop:eu-1.a_b",
        hash_cost=HashCost.OWASP,
        app="Shop Việt",
        templates=Templates(unaccent=True),
        callback_url="https://shop.example/otp",
        on_event=[log],
    )

    assert repr(engine) == f"{type(engine).__name__}(namespace='shop:eu-1.a_b', app='Shop Việt')"
    assert engine._hasher.cost == HashCost.OWASP.value


def test_nothing_secret_shows(build: Build) -> None:
    """Neither the engine nor its parts show a key when they are printed."""
    engine = build()
    flows, route = engine._flows, engine._route
    parts = [engine, flows, flows.orders, flows.operations, route, *route.carriers]

    assert not [part for part in parts if "CANARY" in repr(part)]
    assert repr(engine) == f"{type(engine).__name__}(namespace='default', app='otpflow')"


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_an_engine_is_not_for_storing(build: Build, copied: Callable[[object], object]) -> None:
    """It holds keys and connections, and says so."""
    engine = build()

    with pytest.raises(
        TypeError, match=f"^an {type(engine).__name__} holds server keys and connections; build"
    ):
        copied(engine)
