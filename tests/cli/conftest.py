"""A stage for each test, in this process or on a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from otpflow import Policy
from otpflow.cli.stage import Stage, opened
from otpflow.stores import RedisStore
from otpflow.testing import advance
from tests.servers import Server

Open = Callable[..., Stage]


@pytest.fixture
def open_stage() -> Iterator[Open]:
    """Open stages in this process, with any fields of a policy; they are closed after the test."""
    with ExitStack() as stack:

        def one(*, locale: str = "en", **numbers: Any) -> Stage:
            policy = Policy(**numbers)
            return stack.enter_context(opened(policy=policy, locale=locale, redis_url=None))

        yield one


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    """A stage in this process, with the policy of production."""
    return open_stage()


@pytest.fixture
def stage_on_redis(server: Server) -> Iterator[Stage]:
    """A stage on a real server, where time passes when told to."""
    with server.client() as client, opened(policy=Policy(), locale="en", redis_url=server.url) as stage:
        store = RedisStore(client)
        yield replace(stage, let_pass=partial(advance, store))
