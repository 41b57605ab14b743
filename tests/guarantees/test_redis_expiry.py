"""R1: no key is ever without an end, also where a script races with expiry or deletion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from otpflow import ChallengeError, DeliveryError, OTPError, Outcome, Policy
from otpflow.stores._scripts import NAMES
from otpflow.stores.base import Operation
from tests.conftest import Build, endless
from tests.delivery.providers import ANSWERED, CALLBACK, Provider, report
from tests.subjects import Subject

ONE_MILLISECOND = 1
LONGEST_MEMORY = 30 * 86_400
"""Seconds for which anything is remembered: wrong codes in a row."""

Harm = Callable[[Any, Operation[Any]], None]


def _delete_all(admin: Any, _: Operation[Any]) -> None:
    admin.flushall()


def _delete_the_first(admin: Any, operation: Operation[Any]) -> None:
    admin.delete(operation.keys[0])


def _delete_the_others(admin: Any, operation: Operation[Any]) -> None:
    admin.delete("none of ours", *operation.keys[1:])


def _expire_all(admin: Any, _: Operation[Any]) -> None:
    for key in list(admin.scan_iter()):
        admin.pexpire(key, ONE_MILLISECOND)


def _expire_the_first(admin: Any, operation: Operation[Any]) -> None:
    admin.pexpire(operation.keys[0], ONE_MILLISECOND)


HARMS: tuple[Harm, ...] = (
    *(_delete_all, _delete_the_first, _delete_the_others),
    *(_expire_all, _expire_the_first),
)


class Racing:
    """A store in which something happens to the keys of an operation right before it runs.

    Attributes:
        name: before which operation; empty for none.
        harm: what happens.
        ran: the operations that ran, in order.
        leaks: keys that were without an end at any moment.
        longest: the longest time, in seconds, that any key had left at any moment.
    """

    def __init__(self, store: Any, admin: Any) -> None:
        self._store, self._admin = store, admin
        self.asynchronous: bool = store.asynchronous
        self.name = ""
        self.harm: Harm = _delete_all
        self.ran: list[str] = []
        self.leaks: list[str] = []
        self.longest = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def look(self) -> None:
        """Look at what is in the store at this moment."""
        self.leaks += endless(self._admin)
        self.longest = max([self.longest, *(self._admin.ttl(key) for key in self._admin.scan_iter())])

    def run(self, operation: Operation[Any], /) -> Any:
        """Run an operation, after what happens to its keys."""
        self.look()
        self.ran.append(operation.name)
        if operation.name == self.name:
            self.harm(self._admin, operation)
        return self._store.run(operation)


def _nothing(_: Subject) -> str:
    return ""


def _issued(subject: Subject) -> str:
    return subject.issue().id


def _due(subject: Subject) -> str:
    challenge = subject.issue()
    subject.advance(61)
    return challenge.id


def _issue(subject: Subject, _: str) -> str:
    return subject.issue(idempotency_key="order-1").id


def _issue_in_vain(subject: Subject, _: str) -> str:
    subject.outbox.fail(DeliveryError("777"))
    return subject.issue().id


def _resend(subject: Subject, challenge_id: str) -> str:
    return subject.resend(challenge_id).id


def _resend_in_vain(subject: Subject, challenge_id: str) -> str:
    subject.outbox.fail(DeliveryError("777"))
    return subject.resend(challenge_id).id


def _verify(subject: Subject, challenge_id: str) -> bool:
    return bool(subject.verify(challenge_id, subject.code))


def _verify_by_name(subject: Subject, challenge_id: str) -> bool:
    verdicts = [subject.verify(challenge_id, subject.code, attempt_id="attempt-1") for _ in range(2)]
    return any(verdicts)


def _guess_by_name(subject: Subject, challenge_id: str) -> bool:
    verdicts = [subject.verify(challenge_id, subject.wrong, attempt_id="attempt-1") for _ in range(2)]
    return any(verdicts)


def _cancel(subject: Subject, challenge_id: str) -> None:
    subject.cancel(challenge_id)


def _report(subject: Subject, _: str) -> None:
    subject.handle_receipt(report(subject.outbox.messages[-1], ANSWERED))


def _refresh(subject: Subject, challenge_id: str) -> None:
    subject.outbox.answers.append(ANSWERED)
    subject.refresh_delivery(challenge_id)


def _inspect(subject: Subject, challenge_id: str) -> None:
    subject.inspect(challenge_id)


def _unlock(subject: Subject, _: str) -> None:
    subject.unlock()


@dataclass(frozen=True)
class Race:
    """One call, and the operation of it that loses its keys.

    Attributes:
        before: what happened before; gives a challenge id.
        call: the call.
        operation: the operation.
        needed: whether its first key is what nothing verifies without.
    """

    before: Callable[[Subject], str]
    call: Callable[[Subject, str], object]
    operation: str
    needed: bool = True

    def __str__(self) -> str:
        return f"{self.call.__name__.strip('_')}-{self.operation}"


RACES = (
    Race(_nothing, _issue, "bind", needed=False),
    Race(_nothing, _issue, "admit", needed=False),
    Race(_nothing, _issue, "store"),
    Race(_nothing, _issue, "confirm"),
    Race(_nothing, _issue_in_vain, "release"),
    Race(_nothing, _issue_in_vain, "breaker", needed=False),
    *(Race(_due, _resend, operation) for operation in ("renew", "store", "confirm")),
    Race(_due, _resend_in_vain, "release"),
    *(Race(_issued, call, "claim") for call in (_verify, _verify_by_name, _guess_by_name)),
    *(Race(_issued, call, "settle") for call in (_verify, _verify_by_name, _guess_by_name)),
    Race(_issued, _cancel, "cancel"),
    *(Race(_issued, _report, operation) for operation in ("read", "report")),
    *(Race(_issued, _refresh, operation) for operation in ("poll", "report")),
    Race(_issued, _inspect, "read"),
    Race(_issued, _unlock, "unlock", needed=False),
)


def _racing(subject: Subject) -> tuple[Subject, Racing]:
    store = Racing(subject.store, subject.admin)
    subject.store = store
    return subject.another(transport=Provider(), callback_url=CALLBACK), store


@pytest.mark.guarantee("R1")
@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("race", RACES, ids=str)
def test_no_race_leaves_a_key_without_an_end(subject: Subject, race: Race, harm: Harm) -> None:
    """Nor lets anybody in whose challenge is gone: whoever lost it asks for a new one."""
    engine, store = _racing(subject)
    challenge_id = race.before(engine)
    store.name, store.harm = race.operation, harm
    try:
        answer = race.call(engine, challenge_id)
    except OTPError as error:
        answer = error
    store.name = ""

    assert race.operation in store.ran
    if race.needed and harm in {_delete_all, _delete_the_first}:
        assert answer is not True
        ids = {challenge_id, answer if isinstance(answer, str) else challenge_id} - {""}
        codes = [message.code for message in engine.outbox.messages]
        outcomes = {engine.verify(one, code).outcome for one in ids for code in codes}
        assert outcomes <= {Outcome.EXPIRED}
    store.look()
    assert store.leaks == []
    assert store.longest <= LONGEST_MEMORY


@pytest.mark.guarantee("R1")
def test_a_code_whose_challenge_is_gone_is_not_sent(subject: Subject) -> None:
    """It could not verify; the user is told to start again, and can."""
    engine, store = _racing(subject)
    store.name = "store"
    with pytest.raises(ChallengeError):
        engine.issue()
    assert engine.outbox.messages == []

    store.name = ""
    assert engine.verify(engine.issue().id, engine.code)


@pytest.mark.guarantee("R1")
def test_no_operation_is_left_out() -> None:
    """Whoever adds one adds its races."""
    assert {race.operation for race in RACES} == set(NAMES)


@pytest.mark.guarantee("R1")
def test_every_key_has_an_end_between_any_two_scripts(build: Build) -> None:
    """Through every operation there is; and a challenge, once it is over, leaves nothing but counters."""
    engine, store = _racing(build(policy=Policy(resend="overlap")))
    challenge = engine.issue(idempotency_key="order-1", context={"amount": 1})
    assert engine.issue(idempotency_key="order-1", context={"amount": 1}).id == challenge.id
    engine.verify(challenge.id, engine.wrong, attempt_id="attempt-1")
    engine.advance(61)
    engine.resend(challenge.id)
    engine.inspect(challenge.id)
    _report(engine, challenge.id)
    engine.refresh_delivery(challenge.id)
    engine.advance(61)
    for call in (_resend_in_vain, _resend):
        try:
            call(engine, challenge.id)
        except DeliveryError as error:
            assert error.code == "777"
    assert engine.verify(challenge.id, engine.code, context={"amount": 1})
    engine.unlock()
    engine.advance(61)
    engine.cancel(engine.issue().id)
    store.look()

    assert set(store.ran) == set(NAMES)
    assert store.leaks == []
    engine.advance(602)
    assert [key for key in engine.admin.scan_iter() if engine.admin.type(key) != b"zset"] == []
    engine.advance(LONGEST_MEMORY)
    assert list(engine.admin.scan_iter()) == []
