"""Engines from the environment: what is set is used, what is wrong is told at once, what is missing is said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from otpflow import AsyncOTPEngine, ConfigurationError, OTPEngine, Policy
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
    ("environ", "store", "transport"),
    [
        ({"OTPFLOW_KEYS": KEYS}, "EmbeddedStore", "Console"),
        (REDIS, "RedisStore", "Console"),
        (ESMS, "EmbeddedStore", "EsmsVoice"),
        ({**REDIS, **ESMS}, "RedisStore", "EsmsVoice"),
    ],
    ids=["keys", "redis", "esms", "both"],
)
def test_what_is_set_is_used(
    kind: Any, environ: dict[str, str], store: str, transport: str, runner: asyncio.Runner
) -> None:
    """Store and transport are those that the variables ask for, in the engine's own kind, without a warning."""
    engine = kind.from_env(environ)
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
        "ttl",
    ]
    assert "CANARY" not in found


@pytest.mark.parametrize("kind", ENGINES)
def test_what_store_and_transport_refuse_is_told_at_once_too(kind: Any) -> None:
    """A hash cost, a base URL and a Redis URL that cannot be: three problems, and no secret."""
    with pytest.raises(ConfigurationError) as caught:
        kind.from_env(
            {
                **ESMS,
                "OTPFLOW_HASH_COST": "light",
                "ESMS_BASE_URL": "http://CANARY.example",
                "OTPFLOW_REDIS_URL": "CANARY://user:CANARY@host",
            }
        )

    assert [problem.split()[0] for problem in caught.value.problems] == [
        "OTPFLOW_HASH_COST='light':",
        "base_url",
        "url",
    ]
    assert "CANARY" not in str(caught.value)
