"""The ways in which a provider, or what stands before it, misbehaves; for `EsmsSimulator.misbehave`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer, and how it goes over the wire.

    Attributes:
        status: the HTTP status.
        headers: its headers; the length is added by whoever sends it.
        body: what follows.
        hold: seconds before the first byte.
        drip: what is sent byte by byte without end: nothing, the headers or the body.
        interval: seconds between two bytes that drip.
        drop: close the connection instead of answering.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    hold: float = 0.0
    drip: Literal["", "headers", "body"] = ""
    interval: float = 0.0
    drop: bool = False


Spoil: TypeAlias = Callable[[Answer, str], Answer]
"""Takes the right answer, and how the endpoint's envelope calls the code; gives what is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One misbehaviour. Make one with the methods below.

    Attributes:
        name: what it is called.
        spoil: makes the wrong answer out of the right one.
        accepts: whether the request is worked on as usual, whatever is answered then.
        wait: seconds before the request is worked on.
    """

    name: str
    spoil: Spoil = field(repr=False)
    accepts: bool = False
    wait: float = 0.0

    @classmethod
    def delay(cls, seconds: float) -> Self:
        """Begin to work on the request only after some seconds."""
        return cls(name="delay", spoil=lambda right, _: right, accepts=True, wait=seconds)

    @classmethod
    def drop(cls) -> Self:
        """Close the connection; nothing was taken."""
        return cls(name="drop", spoil=lambda _, __: Answer(drop=True))

    @classmethod
    def reply(cls, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Self:
        """Answer with just this; nothing was taken."""
        answer = Answer(status=status, headers=headers or {}, body=body)
        return cls(name=f"reply_{status}", spoil=lambda _, __: answer)

    @classmethod
    def html(cls, status: int = 200) -> Self:
        """Answer with a web page, as a captive portal (200) or a gateway (502) does."""
        page = b"<!doctype html><html><body><h1>Please wait</h1></body></html>"
        return cls.reply(page, status=status, headers={"Content-Type": "text/html"})

    @classmethod
    def empty(cls) -> Self:
        """Answer 200 with no body."""
        return cls.reply(b"")

    @classmethod
    def huge(cls, size: int = 8_000_000) -> Self:
        """Answer with a body of so many bytes that begins like a right one."""
        return cls.reply(b'{"CodeResult":"100","SMSID":"' + b"0" * size + b'"}')

    @classmethod
    def redirect(cls, location: str, status: int = 307) -> Self:
        """Send the client elsewhere."""
        return cls.reply(b"", status=status, headers={"Location": location})

    @classmethod
    def error_without_code(cls, error: str = "Invalid request") -> Self:
        """Answer with an error and no code."""
        return cls.reply(json.dumps({"error": error}).encode())

    @classmethod
    def code(cls, code: str, message: str = "") -> Self:
        """Answer with a code, in the envelope of whichever endpoint was asked; nothing was taken."""

        def refuse(_: Answer, name: str) -> Answer:
            fields = {name: code, "CountRegenerate": 0, "ErrorMessage": message}
            return Answer(body=json.dumps(fields).encode())

        return cls(name=f"code_{code}", spoil=refuse)

    @classmethod
    def numeric_code(cls) -> Self:
        """Take the request, and write the code as a number instead of a string."""

        def rewrite(right: Answer, name: str) -> Answer:
            fields = json.loads(right.body)
            return replace(right, body=json.dumps(fields | {name: int(fields[name])}).encode())

        return cls(name="numeric_code", spoil=rewrite, accepts=True)

    @classmethod
    def truncated(cls) -> Self:
        """Take the request, and answer with the first half of the right body."""
        return cls(
            name="truncated",
            spoil=lambda right, _: replace(right, body=right.body[: len(right.body) // 2]),
            accepts=True,
        )

    @classmethod
    def drip_headers(cls, interval: float) -> Self:
        """Take the request, and answer with headers that come byte by byte and never end."""
        return cls(
            name="drip_headers",
            spoil=lambda right, _: replace(right, drip="headers", interval=interval),
            accepts=True,
        )

    @classmethod
    def drip_body(cls, interval: float) -> Self:
        """Take the request, and answer with a body that comes byte by byte and never ends."""
        return cls(
            name="drip_body",
            spoil=lambda right, _: replace(right, drip="body", interval=interval),
            accepts=True,
        )

    @classmethod
    def accept_then_delay(cls, seconds: float) -> Self:
        """Take the request, and answer only after some seconds."""
        return cls(
            name="accept_then_delay", spoil=lambda right, _: replace(right, hold=seconds), accepts=True
        )

    @classmethod
    def accept_then_drop(cls) -> Self:
        """Take the request, then close the connection without an answer."""
        return cls(name="accept_then_drop", spoil=cls.drop().spoil, accepts=True)

    @classmethod
    def accept_then(cls, fault: Fault) -> Self:
        """Take the request, then answer as another fault does."""
        return cls(name=f"accept_then_{fault.name}", spoil=fault.spoil, accepts=True, wait=fault.wait)
