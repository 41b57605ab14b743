"""The provider's GET URLs carry the keys, the number and the code: they are in no log (S1)."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from otpflow.errors import DeliveryError
from otpflow.testing.simulator import EsmsSimulator
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports import _esms_log
from tests.transports.conftest import API_KEY, CANARIES, CODE, SECRET_KEY, Build, Esms
from tests.transports.test_esms_family import text

SHOWN = (*CANARIES, "0901888484")
URL = f"https://voiceapi.esms.vn/MainService.svc/json/MakeCallTemplate_V2?ApiKey={API_KEY}&SecretKey={SECRET_KEY}"
ENCODED = "https%3A%2F%2Fx.test%2Fy%3Fapikey%3D" + API_KEY
QUERY = f"?ApiKey={API_KEY}&SecretKey={SECRET_KEY}&Phone=0901888484&VariableListStr={CODE}"
ASKING: dict[str, Callable[[Esms], object]] = {
    "call": lambda esms: esms.send(text("TemplateCall")),
    "poll": lambda esms: esms.poll("reference-1"),
}


def written(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(f"{record.getMessage()} {record.msg!r} {record.args!r}" for record in caplog.records)


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("asking", ASKING)
@pytest.mark.parametrize(
    "fault",
    [
        None,
        Fault.redirect(f"https://127.0.0.1/elsewhere{QUERY}"),
        Fault.redirect("/login?return=" + QUERY.replace("?", "%3F").replace("=", "%3D").replace("&", "%26")),
        Fault.html(404),
        Fault.drop(),
    ],
    ids=["none", "redirect", "redirect_encoded", "html", "drop"],
)
def test_no_canary_in_a_log(
    twin: str,
    build: Build,
    server: SimulatorServer,
    simulator: EsmsSimulator,
    caplog: pytest.LogCaptureFixture,
    asking: str,
    fault: Fault | None,
) -> None:
    """Not at DEBUG on the root logger, not from httpx, httpcore or aiohttp, not where the server quotes the URL."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "aiohttp", "asyncio", "hpack"):
        caplog.set_level(logging.DEBUG, name)
    if fault is not None:
        simulator.misbehave(fault, times=3)
    esms = build(server.base_url, "TemplateCall")
    try:
        ASKING[asking](esms)
    except DeliveryError as error:
        assert fault is not None
        assert [canary for canary in SHOWN if canary in f"{error!r} {error}"] == []
    shown = written(caplog)
    assert [canary for canary in SHOWN if canary in shown] == []
    if fault is None:
        assert f"HTTP Request: GET {server.base_url}/MainService.svc/json/" in shown
        assert "?[hidden]" in shown


@pytest.mark.parametrize(
    ("logged", "expected"),
    [
        (
            f"GET {URL} done",
            "GET https://voiceapi.esms.vn/MainService.svc/json/MakeCallTemplate_V2?[hidden] done",
        ),
        (f"[(b'Location', b'{URL}')]", "[(b'Location', b'" + URL.partition("?")[0] + "?[hidden]')]"),
        (f'url="/a?next={ENCODED}&b=c" d', 'url="/a?[hidden]" d'),
        (ENCODED, "https%3A%2F%2Fx.test%2Fy?[hidden]"),
        (f"x%253Fa%253D1%2526SecretKey%253D{SECRET_KEY}", "x?[hidden]"),
        (f"ApiKey={API_KEY}", "?[hidden]"),
        (f"{URL} and {URL}", " and ".join([URL.partition("?")[0] + "?[hidden]"] * 2)),
        ("GET https://x.test/?a=1&key=2 100%", "GET https://x.test/?a=1&key=2 100%"),
        ("what is my ApiKey ?", "what is my ApiKey ?"),
    ],
)
@pytest.mark.parametrize("logger", ["httpx", "httpcore.http11", "httpcore.connection", "hpack.hpack"])
def test_only_queries_with_keys_are_hidden(
    caplog: pytest.LogCaptureFixture, logger: str, logged: str, expected: str
) -> None:
    """Everything else is logged as it was; in arguments as in texts."""
    _esms_log.install()
    caplog.set_level(logging.DEBUG, logger)
    logging.getLogger(logger).debug("%s %d", logged, 7)
    logging.getLogger(logger).debug(logged)
    assert [record.getMessage() for record in caplog.records] == [f"{expected} 7", expected]


def test_it_is_added_once(build: Build) -> None:
    """However many clients are built."""
    before = {name: list(logging.getLogger(name).filters) for name in ("httpx", "httpcore.http11")}
    for _ in range(2):
        build("https://rest.esms.vn", "Account")
    after = {name: list(logging.getLogger(name).filters) for name in before}
    assert all(len(filters) == 1 for filters in after.values())
    assert all(filters[:1] in ([], after[name]) for name, filters in before.items())


def test_a_long_record_is_read_in_no_time(caplog: pytest.LogCaptureFixture) -> None:
    """A server that sends a header full of marks does not hold the process up."""
    _esms_log.install()
    caplog.set_level(logging.DEBUG, "httpcore.http11")
    record = "?" * 500_000 + "%25" * 200_000 + f"ApiKey={API_KEY}"
    logging.getLogger("httpcore.http11").debug(record)
    assert caplog.records[0].getMessage() == "?[hidden]"
