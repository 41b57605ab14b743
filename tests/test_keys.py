"""Server keys: one per use, rotated in either order, and never shown."""

from __future__ import annotations

import copy
import hashlib
import hmac
import itertools
import pickle
import re
import string
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.errors import ConfigurationError
from otpflow.keys import KEY_BYTES, Keyring, new_key
from otpflow.records import encode, record

RAW = bytes(range(KEY_BYTES))
KEY = encode(RAW)
OTHER = encode(bytes(reversed(range(100, 100 + KEY_BYTES))))
RING = Keyring(f"k1:{KEY}")
BOTH = Keyring(f"k2:{OTHER},k1:{KEY}")
NUMBER = "84901888484"
SLOT = RING.slot("number", "default", NUMBER)
NONE = "keys: at least one server key is needed; make one with `otpflow keygen` and keep it outside Redis"
ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]))
LETTERS = string.ascii_letters + string.digits + "-_"


def problems(spec: object) -> tuple[str, ...]:
    """Return what is wrong with a ring; nothing where it can be built."""
    try:
        Keyring(spec)
    except ConfigurationError as error:
        assert not any(secret in str(error) for secret in (KEY, OTHER, KEY[:20]))
        return error.problems
    return ()


def derived(use: str, raw: bytes = RAW) -> bytes:
    """Return the key of one use by HKDF (RFC 5869): no salt, one block."""
    extracted = hmac.new(bytes(32), raw, hashlib.sha256).digest()
    return hmac.new(extracted, f"otpflow/1/{use}".encode() + b"\x01", hashlib.sha256).digest()


def mac(use: str, *parts: str | bytes, raw: bytes = RAW) -> bytes:
    """Return what a ring should compute for one use."""
    return hmac.new(derived(use, raw), record(*parts), hashlib.sha256).digest()


def altered(text: str) -> list[str]:
    """Return the text with each of its characters replaced in turn, cut and lengthened."""
    changed = [
        text[:place] + ("A" if letter != "A" else "B") + text[place + 1 :]
        for place, letter in enumerate(text)
    ]
    return [*changed, text[:-1], text[1:], text + "A", "A" + text, text[::-1], text.swapcase()]


def test_the_ring() -> None:
    """The first key is the active one; all are known by their ids, spaces around them do not matter."""
    ring = Keyring(f" k2:{OTHER} ,\n k1:{KEY}=\t")
    assert (ring.active, ring.naming) == ("k2", "k1")
    assert [name in ring for name in ("k1", "k2", "k3", "", None, 1)] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert ring.mac("k1", "x") == RING.mac("k1", "x")


@pytest.mark.parametrize(
    ("ids", "naming"),
    [
        (("k1",), "k1"),
        (("k1", "k2"), "k1"),
        (("k2", "k10"), "k2"),
        (("k2", "k10", "k1"), "k1"),
        (("1", "a"), "1"),
        (("a", "b1"), "a"),
        (("2024-01", "2024-02"), "2024-01"),
        (("K1", "k1"), "K1"),
        (("k", "k1", "k1a"), "k"),
        (("k01", "k1", "k001"), "k001"),
    ],
    ids=" ".join,
)
@pytest.mark.guarantee("S3")
def test_numbers_are_named_alike_in_any_order(ids: tuple[str, ...], naming: str) -> None:
    """Budgets survive a rotation: which key names the numbers does not hang on which one is active."""
    keys = {key_id: new_key(key_id) for key_id in ids}
    rings = [Keyring(",".join(keys[key_id] for key_id in order)) for order in itertools.permutations(ids)]
    assert {ring.naming for ring in rings} == {naming}
    assert len({ring.slot("number", NUMBER) for ring in rings}) == 1
    assert {ring.active for ring in rings} == set(ids)


@pytest.mark.guarantee("S3")
@pytest.mark.parametrize(
    "spec", [None, "", "  ", "\n", 5, True, f"k1:{KEY}".encode(), [f"k1:{KEY}"], {"k1": KEY}], ids=repr
)
def test_without_a_key_there_is_no_ring(spec: object) -> None:
    """Nothing, an empty text and any other type say how to make a key."""
    assert problems(spec) == (NONE,)


def test_what_only_claims_to_be_a_text_is_no_ring() -> None:
    """`isinstance` can be deceived; the ring is not."""
    assert problems(Mock(spec=str)) == (NONE,)


@pytest.mark.guarantee("S1")
def test_every_problem_is_told_at_once_and_no_key() -> None:
    """Form, encoding, strength and repeated ids: one message, in the order of the entries."""
    entries = [
        KEY,
        f"a b:{KEY}",
        f"{'k' * 17}:{KEY}",
        f":{KEY}",
        "",
        f"k1:{KEY}",
        "k2:",
        f"k3:{KEY[:-1]}",
        f"k4:{encode(bytes(range(7)) * 9)}",
        f"k5:{KEY}!",
        f"k6:{KEY} {KEY}",
        "k7:é=",
        f"k1:{OTHER}",
        "k2:",
    ]
    form = "is not of the form 'k1:<base64url>'; see `otpflow keygen`"
    weak = "is weak: 32 random bytes are needed; see `otpflow keygen`"
    unreadable = "is not base64url; see `otpflow keygen`"
    twice = "is there twice; give each key its own"
    assert problems(",".join(entries)) == (
        *(f"keys: entry {number} {form}" for number in (1, 2, 3, 4, 5)),
        f"keys: key 'k2' {weak}",
        f"keys: key 'k3' {weak}",
        f"keys: key 'k4' {weak}",
        f"keys: key 'k5' {unreadable}",
        f"keys: key 'k6' {unreadable}",
        f"keys: key 'k7' {unreadable}",
        f"keys: the id 'k1' {twice}",
        f"keys: key 'k2' {weak}",
        f"keys: the id 'k2' {twice}",
    )


