"""S2: what a thief of Redis has: keys and values, the files, the traffic and the slow log."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from otpflow import DeliveryError, Policy, challenges
from otpflow.hashing import HashCost, Hasher
from otpflow.keys import Address, Keyring, new_key
from otpflow.records import encode
from otpflow.testing import Outbox
from tests.conftest import Build, endless
from tests.guarantees.canaries import KEYS, NUMBER, OTHER_NUMBERS, found_in, number_forms
from tests.servers import Server
from tests.subjects import Subject

CONTEXT = {"payee": "CANARY-payee-40aa"}
NUMBERS = (NUMBER, *OTHER_NUMBERS[:5])
GUESSES = 40
_END = "the end of the story"
_MOMENT = re.compile(rb"^\+[0-9]+\.[0-9]+ ", re.MULTILINE)


class Monitor:
    """Listens to everything that a server is asked, scripts included, by its `MONITOR`."""

    def __init__(self, server: Server) -> None:
        self._client = server.client()
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self._socket.sendall(b"MONITOR\r\n")
        self._heard = self._socket.recv(5)

    def heard(self) -> bytes:
        """Stop, and give what was heard; without the moments, whose fractions look like codes."""
        self._client.echo(_END)
        while _END.encode() not in self._heard and (more := self._socket.recv(1 << 16)):
            self._heard += more
        self._socket.close()
        self._client.close()
        return _MOMENT.sub(b"+", self._heard)


@pytest.fixture
def watchful(server: Server) -> Iterator[Server]:
    """A server that writes every change to disk, and every command to its slow log."""
    options = ("--appendonly", "yes", "--appendfsync", "always", "--rdbcompression", "no")
    slowlog = ("--slowlog-log-slower-than", "0", "--slowlog-max-len", "100000")
    with Server(server.kind, *options, *slowlog) as running:
        yield running


def _everything(client: Any) -> str:
    """Read every key, by its type and as it is dumped."""
    read: dict[bytes, Callable[[bytes], Any]] = {
        b"hash": client.hgetall,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
        b"string": client.get,
    }
    keys = list(client.scan_iter())
    return "\n".join(f"{key!r} {read[client.type(key)](key)!r} {client.dump(key)!r}" for key in keys)


def _story(subject: Subject) -> list[str]:
    """Issue to several numbers, send again, guess, fail to deliver, verify; give the codes."""
    typed: list[str] = []
    for place, number in enumerate(NUMBERS):
        challenge = subject.issue(number, context=CONTEXT, idempotency_key=f"order-{place}")
        subject.issue(number, context=CONTEXT, idempotency_key=f"order-{place}")
        typed.append(subject.wrong)
        subject.verify(challenge.id, typed[-1], context=CONTEXT, attempt_id=f"attempt-{place}")
        subject.advance(61)
        challenge = subject.resend(challenge.id)
        if place:
            assert subject.verify(challenge.id, subject.code, context=CONTEXT)
    subject.outbox.fail(DeliveryError("777"))
    with pytest.raises(DeliveryError):
        subject.issue(OTHER_NUMBERS[-1])
    return [*typed, *(message.code for message in subject.outbox.messages)]


@pytest.mark.guarantee("S2")
def test_no_code_and_no_number_is_in_redis(watchful: Server, style: str) -> None:
    """Not in a dump, in the append-only file, in MONITOR or in the slow log."""
    with asyncio.Runner() as runner, closing(Subject(style, watchful, runner, keys=KEYS)) as subject:
        monitor = Monitor(watchful)
        codes = _story(subject)
        admin = subject.admin
        places: dict[str, str | bytes] = {
            "dump": _everything(admin),
            "monitor": monitor.heard(),
            "slow log": repr([entry["command"] for entry in admin.slowlog_get(100_000)]),
        }
        assert endless(admin) == []
        admin.save()
        places["files"] = watchful.files()
    signs = {"dump": "otpflow:1:", "monitor": "EVALSHA", "slow log": "EVALSHA", "files": "PEXPIREAT"}
    assert {place: found_in(text, [signs[place]], []) for place, text in places.items()} == {
        place: [sign] for place, sign in signs.items()
    }, "there is something to search"
    words = (*number_forms(*NUMBERS, OTHER_NUMBERS[-1]), *CONTEXT.values(), KEYS.partition(":")[2])
    assert {place: found_in(text, words, codes) for place, text in places.items()} == {
        place: [] for place in signs
    }


@pytest.mark.guarantee("S2")
def test_a_number_is_named_by_the_server_key_alone(build: Build) -> None:
    """Another key or another namespace gives other names, so that no list of numbers can be tried."""
    names: list[set[Any]] = []
    subject = build(policy=Policy(cooldown=0))
    for options in ({}, {"keys": new_key("k1")}, {"namespace": "another"}):
        before = set(subject.admin.scan_iter())
        subject.another(**options).issue()
        names.append(set(subject.admin.scan_iter()) - before)
    slots = [{name.split(b"}")[0] for name in made} for made in names]
    assert [len(slot) for slot in slots] == [1, 1, 1]
    assert len({name for slot in slots for name in slot}) == 3


@pytest.mark.guarantee("S2")
def test_the_same_number_is_never_sealed_alike(build: Build) -> None:
    """Two challenges of one number have no value in common that could tell."""
    subject = build(policy=Policy(cooldown=0))
    sealed: list[set[bytes]] = []
    for _ in range(2):
        before = set(subject.admin.scan_iter())
        subject.issue(context=CONTEXT)
        (key,) = (name for name in set(subject.admin.scan_iter()) - before if b"sends" not in name)
        sealed.append(set(subject.admin.hgetall(key).values()))
    assert {value for value in sealed[0] & sealed[1] if len(value) > 16} == set()


def _digest(keyring: Keyring, address: Address, code: str) -> bytes:
    bound = ('{"payee":"CANARY-payee-40aa"}', code)
    secret = challenges.material(keyring, address, "default", "login", NUMBER, *bound)
    return encode(Hasher(HashCost.LIGHT).digest(secret, address.salt)).encode("ascii")


@pytest.mark.guarantee("S2")
def test_a_dump_and_the_server_keys_yield_no_code(build: Build) -> None:
    """The right code gives the digest in Redis with the challenge id alone, which is not there.

    The thief is given everything else: the keys, the names in Redis, number, purpose and context, and the
    right code to begin with. If a right guess cannot be told from a wrong one, trying all of them is no use.
    """
    subject = build(keys=KEYS, transport=Outbox())
    challenge = subject.issue(context=CONTEXT)
    keyring = Keyring(KEYS)
    address = keyring.locate(challenge.id)
    assert address is not None
    stolen = _everything(subject.admin).encode("ascii")
    assert _digest(keyring, address, subject.code) in stolen
    secret_guesses = [b"", bytes(18), *(secrets.token_bytes(18) for _ in range(GUESSES))]
    digests = {_digest(keyring, replace(address, secret=guess), subject.code) for guess in secret_guesses}
    assert len(digests) == len(secret_guesses)
    assert [digest for digest in digests if digest in stolen] == []
    for form in (address.secret, encode(address.secret).encode(), address.secret.hex().encode()):
        assert form not in stolen
    assert found_in(stolen, [challenge.id, challenge.id.partition(".")[2]], []) == []


@pytest.mark.guarantee("S2")
def test_an_idempotency_key_is_needed_to_find_its_challenge(build: Build) -> None:
    """What ties it to the challenge's secret does not open with what is in Redis and the server keys."""
    subject = build(keys=KEYS)
    challenge = subject.issue(idempotency_key="order-1")
    keyring = Keyring(KEYS)
    address = keyring.locate(challenge.id)
    assert address is not None
    stolen = _everything(subject.admin).encode("ascii")
    for form in (b"order-1", address.secret, encode(address.secret).encode()):
        assert form not in stolen
    (tie,) = [key for key in subject.admin.scan_iter() if subject.admin.type(key) == b"string"]
    slot = tie.decode().partition("{")[2].partition("}")[0]
    sealed = subject.admin.get(tie).decode().rpartition(".")[2]
    assert keyring.unseal("k1", sealed, "binding", slot) is None
    assert subject.issue(idempotency_key="order-1").id == challenge.id
