"""eSMS callbacks: both forms, whatever is missing, and whatever else comes in (D4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.models import DeliveryState, Report
from otpflow.testing.simulator import EsmsSimulator
from otpflow.testing.simulator_server import SimulatorServer
from otpflow.transports._esms_receipts import parse_receipt
from tests.transports.conftest import KINDS, Build
from tests.transports.test_esms_family import text

MESSAGE = {
    "SMSID": "d8e0f1f0702544b2acb456ca9ccfd111250",
    "SendFailed": "0",
    "SendStatus": "5",
    "SendSuccess": "1",
    "TotalPrice": "850.0000",
    "TotalReceiver": "1",
    "TotalSent": "1",
    "RequestId": "",
    "TypeId": "8",
    "telcoid": "2",
    "phonenumber": "0901888484",
    "partnerids": "",
    "error_info": "",
    "oaid": "",
    "tempid": "",
    "switchsmsid": "",
}
CALL = {
    "ReferenceId": "505139D7-0000",
    "CallDuration": "13",
    "CallStatus": "ANSWERED",
    "Ivr": "",
    "Price": "0.0000",
    "SentResult": "1",
    "CID": "",
    "SendStatus": "5",
}
OF_MESSAGE = Report(
    state=DeliveryState.DELIVERED, provider_ref=MESSAGE["SMSID"], number="0901888484", price=850.0
)
OF_CALL = Report(state=DeliveryState.DELIVERED, provider_ref="505139D7-0000", duration=13, price=0.0)


def test_both_forms() -> None:
    """As documented, every field."""
    assert parse_receipt(MESSAGE) == OF_MESSAGE
    assert parse_receipt(CALL) == OF_CALL


@pytest.mark.parametrize("kind", KINDS)
def test_each_transport_reads_both_forms(build: Build, kind: str) -> None:
    """Whichever of them gets it."""
    esms = build("https://rest.esms.vn", kind)
    assert (esms.parse_receipt(MESSAGE), esms.parse_receipt(CALL)) == (OF_MESSAGE, OF_CALL)


@pytest.mark.parametrize("appended_with", ["&", "?"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_simulated_provider_sends(build: Build, kind: str, appended_with: str) -> None:
    """Parses to what poll says, and to the price and the number, where its form has them."""
    simulator = EsmsSimulator("CANARY-api-key-1", "CANARY-secret-key-2", appends_with=appended_with)
    with SimulatorServer(simulator) as server:
        esms = build(server.base_url, kind)
        reference = esms.send(text(kind, callback_url="http://127.0.0.1/r?x=1")).provider_ref or ""
        for finish in (simulator.answer, simulator.no_answer, simulator.arrive, simulator.fail):
            finish(reference)
            (url,) = simulator.due_callbacks()
            query = dict(parse_qsl(urlsplit(url).query.replace("?", "&"), keep_blank_values=True))
            report, polled = esms.parse_receipt(query), esms.poll(reference)
            assert report is not None
            assert (report.state, report.provider_ref) == (polled.state, reference)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"CallStatus": "NOANSWERED"}, "UNANSWERED"),
        ({"CallStatus": "NO ANSWER", "SentResult": "0"}, "UNANSWERED"),
        ({"CallStatus": ""}, "DELIVERED"),
        ({"CallStatus": "", "SentResult": "0"}, "FAILED"),
        ({"SendStatus": ""}, "DELIVERED"),
        ({"SendStatus": "7"}, "ACCEPTED"),
        ({"SendStatus": "4"}, "FAILED"),
        ({"SendStatus": "6"}, None),
        ({"SendStatus": "five"}, None),
        ({"SendStatus": "５"}, None),
        ({"CallStatus": "", "SentResult": ""}, None),
    ],
)
def test_states_of_a_call(changes: dict[str, str], state: str | None) -> None:
    """By the status first, then by how the call went, then by the result."""
    report = parse_receipt(CALL | changes)
    assert (report and report.state) == (state and DeliveryState(state))


@pytest.mark.parametrize("form", [MESSAGE, CALL], ids=["message", "call"])
def test_any_field_may_be_missing(form: dict[str, str]) -> None:
    """Each alone, and all but one: what is there is read, and what is not there is nothing."""
    for name in form:
        without = parse_receipt({key: value for key, value in form.items() if key != name})
        assert (without is None) is (name == "SendSuccess")
        assert without is None or without.state is DeliveryState.DELIVERED
    alone = {name: parse_receipt({name: value}) for name, value in form.items()}
    told = {"CallStatus", "SentResult", "SendSuccess"} & form.keys()
    assert alone == {name: Report(state=DeliveryState.DELIVERED) if name in told else None for name in form}


@pytest.mark.parametrize("name", ["SMSID", "SendStatus", "phonenumber", "TotalPrice"])
@pytest.mark.parametrize("bad", [b"5", ["5"], 5, None, {}, "5" * 65, "5\n", "5\x00", "\u202e5", "\ud800"])
def test_a_field_that_is_no_short_text_makes_it_nothing(name: str, bad: Any) -> None:
    """Nobody guesses what it was meant to be."""
    assert parse_receipt(MESSAGE | {name: bad}) is None


def test_other_fields_may_be_anything() -> None:
    """The vendor adds some without notice."""
    extra: dict[Any, Any] = {"new": ["x"], b"bytes": 1, 7: None, "long": "x" * 100_000}
    assert parse_receipt(MESSAGE | extra) == OF_MESSAGE


@pytest.mark.parametrize(
    ("price", "expected"),
    [("0.0000", 0.0), ("850", 850.0), ("-1", None), ("1e3", None), ("", None), ("9" * 16, None)],
)
def test_prices(price: str, expected: float | None) -> None:
    """A plain decimal that is not below nothing."""
    report = parse_receipt(MESSAGE | {"TotalPrice": price})
    assert report is not None
    assert report.price == expected


@pytest.mark.parametrize("query", [None, "SendStatus=5", b"SendStatus=5", [("SendStatus", "5")], 7, object()])
def test_what_is_no_mapping_is_nothing(query: object) -> None:
    """The engine takes a query apart; here it is taken apart already."""
    assert parse_receipt(query) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=3,
)
likely = st.sampled_from(["", "0", "1", "2", "4", "5", "7", "0.0000", "ANSWERED", "NO ANSWER", "NOANSWERED"])
names = st.sampled_from([*MESSAGE, *CALL]) | st.text()


@given(query=st.dictionaries(names, likely | anything) | anything)
def test_it_never_raises(query: object) -> None:
    """Whatever comes in: a report, that can be kept as JSON, or nothing."""
    report = parse_receipt(query)
    if report is not None:
        assert isinstance(query, Mapping)
        kept = json.dumps([report.state, report.provider_ref, report.number, report.duration, report.price])
        assert len(kept) < 1_000
        assert "NaN" not in kept
        assert "Infinity" not in kept


@given(query=st.dictionaries(names, likely, min_size=1))
def test_a_report_is_repeatable(query: dict[str, str]) -> None:
    """The same fields, in any order and with others among them, say the same."""
    turned = dict(reversed([*query.items(), ("unknown", "x")]))
    assert parse_receipt(turned) == parse_receipt(query)
