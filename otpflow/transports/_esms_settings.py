"""What every eSMS client is built with, checked once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from otpflow.transports._esms_text import is_plain
from otpflow.transports._http import base_url_problem
from otpflow.transports._loopback import is_loopback

BASE_URL = "https://rest.esms.vn"
VOICE_BASE_URL = "https://voiceapi.esms.vn"

_LONGEST_CAMPAIGN = 254
_LONGEST_NAME = 64
_LONGEST_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a client was built with; the keys stay out of `repr`.

    Attributes:
        api_key: the account's ApiKey.
        secret_key: the account's SecretKey.
        base_url: of the provider's host for messages.
        voice_base_url: of its host for calls, where it was given.
        timeout: seconds for one try.
        sandbox: whether requests are only checked.
        campaign: its name in the provider's reports.
        send_at: says when to deliver.
    """

    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    base_url: str
    voice_base_url: str | None = None
    timeout: float
    sandbox: bool = False
    campaign: str | None = None
    send_at: Callable[[], datetime | None] | None = field(default=None, repr=False)

    @property
    def call_url(self) -> str:
        """The base URL of the host for calls.

        What listens on this machine in the provider's place (a simulator, a tunnel) does so for both hosts: a
        test that forgets one must not send the keys to the real one.
        """
        if self.voice_base_url is not None:
            return self.voice_base_url
        return self.base_url if is_loopback(urlsplit(self.base_url).hostname or "") else VOICE_BASE_URL


def problems(settings: Settings, others: Mapping[str, str | None]) -> list[str]:
    """Find everything that is wrong with the arguments of a client.

    Args:
        settings: the shared ones.
        others: by argument, what is wrong with it; `None`: nothing.

    Returns:
        A sentence each; none of them shows a key.
    """
    return [f"{name} {problem}" for name, problem in _of_each(settings, others) if problem is not None]


def name_problem(name: object) -> str | None:
    """Say what is wrong with a name that the provider gave: of a brand, an account or a template.

    Args:
        name: what the caller gave.

    Returns:
        The rest of a sentence that begins with the argument's name, or `None`.
    """
    if not isinstance(name, str):
        return f"is a {type(name).__name__}; give a str"
    if not name.strip() or name != name.strip() or not is_plain(name) or len(name) > _LONGEST_NAME:
        return (
            f"is empty, longer than {_LONGEST_NAME} characters, or has spaces around it or invisible "
            "characters; copy it again from the account page"
        )
    return None


def _of_each(settings: Settings, others: Mapping[str, str | None]) -> Iterator[tuple[str, str | None]]:
    yield "api_key", _key_problem(settings.api_key)
    yield "secret_key", _key_problem(settings.secret_key)
    yield "base_url", base_url_problem(settings.base_url)
    if settings.voice_base_url is not None:
        yield "voice_base_url", base_url_problem(settings.voice_base_url)
    yield "timeout", _timeout_problem(settings.timeout)
    yield "sandbox", _bool_problem(settings.sandbox)
    yield "campaign", _campaign_problem(settings.campaign)
    yield "send_at", _function_problem(settings.send_at)
    yield from others.items()


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
