"""D4: a receipt counts only for the one send whose callback URL it came to, and moves nothing but its fate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from otpflow import Delivery, DeliveryReport, DeliveryState, Event, EventKind, Policy, StoreUnavailableError
from otpflow.keys import new_key
from otpflow.records import decode, encode
from tests.conftest import Build
from tests.delivery.providers import (
    ANSWERED,
    CALLBACK,
    FAILED,
    UNANSWERED,
    Provider,
    changed,
    kept,
    locator,
    report,
    signed,
    untimed,
    watched,
)
from tests.subjects import KEYS, NUMBER, Subject

OTHER_KEY = new_key("k2")
VOICE = encode(b"voice")
OTHER_LETTERS = VOICE[:-1] + chr(ord(VOICE[-1]) + 1)
"""The same bytes, written in another way than they are here."""
REFUSED = Event(kind=EventKind.RECEIPT_REFUSED, at=0.0)


@pytest.fixture
def voice() -> Provider:
    return Provider()


@pytest.fixture
def subject(build: Build, voice: Provider) -> Subject:
    return build(transport=voice, callback_url=CALLBACK, policy=Policy(cooldown=0))


def swapped(name: str, place: int) -> Callable[[str], str]:
    """Change one character of one field."""

    def change(text: str) -> str:
        return text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :]

    return lambda query: changed(query, name, change)


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("state", [ANSWERED, UNANSWERED, FAILED])
@pytest.mark.parametrize("appended", ["&", "?"])
def test_a_genuine_receipt_moves_what_is_known(
    subject: Subject, voice: Provider, state: DeliveryState, appended: str
) -> None:
    """It is told to whoever handed it over, to `inspect`, and to the hooks."""
    challenge = subject.issue()
    query = report(
        voice.messages[0], state, appended, ref="other", seconds="13", price="850.0", to="84901888484"
    )
    subject.events.clear()

    delivery = Delivery(state=state, provider="voice", provider_ref="voice-1")
    told = {"delivery": state.value, "provider": "voice", "duration": 13, "price": 850.0}
    name = locator(challenge.id)
    assert subject.handle_receipt(query) == DeliveryReport(
        challenge=name,
        delivery=delivery,
        changed=True,
        channel="voice",
        purpose="login",
        duration=13,
        price=850.0,
    )
    assert subject.inspect(challenge.id).delivery == delivery
    assert untimed(subject.events) == [
        Event(
            kind=EventKind.DELIVERY_REPORTED,
            at=0.0,
            challenge=name,
            purpose="login",
            channel="voice",
            detail=told,
        )
    ]


FORGERIES: dict[str, Callable[[str], str]] = {
    "no signature": lambda query: signed(query, ""),
    "a signature that begins alike": lambda query: changed(
        query, "otpflow_signature", lambda text: text[:-1]
    ),
    "a signature that goes on": lambda query: changed(query, "otpflow_signature", lambda text: text + "A"),
    "an odd signature": lambda query: signed(query, "mã €"),
    "the name for its signature": lambda query: signed(query, query[13:35]),
    "no name": lambda query: changed(query, "otpflow_send", lambda _: ""),
    "another key": lambda query: changed(query, "otpflow_send", lambda text: text.replace("k1.", "k2.")),
    "another send": lambda query: changed(query, "otpflow_send", lambda text: text.replace(".1.", ".2.")),
    "another transport": lambda query: changed(
        query, "otpflow_send", lambda text: text.replace(VOICE, encode(b"sms"))
    ),
    "no transport": lambda query: changed(query, "otpflow_send", lambda text: text.replace(VOICE, "")),
    "a transport in other letters": lambda query: changed(
        query, "otpflow_send", lambda text: text.replace(VOICE, OTHER_LETTERS)
    ),
    "no fields": lambda query: query.partition("&state")[0],
    "no state": lambda query: changed(query, "state", lambda _: ""),
    "an odd state": lambda query: changed(query, "state", lambda _: "ANSWERED?"),
    "another number": lambda query: query + "&to=84901888485",
    "no number": lambda query: query + "&to=x",
    "oversized": lambda query: query + "&x=" + "x" * 8_192,
    "too many fields": lambda query: query + "&x=x" * 64,
    "nothing": lambda _: "",
    **{f"signature {place}": swapped("otpflow_signature", place) for place in range(22)},
    **{f"name {place}": swapped("otpflow_send", place) for place in (3, 22, 24, 45, 47, 49, 55)},
}


@pytest.mark.guarantee("D4")
def test_a_forged_receipt_changes_nothing(subject: Subject, voice: Provider) -> None:
    """Each part changed: the same answer, the same one look into the store, the same event, nothing else."""
    engine, store = watched(subject)
    subject.issue()
    query = report(voice.messages[0], ANSWERED)
    before = kept(subject)
    assert decode(OTHER_LETTERS) == b"voice"
    for what, forge in FORGERIES.items():
        engine.events.clear()
        store.asked.clear()

        assert (what, engine.handle_receipt(forge(query))) == (what, None)
        assert (what, store.asked) == (what, ["read"])
        assert (what, untimed(engine.events)) == (what, [REFUSED])
    assert kept(subject) == before
    assert engine.handle_receipt(query) is not None


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize(
    "query",
    [
        None,
        5,
        b"\xff" * 10_000_000,
        "?" * 10_000_000,
        {"otpflow_signature": "\ud800"},
        "otpflow_signature=\udfff",
    ],
)
def test_what_is_no_receipt_at_all(subject: Subject, query: Any) -> None:
    """It is refused as a forged one is."""
    engine, store = watched(subject)

    assert engine.handle_receipt(query) is None
    assert store.asked == ["read"]
    assert untimed(engine.events) == [REFUSED]


@pytest.mark.guarantee("D4")
def test_receipts_from_elsewhere(subject: Subject, voice: Provider) -> None:
    """Of another engine's keys, with another challenge's or another send's signature: forged, all of them."""
    challenge = subject.issue()
    subject.resend(challenge.id)
    subject.issue("+84901888485")
    first, second, third = (report(message, ANSWERED) for message in voice.messages)
    elsewhere = subject.another(keys=new_key("k1"), transport=voice)
    before = kept(subject)

    assert elsewhere.handle_receipt(second) is None
    for mine, theirs in ((first, second), (second, first), (second, third), (third, second)):
        signature = dict(parse_qsl(theirs))["otpflow_signature"]
        assert subject.handle_receipt(signed(mine, signature)) is None
    assert kept(subject) == before


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("seconds", [601, 86_400])
def test_a_receipt_after_the_end_is_like_a_forged_one(
    subject: Subject, voice: Provider, seconds: int
) -> None:
    """Once the challenge is gone, its URLs are good for nothing, and nothing comes back to life."""
    engine, store = watched(subject)
    subject.issue()
    subject.advance(seconds)
    before = kept(subject)

    assert engine.handle_receipt(report(voice.messages[0], ANSWERED)) is None
    assert store.asked == ["read"]
    assert untimed(engine.events) == [REFUSED]
    assert kept(subject) == before


