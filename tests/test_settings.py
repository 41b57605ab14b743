"""Settings from the environment: every name is read, and every problem told at once."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow import settings
from otpflow.policy import POLICY_FIELDS, Policy
from otpflow.settings import ALL, ENGINE, ESMS, POLICY, STORE, Settings, Variable

CANARY = "canary-value"
GIVEN = {
    "OTPFLOW_DIGITS": ("7", 7),
    "OTPFLOW_TTL": ("90.5", 90.5),
    "OTPFLOW_MAX_LIFETIME": ("300", 300.0),
    "OTPFLOW_ATTEMPTS": ("4", 4),
    "OTPFLOW_COOLDOWN": ("0", 0.0),
    "OTPFLOW_RESEND": ("overlap", "overlap"),
    "OTPFLOW_SENDS": ("2", 2),
    "OTPFLOW_SENDS_PER_HOUR": ("6", 6),
    "OTPFLOW_SENDS_PER_DAY": ("12", 12),
    "OTPFLOW_WRONG_PER_HOUR": ("8", 8),
    "OTPFLOW_WRONG_PER_DAY": ("16", 16),
    "OTPFLOW_WRONG_IN_A_ROW": ("50", 50),
    "OTPFLOW_REQUIRE_CLIENT_IP": ("Yes", True),
    "OTPFLOW_COUNTRIES": (" VN , LA ", ("VN", "LA")),
    "OTPFLOW_KEYS": ("k1:…", "k1:…"),
    "OTPFLOW_NAMESPACE": ("shop", "shop"),
    "OTPFLOW_APP": (" The Shop ", "The Shop"),
    "OTPFLOW_HASH_COST": ("OWASP", "OWASP"),
    "OTPFLOW_CALLBACK_URL": ("https://shop.example/otp", "https://shop.example/otp"),
    "OTPFLOW_LOG_EVENTS": ("off", False),
    "OTPFLOW_REDIS_URL": ("redis://localhost:6379/0", "redis://localhost:6379/0"),
    "OTPFLOW_REDIS_TIMEOUT": ("0.5", 0.5),
    "OTPFLOW_REDIS_REPLICAS": ("1", 1),
    "ESMS_API_KEY": ("api", "api"),
    "ESMS_SECRET_KEY": ("secret", "secret"),
    "ESMS_BASE_URL": ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    "ESMS_TIMEOUT": ("3", 3.0),
    "ESMS_SANDBOX": ("1", True),
    "ESMS_CAMPAIGN": ("login", "login"),
}
ENVIRON = {name: text for name, (text, _) in GIVEN.items()}
WHOLE = [name for name, (_, value) in GIVEN.items() if type(value) is int]
SECONDS = [name for name, (_, value) in GIVEN.items() if type(value) is float]
FLAGS = [name for name, (_, value) in GIVEN.items() if type(value) is bool]


def problems(**environ: str) -> tuple[str, ...]:
    """Return what is wrong with these variables."""
    return settings.read(environ)[1]


def arguments(group: dict[str, Variable]) -> dict[str, Any]:
    """Return what a group of variables should become."""
    return {variable.argument: GIVEN[name][1] for name, variable in group.items()}


def test_every_variable_is_read() -> None:
    """Each becomes the argument it stands for, in its own type, without the spaces around it."""
    expected = Settings(
        policy=Policy(**arguments(POLICY)),
        engine=arguments(ENGINE),
        store=arguments(STORE),
        esms=arguments(ESMS),
    )
    assert settings.read(ENVIRON) == (expected, ())


def test_the_table_is_complete() -> None:
    """Every field of a policy has a variable, no argument has two, and every variable is tried above."""
    assert sorted(variable.argument for variable in POLICY.values()) == sorted(POLICY_FIELDS)
    assert list(ALL) == [*ENGINE, *STORE, *ESMS, *POLICY]
    assert set(ALL) == set(GIVEN)
    for group in (ENGINE, STORE, ESMS):
        assert len({variable.argument for variable in group.values()}) == len(group)
    assert {name for name, variable in ALL.items() if variable.secret} == {
        "OTPFLOW_KEYS",
        "OTPFLOW_REDIS_URL",
        "ESMS_API_KEY",
        "ESMS_SECRET_KEY",
    }
    assert all(variable.meaning.isprintable() and len(variable.meaning) > 10 for variable in ALL.values())


@pytest.mark.parametrize("empty", ["", " ", "\t\n"], ids=repr)
def test_an_empty_variable_is_not_set(empty: str) -> None:
    """A variable that a shell or a container left empty changes nothing."""
    nothing = Settings(policy=Policy(), engine={}, store={}, esms={})
    assert settings.read({}) == (nothing, ())
    assert settings.read(dict.fromkeys(ALL, empty)) == (nothing, ())


def test_variables_of_others_are_not_looked_at() -> None:
    """Names that do not begin as ours, or are the provider's and like none of ours, may hold anything."""
    others = "PATH otpflow_digits MY_OTPFLOW_TTL OTPFLOWDIGITS ESMS_OTHER ESMS_ ESMS_PASSWORD _ESMS_SANDBOX"
    assert settings.read({"": "x", **dict.fromkeys(others.split(), "\udcff")}) == settings.read({})


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("true", True),
        ("TRUE", True),
        ("yes", True),
        (" On ", True),
        ("0", False),
        ("false", False),
        ("No", False),
        ("off", False),
    ],
)
def test_yes_and_no(name: str, text: str, value: bool) -> None:
    """The usual spellings of a switch, in any case."""
    environ = {**ENVIRON, name: text}
    read, _ = settings.read(environ)
    found = {**read.engine, **read.esms, "require_client_ip": read.policy.require_client_ip}
    assert found[ALL[name].argument] is value


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize(
    "text", ["x", "1.0", "1e3", "0x10", "--1", "1,5", "9" * 5_000], ids=lambda text: text[:5]
)
def test_what_is_no_whole_number(name: str, text: str) -> None:
    """It is shown in part, with what belongs there."""
    assert problems(**{**ENVIRON, name: text}) == (
        f"{name}={text[:40]!r}: give a whole number ({ALL[name].meaning})",
    )


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("text", ["x", "1,5", "60s", "0:30", "\udcff"], ids=ascii)
def test_what_is_no_number_of_seconds(name: str, text: str) -> None:
    """A unit or a comma is not read as a part of a number."""
    assert problems(**{**ENVIRON, name: text}) == (
        f"{name}={text!r}: give a number of seconds ({ALL[name].meaning})",
    )


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("text", ["x", "2", "y", "ja", "None"])
def test_what_is_neither_yes_nor_no(name: str, text: str) -> None:
    """A switch is never read as on only because something is there."""
    assert problems(**{**ENVIRON, name: text}) == (f"{name}={text!r}: give yes or no ({ALL[name].meaning})",)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e400", "9" * 400], ids=lambda text: text[:5])
