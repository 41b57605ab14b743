"""What of a message goes into a template that lies at the provider."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from otpflow.models import Message
from otpflow.transports._esms_text import is_plain

_VALUES: Mapping[str, Callable[[Message], str]] = {
    "code": lambda message: message.code,
    "content": lambda message: message.content,
    "digits": lambda message: ", ".join(message.code),
    "expires_in": lambda message: str(math.floor(message.expires_in)),
    "locale": lambda message: message.locale,
    "minutes": lambda message: str(math.ceil(message.expires_in / 60)),
    "purpose": lambda message: message.purpose,
}
_WITH_CODE = frozenset({"code", "content", "digits"})
_ALLOWED = f"names of {', '.join(sorted(_VALUES))}, with code, digits or content among them"


def written(message: Message, name: str) -> str:
    """Write one value.

    Args:
        message: what to deliver.
        name: which value: an attribute of the message, `"digits"` (the code with commas, to be read digit by
            digit) or `"minutes"`.

    Returns:
        The value.
    """
    return _VALUES[name](message)


def names_problem(names: object) -> str | None:
    """Say what is wrong with the values that a template is to be filled with.

    Args:
        names: what the caller gave.

    Returns:
        The rest of a sentence that begins with the argument's name, or `None`.
    """
    if not isinstance(names, Sequence) or isinstance(names, str | bytes):
        return f"is a {type(names).__name__}; give {_ALLOWED}"
    given = list(cast("Sequence[object]", names))
    if not all(isinstance(name, str) and name in _VALUES for name in given) or not _WITH_CODE & {*given}:
        return f"is {given!r:.80}; give {_ALLOWED}"
    return None


def fields_problem(fields: object) -> str | None:
    """Say what is wrong with a template's fields; see `names_problem`."""
    if not isinstance(fields, Mapping):
        return f"is a {type(fields).__name__}; give a dict such as {{'otp': 'code'}}"
    given = cast("Mapping[object, object]", fields)
    if not all(isinstance(name, str) and name.strip() and is_plain(name) for name in given):
        return "names a field that is empty, no str, or has invisible characters; give the template's fields"
    return names_problem(list(given.values()))
