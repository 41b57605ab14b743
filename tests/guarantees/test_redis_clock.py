"""R4: the application's clock may be an hour off, either way, and nothing changes: Redis' clock decides.

The clock is moved where Python reads it: within this process by replacing what the module `time` offers, and
for a process of its own before anything else is imported, `datetime` included. The source is looked at as
well. The embedded store is this process and has its clock, so there is nothing to be off from; what is true
of the scripts on a server is true of them there.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from otpflow import ChallengeError, Outcome, ThrottledError, Verdict
from otpflow.models import ChallengeState
from tests.conftest import Build
from tests.expected import about
from tests.servers import Server
from tests.subjects import KEYS, NUMBER, Subject

HOUR = 3_600
OTHER_NUMBER = "+84901888500"
CLOCKS = {"time": 1, "time_ns": 10**9, "monotonic": 1, "monotonic_ns": 10**9}
OFF = (-HOUR, HOUR)
READERS = {*CLOCKS, "now", "utcnow", "today", "perf_counter", "clock_gettime", "localtime", "gmtime"}
MAY_READ = {
    "events.py": {"time"},
    "transports/_breaker.py": {"monotonic"},
    "transports/_esms_wire.py": {"monotonic"},
    "transports/_http.py": {"monotonic"},
    "testing/simulator.py": {"monotonic"},
}
"""When an event was written, how long one send may take, and a provider rest; how the simulator dates calls."""

PROGRAM = """
import datetime, json, sys, time

seconds, url, keys, challenge_id, code, other = int(sys.argv[1]), *sys.argv[2:]
right = time.time()
for name, unit in (("time", 1), ("time_ns", 10**9)):
    setattr(time, name, lambda read=getattr(time, name), by=seconds * unit: read() + by)

class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=seconds)

datetime.datetime = Shifted

from otpflow import OTPEngine
from otpflow.stores import RedisStore
from otpflow.testing import Outbox

events, outbox = [], Outbox()
with RedisStore.from_url(url, timeout=5.0) as store:
    with OTPEngine(store, outbox, keys=keys, on_event=(events.append,)) as engine:
        left = engine.inspect(challenge_id).expires_in
        outcome = engine.verify(challenge_id, code, purpose="login").outcome
        challenge = engine.issue(other, purpose="login")
print(json.dumps([events[0].at - right, left, outcome, challenge.expires_in, challenge.id, outbox.code]))
"""
"""Another node: verifies a challenge of this one's, and issues one for it to verify."""

Shift = Callable[[int], None]


@pytest.fixture
def backend(server: Server) -> Server:
    """Only real servers have a clock of their own."""
    return server


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shift]:
    """Move the clock of this process; it is right again after the test."""
    real = {name: getattr(time, name) for name in CLOCKS}

    def move(seconds: int) -> None:
        for name, unit in CLOCKS.items():
            monkeypatch.setattr(time, name, lambda read=real[name], by=seconds * unit: read() + by)

    yield move
    monkeypatch.undo()


def _wrong(subject: Subject, challenge_id: str) -> list[Outcome]:
    return [subject.verify(challenge_id, subject.wrong).outcome for _ in range(5)]


@pytest.mark.guarantee("R4")
@pytest.mark.parametrize("seconds", OFF)
def test_a_clock_that_is_always_off_changes_nothing(build: Build, shift: Shift, seconds: int) -> None:
    """Every time that is told is counted from now, and from Redis' now."""
    shift(seconds)
    subject = build()
    challenge = subject.issue()
    assert (challenge.expires_in, challenge.resend_after) == (180.0, about(60))
    with pytest.raises(ThrottledError) as caught:
        subject.issue()
    assert (caught.value.retry_after, caught.value.limit) == (about(60), "cooldown")
    status = subject.inspect(challenge.id)
    assert (status.state, status.expires_in, status.resend_after) == (
        ChallengeState.PENDING,
        about(180),
        about(60),
    )
    subject.advance(61)
    assert subject.resend(challenge.id).expires_in == 180.0
    assert subject.verify(challenge.id, subject.code) == Verdict(
        outcome=Outcome.VERIFIED, purpose="login", attempts_left=4, recipient=NUMBER
    )


