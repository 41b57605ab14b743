"""eSMS, without I/O: what an answer means, and when to ask again."""

from __future__ import annotations

import json
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar, cast

from otpflow.errors import DeliveryError, DeliveryUnknownError
from otpflow.models import Message, Receipt
from otpflow.transports._esms_codes import CODES, DUPLICATE, IN_WORK, NOT_YET, TAKEN, concerns
from otpflow.transports._esms_settings import Settings
from otpflow.transports._esms_text import Secrets, is_plain, quotable
from otpflow.transports._exchange import Failure, Reply, Request

T = TypeVar("T")

TOTAL = 2
"""The whole send takes at most this many times `timeout`: one try that hangs leaves time for one repeat."""

_TRIES = 3
_TRIES_TO_CONNECT = 2
_TRIES_TO_ASK = 2
_LONGEST_REFERENCE = 64
_CODE = re.compile(r"[0-9A-Za-z_-]{1,16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one answer says of the request it answers.

    Attributes:
        kind: `"taken"`; `"seen"`: one with this id was taken before; `"refused"`: surely not taken;
            `"unsent"`: it did not get there; `"unknown"`.
        code: the provider's code, or a word where there is none.
        message: for the developer; without code, number or secret.
        retryable: whether the same call may work later without anybody changing anything.
        lasting: of a refusal: whether an earlier try of the same request must have met it too.
        fields: of an answer that is no refusal: all that it says.
    """

    kind: Literal["taken", "seen", "refused", "unsent", "unknown"]
    code: str
    message: str = ""
    retryable: bool = False
    lasting: bool = False
    fields: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)


_NOT_THE_PROVIDERS = Reading(
    kind="unknown", code="no_code", message="the answer is not one that the provider documents"
)


def parse(answer: Reply | Failure, secrets: Secrets, name: str) -> Reading:
    """Say what an answer means for the request it answers.

    Args:
        answer: what came back, or why nothing did.
        secrets: what is kept out of what is quoted.
        name: of the field that holds the code.

    Returns:
        The reading.
    """
    if isinstance(answer, Failure):
        return Reading(
            kind="unknown" if answer.sent else "unsent",
            code=answer.code,
            message=answer.detail,
            retryable=answer.code != "closed",
        )
    if 300 <= answer.status < 400:
        advice = "the server redirects, which is not followed; check base_url"
        return Reading(kind="refused", code="redirect", message=advice)
    status = f"http_{answer.status}"
    if answer.status >= 500 or answer.status == 408:
        return Reading(kind="unknown", code=status, message="the provider's server failed")
    fields = _object(answer.body)
    if (code := _code_in(fields, name)) is not None:
        return _read(code, fields, secrets)
    if _is_malformed(fields, name):
        text = "the provider calls the request malformed; this is a bug of otpflow, please report it"
        return Reading(kind="refused", code="invalid_request", message=text, lasting=True)
    if answer.status >= 400:
        text = f"the server answered with HTTP status {answer.status}; check base_url"
        return Reading(kind="refused", code=status, message=text, retryable=answer.status == 429)
    return _NOT_THE_PROVIDERS


class Tries(ABC, Generic[T]):
    """One request, its deadline, and what the answers so far come to. The twins do the I/O.

    Args:
        settings: the client's.
        request: what to ask.
        clock: seconds, monotonic.
    """

    def __init__(
        self, settings: Settings, request: Request, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.request = request
        self._settings, self._clock = settings, clock
        self._deadline = clock() + TOTAL * settings.timeout
        self._tries = 0

    def seconds(self) -> float:
        """Say how long the next try may take."""
        return min(self._settings.timeout, self._deadline - self._clock())

    @abstractmethod
    def judge(self, answer: Reply | Failure) -> T | None:
        """Take the answer to a try.

        Args:
            answer: what came back, or why nothing did.

        Returns:
            The result, or `None`: ask the same again.

        Raises:
            DeliveryError: the provider refused, or was not reached.
            DeliveryUnknownError: nobody knows, and there is no time or try left to find out.
        """


class Sending(Tries[Receipt]):
    """One send.

    Args:
        settings: the transport's.
        request: what to ask.
        message: what to deliver.
        provider: the transport's name.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        settings: Settings,
        request: Request,
        message: Message,
        provider: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(settings, request, clock)
        # Of the number, what is the same in all its forms.
        self._secrets = Secrets(keys=_keys(settings), code=message.code, number=message.to[-7:])
        self._provider = provider
        self._reached = False

    def judge(self, answer: Reply | Failure) -> Receipt | None:
        """Do what `Tries.judge` does, for a send."""
        reading = parse(answer, self._secrets, "CodeResult")
        self._tries += 1
        if reading.kind == "taken" or (reading.kind == "seen" and self._reached):
            return Receipt(provider=self._provider, provider_ref=self._reference(reading))
        refused = reading.kind == "refused" and (reading.lasting or not self._reached)
        self._reached |= reading.kind in {"seen", "unknown"}
        tries = _TRIES if self._reached else _TRIES_TO_CONNECT
        if not refused and self._tries < tries and self.seconds() > 0:
            return None
        if self._reached and not refused:
            raise DeliveryUnknownError(reading.code, True, reading.message)
        raise DeliveryError(reading.code, reading.retryable, reading.message, concerns(reading.code))

    def _reference(self, reading: Reading) -> str | None:
        reference = reading.fields.get("SMSID")
        if not isinstance(reference, str) or not is_plain(reference):
            return None
        if self._secrets.found_in(reference, of_code=False):
            return None
        return reference.strip()[:_LONGEST_REFERENCE] or None


class Asking(Tries[T]):
    """One question that changes nothing, so that it may be asked again.

    Args:
        settings: the client's.
        request: what to ask.
        read: makes the result of the answer's fields; `None` where they do not say it.
        not_yet: the result where the provider says that it is too early to ask, if that can be.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        settings: Settings,
        request: Request,
        read: Callable[[Mapping[str, object]], T | None],
        not_yet: T | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(settings, request, clock)
        self._read, self._not_yet = read, not_yet

    def judge(self, answer: Reply | Failure) -> T | None:
        """Do what `Tries.judge` does, for a question."""
        reading = parse(answer, Secrets(keys=_keys(self._settings)), "CodeResponse")
        self._tries += 1
        if reading.code in NOT_YET and self._not_yet is not None:
            return self._not_yet
        if reading.kind == "taken":
            if (result := self._read(reading.fields)) is not None:
                return result
            reading = _NOT_THE_PROVIDERS
        if reading.kind != "refused" and self._tries < _TRIES_TO_ASK and self.seconds() > 0:
            return None
        if reading.kind in {"refused", "unsent"}:
            raise DeliveryError(reading.code, reading.retryable, reading.message, concerns(reading.code))
        raise DeliveryUnknownError(reading.code, True, reading.message)


def _keys(settings: Settings) -> tuple[str, ...]:
    return settings.api_key, settings.secret_key


def _object(body: bytes) -> dict[str, object]:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _code_in(fields: dict[str, object], name: str) -> str | None:
    value = fields.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**15 else None
    return value.strip() if isinstance(value, str) and _CODE.fullmatch(value.strip()) else None


def _is_malformed(fields: dict[str, object], name: str) -> bool:
    # Another text under the same name could be a fault after the request was taken.
    error = fields.get("error")
    return name not in fields and isinstance(error, str) and "invalid request" in error.lower()


def _read(code: str, fields: dict[str, object], secrets: Secrets) -> Reading:
    if code == TAKEN:
        return Reading(kind="taken", code=code, fields=fields)
    if code == DUPLICATE:
        return Reading(kind="seen", code=code, message=CODES[code].meaning)
    if code == IN_WORK:
        return Reading(kind="unknown", code=code, message=CODES[code].meaning)
    if known := CODES.get(code):
        text, retryable, lasting = known.meaning, known.retryable, known.lasting
    elif secrets.found_in(code):
        return _NOT_THE_PROVIDERS
    else:
        text, retryable, lasting = "a code that the provider does not document", False, False
    quote = quotable(fields.get("ErrorMessage"), secrets)
    return Reading(
        kind="refused",
        code=code,
        message=f"{text} (the provider says: {quote})" if quote else text,
        retryable=retryable,
        lasting=lasting,
    )
