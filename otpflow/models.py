"""The values that go in and out: challenges, verdicts, messages, receipts.

All of them are frozen; what is secret in them stays out of `repr`, and out of pickles where the
value is not needed on the other side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

from otpflow.errors import VerificationError
from otpflow.messages import verdict_message

Context = Mapping[str, str | int]
"""What a code is bound to beyond its purpose, for example amount and payee of a payment."""


class Outcome(StrEnum):
    """How one `verify()` ended."""

    VERIFIED = "VERIFIED"
    WRONG_CODE = "WRONG_CODE"
    SUPERSEDED = "SUPERSEDED"
    MALFORMED = "MALFORMED"
    EXPIRED = "EXPIRED"
    ALREADY_USED = "ALREADY_USED"
    EXHAUSTED = "EXHAUSTED"
    THROTTLED = "THROTTLED"


class ChallengeState(StrEnum):
    """Where a challenge is in its life."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    EXHAUSTED = "EXHAUSTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class DeliveryState(StrEnum):
    """What is known of the call or message. `ACCEPTED` says only that the provider took the request."""

    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    UNANSWERED = "UNANSWERED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The fate of the latest send of a challenge.

    Attributes:
        state: what is known of it.
        provider: the transport's name, for example `"esms"`; empty where nothing was sent yet.
        provider_ref: the provider's id of the send (eSMS: `SMSID`), where it gave one.
    """

    state: DeliveryState = DeliveryState.UNKNOWN
    provider: str = ""
    provider_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A code is on its way; keep `id` in the user's session and show the rest.

    Attributes:
        id: opaque and URL-safe, at most 80 characters. It holds the half of the secret that is not in
            Redis: give it to the user who asked for the code, to nobody else, and keep it out of logs.
        recipient_masked: the number as it may be shown, for example `"+84*****8484"`.
        channel: `"voice"`, `"sms"` or `"zalo"`.
        purpose: what the code is for.
        expires_in: seconds that the newest code still lives.
        resend_after: seconds until `resend()` is allowed.
        sends_left: how many more times this challenge can be sent.
        attempts_left: how many more codes may be tried; sending again does not refill it.
        delivery: what is known of the send.
    """

    id: str = field(repr=False)
    recipient_masked: str
    channel: str
    purpose: str
    expires_in: float
    resend_after: float
    sends_left: int
    attempts_left: int
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeStatus:
    """What `inspect()` tells: never the code, never the number.

    Attributes:
        state: where the challenge is in its life.
        attempts_left: how many more codes may be tried.
        sends_left: how many more times it can be sent.
        expires_in: seconds that the newest code still lives.
        resend_after: seconds until `resend()` is allowed.
        delivery: what is known of the latest send.
    """

    state: ChallengeState
    attempts_left: int
    sends_left: int
    expires_in: float
    resend_after: float
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer to one typed code. Truthy only when it was verified.

    Attributes:
        outcome: how it ended.
        purpose: the purpose that was asked for.
        attempts_left: how many more codes may be tried with this challenge; `None` where the challenge
            was not looked at, or is not there.
        retry_after: seconds until another try is worth it (only with `THROTTLED`).
        recipient: the number that was called, only when verified; left out of `repr` and of pickles.
    """

    outcome: Outcome
    purpose: str
    attempts_left: int | None = None
    retry_after: float | None = None
    recipient: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        """Tell whether the code was right, in time, and used for the first time."""
        return self.outcome is Outcome.VERIFIED

    def __reduce__(self) -> tuple[object, ...]:
        return _verdict, (self.outcome, self.purpose, self.attempts_left, self.retry_after)

    def public_message(self, locale: str | None = "vi") -> str:
        """Say to the end user what happened, and nothing that helps an attacker.

        Args:
            locale: `"vi"`, `"en"` or a locale that begins with one of them.

        Returns:
            One or two sentences.
        """
        return verdict_message(self.outcome, self.retry_after, locale, self.attempts_left)

    def raise_for_outcome(self) -> None:
        """Raise where the code was not verified.

        Raises:
            VerificationError: with the outcome, unless it is `VERIFIED`.
        """
        if not self:
            raise VerificationError(self.outcome.value, self.retry_after, self.attempts_left)


def _verdict(outcome: Outcome, purpose: str, attempts_left: int | None, retry_after: float | None) -> Verdict:
    return Verdict(outcome=outcome, purpose=purpose, attempts_left=attempts_left, retry_after=retry_after)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Message:
    """What a transport is asked to deliver. It holds the code: never log it, never store it.

    Attributes:
        to: the number in E.164 form, for example `"+84901888484"`.
        content: the rendered text.
        code: the bare code, for providers that fill a template of their own.
        channel: `"voice"`, `"sms"` or `"zalo"`.
        locale: the language of `content`.
        purpose: what the code is for.
        request_id: names this send to the provider, at most 50 characters; a repeat of the same send
            carries the same one, another send another.
        callback_url: where the provider may report, or `None`.
        expires_in: seconds that the code lives from the moment it is taken.
    """

    to: str
    content: str
    code: str
    channel: str
    locale: str
    purpose: str
    request_id: str
    callback_url: str | None = None
    expires_in: float

    def __repr__(self) -> str:
        return f"Message(channel={self.channel!r}, locale={self.locale!r}, purpose={self.purpose!r}, request_id={self.request_id!r})"

    def __reduce__(self) -> NoReturn:
        msg = "a Message holds a live code and is not for storing; issue the challenge where it is sent"
        raise TypeError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a transport knows right after a send that was taken.

    Attributes:
        provider: the transport's name, for example `"esms"`.
        provider_ref: the provider's id of the send, where it gave one; at most 64 characters are kept.
        state: what is known of the delivery so far.
    """

    provider: str
    provider_ref: str | None = None
    state: DeliveryState = DeliveryState.ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a provider says of one send, asked by `poll` or told by a callback.

    Attributes:
        state: what became of it; `ACCEPTED` where that is not known yet.
        provider_ref: the provider's id of the send, where it says so.
        number: the number that it says was called, as it writes it; left out of `repr` and of pickles.
        duration: seconds that were spoken, where it says so.
        price: what it cost, in the provider's currency, where it says so.
    """

    state: DeliveryState
    provider_ref: str | None = None
    number: str | None = field(default=None, repr=False)
    duration: int | None = None
    price: float | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return _report, (self.state, self.provider_ref, self.duration, self.price)


def _report(
    state: DeliveryState, provider_ref: str | None, duration: int | None, price: float | None
) -> Report:
    return Report(state=state, provider_ref=provider_ref, duration=duration, price=price)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What `handle_receipt()` took from a provider's callback.

    Attributes:
        challenge: names the challenge, as events do; it cannot be turned back into its id.
        delivery: what is known of the send now.
        changed: whether this receipt said something new; `False` for a repeated or overtaken one.
        channel: how it was sent.
        purpose: what the code is for.
        duration: seconds that were spoken, where the provider said so.
        price: what it cost, in the provider's currency, where the provider said so.
    """

    challenge: str
    delivery: Delivery
    changed: bool
    channel: str
    purpose: str
    duration: int | None = None
    price: float | None = None
