"""Carriers of codes. A name is imported when it is used, so that nothing is paid for what is not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from otpflow.transports.base import CHANNELS, AsyncTransport, Transport

if TYPE_CHECKING:
    from otpflow.transports.console import Console
    from otpflow.transports.esms import AsyncEsmsVoice, EsmsVoice
    from otpflow.transports.fallback import AsyncFallback, Fallback

__all__ = ["CHANNELS", "AsyncEsmsVoice", "AsyncFallback", "AsyncTransport", "Console", "EsmsVoice", "Fallback", "Transport"]

_HOMES = {
    "AsyncEsmsVoice": "otpflow.transports.esms",
    "AsyncFallback": "otpflow.transports.fallback",
    "Console": "otpflow.transports.console",
    "EsmsVoice": "otpflow.transports.esms",
    "Fallback": "otpflow.transports.fallback",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
