"""Server keys: the ring, what is derived from it, and challenge ids.

Every key of the ring is stretched by HKDF into one key per use, so that no two uses ever share one:
`mac` (the keyed hash of a code), `seal` (the number in Redis), `name` (key names in Redis), `address`
(challenge ids), `sign` (callback URLs).

A challenge id is `<key id>.<base64url of 33 bytes>`: 18 random bytes that exist nowhere else, and the
name of the number's slot, masked so that two ids of one number cannot be told to belong together.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from otpflow.errors import ConfigurationError
from otpflow.records import decode, derive, digest, encode, plain

KEY_BYTES = 32
"""Bytes of a server key: 256 bit, where NIST SP 800-63B-4 §3.1.1.2 asks for at least 112."""

SLOT_BYTES = 15
LOCATOR_BYTES = 16
SECRET_BYTES = 18
"""Random bytes in a challenge id: 144 bit, where OWASP ASVS 11.5.1 asks for at least 128."""

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_CHALLENGE_ID = re.compile(r"([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9_-]{44})")
_NONCE_BYTES = 12
_USES = ("mac", "seal", "name", "address", "sign")


@dataclass(slots=True)
class Address:
    """Where a challenge lives, and the secret that only its id holds.

    Attributes:
        key_id: the key that this challenge was made with.
        slot: names the number's slot in Redis.
        locator: names the challenge in that slot; cannot be turned back into the id.
        secret: the client-held half of the secret.
        mask: hides the slot in the challenge's id.
    """

    key_id: str
    slot: str
    locator: str
    secret: bytes = field(repr=False)
    mask: bytes = field(repr=False)

    @property
    def salt(self) -> bytes:
        """Salt of the challenge's hashes.

        It is the locator, a keyed hash of 144 random bits: 128 bits that no other challenge has, where NIST
        SP 800-63B-4 §3.1.1.2 asks for at least 32, and that take no room of their own in Redis.
        """
        return self.locator.encode("ascii")


class Keyring:
    """The server keys, by id.

    The first key makes new challenges; all of them verify. Numbers are named by the key whose id sorts
    first (`k1` before `k2` before `k10`), so that budgets survive a rotation in either order.

    Args:
        spec: `"k2:<base64url>,k1:<base64url>"`, each key at least 32 bytes, as `otpflow keygen` prints.

    Raises:
        ConfigurationError: naming every problem, never a key.
    """

    __slots__ = ("_derived", "active", "naming")

    def __init__(self, spec: object) -> None:
        keys, problems = _parse(spec)
        if problems:
            raise ConfigurationError(*problems)
        self._derived = {key_id: _derive(raw) for key_id, raw in keys.items()}
        self.active = next(iter(keys))
        self.naming = min(keys, key=_natural)

    def __repr__(self) -> str:
        return f"Keyring(ids={list(self._derived)})"

    def __reduce__(self) -> NoReturn:
        msg = "a Keyring holds server keys and is not for storing; build it from its settings"
        raise TypeError(msg)

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._derived

    def _key(self, key_id: str, use: str) -> bytes:
        return self._derived[key_id][use]

    def slot(self, *parts: str | bytes) -> str:
        """Name a slot in Redis by a keyed hash.

        Args:
            parts: what the slot is for, for example namespace and number.

        Returns:
            20 characters.
        """
        return encode(derive(self._key(self.naming, "name"), *parts)[:SLOT_BYTES])

    def new_address(self, slot: str) -> Address:
        """Draw the secret of a new challenge.

        Args:
            slot: the number's slot.

        Returns:
            Its address, under the active key.
        """
        return self.address(self.active, slot, secrets.token_bytes(SECRET_BYTES))

    def address(self, key_id: str, slot: str, secret: bytes) -> Address:
        """Build an address from its parts.

        Args:
            key_id: a key of this ring.
            slot: the number's slot.
            secret: the client-held secret.

        Returns:
            The address.
        """
        locator, mask = self._hidden(key_id, secret)
        return Address(key_id, slot, locator, secret, mask)

    def challenge_id(self, address: Address) -> str:
        """Write an address as the id that the application keeps.

        Args:
            address: where the challenge lives.

        Returns:
            At most 61 URL-safe characters.
        """
        return f"{address.key_id}.{encode(_xor(decode(address.slot), address.mask) + address.secret)}"

    def locate(self, challenge_id: object) -> Address | None:
        """Read a challenge id.

        Args:
            challenge_id: whatever the caller has.

        Returns:
            The address it names, or `None` where it is not of the form. Where its key is unknown that is an
            address at which nothing can live, so that the answer takes as long as for an expired one.
        """
        text = plain(challenge_id)
        match = None if text is None else _CHALLENGE_ID.fullmatch(text)
        if match is None:
            return None
        raw = decode(match[2])
        masked, secret = raw[:SLOT_BYTES], raw[SLOT_BYTES:]
        if match[1] not in self._derived:
            # Under a name that no challenge has: only the active key's own secrets are hashed without one.
            locator, mask = self._hidden(self.active, secret, match[1])
            return Address(self.active, encode(_xor(masked, mask)), locator, secret, mask)
        locator, mask = self._hidden(match[1], secret)
        return Address(match[1], encode(_xor(masked, mask)), locator, secret, mask)

    def _hidden(self, key_id: str, secret: bytes, *foreign: str) -> tuple[str, bytes]:
        raw = derive(self._key(key_id, "address"), secret, *foreign)
        return encode(raw[:LOCATOR_BYTES]), raw[LOCATOR_BYTES : LOCATOR_BYTES + SLOT_BYTES]

    def mac(self, key_id: str, *parts: str | bytes) -> bytes:
        """Compute the keyed hash of a record.

        Args:
            key_id: a key of this ring.
            parts: the record.

        Returns:
            32 bytes.
        """
        return digest(self._key(key_id, "mac"), *parts)

    def sign(self, key_id: str, *parts: str | bytes) -> str:
        """Sign a record.

        Args:
            key_id: a key of this ring.
            parts: the record.

        Returns:
            22 characters.
        """
        return encode(digest(self._key(key_id, "sign"), *parts)[:16])

    def seal(self, key_id: str, text: str, *label: str | bytes) -> str:
        """Encrypt a text under a key made for this label alone.

        Args:
            key_id: a key of this ring.
            text: what to hide.
            label: what it belongs to; needed again to open it.

        Returns:
            base64url of nonce and ciphertext.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = AESGCM(derive(self._key(key_id, "seal"), *label))
        return encode(nonce + box.encrypt(nonce, text.encode("utf-8", "surrogatepass"), None))

    def unseal(self, key_id: str, sealed: str, *label: str | bytes) -> str | None:
        """Decrypt what `seal` wrote.

        Args:
            key_id: the key it was sealed with.
            sealed: what `seal` returned.
            label: what it belongs to.

        Returns:
            The text, or `None` where it was altered, moved, or sealed for something else.
        """
        try:
            raw = decode(sealed)
            box = AESGCM(derive(self._key(key_id, "seal"), *label))
            return box.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None).decode("utf-8", "surrogatepass")
        except (ValueError, InvalidTag):
            return None


