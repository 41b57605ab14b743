"""The engines: what the application calls. Each call is one flow, run to its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from otpflow.assembly import Assembled, opened
from otpflow.async_engine import AsyncOTPEngine
from otpflow.drivers import run
from otpflow.events import Hook
from otpflow.hashing import HashCost
from otpflow.models import Challenge, ChallengeStatus, Context, Delivery, DeliveryReport, Verdict
from otpflow.policy import Policy
from otpflow.stores.base import Store
from otpflow.templates import Templates
from otpflow.transports.base import Transport

__all__ = ["AsyncOTPEngine", "OTPEngine"]


class OTPEngine(Assembled):
    """Issues codes and verifies them. One engine serves all threads of a process.

    Args:
        store: where challenges live, for example `RedisStore.from_url("redis://localhost:6379/0")`.
        transport: what carries codes to phones, for example `EsmsVoice(…)`, or any object with a plain
            `send(message)`.
        keys: the server keys, as `otpflow keygen` prints them, newest first, separated by commas. They
            belong outside Redis.
        policy: how long codes live, how often they may be sent and guessed.
        namespace: keeps engines that share a Redis apart, for example two applications.
        hash_cost: the work factor of argon2id.
        app: the name that the user knows the service by, as it is spoken and written.
        templates: what is spoken and written, where the built-in texts do not fit.
        callback_url: where the provider may report what became of a send; each send gets its own
            signature in the query.
        on_event: functions that are called with every `Event`, for example `otpflow.log`.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """

    def __init__(
        self,
        store: Store,
        transport: Transport,
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
            asynchronous=False,
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Build an engine from the variables `OTPFLOW_*` and `ESMS_*`.

        With none of them set it keeps challenges in this process, prints codes instead of sending them,
        uses a key that is gone with the process, and says so in one warning. With only Redis or only eSMS
        configured it warns of what stands in for the other.

        Args:
            environ: the variables; those of this process where it is left out.

        Returns:
            An engine that closes its own store and transport.

        Raises:
            ConfigurationError: with everything that is wrong with the variables.
        """
        return opened(cls, environ, asynchronous=False)

    def issue(
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
        """Make a code and have it sent.

        Args:
            recipient: the phone number, in any spelling.
            purpose: what the code is for, for example `"login"`; `verify` must name the same.
            locale: the language of the call or message; the templates' first one where it is left out.
            channel: `"voice"`, `"sms"` or `"zalo"`; the transport's first one where it is left out.
            context: what the code is bound to beyond its purpose, for example `{"amount": 500000}`;
                `verify` must bring the same.
            client_ip: the user's address.
            idempotency_key: your name for this request. The same key with the same arguments within the
                challenge's life gives the same challenge and no second call.

        Returns:
            The challenge; keep its `id` in the user's session.

        Raises:
            ConfigurationError: an argument is wrong.
            IdempotencyError: the same `idempotency_key` came with other arguments.
            RecipientError: the number cannot be called.
            ThrottledError: a sending budget of the number is spent.
            ChallengeError: the challenge was cancelled before its code was kept; nothing was sent.
            DeliveryError: the provider surely did not take it; the budget was given back.
            StoreUnavailableError: Redis cannot be asked; nothing was sent.
            OverloadedError: the hashing pool is full; nothing was sent.
        """
        return run(
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

    def resend(
        self, challenge_id: str, *, channel: str | None = None, client_ip: str | None = None
    ) -> Challenge:
        """Send a new code in the same challenge. Attempts and the final deadline stay as they are.

        Args:
            challenge_id: the challenge's id.
            channel: another channel; that of the first send where it is left out.
            client_ip: the user's address.

        Returns:
            The challenge.

        Raises:
            ConfigurationError: an argument is wrong.
            ChallengeError: the challenge is unknown, over, cancelled, used or exhausted.
            ThrottledError: the cooldown, or a budget of the challenge or the number.
            DeliveryError: the provider surely did not take it; the earlier code still works.
            StoreUnavailableError: Redis cannot be asked; nothing was sent.
            OverloadedError: the hashing pool is full; nothing was sent.
        """
        return run(self._flows.resend(challenge_id, channel=channel, client_ip=client_ip))

    def verify(
        self,
        challenge_id: str,
        code: str,
        *,
        purpose: str,
        context: Context | None = None,
        attempt_id: str | None = None,
        client_ip: str | None = None,
    ) -> Verdict:
        """Check what the user typed. Costs one attempt, unless it could not be a code.

        Args:
            challenge_id: the challenge's id.
            code: what was typed, as it was typed.
            purpose: the purpose it was issued for.
            context: the context it was issued with.
            attempt_id: your name for this try: asked again with the same code after a lost answer, it
                gets the same verdict and costs nothing more.
            client_ip: the user's address.

        Returns:
            The verdict: truthy only when the code is right, in time, and used for the first time.

        Raises:
            ConfigurationError: an argument is wrong.
            StoreUnavailableError: Redis cannot be asked; an attempt may be spent, nothing is verified.
            OverloadedError: the hashing pool is full; no attempt was spent.
        """
        return run(
            self._flows.verify(
                challenge_id,
                code,
                purpose=purpose,
                context=context,
                attempt_id=attempt_id,
                client_ip=client_ip,
            )
        )

    def cancel(self, challenge_id: str) -> None:
        """End a challenge, so that its codes verify no more. An unknown one is no error.

        Args:
            challenge_id: the challenge's id.

        Raises:
            StoreUnavailableError: Redis cannot be asked; the challenge may still be open.
        """
        run(self._flows.cancel(challenge_id))

    def inspect(self, challenge_id: str) -> ChallengeStatus:
        """Tell where a challenge is in its life: never the code, never the number.

        Args:
            challenge_id: the challenge's id.

        Returns:
            Its status; `EXPIRED` where there is none.

        Raises:
            StoreUnavailableError: Redis cannot be asked.
        """
        return run(self._flows.inspect(challenge_id))

    def handle_receipt(self, query: str | bytes | Mapping[str, str | Sequence[str]]) -> DeliveryReport | None:
        """Take a provider's callback to the URL that a send was given.

        Answer the provider with HTTP 200 whatever comes back. A receipt moves what is known of that one
        send forward; it never verifies, never extends and never lifts a limit. With a `Fallback` whose
        `on_unanswered` is set, it may lead to the next send.

        Args:
            query: the request's query: raw, or as a mapping of names to values.

        Returns:
            What was taken from it; `None` where it is forged, foreign, malformed, about another number, or
            about a challenge that is over. Which of them it was is told to nobody.

        Raises:
            StoreUnavailableError: Redis cannot be asked. Answer with 503: the provider calls again.
        """
        return run(self._flows.handle_receipt(query))

    def refresh_delivery(self, challenge_id: str) -> Delivery:
        """Ask the provider what became of the latest send, for example while the user's page waits.

        Call it as often as you like: the provider is asked after 3, 6, 12 … seconds, 7 times at most, and
        otherwise what is known is returned.

        Args:
            challenge_id: the challenge's id.

        Returns:
            What is known now: `ACCEPTED` where the provider does not know either, `UNKNOWN` where it was
            asked often enough, or there is nothing to ask about.

        Raises:
            StoreUnavailableError: Redis cannot be asked.
        """
        return run(self._flows.refresh_delivery(challenge_id))

    def unlock(self, recipient: str) -> None:
        """Forget the wrong codes of a number, for support staff. Its sending budgets stay.

        Args:
            recipient: the phone number, in any spelling.

        Raises:
            RecipientError: it is no number that can be called.
            StoreUnavailableError: Redis cannot be asked.
        """
        run(self._flows.unlock(recipient))

    def close(self) -> None:
        """Let go of threads, and of what `from_env` opened; what you brought stays open."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
