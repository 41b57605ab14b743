"""The README says what is so: its code runs, its tables are complete, its promises have tests."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any, cast

import pytest

import otpflow
from otpflow import EventKind, OTPEngine, OTPError, Outcome, Policy, settings
from otpflow.keys import new_key
from otpflow.messages import verdict_message
from otpflow.stores import RedisStore
from otpflow.testing import EsmsSimulator
from otpflow.transports import EsmsVoice
from tests.examples.running import ROOT, load, run

TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
MAIN_JOB = "python -m pip install '.[demo]' && otpflow demo"
TESTS = "python -m pip install -e '.[test]' && pytest"
PROMISES = [
    "G1",
    "G2",
    "G3",
    "G4",
    "G5",
    "G6",
    "G8",
    "G9",
    "G10",
    "S1",
    "S2",
    "S3",
    "S4",
    "S5",
    "D1",
    "D2",
    "D3",
    "D4",
    "D5",
    "R1",
    "R4",
]

# A block that would leave this machine fails, whatever it was meant to reach.
GUARD = """
import sys

def _stay_here(event, arguments):
    if event == "socket.connect" and not str(arguments[1][0]).startswith("127."):
        raise RuntimeError(f"a block of the README wants to connect to {arguments[1]}")

sys.addaudithook(_stay_here)
"""


def table(first: str) -> list[list[str]]:
    """Read the rows of the table whose header begins with a word."""
    found = re.search(rf"^\| {first} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert found is not None, f"there is no table that begins with {first!r}"
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", row[1:-1])] for row in found.group(1).splitlines()
    ]


def quoted(cell: str) -> list[str]:
    """Read what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_block_runs_and_prints_what_it_says(tmp_path: Path, servers: Any) -> None:
    """The README's Redis is a real one here, and its provider the simulator; nothing else is changed."""
    simulator, url = EsmsSimulator(), servers.get("valkey").url
    with simulator.serve() as provider:
        code = "\n".join(BLOCKS)
        # EsmsVoice has no variable for its address, from_env() has: so the blocks' own calls get it by keyword.
        code = code.replace("EsmsVoice(api_key", f"EsmsVoice(base_url={provider.base_url!r}, api_key")
        # More time than 0.2 s, for a machine that runs other tests at the same time.
        code = code.replace('.from_url("redis://localhost:6379/0")', f".from_url({url!r}, timeout=5)")
        code = code.replace("redis://localhost:6379/0", url).replace("_timeout=0.2", "_timeout=5")
        script = tmp_path / "blocks.py"
        script.write_text(GUARD + code, "utf-8")
        variables = {
            "OTPFLOW_KEYS": new_key(),
            "OTPFLOW_REDIS_URL": url,
            "OTPFLOW_REDIS_TIMEOUT": "5",
            "ESMS_API_KEY": simulator.api_key,
            "ESMS_SECRET_KEY": simulator.secret_key,
            "ESMS_BASE_URL": provider.base_url,
        }
        status, output, errors = run(tmp_path, str(script), variables=variables)

    said = [line for block in BLOCKS for line in re.findall(r"print\(.*\)  # (.*)$", block, re.MULTILINE)]
    assert (status, errors, output.splitlines()) == (0, "", said)
    assert [call.phone for call in simulator.calls] == ["0901888484", "0911888484"]


def test_the_tests_it_shows_pass(tmp_path: Path) -> None:
    shown = [block for block in BLOCKS if "\ndef test_" in block]
    (tmp_path / "test_shown.py").write_text("\n".join(shown), "utf-8")

    status, output, _ = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert (status, output.splitlines()[-1].split(" in ")[0]) == (0, "2 passed")


def test_its_first_block_needs_nothing() -> None:
    assert not re.search(r"redis|environ|esms", BLOCKS[0], re.IGNORECASE)


@pytest.mark.parametrize("command", [MAIN_JOB, TESTS])
def test_the_two_commands_stand_there(command: str) -> None:
    assert f"\n    {command}\n" in TEXT


def test_ci_runs_the_test_command_word_for_word() -> None:
    assert TESTS in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_every_variable_is_in_the_table_with_its_default() -> None:
    shown = {quoted(name)[0]: quoted(default) for name, default, _ in table("variable")}

    assert shown == {name: default_of(variable) for name, variable in settings.ALL.items()}


def test_the_variables_of_the_policy_name_its_fields() -> None:
    shown = {
        quoted(name)[0]: quoted(meaning)[0] for name, _, meaning in table("variable") if "Policy" in meaning
    }

    assert shown == {name: f"Policy.{variable.argument}" for name, variable in settings.POLICY.items()}


