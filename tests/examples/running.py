"""Runs an example as a user does, and loads one to look at its parts."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(directory: Path, *command: str, variables: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run Python with nothing in the environment but what finds programs and this copy of the package.

    Args:
        directory: where to run it.
        command: arguments of the interpreter.
        variables: more of the environment.

    Returns:
        Exit code, standard output, standard error.
    """
    done = subprocess.run(
        (sys.executable, "-W", "error", *command),
        capture_output=True,
        check=False,
        cwd=directory,
        encoding="utf-8",
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            **(variables or {}),
        },
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def load(name: str) -> ModuleType:
    """Import an example as a module of its own.

    Args:
        name: its file, without the ending.

    Returns:
        The module.
    """
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
