"""`advance` makes what a store remembers older, exactly and only that."""

from __future__ import annotations

import math
from typing import Any

import pytest

from otpflow import ConfigurationError, OTPEngine, Policy
from otpflow.keys import new_key
from otpflow.stores import AsyncEmbeddedStore, AsyncRedisStore, EmbeddedStore, RedisStore
from otpflow.testing import Outbox, advance
from tests.conftest import Build
from tests.expected import about
from tests.servers import Server
from tests.subjects import Subject


@pytest.mark.parametrize("seconds", [-1, -0.001, math.nan, None, "60", True])
def test_time_only_passes_forward(seconds: object) -> None:
    """What is no number of 0 or more is refused."""
    with pytest.raises(
        ConfigurationError, match="^seconds is no number of 0 or more; time only passes forward$"
    ):
        advance(EmbeddedStore(), seconds)


def test_the_store_must_be_one_that_it_can_reach() -> None:
    """A store of another kind, also an asynchronous one on a server, is named and refused."""
    elsewhere = AsyncRedisStore.from_url("redis://127.0.0.1:1/0")
    for store in (object(), None, elsewhere):
        with pytest.raises(ConfigurationError) as caught:
            advance(store, 1)
        assert str(caught.value) == (
            f"store is a {type(store).__name__}; give an EmbeddedStore or a RedisStore"
        )


def test_no_time_changes_nothing(subject: Subject) -> None:
    """0 seconds leave all as it is."""
    challenge = subject.issue()
    subject.advance(0)

    assert subject.inspect(challenge.id).expires_in == about(180)
    assert subject.verify(challenge.id, subject.code)


def test_everything_gets_older_by_the_same_time(build: Build) -> None:
    """Code, challenge, cooldown and budgets of a number are nearer to their end."""
    subject = build(policy=Policy(cooldown=100, sends_per_hour=1))
    challenge = subject.issue()
    subject.verify(challenge.id, subject.wrong)
    before = {key: subject.admin.pttl(key) for key in subject.admin.scan_iter("otpflow:*")}
    subject.advance(60.5)
    status = subject.inspect(challenge.id)

    assert (status.expires_in, status.resend_after) == (about(119.5), about(3_539.5))
    assert len(before) == 3
    for key, left in before.items():
        assert subject.admin.pttl(key) == pytest.approx(left - 60_500, abs=2_000)


def test_what_is_over_is_gone(subject: Subject) -> None:
    """Nothing is left when all of it is over."""
    challenge = subject.issue()
    subject.verify(challenge.id, subject.wrong)
    subject.advance(31 * 86_400)

    assert list(subject.admin.scan_iter("otpflow:*")) == []


def test_a_superseded_code_stays_superseded(build: Build) -> None:
    """A code that was replaced does not come back, however old it gets."""
    subject = build(policy=Policy(cooldown=0))
    challenge = subject.issue()
    old = subject.code
    subject.resend(challenge.id)
    subject.advance(100)

    assert subject.verify(challenge.id, old).outcome == "SUPERSEDED"


def test_wrong_codes_in_a_row_stay_counted(build: Build) -> None:
    """A count is no moment, so it gets no older."""
    subject = build(policy=Policy(wrong_in_a_row=2, cooldown=0))
    challenge = subject.issue()
    subject.verify(challenge.id, subject.wrong)
    subject.advance(3_600)
    challenge = subject.issue()

    assert subject.verify(challenge.id, subject.wrong).outcome == "WRONG_CODE"
    assert subject.verify(challenge.id, subject.code).outcome == "THROTTLED"


def test_a_binding_gets_older_too(build: Build) -> None:
    """An idempotency key is kept in a plain value, whose end is all it has."""
    subject = build(policy=Policy(cooldown=0))
    first = subject.issue(idempotency_key="order 17")
    subject.advance(602)

    assert subject.issue(idempotency_key="order 17").id != first.id


def test_keys_of_other_applications_are_left_alone(subject: Subject) -> None:
    """Only what otpflow wrote gets older."""
    subject.admin.set("theirs", "1", px=1_000_000)
    subject.advance(600)

    assert subject.admin.pttl("theirs") > 900_000


def test_a_client_that_decodes_is_read_as_well(server: Server) -> None:
    """A store over a client with `decode_responses` gets older like any other."""
    outbox = Outbox()
    with server.client(decode_responses=True) as client:
        store = RedisStore(client)
        with OTPEngine(store, outbox, keys=new_key()) as engine:
            challenge = engine.issue("0901888484", purpose="login")
            advance(store, 100)

            assert engine.inspect(challenge.id).expires_in == about(80)
            advance(store, 100)
            assert engine.verify(challenge.id, outbox.code, purpose="login").outcome == "EXPIRED"


@pytest.mark.parametrize("kind", [EmbeddedStore, AsyncEmbeddedStore])
def test_stores_in_this_process_are_reached(kind: Any) -> None:
    """Both twins of the embedded store are."""
    store = kind()
    client = store._client
    client.set("otpflow:1:{x}:binding", "1", px=5_000)
    advance(store, 2)

    assert 2_000 < client.pttl("otpflow:1:{x}:binding") <= 3_000
