"""The types that a user's editor shows; mypy and pyright read this file, pytest runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import assert_type

from otpflow import (
    AsyncOTPEngine,
    Challenge,
    ChallengeState,
    ChallengeStatus,
    ConfigurationError,
    Delivery,
    DeliveryError,
    DeliveryState,
    Event,
    EventKind,
    HashCost,
    Message,
    OTPEngine,
    OTPError,
    Outcome,
    OverloadedError,
    Policy,
    Receipt,
    RecipientError,
    Templates,
    ThrottledError,
    Verdict,
    VerificationError,
    log,
)
from otpflow.keys import new_key
from otpflow.stores import AsyncEmbeddedStore, AsyncRedisStore, EmbeddedStore, RedisStore
from otpflow.testing import Outbox, advance
from otpflow.transports import AsyncEsmsVoice, Console, EsmsVoice

NUMBER = "0901 888 484"


class Plain:
    """A user's own transport."""

    def send(self, message: Message) -> None:
        """Take everything."""
        assert_type(message.to, str)
        assert_type(message.callback_url, str | None)
        assert_type(message.expires_in, float)


class Awaited:
    """A user's own transport for the asynchronous engine."""

    channels = ("voice",)

    async def send(self, message: Message) -> Receipt:
        """Take everything."""
        return Receipt(provider="own", provider_ref=message.request_id)


def hook(event: Event) -> None:
    """A user's own hook."""
    assert_type(event.kind, EventKind)
    assert_type(event.detail, Mapping[str, str | float])


def see_challenge(challenge: Challenge) -> None:
    """Look at every field of a challenge."""
    assert_type(challenge.id, str)
    assert_type(challenge.recipient_masked, str)
    assert_type(challenge.channel, str)
    assert_type(challenge.purpose, str)
    assert_type(challenge.expires_in, float)
    assert_type(challenge.resend_after, float)
    assert_type(challenge.sends_left, int)
    assert_type(challenge.attempts_left, int)
    assert_type(challenge.delivery, Delivery)
    assert_type(challenge.delivery.state, DeliveryState)
    assert_type(challenge.delivery.provider, str)
    assert_type(challenge.delivery.provider_ref, str | None)


def see_verdict(verdict: Verdict) -> str:
    """Look at every field of a verdict, as a login does."""
    assert_type(bool(verdict), bool)
    assert_type(verdict.outcome, Outcome)
    assert_type(verdict.purpose, str)
    assert_type(verdict.attempts_left, int | None)
    assert_type(verdict.retry_after, float | None)
    assert_type(verdict.recipient, str | None)
    assert_type(verdict.public_message("vi"), str)
    verdict.raise_for_outcome()
    return verdict.recipient or ""


def see_status(status: ChallengeStatus) -> None:
    """Look at every field of a status."""
    assert_type(status.state, ChallengeState)
    assert_type(status.attempts_left, int)
    assert_type(status.sends_left, int)
    assert_type(status.expires_in, float)
    assert_type(status.resend_after, float)
    assert_type(status.delivery, Delivery)


def see_errors(
    error: OTPError,
    wrong: ConfigurationError,
    refused: RecipientError,
    wait: ThrottledError,
    undelivered: DeliveryError,
    full: OverloadedError,
    unverified: VerificationError,
) -> None:
    """Look at what each error holds."""
    assert_type(error.public_message("vi"), str)
    assert_type(error.retry_after, float | None)
    assert_type(wrong.problems, tuple[str, ...])
    assert_type(refused.reason, str)
    assert_type(wait.retry_after, float | None)
    assert_type(wait.limit, str)
    assert_type(undelivered.code, str | None)
    assert_type(undelivered.retryable, bool)
    assert_type(full.retry_after, float | None)
    assert_type(unverified.outcome, str)


def test_a_login() -> None:
    """The story of the first page, blocking."""
    outbox, store = Outbox(), EmbeddedStore()
    policy = Policy(digits=6, ttl=timedelta(minutes=3), cooldown=0, countries=("VN",), resend="overlap")
    with OTPEngine(
        store, outbox, keys=new_key(), policy=policy, hash_cost=HashCost.LIGHT, on_event=(log, hook)
    ) as engine:
        assert_type(engine, OTPEngine)
        context: dict[str, str | int] = {"amount": 500_000}
        challenge = engine.issue(NUMBER, purpose="pay", context=context, client_ip="203.0.113.7")
        assert_type(challenge, Challenge)
        see_challenge(challenge)
        assert_type(engine.resend(challenge.id, channel="voice"), Challenge)
        status = engine.inspect(challenge.id)
        assert_type(status, ChallengeStatus)
        see_status(status)
        verdict = engine.verify(challenge.id, outbox.code, purpose="pay", context={"amount": "500000"})
        assert_type(verdict, Verdict)
        assert see_verdict(verdict) == "+84901888484"
        advance(store, 60)
        engine.cancel(challenge.id)
        engine.unlock(NUMBER)
    see_errors(
        OTPError(),
        ConfigurationError("wrong"),
        RecipientError("malformed"),
        ThrottledError(1.0, "hour"),
        DeliveryError(),
        OverloadedError(1.0),
        VerificationError("EXPIRED"),
    )
    store.close()


