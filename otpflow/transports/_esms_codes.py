"""The provider's codes: what each means and what it calls for (eSMS API documentation, 2026)."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Code(NamedTuple):
    """One row of the table.

    Attributes:
        meaning: what the code says, and what to do about it.
        kind: who has to act: `"operator"` (settings, account or content), `"recipient"` (this number cannot
            be called), `"caller"` (a bug in the request), `"transient"` (later it may work), `"taken"`.
        lasting: whether an earlier try of the same request must have met it too. A balance can run out
            between two tries, because the first was taken; a wrong key cannot turn wrong.
    """

    meaning: str
    kind: Literal["operator", "recipient", "caller", "transient", "taken"]
    lasting: bool = True

    @property
    def retryable(self) -> bool:
        """Whether the same call may work later without anybody changing anything."""
        return self.kind == "transient"


TAKEN = "100"
DUPLICATE = "124"
IN_WORK = "199"
NOT_YET = frozenset({"105", IN_WORK})
"""Asked what became of a send, the provider cannot say it yet: right after it was taken, that is usual."""

CODES = {
    "99": Code("the number is blocked at the provider", "recipient"),
    TAKEN: Code("taken", "taken"),
    "101": Code("wrong keys; check api_key and secret_key", "operator"),
    "102": Code("the account has no price list; ask the provider for one", "operator"),
    "103": Code("the balance is too low; top the account up", "operator", lasting=False),
    "104": Code(
        "the brandname, call code or template does not exist; check the account's registrations", "operator"
    ),
    "105": Code("no send with this id is known yet; ask again later", "transient", lasting=False),
    "106": Code("the recording does not exist; check the account's registrations", "operator"),
    "108": Code("the number is malformed", "recipient"),
    "118": Code("the account cannot send this type of message; ask the provider to enable it", "operator"),
    DUPLICATE: Code("a request with this id was taken before", "taken", lasting=False),
    "140": Code("this server's address is not on the account's allow-list; add it", "operator"),
    "143": Code("the account is locked or not active; ask the provider", "operator"),
    "146": Code("the content matches no registered template; register it or change the text", "operator"),
    "160": Code("too many requests a second; send more slowly", "transient", lasting=False),
    "163": Code("more than one number in a request", "caller"),
    "177": Code("the number's network is not registered for this account", "recipient"),
    IN_WORK: Code("the request exists and is being worked on", "transient", lasting=False),
    "201": Code("the content holds a blocked word; change the text", "operator"),
    "300": Code("the request names no message type", "caller"),
}


def concerns(code: str) -> str:
    """Tell who has to act on a refusal.

    Args:
        code: the provider's, or a word of ours where it gave none.

    Returns:
        `"operator"`, `"recipient"` or `"caller"`, by the table; otherwise `"provider"`.
    """
    kind = CODES[code].kind if code in CODES else "transient"
    return kind if kind in {"operator", "recipient", "caller"} else "provider"
