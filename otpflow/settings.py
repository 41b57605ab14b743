"""Settings from the environment: every name, what it means, and every problem told at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from otpflow.errors import ConfigurationError
from otpflow.policy import Policy


def _whole(text: str) -> int:
    return int(text)


def _seconds(text: str) -> float:
    return float(text)


def _word(text: str) -> str:
    return text


def _flag(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip().upper() for part in text.split(","))


_ARGUMENT = re.compile(r"^[a-z_]+\b|(?<= is more than )[a-z_]+\b")
_WRITTEN: Mapping[Callable[[str], object], str] = {
    _whole: "a whole number",
    _seconds: "a number of seconds",
    _flag: "yes or no",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    Attributes:
        argument: the argument that it becomes.
        read: how it is read.
        meaning: what it is, in a few words.
        secret: whether its value must not be shown.
    """

    argument: str
    read: Callable[[str], object]
    meaning: str
    secret: bool = False


POLICY = {
    "OTPFLOW_DIGITS": Variable("digits", _whole, "length of a code, 6 to 9"),
    "OTPFLOW_TTL": Variable("ttl", _seconds, "seconds a code lives; spoken ones at most 180"),
    "OTPFLOW_MAX_LIFETIME": Variable("max_lifetime", _seconds, "seconds a challenge lives, at most 600"),
    "OTPFLOW_ATTEMPTS": Variable("attempts", _whole, "codes that may be tried per challenge, 1 to 5"),
    "OTPFLOW_COOLDOWN": Variable("cooldown", _seconds, "seconds between two sends to a number"),
    "OTPFLOW_RESEND": Variable("resend", _word, "replace or overlap"),
    "OTPFLOW_SENDS": Variable("sends", _whole, "sends per challenge"),
    "OTPFLOW_SENDS_PER_HOUR": Variable("sends_per_hour", _whole, "sends per number in an hour"),
    "OTPFLOW_SENDS_PER_DAY": Variable("sends_per_day", _whole, "sends per number in a day"),
    "OTPFLOW_WRONG_PER_HOUR": Variable("wrong_per_hour", _whole, "wrong codes per number in an hour"),
    "OTPFLOW_WRONG_PER_DAY": Variable("wrong_per_day", _whole, "wrong codes per number in a day"),
    "OTPFLOW_WRONG_IN_A_ROW": Variable("wrong_in_a_row", _whole, "wrong codes per number in a row"),
    "OTPFLOW_REQUIRE_CLIENT_IP": Variable("require_client_ip", _flag, "insist on the user's address"),
    "OTPFLOW_COUNTRIES": Variable("countries", _names, "regions that may be called, for example VN,LA"),
}
"""Variables that are fields of `Policy`."""

ENGINE = {
    "OTPFLOW_KEYS": Variable("keys", _word, "the server keys, from `otpflow keygen`", secret=True),
    "OTPFLOW_NAMESPACE": Variable("namespace", _word, "keeps applications that share a Redis apart"),
    "OTPFLOW_APP": Variable("app", _word, "the name that users know the service by"),
    "OTPFLOW_HASH_COST": Variable("hash_cost", _word, "LIGHT or OWASP"),
    "OTPFLOW_CALLBACK_URL": Variable("callback_url", _word, "where the provider may report"),
    "OTPFLOW_LOG_EVENTS": Variable("log_events", _flag, "yes writes every event to the logger `otpflow`"),
}
"""Variables that are arguments of the engine."""

STORE = {
    "OTPFLOW_REDIS_URL": Variable("url", _word, "where Redis is; without it, this process", secret=True),
    "OTPFLOW_REDIS_TIMEOUT": Variable("timeout", _seconds, "seconds that Redis may take for an answer"),
    "OTPFLOW_REDIS_REPLICAS": Variable("replicas", _whole, "replicas that must have a claim"),
}
"""Variables that are arguments of the Redis store."""