@pytest.mark.parametrize("raw", [RAW, RAW * 4, bytes(range(8)) * 4], ids=len)
def test_what_is_strong_enough(raw: bytes) -> None:
    """32 bytes or more that are not a few letters over and over."""
    assert problems(f"k1:{encode(raw)}") == ()


@given(spec=ANY_TEXT | st.text(string.ascii_letters + ":,=-_ "))
def test_a_ring_raises_one_kind_of_error(spec: str) -> None:
    """Whatever text it is built from, it is a ring or a `ConfigurationError`."""
    assert all(problem.startswith("keys: ") for problem in problems(spec))


@pytest.mark.guarantee("S1")
def test_a_ring_shows_no_key() -> None:
    """`repr` names the ids alone; a ring is neither pickled nor copied."""
    assert repr(BOTH) == str(BOTH) == "Keyring(ids=['k2', 'k1'])"
    keep: list[Callable[[Any], object]] = [pickle.dumps, copy.copy, copy.deepcopy]
    for each in keep:
        with pytest.raises(
            TypeError, match="^a Keyring holds server keys and is not for storing; build it from"
        ):
            each(RING)


@pytest.mark.parametrize("use", ["mac", "name", "sign"])
def test_what_is_derived_is_the_standard_one(use: str) -> None:
    """Each use has its own key by HKDF-SHA-256; over the record goes HMAC-SHA-256, and BLAKE2b for names."""
    parts = ("login", b"\x00", "")
    whole = {"mac": RING.mac("k1", *parts), "name": RING.slot(*parts), "sign": RING.sign("k1", *parts)}[use]
    expected = mac(use, *parts)
    named = hashlib.blake2b(record(*parts), digest_size=32, key=derived("name", RAW)).digest()
    assert whole == {"mac": expected, "name": encode(named[:15]), "sign": encode(expected[:16])}[use]


def test_which_key_does_what() -> None:
    """Numbers are named by the naming key, signatures and macs come from the one asked for."""
    other = bytes(reversed(range(100, 100 + KEY_BYTES)))
    assert BOTH.slot("x") == RING.slot("x")
    assert [BOTH.sign(key_id, "x") for key_id in ("k1", "k2")] == [
        encode(mac("sign", "x")[:16]),
        encode(mac("sign", "x", raw=other)[:16]),
    ]
    assert [BOTH.mac(key_id, "x") for key_id in ("k1", "k2")] == [mac("mac", "x"), mac("mac", "x", raw=other)]
    assert BOTH.new_address(SLOT).key_id == "k2"
    assert (len(SLOT), len(RING.sign("k1", "x")), len(RING.mac("k1", "x"))) == (20, 22, 32)


@pytest.mark.guarantee("S2")
@given(text=ANY_TEXT, label=st.lists(ANY_TEXT | st.binary(), max_size=3))
def test_a_sealed_text_is_read_back(text: str, label: list[str | bytes]) -> None:
    """Whatever text, under its own label and key it opens; lone surrogates included."""
    sealed = BOTH.seal("k1", text, *label)
    assert re.fullmatch(r"[A-Za-z0-9_-]{38,}", sealed)
    assert RING.unseal("k1", sealed, *label) == text
    assert BOTH.unseal("k2", sealed, *label) is None
    assert BOTH.unseal("k1", sealed, *label, "") is None


def test_a_sealed_text_opens_in_its_own_place_only() -> None:
    """Moved to another label it stays shut, and the same text never looks the same."""
    sealed = RING.seal("k1", NUMBER, "recipient", "locator")
    assert sealed != RING.seal("k1", NUMBER, "recipient", "locator")
    labels: list[tuple[str, ...]] = [
        (),
        ("recipient",),
        ("recipient", "other"),
        ("recipientlocator",),
        ("context", "locator"),
    ]
    assert [RING.unseal("k1", sealed, *label) for label in labels] == [None] * 5
    assert NUMBER not in sealed


def test_an_altered_seal_stays_shut() -> None:
    """No change of a character, a cut or an addition is taken for a text."""
    sealed = RING.seal("k1", NUMBER, "label")
    assert [RING.unseal("k1", changed, "label") for changed in altered(sealed)] == [None] * (len(sealed) + 6)


@given(sealed=ANY_TEXT | st.text(LETTERS, max_size=60))
def test_opening_never_raises(sealed: str) -> None:
    """What was never sealed here gives nothing: empty, too short for a nonce, not base64url."""
    assert RING.unseal("k1", sealed, "label") is None


@pytest.mark.parametrize("key_id", ["k1", "2024-01", "a" * 16, "_"])
def test_a_new_key(key_id: str) -> None:
    """It is 32 random bytes behind its id, never the same twice, and makes a ring."""
    made = {new_key(key_id) for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(rf"{key_id}:[A-Za-z0-9_-]{{43}}", each) for each in made)
    assert Keyring(made.pop()).active == key_id
    assert new_key().startswith("k1:")


@pytest.mark.parametrize(
    "key_id", ["", " ", "k 1", "k1\n", "k:1", "k,1", "k.1", "k" * 17, "khoá", "\ud800"], ids=ascii
)
def test_what_is_no_key_id(key_id: str) -> None:
    """An id that would break a ring or a challenge id is refused when the key is made."""
    with pytest.raises(ConfigurationError) as caught:
        new_key(key_id)
    assert caught.value.problems == (f"key id {key_id!r}: must be 1 to 16 letters, digits, '_' or '-'",)
