"""Engines from the environment: what is set is used, what is wrong is told at once, what is missing is said."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from otpflow import AsyncOTPEngine, ConfigurationError, OTPEngine, Policy
from otpflow.assembly import opened
from tests.subjects import KEYS, NUMBER

NOWHERE = "redis://:CANARY-password@127.0.0.1:1/0"
REDIS = {"OTPFLOW_KEYS": KEYS, "OTPFLOW_REDIS_URL": NOWHERE}
ESMS = {"OTPFLOW_KEYS": KEYS, "ESMS_API_KEY": "CANARY-api", "ESMS_SECRET_KEY": "CANARY-secret"}
ENGINES = (OTPEngine, AsyncOTPEngine)
WARNING = (
    "otpflow runs with nothing configured: challenges live in this process, codes are printed, and the server "
    "key is gone when the process ends. For production set OTPFLOW_REDIS_URL, OTPFLOW_KEYS, ESMS_API_KEY and "
    "ESMS_SECRET_KEY."
)
PRINTS = (
    "otpflow prints codes instead of sending them, since ESMS_API_KEY and ESMS_SECRET_KEY are not set, although "
    "OTPFLOW_REDIS_URL is."
)
FORGETS = (
    "otpflow keeps challenges in this process, since OTPFLOW_REDIS_URL is not set, although ESMS_API_KEY is: "
    "another process does not know them, and every budget counts once a process."
)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for a test."""
    with asyncio.Runner() as running:
        yield running