ESMS = {
    "ESMS_API_KEY": Variable(
        "api_key", _word, "the account's ApiKey; without it codes are printed", secret=True
    ),
    "ESMS_SECRET_KEY": Variable("secret_key", _word, "the account's SecretKey", secret=True),
    "ESMS_BASE_URL": Variable("base_url", _word, "where the provider is, for a simulator"),
    "ESMS_TIMEOUT": Variable("timeout", _seconds, "seconds for one try"),
    "ESMS_SANDBOX": Variable("sandbox", _flag, "yes has calls checked, but not made and not charged"),
    "ESMS_CAMPAIGN": Variable("campaign", _word, "the campaign's name in the provider's reports"),
}
"""Variables that are arguments of `EsmsVoice`."""

ALL = {**ENGINE, **STORE, **ESMS, **POLICY}
"""Every variable there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the variables say.

    Attributes:
        policy: the numbers.
        engine: arguments of the engine.
        store: arguments of the Redis store; without `url` the embedded one is asked for.
        esms: arguments of `EsmsVoice`; without `api_key` the console is asked for.
    """

    policy: Policy
    engine: Mapping[str, Any] = field(repr=False)
    store: Mapping[str, Any] = field(repr=False)
    esms: Mapping[str, Any] = field(repr=False)


def read(environ: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    """Read the variables; an empty one counts as not set.

    Args:
        environ: the variables.

    Returns:
        The settings, and everything that is wrong with the variables, a sentence each; secret values are not
        shown. What is wrong is left out of the settings.
    """
    given = {name: value.strip() for name, value in environ.items() if value.strip()}
    problems = list(_unknown(given))
    policy, engine, store, esms = (_read(given, group, problems) for group in (POLICY, ENGINE, STORE, ESMS))
    problems += _contradictions(engine, store, esms)
    numbers = Policy()
    try:
        numbers = Policy(**policy)
    except ConfigurationError as error:
        problems += named(error.problems, POLICY)
    return Settings(policy=numbers, engine=engine, store=store, esms=esms), tuple(problems)


def named(problems: Iterable[str], group: Mapping[str, Variable]) -> Iterator[str]:
    """Name the variable where a problem names the argument that it became.

    Args:
        problems: sentences that begin with an argument's name, and may compare it with another.
        group: the variables that the arguments can come from.

    Yields:
        The same sentences, about variables.
    """
    names = {variable.argument: name for name, variable in group.items()}
    for problem in problems:
        yield _ARGUMENT.sub(lambda found: names.get(found[0], found[0]), problem)


def _read(given: Mapping[str, str], group: Mapping[str, Variable], problems: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, variable in group.items():
        if name not in given:
            continue
        try:
            found[variable.argument] = variable.read(given[name])
        except ValueError:
            problems.append(
                f"{name}={given[name][:40]!r}: give {_WRITTEN[variable.read]} ({variable.meaning})"
            )
    return found


def _unknown(given: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(given.keys() - ALL.keys()):
        ours = name.startswith("OTPFLOW_")
        if not ours and not name.startswith("ESMS_"):
            continue
        # Other programs may have variables of the provider's: only what is nearly one of ours is told.
        near = difflib.get_close_matches(name, ALL, 1, 0.6 if ours else 0.85)
        if near:
            yield f"{name} is no setting; is {near[0]} meant?"
        elif ours:
            yield f"{name} is no setting; take it out"


def _contradictions(
    engine: Mapping[str, Any], store: Mapping[str, Any], esms: Mapping[str, Any]
) -> Iterator[str]:
    if "url" in store and "keys" not in engine:
        yield "OTPFLOW_KEYS is not set, and OTPFLOW_REDIS_URL is; make a key with `otpflow keygen`"
    if "api_key" in esms and "keys" not in engine:
        yield "OTPFLOW_KEYS is not set, and ESMS_API_KEY is; make a key with `otpflow keygen`"
    for present, absent in (("api_key", "secret_key"), ("secret_key", "api_key")):
        if present in esms and absent not in esms:
            yield f"ESMS_{absent.upper()} is not set, and ESMS_{present.upper()} is; both are on the account page"
    if store and "url" not in store:
        yield "OTPFLOW_REDIS_URL is not set, and other OTPFLOW_REDIS_ variables are; set it, or take them out"
