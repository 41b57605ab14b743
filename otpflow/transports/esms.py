"""eSMS (esms.vn): calls that speak the code. Two thin twins over the pure protocol in `_esms_wire`."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import NoReturn, Self

from otpflow.errors import ConfigurationError
from otpflow.models import Message, Receipt
from otpflow.transports._esms_wire import Sending, Settings, is_plain
from otpflow.transports._http import (
    AsyncClient,
    AsyncHTTPClient,
    Client,
    HTTPClient,
    base_url_problem,
    client_problem,
)

BASE_URL = "https://rest.esms.vn"

_LONGEST_CAMPAIGN = 254
_LONGEST_TIMEOUT = 60.0


class _Esms:
    """What the twins share: the checked settings, and that nothing secret shows."""

    name = "esms"
    channels = ("voice",)

    def __init__(self, settings: Settings, client_problem: str | None) -> None:
        problems = {
            "api_key": _key_problem(settings.api_key),
            "secret_key": _key_problem(settings.secret_key),
            "base_url": base_url_problem(settings.base_url),
            "timeout": _timeout_problem(settings.timeout),
            "sandbox": _bool_problem(settings.sandbox),
            "campaign": _campaign_problem(settings.campaign),
            "send_at": _function_problem(settings.send_at),
            "client": client_problem,
        }
        found = [f"{argument} {problem}" for argument, problem in problems.items() if problem is not None]
        if found:
            raise ConfigurationError(*found)
        self._settings = settings

    def __repr__(self) -> str:
        shown = self._settings
        return (
            f"{type(self).__name__}(base_url={shown.base_url!r}, timeout={shown.timeout!r}, "
            f"sandbox={shown.sandbox!r}, campaign={shown.campaign!r})"
        )

    def __reduce__(self) -> NoReturn:
        msg = f"an {type(self).__name__} holds keys and connections; build it where it is used"
        raise TypeError(msg)


class EsmsVoice(_Esms):
    """Calls the recipient and speaks the code, for `OTPEngine`.

    `send` returns or raises within twice `timeout`. Where an answer leaves open whether the call was
    taken, the same request goes out again with the same request id, at most twice; the provider
    makes one call for one id within 24 hours.

    Args:
        api_key: the account's ApiKey.
        secret_key: the account's SecretKey.
        base_url: where the provider is; https, or plain http to this machine.
        timeout: seconds for one try, at most 60; the whole takes at most twice that.
        sandbox: have requests checked, but not called and not charged.
        campaign: the campaign's name in the provider's reports, at most 254 characters.
        send_at: asked once for each send: when to call, as an aware datetime, or `None` for now.
        client: an `httpx.Client` of your own, for proxies, certificates or kept connections. It is not
            closed here. The one made here reads no environment variables and keeps no connection.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        *,
        base_url: str = BASE_URL,
        timeout: float = 5.0,
        sandbox: bool = False,
        campaign: str | None = None,
        send_at: Callable[[], datetime | None] | None = None,
        client: Client | None = None,
    ) -> None:
        settings = Settings(
            api_key=api_key,
            secret_key=secret_key,
            base_url=base_url,
            timeout=timeout,
            sandbox=sandbox,
            campaign=campaign,
            send_at=send_at,
        )
        super().__init__(settings, client_problem(client, asynchronous=False))
        self._http = HTTPClient(client)

    def send(self, message: Message, /) -> Receipt:
        """Have the recipient called.

        Args:
            message: what to say to whom; `request_id` names this send.

        Returns:
            A receipt with the provider's id of the call; without it where the provider took a try whose
            answer was lost.

        Raises:
            DeliveryError: the provider surely did not take it.
            DeliveryUnknownError: nobody knows whether it did.
        """
        sending = Sending(self._settings, message)
        receipt = None
        while receipt is None:
            receipt = sending.judge(self._http.post(sending.url, sending.body, sending.seconds()))
        return receipt

    def close(self) -> None:
        """Let go of threads and connections; a client that you brought stays open."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncEsmsVoice(_Esms):
    """The same for `AsyncOTPEngine`; `client` is an `httpx.AsyncClient`.

    Args:
        api_key: the account's ApiKey.
        secret_key: the account's SecretKey.
        base_url: where the provider is; https, or plain http to this machine.
        timeout: seconds for one try, at most 60; the whole takes at most twice that.
        sandbox: have requests checked, but not called and not charged.
        campaign: the campaign's name in the provider's reports, at most 254 characters.
        send_at: asked once for each send: when to call, as an aware datetime, or `None` for now.
        client: an `httpx.AsyncClient` of your own; it is not closed here.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        *,
        base_url: str = BASE_URL,
        timeout: float = 5.0,
        sandbox: bool = False,
        campaign: str | None = None,
        send_at: Callable[[], datetime | None] | None = None,
        client: AsyncClient | None = None,
    ) -> None:
        settings = Settings(
            api_key=api_key,
            secret_key=secret_key,
            base_url=base_url,
            timeout=timeout,
            sandbox=sandbox,
            campaign=campaign,
            send_at=send_at,
        )
        super().__init__(settings, client_problem(client, asynchronous=True))
        self._http = AsyncHTTPClient(client)

    async def send(self, message: Message, /) -> Receipt:
        """Do what `EsmsVoice.send` does, without blocking the event loop."""
        sending = Sending(self._settings, message)
        receipt = None
        while receipt is None:
            receipt = sending.judge(await self._http.post(sending.url, sending.body, sending.seconds()))
        return receipt

    async def aclose(self) -> None:
        """Let go of connections; a client that you brought stays open."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _key_problem(key: object) -> str | None:
    if not isinstance(key, str):
        return f"is a {type(key).__name__}; give a str"
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        return "is empty, or has spaces, line breaks or letters beyond ASCII; copy it again from the account page"
    return None


def _timeout_problem(seconds: object) -> str | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return "is not a number; give seconds"
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        return f"is {seconds}; give more than 0 and at most {_LONGEST_TIMEOUT:g} seconds"
    return None


def _campaign_problem(campaign: object) -> str | None:
    if campaign is None:
        return None
    if not isinstance(campaign, str):
        return f"is a {type(campaign).__name__}; give a str"
    if not campaign.strip() or not is_plain(campaign):
        return "is empty, or has control or invisible characters; give a name, or leave it out"
    if len(campaign) > _LONGEST_CAMPAIGN:
        return f"has {len(campaign)} characters; give at most {_LONGEST_CAMPAIGN}"
    return None


def _bool_problem(value: object) -> str | None:
    return None if isinstance(value, bool) else "is not a bool; give True or False"


def _function_problem(value: object) -> str | None:
    return None if value is None or callable(value) else "is not callable; give a function, or leave it out"
