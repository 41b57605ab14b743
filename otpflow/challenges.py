"""What a code is bound to, how a typed one is compared, and what of a challenge is shown. Pure."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from pathlib import PurePath

from otpflow import recipients
from otpflow.keys import Address, Keyring
from otpflow.models import Challenge, ChallengeState, ChallengeStatus, Delivery, DeliveryState, Outcome
from otpflow.orders import NONCE_BYTES, Order
from otpflow.records import decode, encode
from otpflow.stores.base import Claim, Code, Left, View

_STATES = {"verified": ChallengeState.VERIFIED, "cancelled": ChallengeState.CANCELLED}
_CLAIMS = {
    "expired": Outcome.EXPIRED,
    "used": Outcome.ALREADY_USED,
    "exhausted": Outcome.EXHAUSTED,
    "throttled": Outcome.THROTTLED,
}
NOTHING = View(
    wait=0.0,
    life=0.0,
    attempts=0,
    sends=0,
    sequence=0,
    state="",
    delivery=DeliveryState.UNKNOWN,
    provider="",
    reference="",
    channel="",
    purpose="",
    locale="",
    sealed="",
    context="",
)
"""What the store shows of a challenge that is not there."""

_STANDINGS = {"live": Outcome.VERIFIED, "superseded": Outcome.SUPERSEDED, "expired": Outcome.EXPIRED}


def material(
    keyring: Keyring, address: Address, namespace: str, purpose: str, recipient: str, bound: str, code: str
) -> bytes:
    """Build what is hashed: the code, and all that it is bound to, under a server key.

    Args:
        keyring: the server keys.
        address: where the challenge lives, with the secret that only its id holds.
        namespace: the engine's.
        purpose: what the code is for.
        recipient: the number.
        bound: the context in its one written form.
        code: the code.

    Returns:
        32 bytes.
    """
    parts = ("code", namespace, purpose, recipient, address.locator, bound, address.secret, code)
    return keyring.mac(address.key_id, *parts)


def attempt_name(
    keyring: Keyring,
    address: Address,
    attempt_id: str | None,
    namespace: str,
    purpose: str,
    bound: str,
    code: str,
) -> str:
    """Name an attempt: at random, or so that the same attempt with the same code has the same name.

    Args:
        keyring: the server keys.
        address: where the challenge lives.
        attempt_id: the application's name for it, or `None`.
        namespace: the engine's.
        purpose: what the code is for.
        bound: the context in its one written form.
        code: the code that was typed.

    Returns:
        16 characters.
    """
    if attempt_id is None:
        return encode(secrets.token_bytes(NONCE_BYTES))
    parts = ("attempt", attempt_id, namespace, purpose, bound, address.secret, code)
    return encode(keyring.mac(address.key_id, *parts)[:NONCE_BYTES])


def fingerprint(keyring: Keyring, key_id: str, namespace: str, order: Order) -> str:
    """Recognise the same request again.

    Args:
        keyring: the server keys.
        key_id: the one to use.
        namespace: the engine's.
        order: what was asked for.

    Returns:
        22 characters.
    """
    parts = (order.recipient, order.purpose, order.locale, order.channel, order.bound)
    return encode(keyring.mac(key_id, "request", namespace, *parts)[:16])


def bind(keyring: Keyring, address: Address, namespace: str, order: Order, key: str) -> str:
    """Write what an idempotency key is tied to: the request, and the secret of its challenge, sealed.

    The key itself, which is not in Redis, is needed to open it: a dump and the server keys are not enough.

    Args:
        keyring: the server keys.
        address: where the challenge will live.
        namespace: the engine's.
        order: what was asked for.
        key: the idempotency key.

    Returns:
        What to keep.
    """
    sealed = keyring.seal(address.key_id, encode(address.secret), "binding", namespace, key)
    return f"{address.key_id}.{fingerprint(keyring, address.key_id, namespace, order)}.{sealed}"


def bound_address(
    keyring: Keyring, held: str, namespace: str, order: Order, key: str, number_slot: str
) -> Address | None:
    """Read what `bind` wrote.

    Args:
        keyring: the server keys.
        held: what was kept.
        namespace: the engine's.
        order: what is asked for now.
        key: the idempotency key.
        number_slot: names the number's slot.

    Returns:
        Where the challenge lives; `None` where the key is tied to another request.
    """
    key_id, _, rest = held.partition(".")
    known, _, sealed = rest.partition(".")
    if key_id not in keyring:
        return None
    secret = keyring.unseal(key_id, sealed, "binding", namespace, key)
    if secret is None or not hmac.compare_digest(known, fingerprint(keyring, key_id, namespace, order)):
        return None
    return keyring.address(key_id, number_slot, decode(secret))


def judge(digest: str, codes: Sequence[Code]) -> tuple[Outcome, int]:
    """Compare one digest with every code of the challenge, in constant time.

    Args:
        digest: of what was typed.
        codes: of the challenge, newest first.

    Returns:
        The outcome, and the number of the send whose code it was; 0 where it was none.
    """
    equal = [code for code in codes if hmac.compare_digest(code.digest, digest)]
    if not equal:
        return Outcome.WRONG_CODE, 0
    live = [code for code in equal if code.standing == "live"]
    best = (live or equal)[0]
    return _STANDINGS[best.standing], best.number


def refused(claim: Claim) -> Outcome | None:
    """Tell what a claim means that needs no comparison.

    Args:
        claim: the store's answer.

    Returns:
        The outcome; `None` where an attempt was spent and a code has to be compared.
    """
    return claim.outcome if claim.status == "settled" else _CLAIMS.get(claim.status)


def delivery_of(view: View) -> Delivery:
    """Tell what is known of the latest send.

    Args:
        view: the challenge as the store shows it.

    Returns:
        Its delivery.
    """
    return Delivery(state=view.delivery, provider=view.provider, provider_ref=view.reference or None)


def as_challenge(challenge_id: str, order: Order, left: Left, delivery: Delivery) -> Challenge:
    """Show a challenge to whoever asked for it.

    Args:
        challenge_id: its id.
        order: what was sent to whom.
        left: what is left of the challenge.
        delivery: what is known of the send.

    Returns:
        The challenge.
    """
    return Challenge(
        id=challenge_id,
        recipient_masked=recipients.mask(order.recipient),
        channel=order.channel,
        purpose=order.purpose,
        expires_in=left.life,
        resend_after=left.wait,
        sends_left=left.sends,
        attempts_left=left.attempts,
        delivery=delivery,
    )


def as_status(view: View) -> ChallengeStatus:
    """Show where a challenge is in its life.

    Args:
        view: the challenge as the store shows it.

    Returns:
        Its status; `EXPIRED` where there is none.
    """
    renewable = view.state == "pending" and view.attempts > 0
    state = _STATES.get(view.state, ChallengeState.EXPIRED)
    if renewable and view.life > 0:
        state = ChallengeState.PENDING
    elif view.state == "pending" and not renewable:
        state = ChallengeState.EXHAUSTED
    return ChallengeStatus(
        state=state,
        attempts_left=view.attempts if renewable else 0,
        sends_left=view.sends if renewable else 0,
        expires_in=view.life if state is ChallengeState.PENDING else 0.0,
        resend_after=view.wait if view.state else 0.0,
        delivery=delivery_of(view),
    )


def where(error: Exception) -> str:
    """Name an error by type and place; its own words may hold anything.

    Args:
        error: what was raised.

    Returns:
        For example `"KeyError at transports.py:12"`.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
