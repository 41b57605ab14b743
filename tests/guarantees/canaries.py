"""Secrets that must not show, a provider that is told them, and a search for them."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pickle
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, cast

from otpflow import OTPError
from otpflow.records import encode
from otpflow.testing import EsmsSimulator, Fault
from otpflow.testing.simulator_calls import spoken_code
from otpflow.transports import AsyncEsmsVoice, EsmsVoice

API_KEY = "CANARY-api-key-61f0"
SECRET_KEY = "CANARY-secret-key-92ab"
RAW_KEY = b"CANARY server key of 32 bytes 61"
KEYS = f"k1:{encode(RAW_KEY)}"
KEY_WORDS = (API_KEY, SECRET_KEY, encode(RAW_KEY), RAW_KEY.hex(), RAW_KEY.decode())
NUMBER = "+84901888484"
OTHER_NUMBERS = tuple(f"+84901888{number}" for number in range(500, 600))

PATIENT = 10.0
"""Seconds for one try where an answer comes at once; only a machine that hangs needs them."""

SHORT = 0.3
"""Seconds for one try where no answer comes."""

HANGING = {
    "delay": Fault.delay(60),
    "accept_then_delay": Fault.accept_then_delay(60),
    "drip_headers": Fault.drip_headers(0.02),
    "drip_body": Fault.drip_body(0.02),
}
"""Faults that end only by the transport's own deadline; what was asked for is taken, now or later."""

LOST = {
    "accept_then_drop": Fault.accept_then_drop(),
    "truncated": Fault.truncated(),
    "accept_then html": Fault.accept_then(Fault.html()),
    "accept_then html 502": Fault.accept_then(Fault.html(502)),
    "accept_then empty": Fault.accept_then(Fault.empty()),
    "accept_then huge": Fault.accept_then(Fault.huge()),
    "accept_then reply": Fault.accept_then(Fault.reply(b'{"SMSID":"x"}')),
    "accept_then error_without_code": Fault.accept_then(Fault.error_without_code("Internal error")),
    "accept_then code 199": Fault.accept_then(Fault.code("199")),
}
"""Faults that say nothing of a request that was taken."""

UNTAKEN = {
    "drop": Fault.drop(),
    "html": Fault.html(),
    "html 502": Fault.html(502),
    "empty": Fault.empty(),
    "huge": Fault.huge(),
    "reply": Fault.reply(b'["CodeResult", "100"]'),
    "error_without_code": Fault.error_without_code("Internal error"),
    "code 199": Fault.code("199"),
}
"""Faults that say nothing of a request, and it was not taken."""

REFUSING = {
    "code": Fault.code("101", "Authorize Failed"),
    "html 404": Fault.html(404),
    "html 429": Fault.html(429),
    "redirect": Fault.redirect("http://127.0.0.1:9/elsewhere"),
    "error_without_code": Fault.error_without_code(),
}
"""Faults that say that a request was not taken."""

HARMLESS = {"numeric_code": Fault.numeric_code()}
"""Faults that the transport sees through."""

_DOCUMENTED: dict[str, dict[str, Any]] = {"Challenge": {"id": ""}, "Verdict": {"recipient": None}}
_HEXADECIMAL = re.compile(r"(?<![0-9a-z])(?:0x)?(?=[0-9]*[a-f])[0-9a-f]{8,}(?![0-9a-z])")


class Provider:
    """A simulated eSMS on loopback that knows the canary keys, and a transport that talks to it.

    Args:
        style: which of the twins: `"sync"` or `"async"`.
        timeout: seconds for one try.

    Attributes:
        simulator: what answers.
        transport: the transport.
    """

    def __init__(self, style: str, timeout: float = PATIENT) -> None:
        self.simulator = EsmsSimulator(API_KEY, SECRET_KEY)
        self._stack = ExitStack()
        base_url = self._stack.enter_context(self.simulator.serve()).base_url
        kind = EsmsVoice if style == "sync" else AsyncEsmsVoice
        self.transport = kind(API_KEY, SECRET_KEY, base_url=base_url, timeout=timeout)

    @property
    def code(self) -> str:
        """The code that was spoken last."""
        return self.simulator.last_code() or ""

    @property
    def codes(self) -> list[str]:
        """Every code that the provider was ever told, whatever became of the request, oldest first."""
        contents = (str(request.fields.get("Content", "")) for request in self.simulator.requests)
        return list(dict.fromkeys(code for content in contents if (code := spoken_code(content))))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(self.transport, EsmsVoice):
            self.transport.close()
        else:
            asyncio.run(self.transport.aclose())
        self._stack.close()


