"""What becomes of a send: the provider's callbacks, asking the provider, and going on where nobody answered.

    receipt  read → report → perhaps renew → hash → store → send → confirm
    refresh  poll → ask → report → perhaps the same

A report moves what is known of a send forward. It never verifies, never extends and never lifts a limit.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace

from otpflow import challenges, receipts, recipients
from otpflow.drivers import Flow, call
from otpflow.errors import DeliveryError, OTPError
from otpflow.events import EventKind
from otpflow.keys import SECRET_BYTES, Address
from otpflow.models import Delivery, DeliveryReport, DeliveryState, Report
from otpflow.orders import Send
from otpflow.records import decode
from otpflow.steps import Steps
from otpflow.stores.base import Place, View
from otpflow.transports._carrier import reference

_NOT_THROUGH = frozenset({DeliveryState.UNANSWERED, DeliveryState.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFlows(Steps):
    """The flows that are about deliveries."""

    def handle_receipt(self, query: object) -> Flow[DeliveryReport | None]:
        """Take a provider's callback: check where it comes from, note what it says, perhaps go on."""
        callback = receipts.read(query)
        name = callback.send if callback is not None else None
        place = self._signed(name, callback.signature if callback is not None else "")
        view = yield from self._ask(self.operations.look(place or _NOWHERE))
        report = None
        if callback is not None and name is not None and place is not None and view.state:
            report = self._believed(name, view, callback)
        if report is None or name is None or callback is None or place is None:
            self.tell(EventKind.RECEIPT_REFUSED)
            return None
        ref = reference(report.provider_ref) or ""
        operation = self.operations.report(place, name.number, report.state, name.carrier, ref)
        found = yield from self._ask(operation)
        if found.status == "gone":
            self.tell(EventKind.RECEIPT_REFUSED)
            return None
        delivery = Delivery(state=found.state, provider=name.carrier, provider_ref=found.reference or None)
        carrier = self.route.named(name.carrier)
        channel = view.channel if carrier is None else carrier.carries(view.channel)
        if found.status == "moved":
            self._reported(name.locator, view.purpose, channel, delivery, report)
        # Also where it was known before: whoever knew it may have died before going on.
        secret = self._secret(name, callback.secret)
        if secret is not None and found.status != "earlier" and found.state in _NOT_THROUGH:
            address = self.orders.keyring.address(name.key_id, name.slot, secret)
            yield from self._gone_on(address, name.carrier, name.number)
        return DeliveryReport(
            challenge=name.locator,
            delivery=delivery,
            changed=found.status == "moved",
            channel=channel,
            purpose=view.purpose,
            duration=report.duration,
            price=report.price,
        )

    def refresh_delivery(self, challenge_id: object) -> Flow[Delivery]:
        """Ask the provider what became of the latest send, where it is time to ask, and perhaps go on."""
        address = self.orders.keyring.locate(challenge_id)
        if address is None:
            return Delivery()
        turn = yield from self._ask(self.operations.poll(address))
        known = Delivery(state=turn.state, provider=turn.provider, provider_ref=turn.reference or None)
        carrier = self.route.named(turn.provider)
        if turn.status not in {"ask", "last"} or carrier is None or carrier.poll is None:
            return known
        try:
            answer = yield from call(carrier.poll, turn.reference)
        except Exception as error:  # noqa: BLE001 - whatever a transport raises, it could not say
            code = (error.code or "") if isinstance(error, DeliveryError) else challenges.where(error)
            self.tell(EventKind.DELIVERY_UNKNOWN, address, provider=carrier.name, code=code)
            if isinstance(error, DeliveryError) and error.concerns == "operator":
                self.tell(EventKind.ALARM, provider=carrier.name, code=code)
            answer = None
        report = carrier.answer(answer) or Report(state=DeliveryState.ACCEPTED)
        if report.state is DeliveryState.ACCEPTED:
            if turn.status == "ask":
                return known
            # It was asked often enough: nobody can say, unless a callback still comes.
            report = replace(report, state=DeliveryState.UNKNOWN)
        place = Place(address.slot, address.locator)
        operation = self.operations.report(place, turn.number, report.state, turn.provider, turn.reference)
        found = yield from self._ask(operation)
        if found.status not in {"moved", "same"}:
            return known
        delivery = replace(known, state=found.state)
        if found.status == "moved":
            self._reported(address.locator, "", "", delivery, report)
        if found.state in _NOT_THROUGH:
            yield from self._gone_on(address, turn.provider, turn.number)
        return delivery

    def _signed(self, name: receipts.SendName | None, signature: str) -> Place | None:
        """Check that a callback URL was made here; as long in every case."""
        keyring = self.orders.keyring
        known = name is not None and name.key_id in keyring
        key_id = name.key_id if name is not None and known else keyring.active
        ours, theirs = keyring.sign(key_id, "callback", str(name)), signature.encode("utf-8", "surrogatepass")
        right = hmac.compare_digest(ours.encode("ascii"), theirs)
        return Place(name.slot, name.locator) if name is not None and known and right else None

    def _believed(self, name: receipts.SendName, view: View, callback: receipts.Callback) -> Report | None:
        """Read what the provider says, and check that it is about the challenge's own number."""
        carrier = self.route.named(name.carrier)
        report = None if carrier is None else carrier.report(callback.fields)
        if report is None or report.number is None:
            return report
        recipient = self.orders.keyring.unseal(name.key_id, view.sealed, "recipient", name.locator)
        same = recipient is not None and recipients.spells(report.number, recipient)
        return report if same else None

    def _secret(self, name: receipts.SendName, sealed: str) -> bytes | None:
        text = self.orders.keyring.unseal(name.key_id, sealed, "callback", str(name)) if sealed else None
        secret = decode(text) if text is not None else b""
        return secret if len(secret) == SECRET_BYTES else None

    def _gone_on(self, address: Address, provider: str, number: int) -> Flow[None]:
        """Try the transports behind the one that did not get through, with a new code, as one more send."""
        rest = self.route.after(provider)
        if rest is None or not rest.on_unanswered:
            return
        send = Send(address=address)
        try:
            with self._turn():
                admission = yield from self._reserved(send, self.operations.renew(send, after=number))
                if admission.view is None:
                    if admission.limit:
                        self.tell(EventKind.THROTTLED, address, limit=admission.limit)
                    return
                send = replace(send, number=admission.view.sequence)
                order = self.orders.read(address, admission.view, rest.channels[0])
                if order is None:
                    self.tell(EventKind.UNREADABLE, address)
                    yield from self._release(send)
                    return
                legs = yield from self._kept(send, order, rest)
            self.tell_order(EventKind.WENT_ON, send, order, provider=provider)
            yield from self._sent(EventKind.RESENT, send, order, legs, admission.view)
        except OTPError as error:
            # Whoever brought the report cannot mend this; the events have said it.
            self.tell(EventKind.DELIVERY_REFUSED, address, error=type(error).__name__)

    def _reported(
        self, challenge: str, purpose: str, channel: str, delivery: Delivery, report: Report
    ) -> None:
        detail: dict[str, str | float] = {"delivery": delivery.state.value, "provider": delivery.provider}
        if report.duration is not None:
            detail["duration"] = report.duration
        if report.price is not None:
            detail["price"] = report.price
        self.tell_delivery(challenge, purpose, channel, detail)


_NOWHERE = Place("A" * 20, "A" * 22)