@pytest.mark.guarantee("D4")
def test_a_challenge_that_ends_while_its_receipt_is_read(subject: Subject, voice: Provider) -> None:
    """The script finds nothing, and makes nothing."""
    challenge = subject.issue()
    engine, store = watched(subject)
    run = store.run

    def late(operation: Any) -> Any:
        if operation.name == "report":
            subject.admin.flushall()
        return run(operation)

    store.run = late  # type: ignore[method-assign]

    assert engine.handle_receipt(report(voice.messages[0], ANSWERED)) is None
    assert untimed(engine.events) == [REFUSED]
    assert kept(subject) == {}
    assert subject.inspect(challenge.id).state == "EXPIRED"


@pytest.mark.guarantee("D4")
def test_a_send_that_was_refused_has_no_fate(subject: Subject, voice: Provider) -> None:
    """Its reservation was given back; what its URL brings says nothing of the send before it."""
    challenge = subject.issue()
    seen: list[Any] = []
    voice.meanwhile = seen.append
    subject.resend(challenge.id)
    place = next(key for key in kept(subject) if ":challenge:" in key)
    subject.admin.hdel(place, "send:2")
    subject.admin.hset(place, "sequence", 1)

    assert subject.handle_receipt(report(seen[0], FAILED)) is None
    assert subject.inspect(challenge.id).delivery.state == "UNKNOWN"


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize(
    "number", ["+84901888484", "84901888484", "0901888484", "0901 888 484", "901888484", "0084901888484"]
)
def test_the_challenges_own_number_in_any_spelling(subject: Subject, voice: Provider, number: str) -> None:
    """A provider may write it as it likes."""
    subject.issue()

    assert subject.handle_receipt(report(voice.messages[0], ANSWERED, to=number)) is not None


@pytest.mark.guarantee("D4")
def test_a_number_that_cannot_be_unsealed_is_another(subject: Subject, voice: Provider) -> None:
    """Where the record was altered, nothing is believed about its number."""
    subject.issue()
    place = next(key for key in kept(subject) if ":challenge:" in key)
    subject.admin.hset(place, "sealed", "AAAA")

    assert subject.handle_receipt(report(voice.messages[0], ANSWERED, to=NUMBER)) is None


@pytest.mark.guarantee("D4")
def test_keys_rotate_between_a_send_and_its_receipt(subject: Subject, voice: Provider) -> None:
    """While the old key is in the ring its receipts count, in either order; without it they are forged."""
    subject.issue()
    subject.issue("+84901888485")
    first, second = (report(message, ANSWERED) for message in voice.messages)
    both = subject.another(keys=f"{OTHER_KEY},{KEYS}", transport=voice)
    new = subject.another(keys=OTHER_KEY, transport=voice)

    assert new.handle_receipt(first) is None
    assert both.handle_receipt(first) is not None
    both.issue("+84901888486")
    assert subject.handle_receipt(report(voice.messages[2], ANSWERED)) is None
    assert both.handle_receipt(report(voice.messages[2], ANSWERED)) is not None
    assert subject.another(keys=f"{KEYS},{OTHER_KEY}", transport=voice).handle_receipt(second) is not None


@pytest.mark.guarantee("D4")
@pytest.mark.parametrize("lost", ["read", "report"])
def test_a_store_that_is_gone_is_said_to_be(subject: Subject, voice: Provider, lost: str) -> None:
    """Then the application answers with an error, and the provider calls again."""
    subject.issue()
    query = report(voice.messages[0], ANSWERED)
    engine, store = watched(subject)
    store.lost = (lost,)

    with pytest.raises(StoreUnavailableError):
        engine.handle_receipt(query)

    store.lost = ()
    again = engine.handle_receipt(query)
    assert again is not None
    assert again.changed


@pytest.mark.guarantee("D4")
def test_the_url_is_the_applications_own_with_three_fields_at_most(subject: Subject, voice: Provider) -> None:
    """It names the send, proves it, and holds nothing that opens the challenge."""
    subject.issue()
    url = urlsplit(voice.messages[0].callback_url or "")

    assert f"{url.scheme}://{url.netloc}{url.path}" == CALLBACK
    assert [name for name, _ in parse_qsl(url.query)] == ["otpflow_send", "otpflow_signature"]
    assert len(voice.messages[0].callback_url or "") < 200
