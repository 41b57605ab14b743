"""What the demo runs on is real, can be looked into, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otpflow import ConfigurationError, Policy, StoreUnavailableError
from otpflow.cli.stage import EXAMPLE, Kept, Stage, opened
from tests.cli.conftest import Open
from tests.cli.players import place_call
from tests.servers import Server


def test_what_is_kept_can_be_read(stage: Stage) -> None:
    """The record that a call left is read as it is, without the code in it."""
    stage.issue(EXAMPLE)

    found = stage.store.kept()

    assert found.key.startswith("otpflow:1:{")
    assert {"state": "pending", "attempts": "5", "purpose": "login"}.items() <= found.fields.items()
    assert not found.shows(stage.heard)


def test_it_names_the_scripts_that_ran(open_stage: Open) -> None:
    """Each call of the engine is told with its own scripts; looking is not counted."""
    stage = open_stage(cooldown=0)
    challenge = stage.issue(EXAMPLE)
    seen = [list(stage.store.scripts)]
    stage.resend(challenge)
    seen.append(list(stage.store.scripts))
    stage.verify(challenge, "no code")
    seen.append(list(stage.store.scripts))
    stage.verify(challenge, stage.heard)
    stage.status(challenge)
    seen.append(list(stage.store.scripts))

    assert seen == [["admit", "store", "confirm"], ["renew", "store", "confirm"], [], ["claim", "settle"]]


@pytest.mark.parametrize(
    ("text", "digits", "shows"),
    [
        ("123456", "123456", True),
        ("code=123456;", "123456", True),
        ("1712345678901", "123456", False),
        ("1234567", "123456", False),
        ("+84901888484", "901888484", True),
        ("0901888484", "901888484", True),
        ("901888484", "901888484", True),
        ("19018884841", "901888484", False),
    ],
)
def test_a_code_or_number_is_found_where_it_stands_by_itself(text: str, digits: str, *, shows: bool) -> None:
    """Digits inside a longer number are none of it; a key, a name and a value are all searched."""
    places = (
        Kept(key=text, fields={}),
        Kept(key="", fields={text: ""}),
        Kept(key="", fields={"": text}),
    )

    assert [place.shows(digits) for place in places] == [shows] * 3


def test_it_leaves_nothing_in_redis(server: Server) -> None:
    """Its own keys are deleted at the end, and nobody else's."""
    with server.client() as client:
        client.set("somebody else's", "1", ex=60)
        with opened(policy=Policy(), locale="en", redis_url=server.url) as stage:
            challenge = stage.issue(EXAMPLE)
            stage.verify(challenge, "000000")
            during = len(client.keys("otpflow:*"))

        assert (during, client.keys("*")) == (3, [b"somebody else's"])


def test_redis_that_went_away_is_one_error_and_no_trouble_at_the_end() -> None:
    """A server that dies in the middle is an error of ours, and closing raises none."""
    with Server("valkey") as server, opened(policy=Policy(), locale="en", redis_url=server.url) as stage:
        stage.issue(EXAMPLE)
        server.kill()

        with pytest.raises(StoreUnavailableError, match="Redis stopped answering"):
            stage.store.kept()


def test_redis_that_is_not_there_is_noticed_at_once() -> None:
    """An address where nothing answers is refused before anybody is asked for a number."""
    with pytest.raises(StoreUnavailableError, match="no Redis answers where --redis points to"):
        next(_enter("redis://127.0.0.1:1/0"))


def test_what_is_no_url_is_refused() -> None:
    """What is no URL is a wrong setting."""
    with pytest.raises(ConfigurationError, match="not a Redis URL"):
        next(_enter("nonsense"))


def test_a_voice_that_says_no_code_is_heard_as_such(stage: Stage) -> None:
    """A call without a code has an empty one."""
    stage.issue(EXAMPLE)
    place_call(stage, "hello")

    assert stage.heard == ""


def _enter(url: str) -> Iterator[Stage]:
    with opened(policy=Policy(), locale="en", redis_url=url) as stage:
        yield stage
