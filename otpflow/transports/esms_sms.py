"""eSMS (esms.vn): text messages from a registered sender."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from otpflow.transports._esms_client import AwaitedCarrying, BlockingCarrying, Carrying, ClientT
from otpflow.transports._esms_requests import sms
from otpflow.transports._esms_settings import BASE_URL, Settings, name_problem
from otpflow.transports._http import AsyncClient, Client


class _Sms(Carrying[ClientT]):
    name = "esms-sms"
    channels = ("sms",)

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        *,
        brandname: str,
        base_url: str = BASE_URL,
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
            timeout=timeout,
            sandbox=sandbox,
            campaign=campaign,
            send_at=send_at,
        )
        self._write = partial(sms, brandname=brandname)
        super().__init__(
            settings,
            shown={
                "brandname": brandname,
                "base_url": base_url,
                "timeout": timeout,
                "sandbox": sandbox,
                "campaign": campaign,
            },
            wrong={"brandname": name_problem(brandname)},
            client=client,
        )


class EsmsSms(_Sms[Client], BlockingCarrying):
    """Sends the content as a text message, for `OTPEngine`.

    The content has to match a template that is registered for the brandname, or the provider refuses it (146).
    It refuses a second message with the same content to the same number within 5 minutes, too: a repeat of one
    send carries the same request id and is recognised by that, and a re-send has another code in its content.

    Args:
        api_key: the account's ApiKey.
        secret_key: the account's SecretKey.
        brandname: the sender that is registered for the account.
        base_url: where the provider is; https, or plain http to this machine.
        timeout: seconds for one try, at most 60; the whole takes at most twice that.
        sandbox: have requests checked, but not delivered and not charged.
        campaign: the campaign's name in the provider's reports, at most 254 characters.
        send_at: asked once for each send: when to deliver, as an aware datetime, or `None` for now.
        client: an `httpx.Client` of your own; it is not closed here.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """


class AsyncEsmsSms(_Sms[AsyncClient], AwaitedCarrying):
    """The same for `AsyncOTPEngine`; `client` is an `httpx.AsyncClient`.

    Its arguments are those of `EsmsSms`.
    """
