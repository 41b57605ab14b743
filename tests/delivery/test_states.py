"""What is known of a send only moves forward, whatever comes in which order: the real scripts against a model."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otpflow import DeliveryState
from otpflow.receipts import overtaken
from otpflow.stores import EmbeddedStore, RedisStore, _delivery_wire, _wire
from otpflow.stores.base import Admission, Confirmation, Place, Progress, View
from tests.servers import Server

ORDER = ("ACCEPTED", "UNKNOWN", "FAILED", "UNANSWERED", "DELIVERED")
RULES = "day=1000/86400000"
HOUR = 3_600_000


class Challenge:
    """One challenge, changed by the scripts alone."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.place = Place(secrets.token_hex(10), secrets.token_hex(11))
        fields: dict[str, str | int] = {"attempts": 5, "sends_left": 9, "channel": "voice"}
        store.run(_wire.admit(self.place, "nonce-1", RULES, HOUR, 600_000, fields))

    def renew(self, number: int, after: int = 0) -> str:
        nonce = f"nonce-{number}"
        admission: Admission = self._store.run(_wire.renew(self.place, nonce, RULES, HOUR, after))
        return admission.status

    def confirm(self, number: int, state: str, reference: str = "") -> Confirmation:
        answer: Confirmation = self._store.run(
            _delivery_wire.confirm(
                self.place,
                f"nonce-{number}",
                number,
                180_000,
                RULES,
                "replace",
                (state, overtaken(DeliveryState(state)), f"by-{number}", reference),
            )
        )
        return answer

    def report(self, number: int, state: str, reference: str = "") -> Progress:
        moves = overtaken(DeliveryState(state))
        operation = _delivery_wire.report(self.place, number, state, moves, f"by-{number}", reference)
        answer: Progress = self._store.run(operation)
        return answer

    @property
    def view(self) -> View:
        seen: View = self._store.run(_wire.read(self.place, RULES))
        return seen


@pytest.fixture
def store(backend: Server | None) -> Iterator[Any]:
    """The scripts, in this process or on a server."""
    with EmbeddedStore() if backend is None else RedisStore.from_url(backend.url, timeout=5.0) as opened:
        yield opened


STATES = st.sampled_from(ORDER)
STEPS = st.one_of(
    st.tuples(st.just("report"), st.integers(1, 4), STATES),
    st.tuples(st.just("confirm"), st.integers(1, 3), STATES),
    st.tuples(st.just("renew"), st.just(0), st.just("")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_any_order_of_reports_sends_and_answers(store: Any, steps: list[tuple[str, int, str]]) -> None:
    """After each step the scripts know what the model knows, and say so."""
    challenge, latest, known = Challenge(store), 1, ""
    for what, number, state in steps:
        further = not known or ORDER.index(state or known) > ORDER.index(known)
        if what == "renew" and latest < 3:
            latest, known = latest + 1, ""
            challenge.renew(latest)
        elif what == "report":
            answer = challenge.report(number, state)
            if number > latest:
                assert answer == Progress(status="gone")
            elif number < latest:
                assert answer == Progress(status="earlier", state=DeliveryState(state))
            else:
                known, status = (state, "moved") if further else (known, "same")
                assert answer == Progress(status=status, state=DeliveryState(known))
        elif what == "confirm":
            told = challenge.confirm(number, state).delivery
            if number == latest:
                known = state if further else known
                assert told == known
            else:
                assert told == state
        assert challenge.view.delivery == (known or "UNKNOWN")


@pytest.mark.parametrize("taken", ["ACCEPTED", "UNKNOWN"])
def test_every_order_comes_to_one_state(store: Any, taken: str) -> None:
    """The answer to the send and three reports, one of them twice, in each of the orders that there are."""
    ends: set[str] = set()
    for order in permutations(("answer", "FAILED", "UNANSWERED", "DELIVERED", "FAILED")):
        challenge, best = Challenge(store), -1
        for what in order:
            place = ORDER.index(taken if what == "answer" else what)
            if what == "answer":
                challenge.confirm(1, taken, "ours")
            else:
                moved = challenge.report(1, what, "theirs").status == "moved"
                assert moved is (place > best)
            best = max(best, place)
        ends.add(f"{challenge.view.delivery} {challenge.view.provider} {challenge.view.reference}")
    assert ends == {"DELIVERED by-1 ours"}


def test_what_only_a_report_knows_is_kept(store: Any) -> None:
    """A send whose answer names no reference keeps the one that came with a report before it."""
    challenge = Challenge(store)
    challenge.report(1, "ACCEPTED", "theirs")
    assert (challenge.view.provider, challenge.view.reference) == ("by-1", "theirs")

    challenge.confirm(1, "ACCEPTED")

    assert (challenge.view.provider, challenge.view.reference) == ("by-1", "theirs")
    challenge.report(1, "DELIVERED", "another")
    assert challenge.view.reference == "theirs"


def test_nothing_of_an_earlier_send_is_taken_for_the_latest(store: Any) -> None:
    """While a send is under way, neither transport nor reference of the one before it stand for its own."""
    challenge = Challenge(store)
    challenge.confirm(1, "ACCEPTED", "first")
    challenge.renew(2)
    assert (challenge.view.delivery, challenge.view.provider, challenge.view.reference) == ("UNKNOWN", "", "")

    challenge.report(2, "FAILED")

    view = challenge.view
    assert (view.delivery, view.provider, view.reference) == ("FAILED", "by-2", "")
    challenge.renew(3)
    challenge.confirm(3, "ACCEPTED")
    assert (challenge.view.provider, challenge.view.reference) == ("by-3", "")


def test_a_follow_up_has_one_send_that_it_follows(store: Any) -> None:
    """Not any more once another send was made; asked again after a lost answer it is the same one."""
    challenge = Challenge(store)

    assert [challenge.renew(number, after=1) for number in (2, 2, 3)] == ["admitted", "admitted", "overtaken"]
    assert [challenge.view.sequence, challenge.view.sends] == [2, 8]
    assert [challenge.renew(3, after=3), challenge.renew(3, after=2), challenge.renew(4)] == [
        "overtaken",
        "admitted",
        "admitted",
    ]
    assert [challenge.view.sequence, challenge.view.sends] == [4, 6]
