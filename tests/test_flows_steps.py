"""The flows stepped by hand, without I/O: the order of steps, and what an error or an end at each of them does."""

from __future__ import annotations

from typing import Any

import pytest

from otpflow import (
    Challenge,
    ChallengeError,
    DeliveryError,
    OTPEngine,
    OverloadedError,
    Policy,
    StoreUnavailableError,
)
from otpflow.drivers import Step
from otpflow.keys import Keyring
from otpflow.models import Message
from otpflow.stores import EmbeddedStore
from otpflow.testing import Outbox
from tests.subjects import KEYS, NUMBER

ISSUE = ("admit", "digest", "store", "send", "confirm")
BOUND_ISSUE = ("bind", *ISSUE)
RESEND = ("renew", "digest", "store", "send", "confirm")
VERIFY = ("claim", "digest", "settle")


class Stage:
    """An engine whose flows are stepped by hand."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.store = EmbeddedStore()
        self.engine = OTPEngine(self.store, self.outbox, keys=KEYS, policy=Policy(cooldown=0))
        self.flows: Any = vars(self.engine)["_flows"]

    @property
    def taken(self) -> int:
        """How many places in the hashing pool are taken."""
        return int(self.flows.hasher._taken)

    def issue(self, **options: Any) -> Any:
        """Begin to issue."""
        asked = dict.fromkeys(("locale", "channel", "context", "client_ip", "idempotency_key"))
        return self.flows.issue(NUMBER, **{**asked, "purpose": "login", **options})

    def resend(self, challenge: Challenge) -> Any:
        """Begin to send again."""
        return self.flows.resend(challenge.id, channel=None, client_ip=None)

    def verify(self, challenge_id: str, code: str, **options: Any) -> Any:
        """Begin to verify."""
        asked = dict.fromkeys(("context", "attempt_id", "client_ip"))
        return self.flows.verify(challenge_id, code, **{**asked, "purpose": "login", **options})

    def name(self, step: Step) -> str:
        """Say what a step does."""
        others = {self.flows.digest: "digest", self.flows.route.carriers[0].send: "send"}
        operation: Any = step.arguments[0]
        return others.get(step.function) or str(operation.name)

    def names(self, flow: Any) -> list[str]:
        """Perform all steps of a flow, and name them."""
        step, names = next(flow), list[str]()
        while True:
            names.append(self.name(step))
            try:
                step = flow.send(step.function(*step.arguments))
            except StopIteration:
                return names

    def until(self, flow: Any, place: int) -> Step:
        """Perform the steps before one, and give that one."""
        step: Step = next(flow)
        for _ in range(place):
            step = flow.send(step.function(*step.arguments))
        return step

    def after(self, flow: Any, error: BaseException) -> list[str]:
        """Throw an error into a flow, perform what it still wants, and name that, until the error comes out."""
        names: list[str] = []
        with pytest.raises(type(error)) as caught:
            step = flow.throw(error)
            while True:
                names.append(self.name(step))
                step = flow.send(step.function(*step.arguments))
        assert caught.value is error
        return names


@pytest.fixture
def stage() -> Stage:
    """An engine to step by hand."""
    return Stage()


def flow_of(stage: Stage, order: tuple[str, ...]) -> Any:
    """Begin the call that takes these steps."""
    if order in (ISSUE, BOUND_ISSUE):
        return stage.issue(idempotency_key="order 17" if order is BOUND_ISSUE else None)
    challenge = stage.engine.issue(NUMBER, purpose="login")
    return stage.resend(challenge) if order is RESEND else stage.verify(challenge.id, stage.outbox.code)


@pytest.mark.parametrize("order", [ISSUE, BOUND_ISSUE, RESEND, VERIFY], ids=" ".join)
def test_the_steps_come_in_order(stage: Stage, order: tuple[str, ...]) -> None:
    """Budget, hash, keep, send, write down; attempt, hash, verdict."""
    assert tuple(stage.names(flow_of(stage, order))) == order


def test_only_the_right_code_and_a_named_attempt_need_a_verdict_in_the_store(stage: Stage) -> None:
    """A wrong code without a name is spent by its claim already."""
    challenge = stage.engine.issue(NUMBER, purpose="login")
    wrong = f"{(int(stage.outbox.code) + 1) % 1_000_000:06d}"

    assert stage.names(stage.verify(challenge.id, wrong)) == ["claim", "digest"]
    assert stage.names(stage.verify(challenge.id, wrong, attempt_id="try")) == ["claim", "digest", "settle"]


def test_no_hash_is_computed_for_what_a_budget_refuses(stage: Stage) -> None:
    """A throttled send and an exhausted challenge cost one operation each."""
    challenge = stage.engine.issue(NUMBER, purpose="login")
    for _ in range(2):
        stage.engine.resend(challenge.id)
    for _ in range(5):
        stage.engine.verify(challenge.id, "000000", purpose="payment")

    assert stage.names(stage.verify(challenge.id, stage.outbox.code)) == ["claim"]
    flow = stage.resend(challenge)
    step = next(flow)
    assert stage.name(step) == "renew"
    with pytest.raises(ChallengeError, match="EXHAUSTED"):
        flow.send(step.function(*step.arguments))


@pytest.mark.parametrize("order", [ISSUE, RESEND], ids=" ".join)
def test_what_is_hashed_is_what_is_sent_and_kept(stage: Stage, order: tuple[str, ...]) -> None:
    """The salt is the challenge's own, and the digest goes to the store before the code goes out."""
    flow = flow_of(stage, order)
    digest = stage.until(flow, 1)
    kept = flow.send(b"\x01" * 32)
    sent = flow.send(kept.arguments[0].parse([b"stored"]))
    (message,) = sent.arguments
    send = kept.arguments[0].keys[0]

    assert isinstance(message, Message)
    assert stage.name(sent) == "send"
    assert digest.arguments[1] == send.rpartition(":")[2].encode()
    assert "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE" in kept.arguments[0].arguments
    assert message.code not in repr((digest, kept, sent))


