"""Flows driven by hand, so that the process can die between any two steps."""

from __future__ import annotations

import inspect
from contextlib import suppress
from typing import Any, cast

from otpflow import Message
from otpflow.drivers import Step
from otpflow.stores.base import Operation
from tests.subjects import NUMBER, Subject


class Steps:
    """The flows of one engine, begun and not run.

    Args:
        subject: whose engine it is.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._flows: Any = subject.engine._flows

    def issue(self, recipient: str = NUMBER, **options: Any) -> Any:
        """Begin to issue."""
        asked = dict.fromkeys(("locale", "channel", "context", "client_ip", "idempotency_key"))
        return self._flows.issue(recipient, **{**asked, "purpose": "login", **options})

    def resend(self, challenge_id: str) -> Any:
        """Begin to send again."""
        return self._flows.resend(challenge_id, channel=None, client_ip=None)

    def verify(self, challenge_id: str, code: str, attempt_id: str | None = None) -> Any:
        """Begin to verify."""
        return self._flows.verify(
            challenge_id, code, purpose="login", context=None, attempt_id=attempt_id, client_ip=None
        )

    def handle_receipt(self, query: str) -> Any:
        """Begin to take a receipt."""
        return self._flows.handle_receipt(query)

    def refresh_delivery(self, challenge_id: str) -> Any:
        """Begin to ask the provider."""
        return self._flows.refresh_delivery(challenge_id)

    def cancel(self, challenge_id: str) -> Any:
        """Begin to cancel."""
        return self._flows.cancel(challenge_id)

    def perform(self, step: Step) -> Any:
        """Perform one step, and await it where it has to be."""
        answer = step.function(*step.arguments)
        return cast("Any", self._subject)._done(answer) if inspect.isawaitable(answer) else answer

    def next(self, flow: Any, step: Step) -> Step:
        """Perform one step, hand its result or its error to the flow, and give the next step."""
        try:
            result = self.perform(step)
        except Exception as error:  # noqa: BLE001 - the flow decides
            following: Step = flow.throw(error)
        else:
            following = flow.send(result)
        return following

    def names(self, flow: Any) -> list[str]:
        """Perform all steps of a flow, and name them."""
        step, names = next(flow), list[str]()
        while True:
            names.append(name(step))
            try:
                step = self.next(flow, step)
            except Exception:  # noqa: BLE001 - that it ended is enough
                return names

    def abandon(self, flow: Any, place: int, *, performed: bool) -> None:
        """Perform the steps before one, and that one too or not; then nobody goes on."""
        step = next(flow)
        for _ in range(place):
            step = self.next(flow, step)
        if performed:
            with suppress(Exception):  # the process that would have heard of it is gone
                self.perform(step)
        flow.close()


def name(step: Step) -> str:
    """Say what a step does."""
    match step.arguments[0]:
        case Operation(name=operation):
            return operation
        case Message():
            return "send"
        case str():
            return "ask"
        case _:
            return "hash"
