"""eSMS (esms.vn): Zalo notifications."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType

from otpflow.transports._esms_client import AwaitedCarrying, BlockingCarrying, Carrying, ClientT
from otpflow.transports._esms_requests import zalo
from otpflow.transports._esms_settings import BASE_URL, Settings, name_problem
from otpflow.transports._esms_values import fields_problem
from otpflow.transports._http import AsyncClient, Client


class _Zalo(Carrying[ClientT]):
    name = "esms-zalo"
    channels = ("zalo",)

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        *,
        oaid: str,
        template_id: str,
        fields: Mapping[str, str] = MappingProxyType({"otp": "code"}),
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
        of_fields = fields_problem(fields)
        filled = {} if of_fields else dict(fields)
        self._write = partial(zalo, oaid=oaid, template_id=template_id, fields=filled)
        super().__init__(
            settings,
            shown={
                "oaid": oaid,
                "template_id": template_id,
                "fields": filled,
                "base_url": base_url,
                "timeout": timeout,
                "sandbox": sandbox,
                "campaign": campaign,
            },
            wrong={
                "oaid": name_problem(oaid),
                "template_id": name_problem(template_id),
                "fields": of_fields,
            },
            client=client,
        )


class EsmsZalo(_Zalo[Client], BlockingCarrying):
    """Fills a template of a Zalo Official Account, for `OTPEngine`. The engine's own content is not used.

    Args:
        api_key: the account's ApiKey.
        secret_key: the account's SecretKey.
        oaid: the Official Account's id.
        template_id: the template's id at Zalo.
        fields: by field of the template, what goes in: `"code"`, `"digits"` (the code with commas), `"content"`,
            `"minutes"` or `"expires_in"` (how long the code lives), `"purpose"` or `"locale"`. One of the first
            three has to be among them.
        base_url: where the provider is; https, or plain http to this machine.
        timeout: seconds for one try, at most 60; the whole takes at most twice that.
        sandbox: have requests checked, but not delivered and not charged.
        campaign: the campaign's name in the provider's reports, at most 254 characters.
        send_at: asked once for each send: when to deliver, as an aware datetime, or `None` for now.
        client: an `httpx.Client` of your own; it is not closed here.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """


class AsyncEsmsZalo(_Zalo[AsyncClient], AwaitedCarrying):
    """The same for `AsyncOTPEngine`; `client` is an `httpx.AsyncClient`.

    Its arguments are those of `EsmsZalo`.
    """