def new_key(key_id: str = "k1") -> str:
    """Draw a server key.

    Args:
        key_id: how challenges will name it: 1 to 16 letters, digits, `_` or `-`.

    Returns:
        `"<key_id>:<base64url of 32 random bytes>"`.

    Raises:
        ConfigurationError: the id is not of that form.
    """
    if not _KEY_ID.fullmatch(key_id):
        raise ConfigurationError(f"key id {key_id!r}: must be 1 to 16 letters, digits, '_' or '-'")
    return f"{key_id}:{encode(secrets.token_bytes(KEY_BYTES))}"


def _parse(spec: object) -> tuple[dict[str, bytes], list[str]]:
    text = plain(spec)
    if text is None or not text.strip():
        return {}, [
            "keys: at least one server key is needed; make one with `otpflow keygen` and keep it outside Redis"
        ]
    keys: dict[str, bytes] = {}
    problems: list[str] = []
    for number, entry in enumerate(text.split(","), start=1):
        key_id, colon, encoded = entry.strip().partition(":")
        if not colon or not _KEY_ID.fullmatch(key_id):
            problems.append(f"keys: entry {number} is not of the form 'k1:<base64url>'; see `otpflow keygen`")
            continue
        try:
            raw = decode(encoded)
        except ValueError:
            problems.append(f"keys: key {key_id!r} is not base64url; see `otpflow keygen`")
            continue
        if len(raw) < KEY_BYTES or len(set(raw)) < 8:
            problems.append(
                f"keys: key {key_id!r} is weak: {KEY_BYTES} random bytes are needed; see `otpflow keygen`"
            )
        if key_id in keys:
            problems.append(f"keys: the id {key_id!r} is there twice; give each key its own")
        keys[key_id] = raw
    return keys, problems


def _derive(raw: bytes) -> dict[str, bytes]:
    return {
        use: HKDF(algorithm=SHA256(), length=32, salt=None, info=f"otpflow/1/{use}".encode()).derive(raw)
        for use in _USES
    }


def _natural(key_id: str) -> tuple[tuple[tuple[int, int | str], ...], str]:
    pieces = re.findall(r"\d+|\D+", key_id)
    # `k1` and `k01` are one number: the id itself decides between them, whichever came first.
    return tuple((0, int(piece)) if piece.isdigit() else (1, piece) for piece in pieces), key_id


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left) ^ int.from_bytes(right)).to_bytes(len(left))