def test_a_login_that_awaits() -> None:
    """The same story, word for word, with `await`."""

    async def story() -> str:
        outbox, store = Outbox(), AsyncEmbeddedStore()
        async with AsyncOTPEngine(store, outbox, keys=new_key(), policy=Policy(cooldown=0)) as engine:
            assert_type(engine, AsyncOTPEngine)
            challenge = await engine.issue(NUMBER, purpose="login", idempotency_key="k", locale="en")
            assert_type(challenge, Challenge)
            assert_type(await engine.resend(challenge.id), Challenge)
            assert_type(await engine.inspect(challenge.id), ChallengeStatus)
            verdict = await engine.verify(challenge.id, outbox.code, purpose="login", attempt_id="a")
            assert_type(verdict, Verdict)
            await engine.cancel(challenge.id)
            await engine.unlock(NUMBER)
        await store.aclose()
        return see_verdict(verdict)

    assert asyncio.run(story()) == "+84901888484"


def test_engines_take_what_they_can_use() -> None:
    """Any object with a `send` is a transport; the asynchronous engine takes both kinds."""
    keys = new_key()
    engines = [
        OTPEngine(EmbeddedStore(), Plain(), keys=keys, templates=Templates()),
        OTPEngine(EmbeddedStore(), Console(), keys=keys, callback_url=None),
        AsyncOTPEngine(AsyncEmbeddedStore(), Plain(), keys=keys),
        AsyncOTPEngine(AsyncEmbeddedStore(), Awaited(), keys=keys),
    ]
    assert [repr(engine) for engine in engines] == [
        "OTPEngine(namespace='default', app='otpflow')",
        "OTPEngine(namespace='default', app='otpflow')",
        "AsyncOTPEngine(namespace='default', app='otpflow')",
        "AsyncOTPEngine(namespace='default', app='otpflow')",
    ]


def production() -> tuple[OTPEngine, AsyncOTPEngine]:
    """Build both engines on the real parts; read by the type checkers alone."""
    store = RedisStore.from_url("redis://localhost:6379/0", timeout=0.2)
    twin = AsyncRedisStore.from_url("redis://localhost:6379/0")
    assert_type(store, RedisStore)
    assert_type(twin, AsyncRedisStore)
    voice = EsmsVoice(api_key="…", secret_key="…", sandbox=True)
    assert_type(voice, EsmsVoice)
    assert_type(OTPEngine.from_env(), OTPEngine)
    assert_type(AsyncOTPEngine.from_env({}), AsyncOTPEngine)
    return (
        OTPEngine(store, voice, keys="k1:…", namespace="shop", app="Shop"),
        AsyncOTPEngine(twin, AsyncEsmsVoice(api_key="…", secret_key="…"), keys="k1:…"),
    )


def mistakes(
    engine: OTPEngine, twin: AsyncOTPEngine, store: RedisStore, policy: Policy, verdict: Verdict
) -> None:
    """Make the mistakes that a type checker must see; mypy fails where one of them is no longer one."""
    engine.issue(NUMBER)  # type: ignore[call-arg]
    engine.issue(NUMBER, "login")  # type: ignore[call-arg]
    engine.issue(84901888484, purpose="login")  # type: ignore[arg-type]
    engine.issue(NUMBER, purpose="login", context={"amount": 1.5})  # type: ignore[dict-item]
    engine.verify("id", 123456, purpose="login")  # type: ignore[arg-type]
    engine.verify("id", "123456")  # type: ignore[call-arg]
    OTPEngine(store, Plain(), "k1:…")  # type: ignore[call-arg]
    OTPEngine(store, Awaited(), keys="k1:…")  # type: ignore[arg-type]
    OTPEngine(store, object(), keys="k1:…")  # type: ignore[arg-type]
    Policy(resend="both")  # type: ignore[arg-type]
    Policy(digits="6")  # type: ignore[arg-type]
    policy.digits = 7  # type: ignore[misc]
    verdict.outcome = Outcome.VERIFIED  # type: ignore[misc]
    twin.verify("id", "123456", purpose="login").outcome  # type: ignore[attr-defined]  # noqa: B018