def default_of(variable: settings.Variable) -> list[str]:
    """Tell what an argument is where nobody sets it; nothing where there is no such value."""
    if variable.argument == "log_events":
        return ["no"]
    takers = (
        (settings.ENGINE, OTPEngine),
        (settings.STORE, RedisStore.from_url),
        (settings.ESMS, EsmsVoice),
        (settings.POLICY, Policy),
    )
    taker = next(taker for group, taker in takers if variable in group.values())
    default = inspect.signature(taker).parameters[variable.argument].default
    return [] if default in {None, inspect.Parameter.empty} else [written(default)]


def written(value: object) -> str:
    """Write a value as a variable holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, tuple):
        return ",".join(map(str, cast("tuple[object, ...]", value)))
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_every_field_of_the_policy_is_in_the_table_with_its_default() -> None:
    shown = {quoted(name)[0]: quoted(default)[0] for name, default, _, _ in table("field")}

    assert shown == {field.name: written(field.default) for field in fields(Policy)}
    assert all(source for *_, source in table("field"))


def test_every_call_is_in_the_table() -> None:
    calls = {
        name for name, _ in inspect.getmembers(OTPEngine, inspect.isfunction) if not name.startswith("_")
    }

    assert {quoted(call)[0].split("(")[0] for call, *_ in table("call")} == calls - {"close"}


def test_every_outcome_is_in_the_table_and_its_texts_are_the_same_where_it_says_so() -> None:
    rows = {quoted(outcome)[0]: number for outcome, _, _, number in table("outcome")}
    texts: dict[str, set[str]] = defaultdict(set)
    for outcome, number in rows.items():
        texts[number].add(verdict_message(outcome, None, "en"))

    assert set(rows) == {outcome.value for outcome in Outcome}
    assert [len(same) for same in texts.values()] == [1] * len(
        {text for same in texts.values() for text in same}
    )


def test_every_error_is_in_the_table_with_the_status_that_the_examples_answer() -> None:
    exported = [getattr(otpflow, name) for name in otpflow.__all__]
    errors = {kind for kind in exported if isinstance(kind, type) and issubclass(kind, OTPError)}
    rows = {quoted(error)[0]: status for error, _, _, status in table("error")}
    answered = {kind.__name__: str(status) for kind, status in load("signup_flow").STATUS.items()}

    assert set(rows) == {kind.__name__ for kind in errors - {OTPError}}
    assert {name: rows[name] for name in answered} == answered


def test_every_kind_of_event_is_in_the_table() -> None:
    assert {kind for cell, *_ in table("kind") for kind in quoted(cell)} == {kind.value for kind in EventKind}


def test_every_promise_of_today_is_in_the_table() -> None:
    assert [name for name, *_ in table("promise")] == PROMISES


@pytest.mark.parametrize("row", table("promise"), ids=lambda row: str(row[0]))
def test_a_promise_names_tests_that_carry_its_mark(row: list[str]) -> None:
    name, _, cell = row
    links = re.findall(r"\[`(test_\w+)`\]\((tests/[\w/]+\.py)\)", cell)

    assert links
    assert {(test, path) for test, path in links if name in marks(ROOT / path).get(test, set())} == set(links)


def marks(path: Path) -> dict[str, set[str]]:
    """Read which guarantees each test of a file is marked with."""
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.name: {guarantee for decorator in node.decorator_list for guarantee in marked(decorator)}
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def marked(decorator: ast.expr) -> list[str]:
    """Read the guarantee of one decorator; nothing where it is another one."""
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.guarantee":
        return [ast.literal_eval(argument) for argument in decorator.args]
    return []


def test_every_link_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    }
    links = re.findall(r"\]\((?!https?://)([^)]+)\)", TEXT)

    assert [link for link in links if link.startswith("#") and link[1:] not in headings] == []
    assert [link for link in links if not link.startswith("#") and not (ROOT / link).exists()] == []


def test_the_commands_it_names_exist() -> None:
    from typer.main import get_command

    from otpflow.cli.app import app

    commands: dict[str, Any] = vars(get_command(app))["commands"]
    named = re.findall(r"otpflow ([a-z-]+)((?: --[a-z-]+ \w+)*)", "\n".join(code_spans()))
    known = {
        name: {option for one in command.params for option in one.opts} for name, command in commands.items()
    }

    assert {name for name, _ in named} == set(known)
    assert [name for name, options in named if not set(re.findall("--[a-z-]+", options)) <= known[name]] == []


def code_spans() -> list[str]:
    """Read what stands in backticks in the text, and the commands on lines of their own."""
    return quoted(TEXT.replace("```", "")) + re.findall(r"^ {4}.*$", TEXT, re.MULTILINE)
