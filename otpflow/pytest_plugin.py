"""Fixtures for applications that test their own login; pytest finds them by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from otpflow import OTPEngine
    from otpflow.stores import EmbeddedStore
    from otpflow.testing import Outbox


@pytest.fixture
def otpflow_outbox() -> Outbox:
    """An empty outbox."""
    from otpflow.testing import Outbox

    return Outbox()


@pytest.fixture
def otpflow_store() -> EmbeddedStore:
    """An empty store in this process, which `otpflow.testing.advance` can make older."""
    from otpflow.stores import EmbeddedStore

    return EmbeddedStore()


@pytest.fixture
def otpflow_engine(otpflow_store: EmbeddedStore, otpflow_outbox: Outbox) -> Iterator[OTPEngine]:
    """An engine with the default policy, over `otpflow_store` and `otpflow_outbox`."""
    from otpflow import OTPEngine
    from otpflow.keys import new_key

    with OTPEngine(otpflow_store, otpflow_outbox, keys=new_key()) as engine:
        yield engine
