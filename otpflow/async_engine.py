"""The engine for asyncio: `OTPEngine` word for word, with `await`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from otpflow.assembly import Assembled, opened
from otpflow.drivers import arun
from otpflow.events import Hook
from otpflow.hashing import HashCost
from otpflow.models import Challenge, ChallengeStatus, Context, Delivery, DeliveryReport, Verdict
from otpflow.policy import Policy
from otpflow.stores.base import Store
from otpflow.templates import Templates
from otpflow.transports.base import AsyncTransport, Transport


class AsyncOTPEngine(Assembled):
    """`OTPEngine`, word for word, with `await`. A plain `send` runs in a thread, an async one is awaited.

    Args:
        store: where challenges live, for example `AsyncRedisStore.from_url("redis://localhost:6379/0")`.
        transport: what carries codes to phones, for example `AsyncEsmsVoice(…)`.
        keys: the server keys, newest first.
        policy: how long codes live, how often they may be sent and guessed.
        namespace: keeps engines that share a Redis apart.
        hash_cost: the work factor of argon2id.
        app: the name that the user knows the service by.
        templates: what is spoken and written.
        callback_url: where the provider may report what became of a send.
        on_event: functions that are called with every `Event`.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """

    def __init__(
        self,
        store: Store,
        transport: Transport | AsyncTransport,
        *,
        keys: str,
        policy: Policy | None = None,
        namespace: str = "default",
        hash_cost: HashCost = HashCost.LIGHT,
        app: str = "otpflow",
        templates: Templates | None = None,
        callback_url: str | None = None,
        on_event: Iterable[Hook] = (),
    ) -> None:
        self._assemble(
            store,
            transport,
            keys=keys,
            policy=policy,
            namespace=namespace,
            hash_cost=hash_cost,
            app=app,
            templates=templates,
            callback_url=callback_url,
            on_event=on_event,
            asynchronous=True,
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Do what `OTPEngine.from_env` does, with asynchronous parts."""
        return opened(cls, environ, asynchronous=True)

    async def issue(
        self,
        recipient: str,
        *,
        purpose: str,
        locale: str | None = None,
        channel: str | None = None,
        context: Context | None = None,
        client_ip: str | None = None,
        idempotency_key: str | None = None,
    ) -> Challenge:
        """Do what `OTPEngine.issue` does."""
        return await arun(
            self._flows.issue(
                recipient,
                purpose=purpose,
                locale=locale,
                channel=channel,
                context=context,
                client_ip=client_ip,
                idempotency_key=idempotency_key,
            )
        )

    async def resend(
        self, challenge_id: str, *, channel: str | None = None, client_ip: str | None = None
    ) -> Challenge:
        """Do what `OTPEngine.resend` does."""
        return await arun(self._flows.resend(challenge_id, channel=channel, client_ip=client_ip))

    async def verify(
        self,
        challenge_id: str,
        code: str,
        *,
        purpose: str,
        context: Context | None = None,
        attempt_id: str | None = None,
        client_ip: str | None = None,
    ) -> Verdict:
        """Do what `OTPEngine.verify` does."""
        return await arun(
            self._flows.verify(
                challenge_id,
                code,
                purpose=purpose,
                context=context,
                attempt_id=attempt_id,
                client_ip=client_ip,
            )
        )

    async def cancel(self, challenge_id: str) -> None:
        """Do what `OTPEngine.cancel` does."""
        await arun(self._flows.cancel(challenge_id))

    async def inspect(self, challenge_id: str) -> ChallengeStatus:
        """Do what `OTPEngine.inspect` does."""
        return await arun(self._flows.inspect(challenge_id))

    async def handle_receipt(
        self, query: str | bytes | Mapping[str, str | Sequence[str]]
    ) -> DeliveryReport | None:
        """Do what `OTPEngine.handle_receipt` does."""
        return await arun(self._flows.handle_receipt(query))

    async def refresh_delivery(self, challenge_id: str) -> Delivery:
        """Do what `OTPEngine.refresh_delivery` does."""
        return await arun(self._flows.refresh_delivery(challenge_id))

    async def unlock(self, recipient: str) -> None:
        """Do what `OTPEngine.unlock` does."""
        await arun(self._flows.unlock(recipient))

    async def aclose(self) -> None:
        """Do what `OTPEngine.close` does."""
        await self._aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
