"""Checks of what the application passes to a call. Pure, before anything is spent."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from otpflow.errors import ConfigurationError
from otpflow.records import plain, shown

LONGEST_KEY = 200
"""Characters of an idempotency key or an attempt id."""

MOST_FIELDS = 16
LONGEST_VALUE = 200
"""Characters of a context value: it is spoken, sealed and hashed."""

_PURPOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,31}")
_RESERVED = frozenset({"code", "app", "minutes", "purpose"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What was passed, in one form.

    Attributes:
        purpose: what the code is for.
        context: what it is bound to beyond that, sorted by name, every value as text.
        client: the user's address: IPv4 as it is, IPv6 as its /64; `None` where none was given.
        key: the idempotency key or attempt id.
    """

    purpose: str = ""
    context: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    client: str | None = None
    key: str | None = None

    @property
    def bound(self) -> str:
        """The context in its one written form, as it is hashed and sealed; empty where there is none."""
        return json.dumps(self.context, separators=(",", ":")) if self.context else ""


def check(
    *,
    purpose: object,
    context: object = None,
    client_ip: object = None,
    key: object = None,
    key_name: str = "",
    require_client_ip: bool = False,
) -> Arguments:
    """Check the arguments of one call.

    Args:
        purpose: as passed.
        context: as passed.
        client_ip: as passed.
        key: the idempotency key or attempt id, as passed.
        key_name: which of them it is.
        require_client_ip: whether the user's address must be given.

    Returns:
        The same in one form.

    Raises:
        ConfigurationError: with everything that is wrong with any of them.
    """
    problems: list[str] = []
    word = plain(purpose)
    if word is None or not _PURPOSE.fullmatch(word):
        problems.append(
            f"purpose={shown(purpose)}: give a short fixed word such as 'login': "
            "1 to 64 letters, digits, '_', '-', '.' or ':'"
        )
    checked = Arguments(
        purpose=word or "",
        context=_context(context, problems),
        client=_client(client_ip, problems, required=require_client_ip),
        key=_key(key, key_name, problems),
    )
    if problems:
        raise ConfigurationError(*problems)
    return checked


def check_client(client_ip: object, *, required: bool) -> str | None:
    """Check the user's address alone.

    Args:
        client_ip: as passed.
        required: whether it must be given.

    Returns:
        IPv4 as it is, IPv6 as its /64; `None` where none was given.

    Raises:
        ConfigurationError: it is no address, or is missing.
    """
    problems: list[str] = []
    client = _client(client_ip, problems, required=required)
    if problems:
        raise ConfigurationError(*problems)
    return client


def read_context(written: str) -> dict[str, str]:
    """Read what `Arguments.bound` wrote.

    Args:
        written: the written form.

    Returns:
        The context.
    """
    return json.loads(written) if written else {}


def _context(value: object, problems: list[str]) -> dict[str, str]:
    if value is None:
        return {}
    # An object may claim to be a mapping, by its `__class__`, that is none.
    if not issubclass(type(value), Mapping):
        problems.append(f"context is a {type(value).__name__}; give a mapping of names to str or int")
        return {}
    given = dict(cast("Mapping[object, object]", value))
    if len(given) > MOST_FIELDS:
        problems.append(f"context has {len(given)} fields; give at most {MOST_FIELDS}")
        return {}
    found: dict[str, str] = {}
    for key, entry in given.items():
        name = plain(key)
        if name is None or not _FIELD.fullmatch(name) or name in _RESERVED:
            problems.append(
                f"context has the name {shown(key)}; give small letters, digits and '_', at most 32, "
                f"and none of {', '.join(sorted(_RESERVED))}"
            )
        elif isinstance(entry, bool) or not {str, int} & {*type(entry).__mro__}:
            problems.append(f"context[{name!r}] is a {type(entry).__name__}; give a str or an int")
        elif (text := _written(entry)) is None:
            problems.append(f"context[{name!r}] is too long; give at most {LONGEST_VALUE} characters")
        else:
            found[name] = text
    return dict(sorted(found.items()))


def _written(entry: object) -> str | None:
    if isinstance(entry, int):
        # A longer whole number is not written out first, which may be slow: 200 digits need over 600 bits.
        number = int.__int__(entry)
        return str(number) if number.bit_length() <= 3 * LONGEST_VALUE else None
    text = plain(entry)
    return text if text is not None and len(text) <= LONGEST_VALUE else None


def _client(value: object, problems: list[str], *, required: bool) -> str | None:
    if value is None:
        if required:
            problems.append("client_ip is missing, and the policy has require_client_ip=True")
        return None
    try:
        address = ipaddress.ip_address((plain(value) or "")[:64])
    except ValueError:
        problems.append(f"client_ip={shown(value)}: give the user's address, for example '203.0.113.7'")
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def _key(value: object, name: str, problems: list[str]) -> str | None:
    if value is None:
        return None
    text = plain(value)
    if text is None or not 0 < len(text) <= LONGEST_KEY:
        problems.append(f"{name} is no str of 1 to {LONGEST_KEY} characters; give one per request, or None")
    return text
