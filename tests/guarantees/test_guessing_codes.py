"""The codes that engines really send: uniform, from no other source, with every digit of them."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from otpflow import Outcome, Policy, Verdict, codes
from tests.conftest import Build
from tests.subjects import NUMBER, Subject
from tests.test_codes import bound, chi_square

# Found by search: HOTP's first values of these secrets are the least and the greatest code.
EXTREMES = {
    "000000": "AAAAAAAAAAAAAAAAAAAAAAAAAAADYZSD",
    "999999": "AAAAAAAAAAAAAAAAAAAAAAAAAAAB7LGF",
}
# So wide that one number can be sent many codes.
SENDS = Policy(cooldown=0, sends_per_hour=1_000, sends_per_day=1_000)


@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("code", EXTREMES)
def test_the_extremes_are_made_and_sent_and_verified(
    subject: Subject, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The codes 000000 and 999999 occur, go out with all their digits, and verify only with all of them."""
    assert codes.generate.__kwdefaults__ is not None
    monkeypatch.setitem(codes.generate.__kwdefaults__, "new_secret", lambda: EXTREMES[code])
    challenge = subject.issue()

    assert subject.code == code
    assert subject.outbox.last.content.count(", ".join(code)) == 2
    assert subject.verify(challenge.id, code[:1]).outcome == "MALFORMED"
    assert subject.verify(challenge.id, code) == Verdict(
        outcome=Outcome.VERIFIED, purpose="login", attempts_left=4, recipient=NUMBER
    )


@pytest.mark.guarantee("G9")
def test_a_million_digits_are_uniform() -> None:
    """χ² over the 1,020,000 digits of codes as they are made: at each place, and of three places together."""
    made = [codes.generate(6) for _ in range(170_000)]
    for place in range(6):
        assert chi_square(Counter(code[place] for code in made), 10) < bound(10)
    for part in (slice(3), slice(3, None), slice(None, None, 2), slice(1, None, 2)):
        assert chi_square(Counter(code[part] for code in made), 1_000) < bound(1_000)


@pytest.mark.guarantee("G9")
def test_an_engine_draws_nothing_from_random(build: Build) -> None:
    """The module `random` decides no code that is sent, and nothing is drawn from it."""
    subject = build(policy=SENDS)
    state = random.getstate()
    try:
        sent: list[str] = []
        for _ in range(2):
            random.seed(7)
            before = random.getstate()
            subject.issue()
            assert random.getstate() == before
            sent.append(subject.code)
        assert sent[0] != sent[1]
    finally:
        random.setstate(state)


@pytest.mark.guarantee("G9")
@pytest.mark.parametrize("digits", range(6, 10))
def test_an_engine_sends_as_many_digits_as_it_is_told(build: Build, digits: int) -> None:
    """Each send has a code of its own, as long as the policy says."""
    subject = build(policy=Policy(digits=digits, cooldown=0, sends_per_hour=1_000, sends_per_day=1_000))
    for _ in range(30):
        subject.issue()

    sent = [message.code for message in subject.outbox.messages]

    assert {len(code) for code in sent} == {digits}
    assert all(code.isascii() and code.isdigit() for code in sent)
    assert len(set(sent)) > 25