def test_a_number_that_is_none_is_told_by_the_policy(text: str) -> None:
    """What a float can be and a duration cannot is one of the policy's problems."""
    (problem,) = problems(OTPFLOW_TTL=text)
    life = "must be 1 to 600 seconds or such a timedelta (life of a code)"
    assert problem == f"OTPFLOW_TTL={float(text)!r}: {life}"


def test_region_codes_may_be_small_letters() -> None:
    """They are the same regions."""
    read, wrong = settings.read({"OTPFLOW_COUNTRIES": "vn, La"})
    assert (read.policy.countries, wrong) == (("VN", "LA"), ())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("OTPFLOW_TTTL", "; is OTPFLOW_TTL meant?"),
        ("OTPFLOW_REDIS", "; is OTPFLOW_REDIS_URL meant?"),
        ("OTPFLOW_KEY", "; is OTPFLOW_KEYS meant?"),
        ("OTPFLOW_", "; is OTPFLOW_TTL meant?"),
        ("OTPFLOW_12345678901234567890", "; take it out"),
        ("ESMS_SANDBX", "; is ESMS_SANDBOX meant?"),
        ("ESMS_APIKEY", "; is ESMS_API_KEY meant?"),
        ("ESMS_SECRETKEY", "; is ESMS_SECRET_KEY meant?"),
    ],
)
def test_a_name_that_is_no_setting(name: str, said: str) -> None:
    """A misspelt name is never ignored: what it was meant to set would silently not be set."""
    assert problems(**{name: CANARY}) == (f"{name} is no setting{said}",)


