"""eSMS (esms.vn): calls that speak the code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from otpflow.transports._esms_client import AwaitedCarrying, BlockingCarrying, Carrying, ClientT
from otpflow.transports._esms_requests import voice
from otpflow.transports._esms_settings import BASE_URL, Settings
from otpflow.transports._http import AsyncClient, Client


class _Voice(Carrying[ClientT]):
    _write = staticmethod(voice)

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        *,
        base_url: str = BASE_URL,
        voice_base_url: str | None = None,
        timeout: float = 5.0,
        sandbox: bool = False,
        campaign: str | None = None,
        send_at: Callable[[], datetime | None] | None = None,
        client: ClientT | None = None,
    ) -> None:
        settings = Settings(
            api_key=api_key,
            secret_key=secret_key,
            base_url=base_url,
            voice_base_url=voice_base_url,
            timeout=timeout,
            sandbox=sandbox,
            campaign=campaign,
            send_at=send_at,
        )
        shown = {"base_url": base_url, "timeout": timeout, "sandbox": sandbox, "campaign": campaign}
        super().__init__(settings, shown=shown, wrong={}, client=client)


class EsmsVoice(_Voice[Client], BlockingCarrying):
    """Calls the recipient and speaks the code, for `OTPEngine`.

    `send` returns or raises within twice `timeout`. Where an answer leaves open whether the call was
    taken, the same request goes out again with the same request id, at most twice; the provider
    makes one call for one id within 24 hours.

    Args:
        api_key: the account's ApiKey.
        secret_key: the account's SecretKey.
        base_url: where the provider takes calls; https, or plain http to this machine.
        voice_base_url: where it is asked what became of them. Where `base_url` is this machine it is the same,
            otherwise the provider's own `https://voiceapi.esms.vn`.
        timeout: seconds for one try, at most 60; the whole takes at most twice that.
        sandbox: have requests checked, but not called and not charged.
        campaign: the campaign's name in the provider's reports, at most 254 characters.
        send_at: asked once for each send: when to call, as an aware datetime, or `None` for now.
        client: an `httpx.Client` of your own, for proxies, certificates or kept connections. It is not
            closed here. The one made here reads no environment variables and keeps no connection.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """


class AsyncEsmsVoice(_Voice[AsyncClient], AwaitedCarrying):
    """The same for `AsyncOTPEngine`; `client` is an `httpx.AsyncClient`.

    The client made here sends through aiohttp where the extra `aiohttp` is installed. It then shares
    connections among sends that overlap, and keeps none longer than that.

    Its arguments are those of `EsmsVoice`.
    """