@pytest.mark.parametrize("kind", ENGINES)
def test_with_nothing_set_it_runs_and_warns_once(
    kind: Any, runner: asyncio.Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    """Codes are printed, challenges live in this process, and one warning says so, at the caller's line."""
    with pytest.warns(UserWarning) as warned:
        engine = kind.from_env({"HOME": "/", "OTPFLOW_APP": " "})

    assert [(str(warning.message), warning.filename) for warning in warned] == [(WARNING, __file__)]
    if kind is OTPEngine:
        with engine:
            challenge = engine.issue(NUMBER, purpose="login")
            verdict = engine.verify(challenge.id, _printed(capsys), purpose="login")
    else:
        challenge = runner.run(engine.issue(NUMBER, purpose="login"))
        verdict = runner.run(engine.verify(challenge.id, _printed(capsys), purpose="login"))
        runner.run(engine.aclose())
    assert verdict.recipient == NUMBER


def _printed(capsys: pytest.CaptureFixture[str]) -> str:
    said = "".join(character for character in capsys.readouterr().out.split("\n")[1] if character.isdigit())
    return said[:6]


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(
    ("environ", "store", "transport", "said"),
    [
        ({"OTPFLOW_KEYS": KEYS}, "EmbeddedStore", "Console", []),
        (REDIS, "RedisStore", "Console", [PRINTS]),
        (ESMS, "EmbeddedStore", "EsmsVoice", [FORGETS]),
        ({**REDIS, **ESMS}, "RedisStore", "EsmsVoice", []),
    ],
    ids=["keys", "redis", "esms", "both"],
)
def test_what_is_set_is_used(
    kind: Any, environ: dict[str, str], store: str, transport: str, said: list[str], runner: asyncio.Runner
) -> None:
    """Store and transport are those that the variables ask for; of what stands in for one, a warning tells."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        engine = kind.from_env(environ)

    assert [(str(one.message), one.category, one.filename) for one in warned] == [
        (text, UserWarning, __file__) for text in said
    ]
    owned = [type(part).__name__ for part in engine._owned]
    prefix = "Async" if kind is AsyncOTPEngine else ""

    assert owned == [transport if transport == "Console" else f"{prefix}{transport}", f"{prefix}{store}"]
    assert "CANARY" not in repr(engine) + repr(engine._owned)
    runner.run(engine.aclose()) if kind is AsyncOTPEngine else engine.close()


def test_every_setting_reaches_its_place() -> None:
    """Policy, names, hash cost, callback and log are set from the environment."""
    engine = OTPEngine.from_env(
        {
            **REDIS,
            **ESMS,
            "OTPFLOW_REDIS_TIMEOUT": "0.5",
            "OTPFLOW_REDIS_REPLICAS": "2",
            "OTPFLOW_DIGITS": "8",
            "OTPFLOW_NAMESPACE": "shop",
            "OTPFLOW_APP": "Shop",
            "OTPFLOW_HASH_COST": "OWASP",
            "OTPFLOW_CALLBACK_URL": "https://shop.example/otp",
            "OTPFLOW_LOG_EVENTS": "yes",
        }
    )
    parts: Any = engine

    assert parts._flows.orders.policy == Policy(digits=8)
    assert (parts._flows.orders.namespace, parts._flows.orders.app) == ("shop", "Shop")
    assert parts._flows.orders.callback_url == "https://shop.example/otp"
    assert parts._hasher.cost.memory == 19_456
    assert parts._flows.events.heard
    assert repr(parts._flows.store) == "RedisStore(replicas=2, timeout=0.5)"
    engine.close()


def test_events_are_logged_only_where_that_is_asked_for() -> None:
    """`OTPFLOW_LOG_EVENTS=no` is the same as nothing."""
    for environ in ({}, {"OTPFLOW_LOG_EVENTS": "no"}):
        parts: Any = OTPEngine.from_env({"OTPFLOW_KEYS": KEYS, **environ})
        assert not parts._flows.events.heard


@pytest.mark.parametrize("kind", ENGINES)
def test_wrong_variables_are_told_at_once(kind: Any) -> None:
    """Every problem is in one error, and no secret is."""
    with pytest.raises(ConfigurationError) as caught:
        kind.from_env(
            {
                "OTPFLOW_DIGITS": "four",
                "OTPFLOW_TTL": "9999",
                "OTPFLOW_DIGIT": "6",
                "ESMS_API_KEY": "CANARY-api",
                "OTPFLOW_REDIS_TIMEOUT": "1",
            }
        )

    found = str(caught.value)
    assert [problem.split(":")[0].split("=")[0].split(" is ")[0] for problem in caught.value.problems] == [
        "OTPFLOW_DIGIT",
        "OTPFLOW_DIGITS",
        "OTPFLOW_KEYS",
        "ESMS_SECRET_KEY",
        "OTPFLOW_REDIS_URL",
        "OTPFLOW_TTL",
    ]
    assert "CANARY" not in found


@pytest.mark.parametrize("kind", ENGINES)
def test_everything_that_is_refused_is_told_at_once(kind: Any) -> None:
    """What the variables, the transport, the store and the engine refuse: one error, each by its variable."""
    with pytest.raises(ConfigurationError) as caught:
        kind.from_env(
            {
                "ESMS_SANDBX": "yes",
                "OTPFLOW_DIGITS": "4",
                "OTPFLOW_HASH_COST": "light",
                "ESMS_API_KEY": "CANARY api",
                "ESMS_SECRET_KEY": "CANARY\nsecret",
                "ESMS_BASE_URL": "http://CANARY.example",
                "ESMS_TIMEOUT": "0",
                "OTPFLOW_REDIS_URL": "CANARY://user:CANARY@host",
                "OTPFLOW_KEYS": "k1:CANARY",
                "OTPFLOW_NAMESPACE": "a b",
                "OTPFLOW_APP": "\x07",
                "OTPFLOW_CALLBACK_URL": "CANARY",
            }
        )

    assert [problem.replace("=", " ").replace(":", " ").split()[0] for problem in caught.value.problems] == [
        "ESMS_SANDBX",
        "OTPFLOW_DIGITS",
        "OTPFLOW_HASH_COST",
        "ESMS_API_KEY",
        "ESMS_SECRET_KEY",
        "ESMS_BASE_URL",
        "ESMS_TIMEOUT",
        "OTPFLOW_REDIS_URL",
        "OTPFLOW_KEYS",
        "OTPFLOW_NAMESPACE",
        "OTPFLOW_APP",
        "OTPFLOW_CALLBACK_URL",
    ]
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"OTPFLOW_COUNTRIES": "vn,xx"}, ["OTPFLOW_COUNTRIES has 'XX', which is no ISO 3166-1 region"]),
        ({**REDIS, "OTPFLOW_REDIS_TIMEOUT": "0"}, ["OTPFLOW_REDIS_TIMEOUT is 0.0; give more than 0"]),
        ({**REDIS, "OTPFLOW_REDIS_REPLICAS": "-1"}, ["OTPFLOW_REDIS_REPLICAS is -1; give a whole number"]),
        (
            {"OTPFLOW_KEYS": KEYS, "ESMS_API_KEY": "CANARY-api", "ESMS_TIMEOUT": "0"},
            ["ESMS_SECRET_KEY is not set, and ESMS_API_KEY is", "ESMS_TIMEOUT is 0.0; give more than 0"],
        ),
        (
            {"OTPFLOW_KEYS": KEYS, "ESMS_SECRET_KEY": "CANARY-secret"},
            ["ESMS_API_KEY is not set, and ESMS_SECRET_KEY is"],
        ),
    ],
    ids=["countries", "timeout", "replicas", "no secret key", "no api key"],
)
def test_a_refusal_names_the_variable(kind: Any, environ: dict[str, str], names: list[str]) -> None:
    """Two arguments may have one name; each problem is told of the variable that it came from, and once."""
    with pytest.raises(ConfigurationError) as caught:
        kind.from_env(environ)

    told = caught.value.problems
    assert [problem[: len(name)] for problem, name in zip(told, names, strict=True)] == names
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("kind", ENGINES)
def test_without_an_argument_the_variables_of_the_process_are_read(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty mapping is not the same as none: there, nothing is set."""
    monkeypatch.setenv("OTPFLOW_DIGIT", "6")
    with pytest.raises(ConfigurationError, match="^OTPFLOW_DIGIT is no setting; is OTPFLOW_DIGITS meant"):
        kind.from_env()
    with pytest.warns(UserWarning, match="nothing configured"):
        assert kind.from_env({})


@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_stands_for_a_store_is_never_asked(asynchronous: bool) -> None:
    """The engine is built on it only to hear what else is wrong; it would fail at the first call."""
    built: list[Any] = []
    open_with: Any = opened

    def kind(store: Any, transport: object, **options: object) -> None:
        built.extend((store, transport, options))

    with pytest.raises(ConfigurationError, match="^OTPFLOW_REDIS_URL is not a Redis URL"):
        open_with(kind, {**REDIS, "OTPFLOW_REDIS_URL": "http://host"}, asynchronous=asynchronous)

    store, transport, options = built
    assert (store.asynchronous, type(transport).__name__, options["keys"]) == (asynchronous, "Console", KEYS)
    with pytest.raises(NotImplementedError):
        store.run(object())
