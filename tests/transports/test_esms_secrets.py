"""eSMS: how it is built, and that nothing secret shows (S1)."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from otpflow.errors import ConfigurationError, DeliveryError
from otpflow.testing.simulator import EsmsSimulator
from otpflow.testing.simulator_faults import Fault
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports import AsyncEsmsVoice, AsyncTransport, EsmsVoice, Transport
from otpflow.transports._exchange import Reply
from tests.transports.conftest import API_KEY, CANARIES, CODE, NUMBER, SECRET_KEY, Build, Esms, fail, message

ECHOES = [
    *CANARIES,
    "0901888484",
    "0901 888 484",
    "(+84) 901-888-484",
    "9-1-8-2-7-3",
    "9, 1, 8, 2, 7, 3",
    "９１８２７３",
    "٩١٨٢٧٣",
    "918\u200b273",
    "canary-API-key-1",
    "CANARY-\nsecret-\u200bkey-2",
    "x" * 115 + CODE,
]
FAULTS = [
    *(Fault.code("101", f"Refused: {echo}!") for echo in ECHOES),
    Fault.code("777", f"Phone {NUMBER} {CODE} {API_KEY} {SECRET_KEY}"),
    Fault.code(CODE),
    Fault.code("0901888484"),
    Fault.code(API_KEY),
    Fault.reply(f"<html>{API_KEY} {CODE}</html>".encode()),
    Fault.reply(f"{{{API_KEY}".encode()),
    Fault.error_without_code(f"Invalid request {SECRET_KEY} {CODE}"),
    Fault.redirect("http://127.0.0.1/elsewhere"),
    Fault.redirect("http://[broken"),
    Fault.html(502),
    Fault.html(404),
    Fault.drop(),
    Fault.accept_then_delay(60),
    Fault.drip_headers(0.02),
    Fault.huge(),
]


def reachable(error: BaseException) -> Iterator[object]:
    """Everything that hangs on an exception and on the ones before it."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseException):
            waiting += [one.__cause__, one.__context__, one.args, vars(one), getattr(one, "__notes__", [])]
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple):
            waiting += one


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_canary_in_an_error_or_a_log(
    twin: str, voice: Esms, simulator: EsmsSimulator, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """Whatever the server says: not in the exception, not in its causes, not at DEBUG."""
    caplog.set_level(logging.DEBUG)
    simulator.misbehave(fault, times=3)
    with pytest.raises(DeliveryError) as caught:
        voice.send(message())
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    shown = " ".join(f"{one!r} {one!s}" for one in reachable(caught.value))
    assert [canary for canary in (*CANARIES, "0901888484") if canary.lower() in shown.lower()] == []
    logged = "".join(f"{record.getMessage()} {record.args!r}" for record in caplog.records)
    assert caplog.records or twin == "aiohttp"  # which tells nothing where no answer came
    assert [canary for canary in (*CANARIES, "0901888484") if canary in logged] == []


@pytest.mark.guarantee("S1")
def test_no_canary_in_an_error_from_an_address_that_echoes_it(voice: Esms, simulator: EsmsSimulator) -> None:
    """The address that a server redirects to is not quoted."""
    simulator.misbehave(Fault.redirect(f"http://127.0.0.1/{SECRET_KEY}/{CODE}"))
    with pytest.raises(DeliveryError) as caught:
        voice.send(message())
    assert [canary for canary in CANARIES if canary in f"{caught.value!r} {caught.value}"] == []


@pytest.mark.guarantee("S1")
def test_no_canary_in_the_log_of_a_success(
    voice: Esms, simulator: EsmsSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The request's URL is logged by httpx; it holds nothing."""
    caplog.set_level(logging.DEBUG)
    receipt = voice.send(message())
    shown = repr(receipt) + "".join(f"{record.getMessage()} {record.args!r}" for record in caplog.records)
    assert "SendMultipleMessage_V4_post_json" in shown
    assert [canary for canary in (*CANARIES, "0901888484") if canary in shown] == []


@pytest.mark.guarantee("S1")
def test_nothing_secret_in_a_repr_or_a_pickle(voice: Esms) -> None:
    """The settings show, the keys do not; a pickle or copy is refused."""
    shown = f"{voice.transport!r} {voice.transport} {voice.transport.__dict__!r}"
    assert "base_url='http://127.0.0.1:" in shown
    assert [canary for canary in CANARIES if canary in shown] == []
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="holds keys"):
            attempt(voice.transport)
    assert API_KEY not in repr(Reply(status=200, body=API_KEY.encode()))


@pytest.mark.guarantee("S1")
def test_a_harmless_message_of_the_provider_is_quoted_short(voice: Esms, simulator: EsmsSimulator) -> None:
    """At most 120 characters, on one line, nothing invisible."""
    simulator.misbehave(Fault.code("101", "Authorize\r\n\x1b[31mFailed\u202e " + "y" * 500))
    with pytest.raises(DeliveryError) as caught:
        voice.send(message())
    quoted = str(caught.value).split("the provider says: ")[1]
    assert quoted.startswith("Authorize [31mFailed y")
    assert len(quoted) == 121
    assert str(caught.value).isprintable()


def test_every_problem_is_in_one_error(twin: str) -> None:
    """Each names its argument and what to do; none shows a key."""
    chosen: Any = EsmsVoice if twin == "sync" else AsyncEsmsVoice
    with pytest.raises(ConfigurationError) as caught:
        chosen(
            "",
            7,
            base_url="http://rest.esms.vn",
            timeout=0,
            sandbox="no",
            campaign="c" * 255,
            send_at=5,
            client=object(),
        )
    arguments = [problem.split()[0] for problem in caught.value.problems]
    assert arguments == [
        "api_key",
        "secret_key",
        "base_url",
        "timeout",
        "sandbox",
        "campaign",
        "send_at",
        "client",
    ]
    assert all("give" in problem or "copy" in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"api_key": None}, "api_key"),
        ({"api_key": f"{API_KEY}\n"}, "api_key"),
        ({"secret_key": f" {SECRET_KEY}"}, "secret_key"),
        ({"secret_key": "CANARY-é"}, "secret_key"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": 61}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"timeout": "5"}, "timeout"),
        ({"campaign": ""}, "campaign"),
        ({"campaign": "a\nb"}, "campaign"),
        ({"campaign": 7}, "campaign"),
    ],
)
def test_single_problems(twin: str, changes: dict[str, Any], argument: str) -> None:
    """One wrong argument, one problem, and no key in it."""
    chosen: Any = EsmsVoice if twin == "sync" else AsyncEsmsVoice
    with pytest.raises(ConfigurationError) as caught:
        chosen(**({"api_key": API_KEY, "secret_key": SECRET_KEY} | changes))
    assert [problem.split()[0] for problem in caught.value.problems] == [argument]
    assert "CANARY" not in str(caught.value)


