"""Carriers of codes. A name is imported when it is used, so that nothing is paid for what is not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from otpflow.transports.base import CHANNELS, AsyncTransport, Transport

if TYPE_CHECKING:
    from otpflow.transports.console import Console
    from otpflow.transports.esms import AsyncEsmsVoice, EsmsVoice
    from otpflow.transports.esms_account import AsyncEsmsAccount, EsmsAccount
    from otpflow.transports.esms_call import AsyncEsmsTemplateCall, EsmsTemplateCall
    from otpflow.transports.esms_sms import AsyncEsmsSms, EsmsSms
    from otpflow.transports.esms_zalo import AsyncEsmsZalo, EsmsZalo
    from otpflow.transports.fallback import AsyncFallback, Fallback

__all__ = [
    "CHANNELS",
    "AsyncEsmsAccount",
    "AsyncEsmsSms",
    "AsyncEsmsTemplateCall",
    "AsyncEsmsVoice",
    "AsyncEsmsZalo",
    "AsyncFallback",
    "AsyncTransport",
    "Console",
    "EsmsAccount",
    "EsmsSms",
    "EsmsTemplateCall",
    "EsmsVoice",
    "EsmsZalo",
    "Fallback",
    "Transport",
]

_HOMES = {
    "AsyncEsmsAccount": "otpflow.transports.esms_account",
    "AsyncEsmsSms": "otpflow.transports.esms_sms",
    "AsyncEsmsTemplateCall": "otpflow.transports.esms_call",
    "AsyncEsmsVoice": "otpflow.transports.esms",
    "AsyncEsmsZalo": "otpflow.transports.esms_zalo",
    "AsyncFallback": "otpflow.transports.fallback",
    "Console": "otpflow.transports.console",
    "EsmsAccount": "otpflow.transports.esms_account",
    "EsmsSms": "otpflow.transports.esms_sms",
    "EsmsTemplateCall": "otpflow.transports.esms_call",
    "EsmsVoice": "otpflow.transports.esms",
    "EsmsZalo": "otpflow.transports.esms_zalo",
    "Fallback": "otpflow.transports.fallback",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
