"""What a Redis URL may say: everything else is told at once, and without the URL."""

from __future__ import annotations

import pytest

from otpflow import ConfigurationError
from otpflow.stores import AsyncRedisStore, RedisStore


@pytest.mark.parametrize("kind", [RedisStore, AsyncRedisStore])
@pytest.mark.parametrize(
    "url", ["redis://:hush@127.0.0.1?surprise=1", "rediss://:hush@127.0.0.1?ssl_surprise=1", "hush://x"]
)
def test_an_option_that_there_is_not_is_refused_when_built(
    kind: type[RedisStore | AsyncRedisStore], url: str
) -> None:
    """And not with a foreign error at the first call."""
    with pytest.raises(ConfigurationError, match="url is not a Redis URL") as caught:
        kind.from_url(url)
    assert "hush@" not in str(caught.value)
    assert caught.value.__cause__ is None
