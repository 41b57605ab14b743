"""Keeps the provider's GET URLs out of logs: they carry the keys, the number and the code.

httpx writes every URL at INFO, and httpcore the headers of every answer at DEBUG, which may quote it. No client can
be built that does not: both write from module-level loggers. So those loggers get one filter each, once in a
process, which looks at nothing but queries that name a key, and blanks them. Everything else is logged as before.
"""

from __future__ import annotations

import logging
import re

_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "hpack.hpack",
    "hpack.table",
)
_APART = re.compile(r"""([\s'"]+)""")
# A `?` and a `=` may have been encoded, also more than once, by whoever quotes the URL in another one.
_KEY = re.compile(r"(?:ApiKey|SecretKey)(?:=|%(?:25)*3D)", re.IGNORECASE)
_MARK = re.compile(r"\?|%(?:25)*3F", re.IGNORECASE)


class _WithoutKeys(logging.Filter):
    """Lets every record pass, without the queries that carry keys."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _KEY.search(text):
            record.msg, record.args = "".join(_hidden(piece) for piece in _APART.split(text)), ()
        return True


_FILTER = _WithoutKeys()


def install() -> None:
    """Add the filter to the loggers that write URLs; a second time changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)


def _hidden(piece: str) -> str:
    key = _KEY.search(piece)
    if key is None:
        return piece
    mark = _MARK.search(piece, 0, key.start())
    return piece[: (mark or key).start()] + "?[hidden]"
