"""A callback's query is taken apart however it comes, and nothing that comes makes it fail."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow import DeliveryState
from otpflow.receipts import (
    LONGEST_QUERY,
    MOST_FIELDS,
    Callback,
    SendName,
    callback_url,
    overtaken,
    read,
)

NAME = SendName(key_id="k1", slot="s" * 20, locator="l" * 22, number=2, carrier="esms")
SIGNATURE = "g" * 22
OURS = f"otpflow_send={NAME}&otpflow_signature={SIGNATURE}"
SEALED = f"{OURS}&otpflow_secret=c2VhbGVk"
FIELDS = {"ReferenceId": "505139D7", "CallStatus": "NO ANSWER", "Ivr": "", "Price": "0.0000"}
THEIRS = urlencode(FIELDS)
FULL = Callback(send=NAME, signature=SIGNATURE, secret="", fields=FIELDS)
NOTHING = Callback(send=None, signature="", secret="", fields={})


class LastShown(dict[str, Any]):
    """A mapping as Django and Starlette make it: its items are the last of several values."""

    def getlist(self, name: str) -> list[str]:
        """Give all of them, the first one first."""
        return ["first of", self[name]] if name == "CallStatus" else [self[name]]


@pytest.mark.parametrize("appended", ["&", "?", "&?", "?&"])
@pytest.mark.parametrize("ours", [OURS, f"tenant=7&{OURS}"])
@pytest.mark.parametrize("before", ["", "?"])
def test_raw_queries(before: str, ours: str, appended: str) -> None:
    """With and without the mark before it, and whatever the vendor appends its fields with."""
    own = {"tenant": "7"} if "tenant" in ours else {}
    found = read(f"{before}{ours}{appended}{THEIRS}")
    assert found == Callback(send=NAME, signature=SIGNATURE, secret="", fields={**own, **FIELDS})
    assert read(f"{before}{ours}{appended}{THEIRS}".encode()) == found
    assert read(bytearray(f"{before}{ours}{appended}{THEIRS}", "ascii")) == found


@pytest.mark.parametrize("appended", ["&", "?"])
@pytest.mark.parametrize("ours", [OURS, SEALED])
def test_queries_that_a_framework_took_apart(ours: str, appended: str) -> None:
    """As a mapping to texts, to lists, or with a method for lists; a second mark stands in our last value then."""
    query = f"{ours}{appended}{THEIRS}"
    full = Callback(
        send=NAME, signature=SIGNATURE, secret="c2VhbGVk" if ours == SEALED else "", fields=FIELDS
    )
    assert read(dict(parse_qsl(query, keep_blank_values=True))) == full
    assert read(parse_qs(query, keep_blank_values=True)) == full
    assert read({name: tuple(values) for name, values in parse_qs(query, True).items()}) == full
    assert read(query) == full


def test_of_several_values_the_first_counts() -> None:
    """In a raw query, in lists, in a mapping that shows the last one, and where some are in our own value."""
    first = read(f"{OURS}&CallStatus=ANSWERED&CallStatus=NOANSWERED&otpflow_send=x&otpflow_signature=y")
    assert first == Callback(send=NAME, signature=SIGNATURE, secret="", fields={"CallStatus": "ANSWERED"})
    lists = {
        "otpflow_send": [str(NAME), "x"],
        "otpflow_signature": [SIGNATURE],
        "CallStatus": ["ANSWERED", "NO"],
    }
    assert read(lists) == first
    shown = read(LastShown(otpflow_send=str(NAME), otpflow_signature=SIGNATURE, CallStatus="last"))
    assert shown == Callback(send=NAME, signature=SIGNATURE, secret="", fields={"CallStatus": "first of"})
    inner = read(
        f"otpflow_send={NAME}&CallStatus=ANSWERED&otpflow_signature={quote(SIGNATURE + '?CallStatus=NO&a=b')}"
    )
    assert inner == Callback(
        send=NAME, signature=SIGNATURE, secret="", fields={"CallStatus": "ANSWERED", "a": "b"}
    )


def test_what_is_no_text_is_left_out() -> None:
    """Names and values of other types, and empty lists, are not there at all."""
    query: Any = {
        "otpflow_send": str(NAME),
        5: "five",
        "a": None,
        "b": [],
        "c": [5],
        "d": 1.5,
        b"e": b"f",
        "g": ["h"],
    }
    assert read(query) == Callback(send=NAME, signature="", secret="", fields={"g": "h"})


@pytest.mark.parametrize(
    "name",
    [
        "",
        "k1",
        f"k1.{'s' * 20}.{'l' * 22}",
        f"k1.{'s' * 20}.{'l' * 22}.1",
        f"k1.{'s' * 20}.{'l' * 22}.1.",
        f"k1.{'s' * 20}.{'l' * 22}.0.ZXNtcw",
        f"k1.{'s' * 20}.{'l' * 22}.01.ZXNtcw",
        f"k1.{'s' * 20}.{'l' * 22}.100.ZXNtcw",
        f"k1.{'s' * 20}.{'l' * 22}.１.ZXNtcw",
        f"k1.{'s' * 20}.{'l' * 22}.-1.ZXNtcw",
        f"k1.{'s' * 19}.{'l' * 22}.1.ZXNtcw",
        f"k1.{'s' * 20}.{'l' * 23}.1.ZXNtcw",
        f"k1.{'s' * 20}.{'l' * 22}.1.ZXNtcw\n",
        f"k1.{'s' * 20}.{'l' * 22}.1.Z",
        f"k1.{'s' * 20}.{'l' * 22}.1.ZXNtcx",
        f"k1.{'s' * 20}.{'l' * 22}.1.w6k",
        f"k1.{'s' * 20}.{'l' * 22}.1.{'A' * 44}",
        f"{'k' * 17}.{'s' * 20}.{'l' * 22}.1.ZXNtcw",
        f".{'s' * 20}.{'l' * 22}.1.ZXNtcw",
        f"k1.{{{'s' * 18}}}.{'l' * 22}.1.ZXNtcw",
        f"k1.{'s' * 20}.{'*' * 22}.1.ZXNtcw",
        f"k{{.{'s' * 20}.{'l' * 22}.1.ZXNtcw",
    ],
)
def test_what_names_no_send(name: str) -> None:
    """A name of another form never becomes part of a key in Redis."""
    assert read({"otpflow_send": name, "a": "b"}) == Callback(
        send=None, signature="", secret="", fields={"a": "b"}
    )
    assert str(NAME) == f"k1.{'s' * 20}.{'l' * 22}.2.ZXNtcw"


@pytest.mark.parametrize(
    "query", [None, 5, True, 1.5, [], [("a", "b")], {"a"}, object(), iter("ab"), memoryview(b"a=b")]
)
def test_what_is_no_query(query: object) -> None:
    """Another type is no query."""
    assert read(query) is None


@pytest.mark.parametrize(
    "query", ["", b"", "?", {}, "&&&", "=", "????", "%", "%zz=%", "a", "\x00", "\ud800=\udfff"]
)
def test_queries_without_a_send(query: str | bytes | dict[str, str]) -> None:
    """They are queries of nobody's."""
    found = read(query)
    assert found is not None
    assert (found.send, found.signature, found.secret) == (None, "", "")


