"""S1 and S3: what an engine is built with does not show, and without a key it is not built."""

from __future__ import annotations

import copy
import inspect
import pickle
import pydoc
import warnings
from typing import Any

import pytest

from otpflow import AsyncOTPEngine, ConfigurationError, OTPEngine
from otpflow.errors import StoreUnavailableError
from otpflow.keys import Keyring
from otpflow.stores import AsyncEmbeddedStore, EmbeddedStore, RedisStore
from otpflow.testing import Outbox
from otpflow.transports import AsyncEsmsVoice, EsmsVoice
from tests.guarantees import canaries
from tests.guarantees.canaries import API_KEY, KEYS, NUMBER, SECRET_KEY, Evidence, found_in, shown
from tests.servers import Server

PASSWORD = "CANARY-password-d7c3"
WORDS = (*canaries.KEY_WORDS, PASSWORD)
WRONG_KEYS = (
    KEYS.removeprefix("k1:"),
    KEYS.removeprefix("k1"),
    KEYS.replace("k1:", "a key id that is too long:"),
    f"{KEYS}!",
    f"{KEYS},{KEYS}",
    f"{KEYS};{KEYS}",
    KEYS[:-8],
    f"k1:{API_KEY}",
)
ENGINES: dict[str, Any] = {"sync": OTPEngine, "async": AsyncOTPEngine}
WRONG_SETTINGS = (
    {"OTPFLOW_KEY": KEYS, "ESMS_API_KEY": API_KEY, "OTPFLOW_REDIS_URL": f"redis://:{PASSWORD}@localhost"},
    {
        "OTPFLOW_KEYS": KEYS,
        "OTPFLOW_REDIS_URL": f"redis://:{PASSWORD}@localhost:port/0",
        "ESMS_API_KEY": f"{API_KEY} copied",
        "ESMS_SECRET_KEY": f"{SECRET_KEY}\ncopied",
        "ESMS_BASE_URL": f"http://user:{PASSWORD}@rest.esms.vn",
    },
    {"OTPFLOW_KEYS": f"{KEYS}!"},
)


def _refused(style: str, **changes: Any) -> ConfigurationError:
    store = EmbeddedStore() if style == "sync" else AsyncEmbeddedStore()
    arguments: dict[str, Any] = {"store": store, "transport": Outbox(), "keys": KEYS, **changes}
    with pytest.raises(ConfigurationError) as caught:
        ENGINES[style](**arguments)
    return caught.value


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize(
    "text",
    [
        *(f"<{word}>" for word in (*canaries.KEY_WORDS, NUMBER, "0901888484", "0901 888 484")),
        f"Key('{API_KEY.upper()}')",
        "code=918273",
        "code918273",
        "b'*3\\r\\n$6\\r\\n918273\\r\\n'",
        "Your code is 9, 1, 8, 2, 7, 3.",
        repr({"code": "918273"}),
    ],
)
def test_the_search_finds_what_it_is_for(text: str) -> None:
    """Otherwise the tests that find nothing would say nothing."""
    words = (*canaries.KEY_WORDS, *canaries.number_forms(NUMBER))
    assert len(found_in(text, words, ["000001", "918273"])) == 1
    assert found_in("0x7f918273ab 5f918273 1918273 +84*****8484", words, ["918273"]) == []


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("keys", WRONG_KEYS)
def test_a_wrong_key_is_told_without_the_key(style: str, keys: str) -> None:
    """Whatever is wrong with it."""
    assert found_in(shown(_refused(style, keys=keys)), WORDS, []) == []


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("environ", WRONG_SETTINGS, ids=["contradicting", "unusable", "key"])
def test_wrong_settings_are_told_without_their_values(style: str, environ: dict[str, str]) -> None:
    """The error says what is wrong, and shows no secret."""
    with pytest.raises(ConfigurationError) as caught:
        ENGINES[style].from_env(environ)
    assert found_in(shown(caught.value), WORDS, []) == []


