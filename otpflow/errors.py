"""What otpflow raises.

What the *user typed* is a value (`Verdict`); what the *system* cannot do is one of these:

    OTPError
    ├── ConfigurationError          a setting or an argument is wrong (also a ValueError)
    │   └── IdempotencyError        the same idempotency key came with other arguments
    ├── RecipientError              the number cannot be called
    ├── ThrottledError              a budget is spent; wait
    ├── ChallengeError              the challenge is not in a state that allows the call
    ├── VerificationError           what `Verdict.raise_for_outcome()` raises
    ├── DeliveryError               the provider surely did not take the message
    │   └── DeliveryUnknownError    nobody knows whether it did
    ├── StoreUnavailableError       Redis cannot be asked, or cannot be believed
    └── OverloadedError             the hashing pool is full; nothing was spent

No error carries a code, a key, a provider's secret or a full phone number.
"""

from __future__ import annotations

from typing import ClassVar

from otpflow.messages import (
    CANNOT_SEND,
    CHANGED,
    COOLDOWN,
    NO_LONGER,
    UNAVAILABLE,
    WAIT,
    said,
    verdict_message,
)


class OTPError(Exception):
    """The root of everything otpflow raises."""

    _texts: ClassVar[dict[str, str]] = UNAVAILABLE
    retry_after: float | None = None

    def public_message(self, locale: str | None = "vi") -> str:
        """Say to the end user what to do, and nothing that helps an attacker.

        Args:
            locale: `"vi"`, `"en"` or a locale that begins with one of them.

        Returns:
            One or two sentences.
        """
        return said(self._texts, self.retry_after, locale)


class ConfigurationError(OTPError, ValueError):
    """A setting or an argument is wrong; the message lists every problem that was found.

    Args:
        problems: what is wrong, a sentence each, naming the setting and what to do.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__(*problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return self.problems[0]
        return f"{len(self.problems)} problems:" + "".join(f"\n- {problem}" for problem in self.problems)


class IdempotencyError(ConfigurationError):
    """The same `idempotency_key` came with other arguments; nothing was sent."""

    _texts = CHANGED


class RecipientError(OTPError):
    """The number cannot be called; nothing was spent.

    Args:
        reason: `"malformed"`, `"not_a_number"`, `"country_not_allowed"` or `"kind_not_allowed"`.
        message: what to tell the developer; without the number.
    """

    _texts = CANNOT_SEND

    def __init__(self, reason: str, message: str | None = None) -> None:
        self.reason = reason
        super().__init__(reason, message)

    def __str__(self) -> str:
        return f"recipient refused ({self.reason})" + (f": {self.args[1]}" if self.args[1] else "")


class ThrottledError(OTPError):
    """A sending budget is spent; nothing was sent.

    Args:
        retry_after: seconds until the call can succeed.
        limit: the budget that is spent, for example `"cooldown"`, `"hour"`, `"day"`, `"challenge"`.
    """

    def __init__(self, retry_after: float, limit: str) -> None:
        self.retry_after = retry_after
        self.limit = limit
        super().__init__(retry_after, limit)

    def __str__(self) -> str:
        return f"the {self.limit!r} limit is reached; try again in {self.args[0]:.1f} s"

    def public_message(self, locale: str | None = "vi") -> str:
        """Say to the end user how long to wait; who only asked again too early did not try too often.

        Args:
            locale: `"vi"`, `"en"` or a locale that begins with one of them.

        Returns:
            One or two sentences.
        """
        return said(COOLDOWN if self.limit == "cooldown" else WAIT, self.retry_after, locale)


class ChallengeError(OTPError):
    """The challenge cannot be re-sent: it is unknown, over, cancelled, used or exhausted.

    Args:
        state: the state it is in, as in `ChallengeStatus.state`.
    """

    _texts = NO_LONGER

    def __init__(self, state: str) -> None:
        self.state = state
        super().__init__(state)

    def __str__(self) -> str:
        return f"the challenge is {self.state}; start a new one with issue()"


class VerificationError(OTPError):
    """A verdict that is not `VERIFIED`, as an exception.

    Args:
        outcome: the name of the outcome.
        retry_after: seconds until another try is worth it, where that is known.
        attempts_left: how many more codes may be tried, where that is known.
    """

    def __init__(
        self, outcome: str, retry_after: float | None = None, attempts_left: int | None = None
    ) -> None:
        self.outcome = outcome
        self.retry_after = retry_after
        self.attempts_left = attempts_left
        super().__init__(outcome, retry_after, attempts_left)

    def __str__(self) -> str:
        return f"not verified: {self.outcome}"

    def public_message(self, locale: str | None = "vi") -> str:
        """Say what `Verdict.public_message` says.

        Args:
            locale: `"vi"`, `"en"` or a locale that begins with one of them.

        Returns:
            One or two sentences.
        """
        return verdict_message(self.outcome, self.retry_after, locale, self.attempts_left)


class DeliveryError(OTPError):
    """The provider surely did not take the message; cooldown and budget were given back.

    A transport raises this where it knows that no call will be made, and `DeliveryUnknownError`
    where it does not know.

    Args:
        code: the provider's code, or a word such as `"connect"` where there is none.
        retryable: whether the same call may work later without anybody changing anything.
        message: what to tell the developer; without code, number or secret.
        concerns: who has to act: `"provider"` (it is down or busy), `"operator"` (settings or account),
            `"recipient"` (this number cannot be reached) or `"caller"` (a bug in the request).
    """

    _texts = CANNOT_SEND

    def __init__(
        self,
        code: str | None = None,
        retryable: bool = False,
        message: str | None = None,
        concerns: str = "provider",
    ) -> None:
        self.code = code
        self.retryable = retryable
        self.concerns = concerns
        super().__init__(code, retryable, message, concerns)

    def __str__(self) -> str:
        return f"not delivered (code {self.code})" + (f": {self.args[2]}" if self.args[2] else "")


class DeliveryUnknownError(DeliveryError):
    """Nobody knows whether the provider took the message; the challenge lives on."""


class StoreUnavailableError(OTPError):
    """Redis did not answer in time, or answered something that cannot be relied on."""


class OverloadedError(OTPError):
    """The hashing pool is full; the call was refused before anything was spent.

    Args:
        retry_after: seconds after which the pool has likely room again.
    """

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(retry_after)

    def __str__(self) -> str:
        return f"too many codes are being checked at once; try again in {self.args[0]:.1f} s"
