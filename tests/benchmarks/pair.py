"""What one `issue()` and one `verify()` cost, over the floor: the same scripts and the same two hashes, bare.

Run it with `python -m tests.benchmarks.pair`. Both are measured in turns in one process, on a server that it
starts, so that a busy machine slows both; the ratio of the medians is what counts.
"""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from argon2 import low_level

from otpflow import OTPEngine, Policy
from otpflow.hashing import DIGEST_BYTES
from otpflow.keys import new_key
from otpflow.limits import guess_row, guess_rules, milliseconds, send_rules
from otpflow.stores import RedisStore
from otpflow.stores._scripts import NAMES, source
from otpflow.testing import Outbox
from tests.servers import Server, binary

ROUNDS = 1_500
ALLOWED = 1.3
_POLICY = Policy()
_KIND = low_level.Type.ID


def engine_pair(engine: OTPEngine, outbox: Outbox, number: str) -> None:
    """Issue and verify through the engine.

    Args:
        engine: the engine.
        outbox: its transport.
        number: whom to call.
    """
    challenge = engine.issue(number, purpose="login")
    assert engine.verify(challenge.id, outbox.code, purpose="login")


class Floor:
    """The same work without otpflow: its scripts, one argon2 hash and one argon2 verify, bare.

    Args:
        client: a client like the engine's.
    """

    def __init__(self, client: Any) -> None:
        self._scripts = {name: client.register_script(source(name)) for name in NAMES}
        self._send, self._guess, self._row = send_rules(_POLICY), guess_rules(_POLICY), guess_row(_POLICY)

    def pair(self) -> None:
        """Run admit, hash, store, confirm, claim, hash and settle with made-up values."""
        slot, nonce, attempt = secrets.token_urlsafe(15), secrets.token_urlsafe(12), secrets.token_urlsafe(12)
        base, locator = f"otpflow:1:{{{slot}}}:", secrets.token_urlsafe(16)
        challenge, sends = f"{base}challenge:{locator}", f"{base}sends"
        guesses = f"{base}guesses"
        life = milliseconds(180)
        fields = ("attempts", 5, "sends_left", 2, "sealed", "x" * 54)
        shown = ("purpose", "login", "locale", "vi", "channel", "voice")
        send, guess = self._send, self._guess
        self._run("admit", (challenge, sends), (nonce, send.text, send.window, 600_000, *fields, *shown))
        hashed = low_level.hash_secret(b"x" * 32, locator.encode(), 1, 1_024, 1, DIGEST_BYTES, _KIND)
        self._run("store", (challenge,), (nonce, 1, "x" * 22, life))
        confirmed = (nonce, 1, life, send.text, "replace", "ACCEPTED", "  ", "outbox", "1")
        self._run("confirm", (challenge, sends), confirmed)
        claimed = (attempt, guess.text, guess.window, self._row.allowed, self._row.memory)
        self._run("claim", (challenge, guesses), claimed)
        low_level.verify_secret(hashed, b"x" * 32, _KIND)
        self._run("settle", (challenge, guesses), (attempt, "VERIFIED", 1))

    def _run(self, name: str, keys: tuple[str, ...], arguments: tuple[str | int, ...]) -> None:
        self._scripts[name](keys=keys, args=arguments)


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(kind: str, rounds: int = ROUNDS) -> tuple[float, float]:
    """Measure on a server of one kind.

    Args:
        kind: `"valkey"` or `"redis"`.
        rounds: pairs of each.

    Returns:
        The median seconds of the engine's pair, and of the floor's.
    """
    with Server(kind) as server, RedisStore.from_url(server.url, timeout=5.0) as store:
        outbox = Outbox()
        with OTPEngine(store, outbox, keys=new_key()) as engine, server.client() as client:
            floor = Floor(client)
            ours: list[float] = []
            bare: list[float] = []
            for turn in range(rounds):
                number = f"+8490{turn:07d}"
                ours.append(_seconds(partial(engine_pair, engine, outbox, number)))
                bare.append(_seconds(floor.pair))
                outbox.clear()
    return statistics.median(ours[100:]), statistics.median(bare[100:])


def main() -> None:
    """Print a line for every server that there is."""
    for kind in ("valkey", "redis"):
        if binary(kind):
            ours, bare = measure(kind)
            print(
                f"{kind}: issue + verify {ours * 1e3:.2f} ms, floor {bare * 1e3:.2f} ms, "
                f"ratio {ours / bare:.2f} (at most {ALLOWED})"
            )


if __name__ == "__main__":
    main()