@pytest.mark.parametrize("order", [ISSUE, RESEND], ids=" ".join)
def test_a_refused_send_is_given_back_at_once(stage: Stage, order: tuple[str, ...]) -> None:
    """The breaker hears of the provider, the reservation is released, and then the refusal comes out."""
    flow = flow_of(stage, order)
    stage.until(flow, 3)

    assert stage.after(flow, DeliveryError("104")) == ["breaker", "release"]


@pytest.mark.parametrize("concerns", ["operator", "caller"])
def test_what_is_not_the_providers_fault_is_not_counted(stage: Stage, concerns: str) -> None:
    """A wrong key or a wrong number says nothing of whether the provider is up."""
    flow = flow_of(stage, ISSUE)
    stage.until(flow, 3)

    assert stage.after(flow, DeliveryError("104", concerns=concerns)) == ["release"]


@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize(
    "error", [StoreUnavailableError("x"), OverloadedError(1.0), RuntimeError("x")], ids=repr
)
@pytest.mark.parametrize("order", [ISSUE, RESEND], ids=" ".join)
def test_an_error_before_the_send_gives_the_reservation_back(
    stage: Stage, order: tuple[str, ...], error: Exception, place: int
) -> None:
    """Whatever fails while hashing or keeping: nothing is sent."""
    flow = flow_of(stage, order)
    sent = len(stage.outbox.messages)
    stage.until(flow, place)

    assert stage.after(flow, error) == ["release"]
    assert len(stage.outbox.messages) == sent
    assert stage.taken == 0


@pytest.mark.parametrize("order", [ISSUE, BOUND_ISSUE, RESEND, VERIFY], ids=" ".join)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit()], ids=repr)
def test_an_interruption_at_any_step_comes_out_at_once(order: tuple[str, ...], error: BaseException) -> None:
    """It is not taken for an answer: no further step is wanted, nothing more is sent, every place is given back."""
    for place in range(len(order)):
        stage = Stage()
        flow = flow_of(stage, order)
        sent = len(stage.outbox.messages)
        stage.until(flow, place)
        assert stage.after(flow, error) == []
        assert len(stage.outbox.messages) == sent + ("send" in order[:place])
        assert stage.taken == 0


