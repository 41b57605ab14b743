"""eSMS (esms.vn): calls that read a template with a synthetic voice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from otpflow.transports._esms_client import AwaitedCarrying, BlockingCarrying, Carrying, ClientT
from otpflow.transports._esms_requests import template_call
from otpflow.transports._esms_settings import BASE_URL, Settings, name_problem
from otpflow.transports._esms_values import names_problem
from otpflow.transports._http import AsyncClient, Client

VOICES = ("male", "female", "hatieumai", "ngoclam")
"""Northern man, northern woman, southern woman, woman from Huế."""

_SPEEDS = range(-3, 4)


class _TemplateCall(Carrying[ClientT]):
    name = "esms-call"

    def __init__(
        self,
        api_key: str,
        secret_key: str,
        *,
        template_id: str,
        voice: str = "female",
        speed: int = 0,
        variables: Sequence[str] = ("code",),
        base_url: str = BASE_URL,
        voice_base_url: str | None = None,
        timeout: float = 5.0,
        send_at: Callable[[], datetime | None] | None = None,
        client: ClientT | None = None,
    ) -> None:
        settings = Settings(
            api_key=api_key,
            secret_key=secret_key,
            base_url=base_url,
            voice_base_url=voice_base_url,
            timeout=timeout,
            send_at=send_at,
        )
        of_variables = names_problem(variables)
        names = () if of_variables else tuple(variables)
        self._write = partial(
            template_call, template_id=template_id, speaker=voice, speed=speed, variables=names
        )
        super().__init__(
            settings,
            shown={
                "template_id": template_id,
                "voice": voice,
                "speed": speed,
                "variables": names,
                "base_url": base_url,
                "timeout": timeout,
            },
            wrong={
                "template_id": name_problem(template_id),
                "voice": _voice_problem(voice),
                "speed": _speed_problem(speed),
                "variables": of_variables,
            },
            client=client,
        )


class EsmsTemplateCall(_TemplateCall[Client], BlockingCarrying):
    """Calls the recipient and reads a template that lies at the provider, for `OTPEngine`.

    The engine's own content is read where `variables` names it. The provider takes this request as a GET, with the
    keys in its URL. httpx's logs do not show it; hooks and tracing of a client of your own must not either.

    Args:
        api_key: the account's ApiKey.
        secret_key: the account's SecretKey.
        template_id: the template's id at the provider.
        voice: `"male"` or `"female"` (northern), `"hatieumai"` (southern) or `"ngoclam"` (Huế).
        speed: from -3, slow, to 3, fast.
        variables: what fills the template's variables, in their order: `"code"`, `"digits"` (the code with commas,
            to be read digit by digit), `"content"`, `"minutes"` or `"expires_in"` (how long the code lives),
            `"purpose"` or `"locale"`. One of the first three has to be among them.
        base_url: tells where to call while `voice_base_url` is left out: where it is this machine, there as well.
        voice_base_url: where the provider takes calls; https, or plain http to this machine. Otherwise the
            provider's own `https://voiceapi.esms.vn`.
        timeout: seconds for one try, at most 60; the whole takes at most twice that.
        send_at: asked once for each send: when to call, as an aware datetime, or `None` for now.
        client: an `httpx.Client` of your own; it is not closed here.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """


class AsyncEsmsTemplateCall(_TemplateCall[AsyncClient], AwaitedCarrying):
    """The same for `AsyncOTPEngine`; `client` is an `httpx.AsyncClient`.

    Its arguments are those of `EsmsTemplateCall`.
    """


def _voice_problem(voice: object) -> str | None:
    return None if voice in VOICES else f"is {voice!r:.40}; give one of {', '.join(VOICES)}"


def _speed_problem(speed: object) -> str | None:
    if isinstance(speed, bool) or not isinstance(speed, int) or speed not in _SPEEDS:
        return f"is {speed!r:.40}; give a whole number from {_SPEEDS[0]} to {_SPEEDS[-1]}"
    return None
