"""Break one promise at a time in a copy of the project, and see its tests fail.

Every selection first has to pass in the copy as it is. Then each mutation is made, its selection is run, and
the copy is put right again. One line each says what became of it:

    caught     a test failed, as it must
    SURVIVED   every test passed: the promise is not tested
    stale      the text to be exchanged is not there exactly once
    broken     the tests fail without the mutation, or fail to run with it

The command ends with 1 where anything was not caught.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tests import mutations
from tests.mutations.base import Edit, Mutation

PROJECT = Path(__file__).parents[2]
PATIENCE = 180.0
"""Seconds after which a selection is taken to hang."""

_COPIED = ("otpflow", "tests")
_PYTEST = (sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-x", "-q")
_FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


def tables() -> list[Mutation]:
    """Read the table `MUTATIONS` of every module beside this one that has one.

    Returns:
        All mutations, by their guarantees' names.
    """
    names = sorted(module.name for module in iter_modules(mutations.__path__) if module.name != "__main__")
    modules = [import_module(f"{mutations.__name__}.{name}") for name in names]
    found: list[Mutation] = [mutation for module in modules for mutation in getattr(module, "MUTATIONS", ())]
    return sorted(found, key=lambda mutation: (mutation.guarantee[0], int(mutation.guarantee[1:])))


class Copy:
    """A copy of the project, to be broken.

    Args:
        top: an empty folder.
    """

    def __init__(self, top: Path) -> None:
        self._top = top
        for name in _COPIED:
            shutil.copytree(PROJECT / name, top / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PROJECT / "pyproject.toml", top)
        # No compiled files: an edit of the same length within the same second would not be noticed by them.
        self._environment = {**os.environ, "PYTHONPATH": str(top), "PYTHONDONTWRITEBYTECODE": "1"}
        self.passes = cache(self._passes)

    def stale(self, edits: Iterable[Edit]) -> list[str]:
        """Find the files in which the text to be exchanged is not there exactly once."""
        return [edit.file for edit in edits if self._text(edit).count(edit.old) != 1]

    def _text(self, edit: Edit) -> str:
        path = self._top / edit.file
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def _passes(self, selection: tuple[str, ...]) -> bool:
        return self._run(selection)[0] == 0

    def _run(self, selection: Sequence[str]) -> tuple[int | None, str]:
        command = (*_PYTEST, *selection)
        try:
            ended = subprocess.run(
                command,
                cwd=self._top,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None, ""
        return ended.returncode, ended.stdout

    def verdict(self, mutation: Mutation) -> tuple[str, str]:
        """Make one mutation, run its tests, and put the copy right again.

        Args:
            mutation: what to do.

        Returns:
            What became of it, and by which test or for which reason.
        """
        edits = (mutation, *mutation.also)
        if stale := self.stale(edits):
            return "stale", f"not exactly once in {', '.join(stale)}"
        if not self.passes(mutation.selection):
            return "broken", f"fails without it: {' '.join(mutation.selection)}"
        texts = {edit.file: self._text(edit) for edit in edits}
        try:
            for edit in edits:
                path = self._top / edit.file
                path.write_text(self._text(edit).replace(edit.old, edit.new), encoding="utf-8")
            code, output = self._run(mutation.selection)
        finally:
            for name, text in texts.items():
                (self._top / name).write_text(text, encoding="utf-8")
        failed = _FAILED.search(output)
        if code == 1 and failed:
            return "caught", failed[1]
        if code == 0:
            return "SURVIVED", " ".join(mutation.selection)
        return "broken", "the tests hang" if code is None else f"pytest ended with {code}"


def report(chosen: Iterable[Mutation]) -> Iterator[bool]:
    """Try mutations and print a line for each.

    Args:
        chosen: which.

    Yields:
        Whether each was caught.
    """
    with tempfile.TemporaryDirectory(prefix="otpflow-mutations-") as top:
        copy = Copy(Path(top))
        for mutation in chosen:
            word, reason = copy.verdict(mutation)
            print(f"{word:9}{mutation.guarantee:5}{mutation.says}  [{reason}]", flush=True)
            yield word == "caught"


def main(wanted: Sequence[str]) -> int:
    """Try the mutations of some guarantees.

    Args:
        wanted: their names; none for all.

    Returns:
        What the command ends with.
    """
    every = tables()
    if unknown := sorted(set(wanted) - {mutation.guarantee for mutation in every}):
        print(f"no mutation breaks {', '.join(unknown)}", file=sys.stderr)
        return 2
    caught = list(report(mutation for mutation in every if not wanted or mutation.guarantee in wanted))
    print(f"{len(caught)} mutations, {sum(caught)} caught")
    return 0 if all(caught) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
