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

import math
from typing import ClassVar

_CANNOT_SEND = {
    "vi": "Hiện không thể gửi mã đến số này. Vui lòng kiểm tra lại số hoặc thử lại sau.",
    "en": "We cannot send a code to this number now. Check the number or try again later.",
}
_WAIT = {
    "vi": "Bạn đã thử quá nhiều lần. Vui lòng thử lại sau $wait.",
    "en": "Too many attempts. Try again in $wait.",
}
_COOLDOWN = {
    "vi": "Vui lòng chờ $wait rồi yêu cầu mã mới.",
    "en": "Please wait $wait before asking for another code.",
}
_UNAVAILABLE = {
    "vi": "Hệ thống đang bận. Vui lòng thử lại sau ít phút.",
    "en": "The service is busy. Please try again in a few minutes.",
}
_NO_LONGER = {
    "vi": "Mã này không còn dùng được. Vui lòng yêu cầu mã mới.",
    "en": "This code can no longer be used. Ask for a new one.",
}


_WRONG = {
    "vi": "Mã không đúng. Hãy nhập mã trong cuộc gọi hoặc tin nhắn mới nhất.",
    "en": "That code is not right. Type the code from the latest call or message.",
}
_VERIFIED = {"vi": "Xác thực thành công.", "en": "Verified."}
_MALFORMED = {
    "vi": "Mã chỉ gồm các chữ số. Vui lòng nhập lại.",
    "en": "A code is made of digits only. Please type it again.",
}
# Outcomes that differ only for the operator share one text, so that the text tells an attacker nothing.
_VERDICTS = {
    "VERIFIED": _VERIFIED,
    "WRONG_CODE": _WRONG,
    "SUPERSEDED": _WRONG,
    "MALFORMED": _MALFORMED,
    "THROTTLED": _WAIT,
}


def language(locale: str | None) -> str:
    """Bring a locale such as `vi-VN` or `en_GB` to a language that has texts here.

    Args:
        locale: a locale name, or `None`.

    Returns:
        `"vi"` or `"en"`; English where there is no text in the language asked for.
    """
    return "vi" if str(locale or "").replace("_", "-").lower().split("-")[0] == "vi" else "en"


def spoken_wait(seconds: float, locale: str | None) -> str:
    """Say a waiting time in words, rounded up, for a person.

    Args:
        seconds: how long, in seconds.
        locale: the language to say it in.

    Returns:
        For example `"45 giây"` or `"2 minutes"`.
    """
    whole = max(1, math.ceil(seconds))
    units = ((86_400, "ngày", "day"), (3_600, "giờ", "hour"), (60, "phút", "minute"), (1, "giây", "second"))
    size, vietnamese, english = next(unit for unit in units if whole >= unit[0])
    count = math.ceil(whole / size)
    if language(locale) == "vi":
        return f"{count} {vietnamese}"
    return f"{count} {english}" if count == 1 else f"{count} {english}s"


def verdict_message(outcome: str, retry_after: float | None, locale: str | None) -> str:
    """Say to the end user what an outcome means for them.

    Args:
        outcome: the name of the outcome.
        retry_after: seconds until another try is worth it, where that is known.
        locale: the language to say it in.

    Returns:
        One or two sentences; the same for outcomes whose difference would help an attacker.
    """
    return _said(_VERDICTS.get(outcome, _NO_LONGER), retry_after, locale)


def _said(texts: dict[str, str], retry_after: float | None, locale: str | None) -> str:
    return texts[language(locale)].replace("$wait", spoken_wait(retry_after or 0, locale))


class OTPError(Exception):
    """The root of everything otpflow raises."""

    _texts: ClassVar[dict[str, str]] = _UNAVAILABLE
    retry_after: float | None = None

    def public_message(self, locale: str | None = "vi") -> str:
        """Say to the end user what to do, and nothing that helps an attacker.

        Args:
            locale: `"vi"`, `"en"` or a locale that begins with one of them.

        Returns:
            One or two sentences.
        """
        return _said(self._texts, self.retry_after, locale)


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


class RecipientError(OTPError):
    """The number cannot be called; nothing was spent.

    Args:
        reason: `"malformed"`, `"not_a_number"`, `"country_not_allowed"` or `"kind_not_allowed"`.
        message: what to tell the developer; without the number.
    """

    _texts = _CANNOT_SEND

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
        return _said(_COOLDOWN if self.limit == "cooldown" else _WAIT, self.retry_after, locale)


class ChallengeError(OTPError):
    """The challenge cannot be re-sent: it is unknown, over, cancelled, used or exhausted.

    Args:
        state: the state it is in, as in `ChallengeStatus.state`.
    """

    _texts = _NO_LONGER

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
    """

    def __init__(self, outcome: str, retry_after: float | None = None) -> None:
        self.outcome = outcome
        self.retry_after = retry_after
        super().__init__(outcome, retry_after)

    def __str__(self) -> str:
        return f"not verified: {self.outcome}"

    def public_message(self, locale: str | None = "vi") -> str:
        """Say what `Verdict.public_message` says.

        Args:
            locale: `"vi"`, `"en"` or a locale that begins with one of them.

        Returns:
            One or two sentences.
        """
        return verdict_message(self.outcome, self.retry_after, locale)


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

    _texts = _CANNOT_SEND

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