LONG = "a=" + "b" * (LONGEST_QUERY - 2)
MANY = "&".join(f"f{number}=x" for number in range(MOST_FIELDS))


@pytest.mark.parametrize("query", [LONG, LONG.encode(), MANY, {"a": LONG[3:]}, dict(parse_qsl(MANY))])
def test_the_longest_queries(query: Any) -> None:
    """So much is still looked at; a mark before it does not count against a raw one."""
    assert read(query) is not None
    if isinstance(query, str | bytes):
        assert read(b"?" + query if isinstance(query, bytes) else "?" + query) == read(query)


@pytest.mark.parametrize(
    "query",
    [
        LONG + "b",
        LONG.encode() + b"b",
        b"?" + LONG.encode() + b"b",
        MANY + "&x=x",
        {"a": LONG},
        {**dict(parse_qsl(MANY)), "x": "x"},
        {LONG: ["x"]},
        "a=" + "b" * 10_000_000,
        b"\xff" * 10_000_000,
        "?" * 10_000_000,
        "&" * 10_000_000,
        {"a": "b" * 10_000_000},
        {"a": ["b"] * 10_000_000},
        dict.fromkeys(map(str, range(1_000_000)), "x"),
    ],
    ids=lambda query: type(query).__name__,
)
def test_what_is_oversized_costs_next_to_nothing(query: Any) -> None:
    """One more character or field is too much, and 10 MB take no longer than that."""
    tracemalloc.start()
    started = time.process_time()
    found = read(query)
    seconds, (_, most) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 0.1
    assert most < 1_000_000
    assert found is None or found == Callback(send=None, signature="", secret="", fields={"a": "b"})


