"""What a code is bound to beyond its purpose has one form, whatever it came in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow.arguments import check, read_context
from tests.test_arguments import Pretender, named, problems

NAMES = "give small letters, digits and '_', at most 32, and none of app, code, minutes, purpose"


class Amount(IntEnum):
    """A number that is one, of another class."""

    SMALL = 500_000


class Boastful(int):
    """A number that answers what it likes about itself."""

    def __int__(self) -> int:
        return 7

    def __str__(self) -> str:
        return "$code"

    def bit_length(self) -> int:
        """Say nothing true."""
        return 1


class Custom(Mapping[str, Any]):
    """A mapping that is no dict."""

    def __getitem__(self, name: str) -> Any:
        return {"payee": "B", "amount": 1}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("payee", "amount"))

    def __len__(self) -> int:
        return 2


@pytest.mark.guarantee("G8")
def test_a_context_has_one_form() -> None:
    """Whatever mapping it came in, names are sorted and every value is text; values are not changed."""
    contexts: list[Any] = [
        {"payee": "B", "amount": 1},
        {"amount": "1", "payee": "B"},
        OrderedDict(payee="B", amount=1),
        Custom(),
        {Pretender("payee"): "B", "amount": "1"},
    ]
    for context in contexts:
        checked = check(purpose="login", context=context)
        assert list(checked.context.items()) == [("amount", "1"), ("payee", "B")]
        assert {type(each) for pair in checked.context.items() for each in pair} == {str}
        assert checked.bound == '{"amount":"1","payee":"B"}'


@pytest.mark.parametrize("context", [None, {}], ids=repr)
def test_no_context(context: object) -> None:
    """Nothing and an empty mapping are the same: bound to nothing more."""
    checked = check(purpose="login", context=context)
    assert (checked.context, checked.bound, read_context(checked.bound)) == ({}, "", {})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ("a" * 200, "a" * 200),
        ("Nguyễn Văn A $x %s {y}", "Nguyễn Văn A $x %s {y}"),
        ("\ud800\x00\u202e", "\ud800\x00\u202e"),
        (Pretender("really"), "really"),
        (0, "0"),
        (-5, "-5"),
        (10**180, str(10**180)),
        (Amount.SMALL, "500000"),
        (Boastful(12), "12"),
    ],
    ids=named,
)
def test_a_context_value(value: Any, text: str) -> None:
    """Texts are kept as they are and whole numbers as decimal digits, by what they are and not what they say."""
    checked = check(purpose="login", context={"value": value})
    assert checked.context == {"value": text}
    assert type(checked.context["value"]) is str
    assert read_context(checked.bound) == {"value": text}


@pytest.mark.parametrize("name", ["a", "a" * 32, "amount_2"], ids=named)
def test_a_context_name(name: str) -> None:
    """A small word of ASCII, as it stands in a template."""
    assert check(purpose="login", context={name: "x"}).context == {name: "x"}


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "''"),
        ("Amount", "'Amount'"),
        ("2nd", "'2nd'"),
        ("a-b", "'a-b'"),
        ("số", "'số'"),
        ("a\n", r"'a\n'"),
        ("a" * 33, repr("a" * 33)),
        ("code", "'code'"),
        ("app", "'app'"),
        ("minutes", "'minutes'"),
        ("purpose", "'purpose'"),
        (Pretender("a b"), "'a b'"),
        (None, "a NoneType"),
        (1, "a int"),
        (b"a", "a bytes"),
        (("a",), "a tuple"),
        (Mock(spec=str), "a Mock"),
    ],
    ids=named,
)
def test_what_is_no_context_name(name: object, shown: str) -> None:
    """Other texts and types, and the names that a template fills in itself, are refused."""
    assert problems(context={name: "x"}) == (f"context has the name {shown}; {NAMES}",)


@pytest.mark.guarantee("G10")
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "context['field'] is a NoneType; give a str or an int"),
        (True, "context['field'] is a bool; give a str or an int"),
        (1.5, "context['field'] is a float; give a str or an int"),
        (b"x", "context['field'] is a bytes; give a str or an int"),
        ({}, "context['field'] is a dict; give a str or an int"),
        (Mock(spec=str), "context['field'] is a Mock; give a str or an int"),
        (Mock(spec=int), "context['field'] is a Mock; give a str or an int"),
        ("a" * 201, "context['field'] is too long; give at most 200 characters"),
        (Pretender("a" * 201), "context['field'] is too long; give at most 200 characters"),
        (10**200, "context['field'] is too long; give at most 200 characters"),
        (-(10**5_000), "context['field'] is too long; give at most 200 characters"),
        (Boastful(10**5_000), "context['field'] is too long; give at most 200 characters"),
    ],
    ids=["None", "bool", "float", "bytes", "dict", "str?", "int?", "long", "long?", "large", "huge", "huge?"],
)
def test_what_is_no_context_value(value: object, problem: str) -> None:
    """Another type, and what would be too long to be spoken, is refused."""
    assert problems(context={"field": value}) == (problem,)


@pytest.mark.parametrize(
    "context", ["amount", 5, True, [("amount", 1)], {"amount"}, b"", Mock(spec=dict)], ids=named
)
def test_what_is_no_context(context: object) -> None:
    """Only a mapping is one."""
    assert problems(context=context) == (
        f"context is a {type(context).__name__}; give a mapping of names to str or int",
    )


def test_how_many_fields_a_context_may_have() -> None:
    """Sixteen are fine; with one more, none of them is looked at."""
    assert problems(context={f"field_{number}": number for number in range(16)}) == ()
    assert problems(context={f"field_{number}": None for number in range(17)}) == (
        "context has 17 fields; give at most 16",
    )


@pytest.mark.guarantee("G8")
@given(
    context=st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True).filter(
            lambda name: name not in {"code", "app", "minutes", "purpose"}
        ),
        st.text(st.characters() | st.characters(categories=["Cs"]), max_size=200) | st.integers(),
        max_size=16,
    )
)
def test_the_written_context_is_read_back(context: dict[str, str | int]) -> None:
    """What is sealed at issue is what verify is given: nothing is lost, lone surrogates included."""
    checked = check(purpose="login", context=context)
    assert (
        read_context(checked.bound) == checked.context == {key: str(value) for key, value in context.items()}
    )
    assert checked.bound.isascii()
