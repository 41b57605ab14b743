"""The scripts as they are sent: the shared functions, then the operation's own file."""

from __future__ import annotations

from functools import cache
from importlib import resources

NAMES = (
    "admit",
    "bind",
    "breaker",
    "cancel",
    "claim",
    "confirm",
    "poll",
    "read",
    "release",
    "renew",
    "report",
    "settle",
    "store",
    "unlock",
)


@cache
def source(name: str) -> bytes:
    """Load one script.

    Args:
        name: one of `NAMES`.

    Returns:
        Its bytes, without the comments, so that every server gets less to keep.
    """
    folder = resources.files("otpflow.stores") / "lua"
    both = (folder / "common.lua").read_bytes() + (folder / f"{name}.lua").read_bytes()
    return b"\n".join(line for line in both.splitlines() if line and not line.startswith(b"--"))
