"""What texts may go out, and what may be quoted of those that come in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

_LONGEST_QUOTE = 120
# Control, format (bidi and zero-width among them), surrogate, line and paragraph separator.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What nothing that is shown may hold, however it is written.

    Attributes:
        keys: of the account.
        code: that is on its way; empty where there is none.
        number: the last digits of the number; empty where there is none.
    """

    keys: tuple[str, ...] = field(repr=False)
    code: str = field(default="", repr=False)
    number: str = field(default="", repr=False)

    def found_in(self, text: str, *, of_code: bool = True) -> bool:
        """Tell whether a text holds one of them.

        Args:
            text: what came from outside.
            of_code: whether to look for the code: an id that is made by chance may hold its digits.

        Returns:
            Whether it must not be shown.
        """
        digits = (self.code if of_code else "", self.number)
        return _echoes(text, self.keys, filter(None, digits))


def is_plain(text: str) -> bool:
    """Tell whether a text has no control, bidi, zero-width or line-breaking characters.

    Args:
        text: what is about to go out.

    Returns:
        Whether it may.
    """
    # What Python calls printable has none of them, and is told at once; some of the rest are only rare.
    return text.isprintable() or not any(unicodedata.category(one) in _UNPRINTABLE for one in text)


def quotable(text: object, secrets: Secrets) -> str:
    """Bring the provider's words to one short line, or to nothing where they hold a secret.

    Args:
        text: what the answer has where its words should be.
        secrets: what they must not hold.

    Returns:
        The words, at most 120 characters.
    """
    if not isinstance(text, str) or secrets.found_in(text):
        return ""
    words = "".join(character if is_plain(character) else " " for character in text).split()
    return " ".join(words)[:_LONGEST_QUOTE]


def _echoes(text: str, keys: Iterable[str], digits: Iterable[str]) -> bool:
    folded = _folded(text)
    numerals = "".join(str(unicodedata.decimal(one)) for one in folded if one.isdecimal())
    return any(_folded(key) in folded for key in keys) or any(run in numerals for run in digits)


def _folded(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    plain = normal if normal.isprintable() else "".join(one for one in normal if is_plain(one))
    return "".join(plain.casefold().split())
