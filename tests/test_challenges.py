"""What a code is bound to, how a typed one is compared, what of a challenge is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from otpflow import challenges
from otpflow.keys import Address, Keyring, new_key
from otpflow.models import ChallengeState, ChallengeStatus, Delivery, DeliveryState, Outcome
from otpflow.orders import Order
from otpflow.stores.base import Claim, Code, View
from tests.subjects import NUMBER

RING = Keyring(f"{new_key('k2')},{new_key('k1')}")
SLOT = RING.slot("number", "default", NUMBER)
ADDRESS = RING.new_address(SLOT)
ORDER = Order(
    recipient=NUMBER,
    purpose="login",
    locale="vi",
    channel="voice",
    context={"amount": "5"},
    bound='{"amount":"5"}',
)
PENDING = replace(
    challenges.NOTHING, life=170.0, wait=50.0, attempts=4, sends=2, sequence=1, state="pending", reference="7"
)


def codes(*standings: str) -> tuple[Code, ...]:
    """Write codes, newest first, each with a digest of its own."""
    count = len(standings)
    return tuple(
        Code(number=count - place, digest=f"digest {count - place}", standing=standing)
        for place, standing in enumerate(standings)
    )


def test_the_keyed_hash_is_over_all_that_a_code_is_bound_to() -> None:
    """Another namespace, purpose, number, challenge, context or code, or a part moved over, gives another one."""
    parts: dict[str, str] = {
        "namespace": "default",
        "purpose": "login",
        "recipient": NUMBER,
        "bound": "",
        "code": "123456",
    }
    whole = challenges.material(RING, ADDRESS, **parts)
    others = [
        challenges.material(RING, ADDRESS, **{**parts, name: value + "x"}) for name, value in parts.items()
    ]
    moved = challenges.material(RING, ADDRESS, **{**parts, "namespace": "defaultl", "purpose": "ogin"})
    elsewhere = [
        challenges.material(RING, address, **parts)
        for address in (
            RING.new_address(SLOT),
            replace(ADDRESS, secret=b"x" * 18),
            replace(ADDRESS, locator="x"),
        )
    ]

    assert challenges.material(RING, ADDRESS, **parts) == whole
    assert len({whole, *others, moved, *elsewhere}) == 2 + len(others) + len(elsewhere)
    assert len(whole) == 32


def test_an_attempt_has_a_name_of_its_own_unless_it_is_given_one() -> None:
    """Without an id no two names are equal; with one, the same attempt with the same code has the same name."""
    asked: dict[str, Any] = {"namespace": "default", "purpose": "login", "bound": "", "code": "123456"}
    nameless = {challenges.attempt_name(RING, ADDRESS, None, **asked) for _ in range(50)}
    named = challenges.attempt_name(RING, ADDRESS, "try", **asked)
    others = {
        challenges.attempt_name(RING, ADDRESS, "try 2", **asked),
        challenges.attempt_name(RING, RING.new_address(SLOT), "try", **asked),
        *(
            challenges.attempt_name(RING, ADDRESS, "try", **{**asked, name: value + "1"})
            for name, value in asked.items()
        ),
    }

    assert len(nameless) == 50
    assert named == challenges.attempt_name(RING, ADDRESS, "try", **asked)
    assert len({named, *others}) == 7
    assert {len(name) for name in nameless} == {len(named)}


def test_a_request_is_recognised_by_all_that_was_asked_for() -> None:
    """Number, purpose, locale, channel, context, namespace and key make the fingerprint."""
    known = challenges.fingerprint(RING, "k1", "default", ORDER)
    orders = (
        replace(ORDER, recipient="+84912345678"),
        replace(ORDER, purpose="payment"),
        replace(ORDER, locale="en"),
        replace(ORDER, channel="sms"),
        replace(ORDER, bound=""),
    )
    changed = [challenges.fingerprint(RING, "k1", "default", order) for order in orders]
    others = [
        challenges.fingerprint(RING, "k2", "default", ORDER),
        challenges.fingerprint(RING, "k1", "shop", ORDER),
    ]

    assert challenges.fingerprint(RING, "k1", "default", ORDER) == known
    assert len({known, *changed, *others}) == 8


def test_what_a_key_is_tied_to_is_read_back() -> None:
    """The same request finds the address again, also after its key is no longer the newest."""
    for address in (ADDRESS, RING.address("k1", SLOT, b"s" * 18)):
        held = challenges.bind(RING, address, "default", ORDER, "order 17")
        assert challenges.bound_address(RING, held, "default", ORDER, "order 17", SLOT) == address


@pytest.mark.parametrize(
    "changed",
    [
        {"namespace": "shop"},
        {"order": replace(ORDER, purpose="payment")},
        {"key": "order 18"},
        {"held": "k9.x.y"},
        {"held": ""},
        {"held": "k1"},
        {"held": "k1.."},
        {"keyring": Keyring(new_key("k2"))},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_tie_to_anything_else_is_none(changed: dict[str, Any]) -> None:
    """Another request, another key, other server keys or another text: nothing is read."""
    held = challenges.bind(RING, ADDRESS, "default", ORDER, "order 17")
    asked: dict[str, Any] = {
        "keyring": RING,
        "held": held,
        "namespace": "default",
        "order": ORDER,
        "key": "order 17",
    }

    assert challenges.bound_address(**{**asked, **changed}, number_slot=SLOT) is None
    assert challenges.bound_address(**asked, number_slot=SLOT) == ADDRESS


@pytest.mark.parametrize(
    ("digest", "standings", "verdict"),
    [
        ("nothing", ("live",), (Outcome.WRONG_CODE, 0)),
        ("nothing", (), (Outcome.WRONG_CODE, 0)),
        ("digest 1", ("live",), (Outcome.VERIFIED, 1)),
        ("digest 2", ("live", "superseded"), (Outcome.VERIFIED, 2)),
        ("digest 1", ("live", "superseded"), (Outcome.SUPERSEDED, 1)),
        ("digest 1", ("live", "expired"), (Outcome.EXPIRED, 1)),
        ("digest 1", ("live", "live"), (Outcome.VERIFIED, 1)),
    ],
)
def test_a_digest_is_judged(digest: str, standings: tuple[str, ...], verdict: tuple[Outcome, int]) -> None:
    """The code that it is of decides, and where there is none it is wrong."""
    assert challenges.judge(digest, codes(*standings)) == verdict


def test_two_codes_that_are_equal_by_chance_verify_while_one_lives() -> None:
    """A re-send may draw the same digits again: the living code counts, whichever it is."""
    for standings, number in ((("live", "superseded"), 2), (("expired", "live"), 1), (("live", "live"), 2)):
        same = tuple(replace(code, digest="same") for code in codes(*standings))
        assert challenges.judge("same", same) == (Outcome.VERIFIED, number)


@pytest.mark.parametrize(
    ("claim", "outcome"),
    [
        (Claim(status="claimed"), None),
        (Claim(status="expired"), Outcome.EXPIRED),
        (Claim(status="used"), Outcome.ALREADY_USED),
        (Claim(status="exhausted"), Outcome.EXHAUSTED),
        (Claim(status="throttled"), Outcome.THROTTLED),
        (Claim(status="settled", outcome=Outcome.WRONG_CODE), Outcome.WRONG_CODE),
    ],
)
def test_a_claim_that_needs_no_comparison(claim: Claim, outcome: Outcome | None) -> None:
    """Only a claimed attempt has to be compared."""
    assert challenges.refused(claim) is outcome


def status(
    state: ChallengeState, *, left: bool = False, life: float = 0.0, wait: float = 50.0
) -> ChallengeStatus:
    """Write the status of `PENDING` in another state."""
    return ChallengeStatus(
        state=state,
        attempts_left=4 if left else 0,
        sends_left=2 if left else 0,
        expires_in=life,
        resend_after=wait,
        delivery=Delivery(provider_ref="7"),
    )


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (PENDING, status(ChallengeState.PENDING, left=True, life=170.0)),
        (replace(PENDING, life=0.0), status(ChallengeState.EXPIRED, left=True)),
        (replace(PENDING, attempts=0), status(ChallengeState.EXHAUSTED)),
        (replace(PENDING, attempts=0, life=0.0), status(ChallengeState.EXHAUSTED)),
        (replace(PENDING, state="verified"), status(ChallengeState.VERIFIED)),
        (replace(PENDING, state="cancelled"), status(ChallengeState.CANCELLED)),
        (replace(PENDING, state=""), status(ChallengeState.EXPIRED, wait=0.0)),
    ],
)
def test_a_status_tells_where_a_challenge_is(view: View, shown: ChallengeStatus) -> None:
    """What can no longer be used up is shown as nothing."""
    assert challenges.as_status(view) == shown


def test_a_delivery_is_that_of_the_view() -> None:
    """An empty reference is none."""
    view = replace(challenges.NOTHING, delivery=DeliveryState.DELIVERED, provider="esms", reference="")

    assert challenges.delivery_of(view) == Delivery(state=DeliveryState.DELIVERED, provider="esms")
    assert challenges.delivery_of(replace(view, reference="7")).provider_ref == "7"


def deep() -> None:
    """Fail further down."""
    raise LookupError("CANARY")


def test_an_error_is_named_by_type_and_place() -> None:
    """The place is where it was raised, and its words are left out."""
    call: Callable[[], None] = deep
    with pytest.raises(LookupError) as caught:
        call()

    line = deep.__code__.co_firstlineno + 2
    assert challenges.where(caught.value) == f"LookupError at test_challenges.py:{line}"
    assert challenges.where(KeyError("CANARY")) == "KeyError"


def test_an_address_is_no_place_for_secrets() -> None:
    """What it shows can be told to anybody."""
    assert isinstance(ADDRESS, Address)
    assert "secret" not in repr(ADDRESS)
    assert "amount" not in repr(ORDER)