@pytest.mark.parametrize("order", [ISSUE, BOUND_ISSUE, RESEND, VERIFY], ids=" ".join)
def test_a_flow_may_end_at_any_step(order: tuple[str, ...]) -> None:
    """Where the process dies between two steps, what was sent was stored before, and nothing is granted."""
    for place in range(len(order)):
        stage = Stage()
        flow = flow_of(stage, order)
        stage.until(flow, place)
        flow.close()

        done = order[:place]
        assert stage.taken == 0
        assert ("send" in done) <= ("store" in done)
        keys = vars(stage.store)["_client"].keys("otpflow:*")
        assert all(vars(stage.store)["_client"].pttl(key) > 0 for key in keys)


def test_a_code_verifies_from_the_moment_it_is_stored(stage: Stage) -> None:
    """The user may type it while the provider still talks."""
    flow = stage.issue(idempotency_key="order 17")
    step = stage.until(flow, 4)
    (message,) = step.arguments
    challenge = stage.engine.issue(NUMBER, purpose="login", idempotency_key="order 17")

    assert isinstance(message, Message)
    assert stage.engine.verify(challenge.id, message.code, purpose="login").recipient == NUMBER
    confirmed = flow.send(None)
    assert stage.name(confirmed) == "confirm"
    with pytest.raises(StopIteration) as ended:
        flow.send(confirmed.function(*confirmed.arguments))
    assert ended.value.value.id == challenge.id
    assert stage.engine.inspect(challenge.id).state == "VERIFIED"


def test_two_right_answers_at_once_are_one_success(stage: Stage) -> None:
    """Both were claimed and compared before either was settled: the second one finds the code used."""
    challenge = stage.engine.issue(NUMBER, purpose="login")
    flows = [stage.verify(challenge.id, stage.outbox.code) for _ in range(2)]
    steps = [stage.until(flow, 2) for flow in flows]
    verdicts: list[Any] = []
    for flow, step in zip(flows, steps, strict=True):
        with pytest.raises(StopIteration) as ended:
            flow.send(step.function(*step.arguments))
        verdicts.append(ended.value.value)

    assert [verdict.outcome for verdict in verdicts] == ["VERIFIED", "ALREADY_USED"]
    assert [verdict.recipient for verdict in verdicts] == [NUMBER, None]


def test_no_place_in_the_hashing_pool_is_held_while_the_provider_talks(stage: Stage) -> None:
    """A place is taken before the reservation, and given back before the send."""
    flow = stage.issue()
    taken: list[int] = []
    step = next(flow)
    for _ in ISSUE[1:]:
        taken.append(stage.taken)
        step = flow.send(step.function(*step.arguments))
    taken.append(stage.taken)

    assert taken == [1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    "reply",
    [[b"gone"], [b"stored!"], b"stored", [], None],
    ids=repr,
)
def test_nothing_is_sent_unless_the_store_says_that_it_kept_the_code(stage: Stage, reply: object) -> None:
    """Any other answer than `stored` ends in a release."""
    flow = stage.issue()
    kept = stage.until(flow, 2)
    operation: Any = kept.arguments[0]
    try:
        step = flow.send(operation.parse(reply))
    except ValueError as error:
        step = flow.throw(StoreUnavailableError(str(error)))

    assert stage.name(step) == "release"


def test_the_names_of_steps_are_of_this_ring(stage: Stage) -> None:
    """A key in the store names number and challenge by keyed hashes only."""
    step = stage.until(stage.issue(), 0)
    operation: Any = step.arguments[0]
    slot = Keyring(KEYS).slot("number", "default", NUMBER)

    assert all(key.startswith(f"otpflow:1:{{{slot}}}:") for key in operation.keys)
    assert not [key for key in operation.keys if NUMBER[3:] in key]
