"""The order of I/O, which is the security property: written once, driven by both engines.

    issue    admit → hash → store → send → confirm, or release where the provider surely did not take it
    resend   renew → hash → store → send → confirm, or release
    verify   claim → hash → settle

A budget is spent before work is done, a code is kept before it is sent, an attempt is spent before it is
compared. Whatever dies in between costs a send or an attempt, and never grants one.

What several flows do alike is in `steps`; what becomes of a send is in `delivery_flows`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from otpflow import arguments, challenges, codes, recipients
from otpflow.delivery_flows import DeliveryFlows
from otpflow.drivers import Flow, call
from otpflow.errors import ChallengeError, IdempotencyError, ThrottledError
from otpflow.events import Event, EventKind
from otpflow.keys import Address
from otpflow.models import Challenge, ChallengeState, ChallengeStatus, Outcome, Verdict
from otpflow.orders import Order, Send
from otpflow.records import encode
from otpflow.stores.base import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows(DeliveryFlows):
    """The flows of one engine, over the parts it was built with."""

    def issue(
        self,
        recipient: object,
        *,
        purpose: object,
        locale: object,
        channel: object,
        context: object,
        client_ip: object,
        idempotency_key: object,
    ) -> Flow[Challenge]:
        """Start a challenge: reserve, hash, keep, send, write down."""
        asked = arguments.check(
            purpose=purpose,
            context=context,
            client_ip=client_ip,
            key=idempotency_key,
            key_name="idempotency_key",
            require_client_ip=self.orders.policy.require_client_ip,
        )
        order = self.orders.write(recipient, asked, locale, channel)
        address = self.orders.keyring.new_address(self.orders.slot(order.recipient))
        with self._turn():
            tie = None
            if asked.key is not None:
                address, tie = yield from self._bound(asked.key, order, address)
            send = Send(address=address)
            admission = yield from self._reserved(send, self.operations.admit(send, order))
            if admission.status == "throttled":
                self.tell_order(EventKind.THROTTLED, send, order, limit=admission.limit)
                raise ThrottledError(admission.wait, admission.limit)
            if admission.view is not None:
                self.tell_order(EventKind.REPEATED, send, order)
                return self._shown(send, order, admission.view, challenges.delivery_of(admission.view))
            legs = yield from self._kept(send, order, self.route, tie)
        return (yield from self._sent(EventKind.ISSUED, send, order, legs, self.operations.fresh))

    def resend(self, challenge_id: object, *, channel: object, client_ip: object) -> Flow[Challenge]:
        """Send a new code in the same challenge; refill nothing."""
        arguments.check_client(client_ip, required=self.orders.policy.require_client_ip)
        wanted = None if channel is None else self.orders.channel(channel)
        address = self.orders.keyring.locate(challenge_id)
        if address is None:
            raise ChallengeError(ChallengeState.EXPIRED.value)
        send = Send(address=address)
        with self._turn():
            admission = yield from self._reserved(send, self.operations.renew(send))
            if admission.status == "throttled":
                self.tell(EventKind.THROTTLED, address, limit=admission.limit)
                raise ThrottledError(admission.wait, admission.limit)
            if admission.view is None:
                raise ChallengeError(admission.status.upper())
            send = replace(send, number=admission.view.sequence)
            order = self.orders.read(address, admission.view, wanted)
            if order is None:
                self.tell(EventKind.UNREADABLE, address)
                yield from self._release(send)
                raise ChallengeError(ChallengeState.EXPIRED.value)
            legs = yield from self._kept(send, order, self.route)
        return (yield from self._sent(EventKind.RESENT, send, order, legs, admission.view))

    def verify(
        self,
        challenge_id: object,
        code: object,
        *,
        purpose: object,
        context: object,
        attempt_id: object,
        client_ip: object,
    ) -> Flow[Verdict]:
        """Check one typed code: spend an attempt, compare, settle."""
        asked = arguments.check(
            purpose=purpose,
            context=context,
            client_ip=client_ip,
            key=attempt_id,
            key_name="attempt_id",
            require_client_ip=self.orders.policy.require_client_ip,
        )
        typed = codes.canonical(code, self.orders.policy.digits)
        if typed is None:
            return Verdict(outcome=Outcome.MALFORMED, purpose=asked.purpose)
        address = self.orders.keyring.locate(challenge_id)
        if address is None:
            return Verdict(outcome=Outcome.EXPIRED, purpose=asked.purpose)
        keyring, bound = self.orders.keyring, (self.orders.namespace, asked.purpose)
        attempt = challenges.attempt_name(keyring, address, asked.key, *bound, asked.bound, typed)
        with self._turn():
            claim = yield from self._ask(self.operations.claim(address, attempt))
            recipient = keyring.unseal(address.key_id, claim.sealed, "recipient", address.locator)
            outcome, left = challenges.refused(claim), claim.attempts
            if outcome is None and recipient is not None:
                secret = challenges.material(keyring, address, *bound, recipient, asked.bound, typed)
                digest = yield from call(self.digest, secret, address.salt)
                outcome, number = challenges.judge(encode(digest), claim.codes)
                if outcome is Outcome.VERIFIED or asked.key is not None:
                    settle = self.operations.settle(address, attempt, outcome.value, number)
                    settled = yield from self._ask(settle)
                    outcome, left = settled.outcome, settled.attempts
        if outcome is None or (outcome is Outcome.VERIFIED and recipient is None):
            self.tell(EventKind.UNREADABLE, address)
            outcome = Outcome.EXPIRED
        verified = recipient if outcome is Outcome.VERIFIED else None
        self.tell(EventKind.CHECKED, address, purpose=asked.purpose, outcome=outcome.value)
        return Verdict(
            outcome=outcome,
            purpose=asked.purpose,
            attempts_left=left,
            retry_after=claim.wait if outcome is Outcome.THROTTLED else None,
            recipient=verified,
        )

    def cancel(self, challenge_id: object) -> Flow[None]:
        """End a challenge, so that its codes verify no more."""
        address = self.orders.keyring.locate(challenge_id)
        if address is None:
            return
        if not self.orders.owns(address, (yield from self._ask(self.operations.read(address)))):
            return
        if (yield from self._ask(self.operations.cancel(address))) == "cancelled":
            self.tell(EventKind.CANCELLED, address)

    def inspect(self, challenge_id: object) -> Flow[ChallengeStatus]:
        """Look at a challenge."""
        address = self.orders.keyring.locate(challenge_id)
        if address is None:
            return challenges.as_status(challenges.NOTHING)
        view = yield from self._ask(self.operations.read(address))
        return challenges.as_status(view if self.orders.owns(address, view) else challenges.NOTHING)

    def unlock(self, recipient: object) -> Flow[None]:
        """Lift the guessing budgets of one number."""
        number = recipients.canonical(recipient, countries=self.orders.policy.countries)
        yield from self._ask(self.operations.unlock(self.orders.slot(number)))
        self.events.emit(Event(kind=EventKind.UNLOCKED, recipient_masked=recipients.mask(number)))

    def _bound(self, key: str, order: Order, address: Address) -> Flow[tuple[Address, Operation[str] | None]]:
        """Find the address that an idempotency key is tied to; tie it to this one where it is new.

        An earlier tie ends before a challenge that begins only now: then it has to be tied again.
        """
        keyring, namespace = self.orders.keyring, self.orders.namespace
        slot = keyring.slot("idempotency", namespace, key)
        ours = challenges.bind(keyring, address, namespace, order, key)
        held = yield from self._ask(self.operations.bind(slot, ours))
        found = challenges.bound_address(keyring, held, namespace, order, key, address.slot)
        if found is None:
            raise IdempotencyError("idempotency_key came with other arguments; give each request its own")
        return found, None if held == ours else self.operations.bind(slot, held, again=True)