@pytest.mark.guarantee("S1")
def test_the_environment_is_in_no_help(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature, and the help that shows it, is for screens and error reports: no variable's value is in it."""
    monkeypatch.setenv("ESMS_SECRET_KEY", SECRET_KEY)
    engine = ENGINES[style]
    told = (
        str(inspect.signature(engine.from_env)),
        pydoc.render_doc(engine.from_env),
        pydoc.render_doc(engine),
    )
    assert ["environ" in text for text in told] == [True] * 3
    assert found_in(" ".join(told), WORDS, []) == []


@pytest.mark.guarantee("S1")
def test_the_password_of_a_redis_does_not_show(server: Server) -> None:
    """Not where the store shows itself, and not where Redis refuses it."""
    url = f"redis://somebody:{PASSWORD}@127.0.0.1:{server.port}/0"
    evidence = Evidence()
    with RedisStore.from_url(url) as store, OTPEngine(store, Outbox(), keys=KEYS) as engine:
        error = evidence.of(engine.issue, NUMBER, purpose="login")
        evidence.texts["store"] = f"{store!r} {vars(store)!r} {engine!r} {vars(engine)!r}"
    assert isinstance(error, StoreUnavailableError)
    assert evidence.found(WORDS, []) == {}
    for wrong in (url.replace("/0", "/0?db=x"), url.replace("redis:", "http:"), f"{PASSWORD}@{url}"):
        evidence.of(RedisStore.from_url, wrong)
    assert {type(value) for value in evidence.values[1:]} == {ConfigurationError}
    assert evidence.found(WORDS, []) == {}


@pytest.mark.guarantee("S1")
def test_what_holds_keys_is_not_for_storing(style: str) -> None:
    """Neither shown, nor pickled, nor copied."""
    transport = (EsmsVoice if style == "sync" else AsyncEsmsVoice)(API_KEY, SECRET_KEY)
    store = EmbeddedStore() if style == "sync" else AsyncEmbeddedStore()
    engine: Any = ENGINES[style](store, transport, keys=KEYS)
    for holder in (engine, transport, store, Keyring(KEYS)):
        assert found_in(f"{holder!r} {holder!s} {getattr(holder, '__dict__', '')!r}", WORDS, []) == []
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="build it"):
                attempt(holder)


@pytest.mark.guarantee("S3")
@pytest.mark.parametrize("keys", ["", " ", ",", "k1:", "k1", None, b"k1:", ("k1",), *WRONG_KEYS])
def test_without_a_key_no_engine_is_built(style: str, keys: object) -> None:
    """Nor with one that is none: the error says what to do."""
    assert "otpflow keygen" in str(_refused(style, keys=keys)) or "its own" in str(_refused(style, keys=keys))


@pytest.mark.guarantee("S3")
@pytest.mark.parametrize(
    "environ",
    [
        {"OTPFLOW_REDIS_URL": "redis://127.0.0.1:1/0"},
        {"ESMS_API_KEY": API_KEY, "ESMS_SECRET_KEY": SECRET_KEY},
        {"OTPFLOW_REDIS_URL": "redis://127.0.0.1:1/0", "OTPFLOW_KEYS": ""},
        {"OTPFLOW_KEYS": "k1:"},
    ],
    ids=["redis", "esms", "empty", "too short"],
)
def test_what_is_for_production_needs_a_key(style: str, environ: dict[str, str]) -> None:
    """A throw-away key would make every restart end every challenge, and every process refuse the others'."""
    with pytest.raises(ConfigurationError, match="keygen"):
        ENGINES[style].from_env(environ)


@pytest.mark.guarantee("S3")
def test_only_the_embedded_default_draws_a_key_of_its_own(style: str) -> None:
    """It says so, and the next engine has another one."""
    with pytest.warns(UserWarning, match="OTPFLOW_KEYS"):
        one: Any = ENGINES[style].from_env({})
    with pytest.warns(UserWarning, match="OTPFLOW_KEYS"):
        other: Any = ENGINES[style].from_env({})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ENGINES[style].from_env({"OTPFLOW_KEYS": KEYS})
    slots = {engine._flows.orders.slot(NUMBER) for engine in (one, other)}
    assert len(slots) == 2