class Evidence:
    """What an application gets to see in one story: values, errors, and whatever else is added.

    Attributes:
        values: what the calls gave or raised.
        texts: what was written elsewhere, by where.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.texts: dict[str, str] = {}

    def of(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call, and keep what comes of it.

        Args:
            function: what to call.
            arguments: its arguments.
            named: its named arguments.

        Returns:
            What it returned, or the `OTPError` that it raised.
        """
        try:
            answer = function(*arguments, **named)
        except OTPError as error:
            answer = error
        self.values.append(answer)
        return answer

    def found(self, words: Iterable[str], codes: Iterable[str]) -> dict[str, list[str]]:
        """Search everything.

        Args:
            words: what must not be there.
            codes: codes that must not be there.

        Returns:
            What is there all the same, by where.
        """
        words, codes = tuple(words), tuple(codes)
        texts = {
            f"{number}: {type(value).__name__}": shown(value) for number, value in enumerate(self.values)
        }
        places = {place: found_in(text, words, codes) for place, text in {**texts, **self.texts}.items()}
        return {place: canaries for place, canaries in places.items() if canaries}


def number_forms(*numbers: str) -> tuple[str, ...]:
    """Write numbers as they might show.

    Args:
        numbers: in E.164 form, of Vietnam.

    Returns:
        Of each the last 8 digits, which every spelling without spaces ends with, and it with spaces.
    """
    spaced = (f"0{number[3:6]} {number[6:9]} {number[9:]}" for number in numbers)
    return (*(number[-8:] for number in numbers), *spaced)


def found_in(text: str | bytes, words: Iterable[str], codes: Iterable[str]) -> list[str]:
    """Search a text.

    Args:
        text: where to look.
        words: looked for anywhere, in capitals or not.
        codes: looked for as digits between other things than digits, written or as they are spoken, except
            in what is plainly hexadecimal.

    Returns:
        What was found.
    """
    plain = (text if isinstance(text, str) else text.decode("latin-1")).lower()
    found = [word for word in words if word.lower() in plain]
    digits = _HEXADECIMAL.sub("", plain)
    written = "|".join(f"{code}|{', '.join(code)}" for code in codes)
    return found + (re.findall(rf"(?<!\d)(?:{written})(?!\d)", digits) if written else [])


def shown(value: object) -> str:
    """Write down all that a value shows of itself, but for the fields that are documented to hold a secret.

    Args:
        value: any value; of an exception also those before it are shown.

    Returns:
        Its texts, its fields, its JSON and its pickle.
    """
    if isinstance(value, BaseException):
        return "\n".join([*traceback.format_exception(value), *map(_texts, _reachable(value))])
    return _texts(value)


def _texts(value: object) -> str:
    written = (json.dumps(value, default=default, skipkeys=True) for default in (str, _fields))
    return "\n".join([repr(value), str(value), *written, _pickled(value)])


def _pickled(value: object) -> str:
    # A challenge is kept in the user's session, id included; a verdict leaves the number out by itself.
    bare = _bare(value) if type(value).__name__ == "Challenge" else value
    try:
        return pickle.dumps(bare).decode("latin-1")
    except (TypeError, AttributeError) as error:
        return str(error)


def _bare(value: Any) -> Any:
    documented = _DOCUMENTED.get(type(value).__name__)
    return dataclasses.replace(value, **documented) if documented else value


def _fields(value: Any) -> object:
    if dataclasses.is_dataclass(value):
        bare = _bare(value)
        return {field.name: getattr(bare, field.name) for field in dataclasses.fields(bare)}
    return dict(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else str(value)


def _reachable(error: BaseException) -> Iterator[object]:
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseException):
            waiting += [one.__cause__, one.__context__, one.args, vars(one), *getattr(one, "__notes__", [])]
            waiting += getattr(one, "exceptions", [])
        elif isinstance(one, dict):
            waiting += cast("dict[str, object]", one).values()
        elif isinstance(one, list | tuple):
            waiting += cast("list[object]", one)