@pytest.mark.guarantee("R4")
@pytest.mark.parametrize("now", OFF)
@pytest.mark.parametrize("then", [0, *OFF])
def test_a_clock_that_jumps_ends_no_code(subject: Subject, shift: Shift, then: int, now: int) -> None:
    """Nor does another node's clock that is off the other way."""
    shift(then)
    challenge = subject.issue(idempotency_key="order-1")
    shift(now)

    assert subject.issue(idempotency_key="order-1").id == challenge.id
    assert subject.inspect(challenge.id).expires_in == about(180)
    assert subject.verify(challenge.id, subject.wrong).attempts_left == 4
    assert subject.verify(challenge.id, subject.code)
    shift(then)
    assert subject.verify(challenge.id, subject.code).outcome is Outcome.ALREADY_USED


@pytest.mark.guarantee("R4")
@pytest.mark.parametrize("seconds", OFF)
def test_a_clock_that_jumps_keeps_no_code_alive(subject: Subject, shift: Shift, seconds: int) -> None:
    """It ends when Redis says so, and so does its challenge."""
    challenge = subject.issue()
    shift(seconds)
    subject.advance(181)
    assert subject.verify(challenge.id, subject.code).outcome is Outcome.EXPIRED
    assert subject.inspect(challenge.id).state is ChallengeState.EXPIRED
    subject.resend(challenge.id)
    subject.advance(420)
    assert subject.verify(challenge.id, subject.code).outcome is Outcome.EXPIRED
    with pytest.raises(ChallengeError):
        subject.resend(challenge.id)


@pytest.mark.guarantee("R4")
@pytest.mark.parametrize("seconds", OFF)
def test_a_clock_that_jumps_refills_no_budget(subject: Subject, shift: Shift, seconds: int) -> None:
    """Neither of sends nor of guesses; they come back by Redis' time."""
    for _ in range(2):
        assert _wrong(subject, subject.issue().id) == [Outcome.WRONG_CODE] * 5
        subject.advance(61)
    challenge = subject.issue()
    shift(seconds)

    verdict = subject.verify(challenge.id, subject.code)
    assert (verdict.outcome, verdict.retry_after) == (Outcome.THROTTLED, about(HOUR - 122))
    with pytest.raises(ThrottledError) as caught:
        subject.issue()
    assert (caught.value.retry_after, caught.value.limit) == (about(60), "cooldown")
    for _ in range(2):
        subject.advance(61)
        subject.issue()
    subject.advance(61)
    with pytest.raises(ThrottledError) as caught:
        subject.issue()
    assert (caught.value.retry_after, caught.value.limit) == (about(HOUR - 5 * 61), "hour")
    subject.advance(HOUR - 4 * 61)
    assert subject.verify(subject.issue().id, subject.code)


@pytest.mark.guarantee("R4")
@pytest.mark.parametrize("seconds", OFF)
def test_nodes_whose_clocks_differ_serve_each_other(subject: Subject, server: Server, seconds: int) -> None:
    """What one has issued the other verifies, both ways round."""
    challenge = subject.issue()
    arguments = (str(seconds), server.url, KEYS, challenge.id, subject.code, OTHER_NUMBER)
    other = subprocess.run(
        (sys.executable, "-c", PROGRAM, *arguments), capture_output=True, text=True, check=True, timeout=60
    )
    shifted, left, outcome, life, challenge_id, code = json.loads(other.stdout)

    assert (shifted, left, life) == (about(seconds), about(180), 180.0)
    assert outcome == Outcome.VERIFIED
    assert subject.inspect(challenge_id).expires_in == about(180)
    assert subject.verify(challenge_id, code).recipient == OTHER_NUMBER
    assert subject.verify(challenge.id, subject.code).outcome is Outcome.ALREADY_USED


@pytest.mark.guarantee("R4")
def test_nothing_but_a_send_and_an_event_reads_a_clock() -> None:
    """No other file of the package asks what time it is; the demo, which shows it, aside."""
    package = Path(str(resources.files("otpflow")))
    reads: dict[str, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        found = set(_clocks_read(ast.parse(path.read_text("utf-8"))))
        if found and not name.startswith("cli/"):
            reads[name] = found

    assert reads == MAY_READ


def _clocks_read(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in READERS and isinstance(node.value, ast.Name):
            if node.value.id in {"time", "datetime", "date"}:
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (alias.name for alias in node.names)
