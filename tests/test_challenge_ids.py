"""A challenge id names one place, tells nothing, and nothing else names that place."""

from __future__ import annotations

import re
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.keys import SECRET_BYTES, SLOT_BYTES, Address, Keyring, new_key
from otpflow.records import encode
from tests.test_keys import ANY_TEXT, BOTH, LETTERS, RING, SLOT, altered


class Pretender(str):
    """A string that answers what it likes about itself."""

    __slots__ = ()

    def __len__(self) -> int:
        return 7

    def __str__(self) -> str:
        return "k1"


@pytest.mark.guarantee("S3")
@given(
    slot=st.binary(min_size=SLOT_BYTES, max_size=SLOT_BYTES),
    secret=st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES),
)
def test_an_id_is_read_back(slot: bytes, secret: bytes) -> None:
    """Whatever slot and secret, the id is short and safe in URLs, and names the same address, also after a rotation."""
    address = RING.address("k1", encode(slot), secret)
    written = RING.challenge_id(address)
    assert re.fullmatch(r"k1\.[A-Za-z0-9_-]{44}", written)
    assert RING.locate(written) == BOTH.locate(written) == address


def test_the_longest_id() -> None:
    """With the longest key id it has 61 characters; applications are promised 80."""
    ring = Keyring(new_key("k" * 16))
    assert len(ring.challenge_id(ring.new_address(SLOT))) == 61


def test_ids_of_one_number_do_not_look_alike() -> None:
    """Each has a secret of its own, and hides the slot behind it: no part of one is in another."""
    addresses = [RING.new_address(SLOT) for _ in range(200)]
    ids = [RING.challenge_id(address) for address in addresses]
    assert {address.slot for address in addresses} == {SLOT}
    for part in (slice(3, 13), slice(13, 23), slice(23, 35), slice(35, 47)):
        assert len({each[part] for each in ids}) == 200
    assert len({address.locator for address in addresses}) == 200
    assert not any(
        SLOT in each or address.locator in each for each, address in zip(ids, addresses, strict=True)
    )


@pytest.mark.guarantee("S1")
def test_an_address_shows_no_secret() -> None:
    """`repr` shows where the challenge lives, not what its id holds; the salt is as long as it must be."""
    address = RING.address("k1", SLOT, b"canary-canary-cana")
    assert repr(address) == f"Address(key_id='k1', slot={SLOT!r}, locator={address.locator!r})"
    assert (len(address.locator), address.salt) == (22, address.locator.encode())


@pytest.mark.guarantee("G8")
def test_an_altered_id_names_another_place() -> None:
    """No change of a character, a cut or an addition leaves a challenge where it was."""
    address = BOTH.new_address(SLOT)
    written = BOTH.challenge_id(address)
    for changed in altered(written):
        found = BOTH.locate(changed)
        assert found is None or (found.slot, found.locator) != (address.slot, address.locator)
    own, theirs = BOTH.locate(written), BOTH.locate(written.replace("k2.", "k1."))
    assert (own, theirs and theirs.locator == address.locator) == (address, False)


@pytest.mark.guarantee("S4")
def test_an_id_of_an_unknown_key_names_nothing() -> None:
    """It gives an address as any other would, at which no challenge of any key of this ring can be."""
    written = BOTH.challenge_id(BOTH.new_address(SLOT))
    found = RING.locate(written)
    assert isinstance(found, Address)
    assert found == RING.locate(written)
    assert found.key_id == "k1"
    assert (len(found.slot), len(found.locator), len(found.secret)) == (20, 22, SECRET_BYTES)
    known = RING.address("k1", found.slot, found.secret)
    assert known.locator != found.locator
    others = [RING.locate(f"{name}.{written.partition('.')[2]}") for name in ("k1", "k3", "k4")]
    assert len({other.locator for other in others if other} | {found.locator}) == 4


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(
    "challenge_id",
    [
        None,
        True,
        5,
        b"k1." + b"A" * 44,
        ["k1." + "A" * 44],
        Mock(spec=str),
        "",
        "k1",
        "k1.",
        "." + "A" * 44,
        "k1." + "A" * 43,
        "k1." + "A" * 45,
        "k1." + "A" * 43 + "=",
        "k1." + "A" * 44 + "\n",
        "k1:" + "A" * 44,
        " k1." + "A" * 44,
        "k1." + "é" * 44,
        "k1." + "\ud800" * 44,
        "ｋ1." + "A" * 44,
        "k" * 17 + "." + "A" * 44,
        "k1." + "A" * 10_000_000,
        Pretender("k1." + "A" * 10_000_000),
    ],
    ids=lambda value: ascii(value)[:20] if type(value) is str else type(value).__name__,
)
def test_what_is_no_id(challenge_id: object) -> None:
    """Another type or form names nothing, without an exception."""
    assert RING.locate(challenge_id) is None


def test_an_id_is_judged_by_its_characters() -> None:
    """What a subclass says about itself is not believed; what it holds is."""
    address = RING.new_address(SLOT)
    assert RING.locate(Pretender(RING.challenge_id(address))) == address


@pytest.mark.guarantee("G10")
@given(
    challenge_id=ANY_TEXT
    | st.text(LETTERS + ".", max_size=90)
    | st.from_regex(r"\A[\w-]{1,17}\.[\w-]{43,45}\Z")
)
def test_locating_never_raises(challenge_id: str) -> None:
    """Any text names a place or nothing; a place is written back as the id that it came from."""
    address = RING.locate(challenge_id)
    if address is not None:
        assert re.fullmatch(r"[A-Za-z0-9_-]{20}", address.slot)
        assert RING.challenge_id(address) == f"k1.{challenge_id.partition('.')[2]}"