BOTH_PAGES = "both are on the account page"
KEYGEN = "make a key with `otpflow keygen`"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("OTPFLOW_REDIS_URL", [f"OTPFLOW_KEYS is not set, and OTPFLOW_REDIS_URL is; {KEYGEN}"]),
        ("ESMS_API_KEY ESMS_SECRET_KEY", [f"OTPFLOW_KEYS is not set, and ESMS_API_KEY is; {KEYGEN}"]),
        (
            "OTPFLOW_KEYS ESMS_API_KEY",
            [f"ESMS_SECRET_KEY is not set, and ESMS_API_KEY is; {BOTH_PAGES}"],
        ),
        (
            "ESMS_SECRET_KEY",
            [f"ESMS_API_KEY is not set, and ESMS_SECRET_KEY is; {BOTH_PAGES}"],
        ),
        (
            "OTPFLOW_REDIS_TIMEOUT OTPFLOW_REDIS_REPLICAS",
            [
                "OTPFLOW_REDIS_URL is not set, and other OTPFLOW_REDIS_ variables are; set it, or take them out"
            ],
        ),
        ("OTPFLOW_KEYS OTPFLOW_REDIS_URL ESMS_API_KEY ESMS_SECRET_KEY", []),
        ("OTPFLOW_KEYS", []),
        ("ESMS_BASE_URL ESMS_TIMEOUT ESMS_SANDBOX ESMS_CAMPAIGN", []),
    ],
)
def test_what_does_not_fit_together(names: str, expected: list[str]) -> None:
    """Half of a configuration is told as what is missing, so that nothing runs on less than was meant."""
    assert list(problems(**{name: ENVIRON[name] for name in names.split()})) == expected


@pytest.mark.guarantee("S1")
def test_every_problem_is_told_at_once_and_no_secret() -> None:
    """One message has all of it, in the order of the table, and none of the secret values."""
    wrong = {
        "OTPFLOW_WRONG_PER_DAY": "x",
        "OTPFLOW_DIGITS": "5.5",
        "OTPFLOW_TTL": "700",
        "OTPFLOW_ATTEMPTS": "9",
        "OTPFLOW_LOG_EVENTS": "perhaps",
        "OTPFLOW_REDIS_URL": f"redis://:{CANARY}@localhost",
        "OTPFLOW_REDIS_REPLICAS": "one",
        "OTPFLOW_REDIS_TIMEOUT": "soon",
        "OTPFLOW_ZZ_TYPO": CANARY,
        "OTPFLOW_AN_TYPO": CANARY,
        "ESMS_API_KEY": CANARY,
        "ESMS_SANDBOX": "maybe",
    }
    found = problems(**wrong)
    assert not any(CANARY in problem for problem in found)
    assert [problem.replace("=", " ").split()[0] for problem in found] == [
        "OTPFLOW_AN_TYPO",
        "OTPFLOW_ZZ_TYPO",
        "OTPFLOW_DIGITS",
        "OTPFLOW_WRONG_PER_DAY",
        "OTPFLOW_LOG_EVENTS",
        "OTPFLOW_REDIS_TIMEOUT",
        "OTPFLOW_REDIS_REPLICAS",
        "ESMS_SANDBOX",
        "OTPFLOW_KEYS",
        "OTPFLOW_KEYS",
        "ESMS_SECRET_KEY",
        "OTPFLOW_ATTEMPTS",
        "OTPFLOW_TTL",
    ]


@pytest.mark.guarantee("S1")
def test_settings_show_no_secret() -> None:
    """`repr` shows the policy alone."""
    read, _ = settings.read(ENVIRON)
    assert repr(read) == f"Settings(policy={read.policy!r})"


VALUE = st.text(st.characters() | st.characters(categories=["Cs"])) | st.text(
    string.digits + ".-+eE_ ", max_size=9
)


@given(environ=st.dictionaries(st.sampled_from([*ALL, "OTPFLOW_X", "PATH"]) | st.text(), VALUE))
def test_reading_raises_nothing(environ: dict[str, str]) -> None:
    """Whatever the variables hold, they are settings and sentences, and what is wrong is in no setting."""
    read, wrong = settings.read(environ)
    assert read.policy == Policy(
        **{variable.argument: getattr(read.policy, variable.argument) for variable in POLICY.values()}
    )
    told = {name for name in ALL if any(problem.startswith(f"{name}=") for problem in wrong)}
    taken = {**read.engine, **read.store}
    assert told.isdisjoint(name for name in {**ENGINE, **STORE} if ALL[name].argument in taken)
