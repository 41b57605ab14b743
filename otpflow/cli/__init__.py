"""The command line. Typer and Rich are an extra; without them `main` says how to get them."""

from __future__ import annotations

import sys

_PARTS = frozenset({"typer", "rich", "click"})


def main() -> None:
    """Run the command line, and end the process with its exit code.

    Raises:
        SystemExit: always: 0 fine, 1 something failed, 2 something asked for is wrong, 130 Ctrl-C.
    """
    try:
        from otpflow.cli.app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PARTS:
            raise
        sys.exit("the command line needs Typer and Rich: python -m pip install 'otpflow[cli]'")
    app()
