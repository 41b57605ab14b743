"""What a mutation is: one small change to the package that breaks one promise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One text that is exchanged for another.

    Attributes:
        file: where, from the top of the project, for example `"otpflow/codes.py"`.
        old: the text that is there, exactly once.
        new: what is put in its place.
    """

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation(Edit):
    """One change that a guarantee's tests must notice.

    Attributes:
        guarantee: the promise that it breaks, for example `"G1"`.
        says: what it does, in a few words; no two mutations say the same.
        selection: pytest's arguments for the tests that must fail: paths, node ids, `-k` and its expression.
        also: the other edits, where the promise is held in more than one place and breaks only with all.
    """

    guarantee: str
    says: str
    selection: tuple[str, ...]
    also: tuple[Edit, ...] = ()
