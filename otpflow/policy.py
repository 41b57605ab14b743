"""The numbers of the game: how long codes live, how often they may be sent, how often guessed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Literal

from otpflow.errors import ConfigurationError

Seconds = float | timedelta
"""A duration: seconds as a number, or a `timedelta`."""

VOICE_CODE_LIFE = 180.0
"""Seconds a spoken code may live (State Bank of Vietnam Circular 50/2024/TT-NHNN Art. 11(3))."""

CONSECUTIVE_MEMORY = 30 * 86_400.0
"""Seconds for which wrong guesses in a row are remembered after the last of them."""

HOUR = 3_600.0
DAY = 86_400.0


def _seconds(value: object) -> float | None:
    """Bring a duration to seconds; `None` where it is not one."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or not {int, float} & {*type(value).__mro__}:
        return None
    number: Any = value
    try:
        return float(number)
    except OverflowError:
        return None


def _shown(value: object) -> str:
    try:
        return repr(value)[:100]
    except ValueError:  # a whole number of thousands of digits
        return f"a {type(value).__name__} that is too large to show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is allowed; checked once, when built, and every problem reported at once.

    Durations are seconds or `timedelta` and are kept as seconds.

    Attributes:
        digits: length of a code, 6 to 9 (NIST SP 800-63B-4 §3.1.3.2, RFC 4226 §5.3).
        ttl: seconds a code lives from the moment the provider took it, 1 to `max_lifetime`. A voice code
            never lives longer than 180 s, whatever is set here (Circular 50/2024 Art. 11(3)).
        max_lifetime: seconds a challenge lives, re-sends included, at most 600 (NIST §3.1.3.2, ASVS 6.5.5).
        attempts: codes that may be tried per challenge, 1 to 5 (PSD2 RTS Art. 4(3)(b)).
        cooldown: seconds between two sends to one number, 0 to 3600.
        resend: `"replace"`: the earlier code dies when the new send was taken; `"overlap"`: both work
            until their own expiry, with one shared budget of attempts.
        sends: sends per challenge, the first included, 1 to 10.
        sends_per_hour: sends per number in any hour.
        sends_per_day: sends per number in any 24 hours.
        wrong_per_hour: wrong codes per number in any hour, over all its challenges.
        wrong_per_day: wrong codes per number in any 24 hours.
        wrong_in_a_row: wrong codes per number in a row, 1 to 100 (NIST §3.2.2); remembered for 30 days,
            lifted by a success or `unlock()`.
        require_client_ip: refuse calls that do not say from which address the user came.
        countries: ISO 3166 regions whose numbers may be called; the first one is that of numbers written
            in national form.

    Raises:
        ConfigurationError: naming every field that is wrong, its value and the reason.
    """

    digits: int = 6
    ttl: Seconds = 180.0
    max_lifetime: Seconds = 600.0
    attempts: int = 5
    cooldown: Seconds = 60.0
    resend: Literal["replace", "overlap"] = "replace"
    sends: int = 3
    sends_per_hour: int = 5
    sends_per_day: int = 10
    wrong_per_hour: int = 10
    wrong_per_day: int = 20
    wrong_in_a_row: int = 100
    require_client_ip: bool = False
    countries: tuple[str, ...] = ("VN",)

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name, low, high, reason in _WHOLE:
            value: Any = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                problems.append(
                    f"{name}={_shown(value)}: must be a whole number from {low} to {high} ({reason})"
                )
        for name, shortest, longest, reason in _DURATIONS:
            value = getattr(self, name)
            seconds = _seconds(value)
            if seconds is None or not shortest <= seconds <= longest:
                problems.append(
                    f"{name}={_shown(value)}: must be {shortest:g} to {longest:g} seconds or such a timedelta ({reason})"
                )
            else:
                object.__setattr__(self, name, seconds)
        resend: str = self.resend
        if resend not in ("replace", "overlap"):
            problems.append(f"resend={resend!r}: must be 'replace' or 'overlap'")
        required: Any = self.require_client_ip
        if not isinstance(required, bool):
            problems.append(f"require_client_ip={required!r}: must be True or False")
        problems += self._countries_problems()
        if not problems:
            problems = self._contradictions()
        if problems:
            raise ConfigurationError(*problems)

    def _countries_problems(self) -> list[str]:
        value: Any = self.countries
        if isinstance(value, str) or not isinstance(value, tuple | list | set | frozenset) or not value:
            return [f"countries={value!r}: must be a non-empty tuple of region codes such as ('VN',)"]
        if isinstance(value, set | frozenset):
            return [
                f"countries={value!r}: must have an order, since the first one reads national numbers; use a tuple"
            ]
        wrong = [country for country in self.countries if not _is_region(country)]
        if wrong:
            return [f"countries={value!r}: {', '.join(map(repr, wrong))} is not a region code such as 'VN'"]
        object.__setattr__(self, "countries", tuple(self.countries))
        return []

    def _contradictions(self) -> list[str]:
        pairs = (
            ("ttl", "max_lifetime", "a code cannot outlive its challenge"),
            ("sends_per_hour", "sends_per_day", "the hour is part of the day"),
            ("wrong_per_hour", "wrong_per_day", "the hour is part of the day"),
        )
        return [
            f"{small}={getattr(self, small):g} is more than {large}={getattr(self, large):g}: {reason}"
            for small, large, reason in pairs
            if getattr(self, small) > getattr(self, large)
        ]

    def code_life(self, channel: str) -> float:
        """Tell how long a code lives on a channel.

        Args:
            channel: `"voice"`, `"sms"` or `"zalo"`.

        Returns:
            Seconds from the moment the provider took the send.
        """
        life = float_seconds(self.ttl)
        return min(life, VOICE_CODE_LIFE) if channel == "voice" else life


def float_seconds(value: Seconds) -> float:
    """Bring a duration to seconds.

    Args:
        value: seconds, or a `timedelta`.

    Returns:
        Seconds.
    """
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def _is_region(value: object) -> bool:
    return (
        isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()
    )


_WHOLE = (
    ("digits", 6, 9, "NIST SP 800-63B-4 §3.1.3.2; RFC 4226 §5.3"),
    ("attempts", 1, 5, "PSD2 RTS Art. 4(3)(b)"),
    ("sends", 1, 10, "sends per challenge"),
    ("sends_per_hour", 1, 1_000, "sends per number"),
    ("sends_per_day", 1, 1_000, "sends per number"),
    ("wrong_per_hour", 1, 1_000, "wrong codes per number"),
    ("wrong_per_day", 1, 1_000, "wrong codes per number"),
    ("wrong_in_a_row", 1, 100, "NIST SP 800-63B-4 §3.2.2"),
)
_DURATIONS = (
    ("ttl", 1.0, 600.0, "life of a code"),
    ("max_lifetime", 1.0, 600.0, "NIST SP 800-63B-4 §3.1.3.2; ASVS 6.5.5"),
    ("cooldown", 0.0, 3_600.0, "time between two sends to a number"),
)

POLICY_FIELDS = tuple(field.name for field in fields(Policy))
"""The names of all settings of a `Policy`."""
