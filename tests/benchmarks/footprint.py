"""What `import otpflow` costs in time, and a live challenge in Redis' memory.

Run it with `python -m tests.benchmarks.footprint`.
"""

from __future__ import annotations

import subprocess
import sys
import time

from otpflow import OTPEngine
from otpflow.keys import new_key
from otpflow.stores import RedisStore
from otpflow.testing import Outbox
from tests.servers import Server, binary

ALLOWED_SECONDS = 0.150
ALLOWED_BYTES = 1_024
_CHALLENGES = 2_000


def seconds_to_import(statement: str, rounds: int = 15) -> float:
    """Measure an import in fresh interpreters, less what an empty one takes.

    Args:
        statement: the import.
        rounds: how many of each; the fastest counts.

    Returns:
        Seconds.
    """

    def fastest(code: str) -> float:
        times: list[float] = []
        for _ in range(rounds):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    return fastest(statement) - fastest("pass")


def bytes_a_challenge(kind: str) -> tuple[int, int]:
    """Measure live challenges with their numbers' counters, after one wrong code each.

    Args:
        kind: `"valkey"` or `"redis"`.

    Returns:
        Bytes of one challenge by `MEMORY USAGE` of all its keys, and by the growth of `used_memory`.
    """
    with Server(kind) as server, RedisStore.from_url(server.url, timeout=5.0) as store:
        outbox = Outbox()
        with OTPEngine(store, outbox, keys=new_key()) as engine, server.client() as client:
            engine.issue("+84900000000", purpose="login")
            before = client.info("memory")["used_memory"]
            for turn in range(_CHALLENGES):
                challenge = engine.issue(f"+8490{turn + 1:07d}", purpose="login")
                wrong = "000000" if outbox.code != "000000" else "000001"
                engine.verify(challenge.id, wrong, purpose="login")
            grown = client.info("memory")["used_memory"] - before
            keys = list(client.scan_iter(count=1_000))
            told = sum(client.memory_usage(key) for key in keys)
    return told // _CHALLENGES, grown // _CHALLENGES


def main() -> None:
    """Print both."""
    print(
        f"import otpflow: {seconds_to_import('import otpflow') * 1e3:.0f} ms "
        f"(at most {ALLOWED_SECONDS * 1e3:.0f})"
    )
    for kind in ("valkey", "redis"):
        if binary(kind):
            told, grown = bytes_a_challenge(kind)
            print(
                f"{kind}: {told} bytes a challenge by MEMORY USAGE, {grown} by used_memory "
                f"(at most {ALLOWED_BYTES})"
            )


if __name__ == "__main__":
    main()