def test_an_oversized_query_within_our_own_value_is_dropped() -> None:
    """The fields behind a second mark are bounded too."""
    many = {"otpflow_send": str(NAME), "otpflow_signature": f"{SIGNATURE}?{MANY}&x=x"}
    assert read(many) == Callback(send=NAME, signature=SIGNATURE, secret="", fields={})


TEXTS = st.text() | st.text(alphabet="?&=%;+otpflw_sendigaur.k1\ud800\x00") | st.just(SEALED)
VALUES = TEXTS | st.lists(TEXTS | st.none(), max_size=3) | st.none() | st.integers() | st.binary(max_size=5)
NAMES = TEXTS | st.sampled_from(["otpflow_send", "otpflow_signature", "otpflow_secret", "a"]) | st.integers()


@given(
    query=TEXTS | st.binary() | st.binary().map(bytearray) | st.dictionaries(NAMES, VALUES) | st.integers()
)
def test_nothing_makes_it_fail(query: object) -> None:
    """Any text, any bytes, any mapping: a callback of texts comes out, or nothing."""
    found = read(query)
    if found is not None:
        assert all(isinstance(part, str) for pair in found.fields.items() for part in pair)
        assert not {"otpflow_send", "otpflow_signature", "otpflow_secret"} & found.fields.keys()


@given(
    fields=st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda name: "otp" not in name),
        st.text(max_size=8),
        max_size=6,
    )
)
@pytest.mark.parametrize("appended", ["&", "?"])
def test_what_was_appended_comes_back(appended: str, fields: dict[str, str]) -> None:
    """Whatever the provider says, it is read as it was said."""
    fields = {
        name.encode("utf-8", "replace").decode(): value.encode("utf-8", "replace").decode()
        for name, value in fields.items()
    }
    url = callback_url("https://shop.example/otp", NAME, SIGNATURE, "")
    query = urlsplit(url).query + (appended + urlencode(fields) if fields else "")
    assert read(query) == Callback(send=NAME, signature=SIGNATURE, secret="", fields=fields)


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://shop.example/otp", "https://shop.example/otp?"),
        ("https://shop.example/otp&", "https://shop.example/otp&?"),
        ("https://shop.example/otp?", "https://shop.example/otp?"),
        ("https://shop.example/otp?a=b", "https://shop.example/otp?a=b&"),
        ("https://shop.example/otp?a=b&", "https://shop.example/otp?a=b&"),
    ],
)
def test_ours_stand_behind_the_applications_own(base: str, url: str) -> None:
    """One mark, and nothing empty between; the secret only where there is one."""
    assert callback_url(base, NAME, SIGNATURE, "") == url + OURS
    assert callback_url(base, NAME, SIGNATURE, "c2VhbGVk") == url + SEALED


def test_each_state_overtakes_the_ones_before_it() -> None:
    """In one order, without itself."""
    order = ["ACCEPTED", "UNKNOWN", "FAILED", "UNANSWERED", "DELIVERED"]
    for place, state in enumerate(order):
        assert overtaken(DeliveryState(state)).split() == order[:place]


def test_nothing_secret_shows() -> None:
    """Neither the secret nor what the provider says is in `repr`."""
    shown = repr(Callback(send=NAME, signature=SIGNATURE, secret="CANARY", fields={"phonenumber": "CANARY"}))
    assert "CANARY" not in shown