def test_the_other_kind_of_client_is_refused(twin: str) -> None:
    """A synchronous client in the asynchronous transport, and the other way round."""
    wrong: Any = httpx.AsyncClient() if twin == "sync" else httpx.Client()
    chosen: Any = EsmsVoice if twin == "sync" else AsyncEsmsVoice
    with pytest.raises(ConfigurationError, match=r"^client is a"):
        chosen(API_KEY, SECRET_KEY, client=wrong)
    asyncio.run(wrong.aclose()) if twin == "sync" else wrong.close()


def test_a_client_of_the_callers_own_stays_open(twin: str, build: Build, simulator: EsmsSimulator) -> None:
    """It is used, and closed by whoever opened it."""
    client: Any = (httpx.Client if twin == "sync" else httpx.AsyncClient)(transport=simulator.transport())
    voice = build("https://rest.esms.vn", client=client)
    assert voice.send(message()).provider_ref == simulator.calls[0].sms_id
    voice.close()
    assert not client.is_closed
    open_voice = build("https://rest.esms.vn", client=client)
    assert fail(voice, request_id="r2").code == "closed"
    voice.close_client(client)
    error = fail(open_voice, request_id="r3")
    assert (error.code, error.retryable, len(simulator.requests)) == ("closed", False, 1)


def test_after_closing_nothing_is_sent(
    build: Build, server: SimulatorServer, simulator: EsmsSimulator
) -> None:
    """A typed error, twice closing is no error."""
    voice = build(server.base_url)
    voice.close()
    voice.close()
    with pytest.raises(DeliveryError, match="closed"):
        voice.send(message())
    assert simulator.requests == []


def test_they_are_context_managers(server: SimulatorServer, simulator: EsmsSimulator) -> None:
    """Leaving the block closes."""

    async def use() -> AsyncEsmsVoice:
        async with AsyncEsmsVoice(API_KEY, SECRET_KEY, base_url=server.base_url) as voice:
            await voice.send(message(request_id="async"))
        return voice

    with EsmsVoice(API_KEY, SECRET_KEY, base_url=server.base_url) as voice:
        voice.send(message(request_id="sync"))
    with pytest.raises(DeliveryError, match="closed"):
        voice.send(message())
    with pytest.raises(DeliveryError, match="closed"):
        asyncio.run(asyncio.run(use()).send(message()))
    assert [call.request_id for call in simulator.calls] == ["sync", "async"]


def test_one_transport_serves_several_event_loops(server: SimulatorServer, simulator: EsmsSimulator) -> None:
    """No connection of a loop that is over is used again."""
    voice = AsyncEsmsVoice(API_KEY, SECRET_KEY, base_url=server.base_url)
    for number in range(3):
        assert asyncio.run(voice.send(message(request_id=f"r{number}"))).provider_ref
    asyncio.run(voice.aclose())
    assert len(simulator.requests) == 3


def test_the_contract(voice: Esms) -> None:
    """Name, channels and method are where the engine looks for them."""
    transport = voice.transport
    assert (transport.name, transport.channels) == ("esms", ("voice",))
    assert isinstance(transport, Transport if isinstance(transport, EsmsVoice) else AsyncTransport)


def test_httpx_is_imported_when_it_is_needed() -> None:
    """Not by naming the transports, the console or the simulator."""
    program = (
        "import sys, otpflow.transports as t, otpflow.testing.simulator; t.Console; dir(t); "
        "assert 'httpx' not in sys.modules; t.EsmsVoice; assert 'httpx' in sys.modules; "
        "assert not hasattr(t, 'Nothing')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
