"""The rules of the house hold, and each of them can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from otpflow.stores import _scripts
from tests.house import (
    EXCEPTIONS,
    LAYERS,
    LUA,
    ROOT,
    TOP_LEVEL,
    headless,
    misplaced,
    modules,
    strangers,
    table,
    top_level,
    undriven,
    untracked,
)


def test_imports_go_one_way() -> None:
    """Every module has its layer, and imports from lower ones only."""
    assert misplaced(modules()) == []


def test_each_library_has_one_home() -> None:
    """A third-party library is imported where the design says so and nowhere else; `random` is nowhere."""
    assert strangers(modules()) == []


def test_no_step_is_forgotten() -> None:
    """Every step and every flow inside a flow is driven by `yield from`: without it nothing happens."""
    sources = modules()
    del sources["drivers"]
    assert {name: wrong for name, source in sources.items() if (wrong := undriven(source))} == {}


def test_files_stay_short() -> None:
    """A file under 300 lines, a script under 60."""
    lengths = {
        str(path.relative_to(ROOT)): (path.read_text("utf-8").count("\n"), limit)
        for pattern, limit in (("*.py", 300), ("*.lua", 60))
        for folder in ("otpflow", "tests", "examples")
        for path in (ROOT / folder).rglob(pattern)
    }
    assert {name: lines for name, (lines, limit) in lengths.items() if lines >= limit} == {}
    assert {"otpflow/flows.py", "otpflow/stores/lua/claim.lua", "tests/test_house.py"} <= lengths.keys()


def test_scripts_say_what_they_take_and_give() -> None:
    """Each script's header names its keys, its arguments and what it returns; each script is one that is sent."""
    scripts = {path.stem: path.read_text("utf-8") for path in LUA.glob("*.lua")}
    shared = scripts.pop("common")
    assert sorted(scripts) == list(_scripts.NAMES)
    assert {name: wrong for name, script in scripts.items() if (wrong := headless(script))} == {}
    assert shared.startswith("-- ")


def test_what_lies_at_the_top() -> None:
    """The top level holds what the design names, and dot-files."""
    found = top_level()
    assert {name for name in found if not name.startswith(".")} - TOP_LEVEL == set()
    assert {"pyproject.toml", "otpflow", "tests", "README.md"} <= found


def test_what_lies_there_without_git(tmp_path: Path) -> None:
    """Where git cannot be asked, what it would ignore does not count, and neither does an environment."""
    (tmp_path / ".gitignore").write_text("*.egg-info/\nbuild/\n", "utf-8")
    for name in ("otpflow", "notes", "build", "otpflow.egg-info", "env"):
        (tmp_path / name).mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert untracked(tmp_path) == {".gitignore", "otpflow", "notes"}


BAD_IMPORTS: list[tuple[str, str, list[str]]] = [
    ("keys", "from otpflow.codes import generate", ["keys imports codes"]),
    ("keys", "from otpflow import codes", ["keys imports codes"]),
    ("keys", "import otpflow.stores.redis", ["keys imports stores.redis"]),
    ("keys", "import otpflow", ["keys imports ."]),
    ("keys", "def f():\n    from otpflow.flows import Flows", ["keys imports flows"]),
    ("keys", "if TYPE_CHECKING:\n    from otpflow import OTPEngine", ["keys imports ."]),
    ("keys", "import_module('otpflow.transports.esms')", ["keys imports transports.esms"]),
    ("errors", "from otpflow.models import Verdict", ["errors imports models"]),
    ("stores._wire", "from otpflow.stores import RedisStore", ["stores._wire imports stores"]),
    ("stores._wire", "from otpflow.stores.redis import RedisStore", ["stores._wire imports stores.redis"]),
    ("flows", "from otpflow.engine import OTPEngine", ["flows imports engine"]),
    ("testing.outbox", "from otpflow.cli.stage import x", ["testing.outbox imports cli.stage"]),
    ("keys", "from otpflow.records import encode\nfrom otpflow.policy import Policy", []),
    ("stores._wire", "from otpflow.stores import _replies\nfrom otpflow.stores.base import View", []),
    ("stores._scripts", "resources.files('otpflow.stores')", []),
]


@pytest.mark.parametrize(("name", "source", "wrong"), BAD_IMPORTS)
def test_the_rule_of_layers_can_fail(name: str, source: str, wrong: list[str]) -> None:
    """One wrong import anywhere is found, in whatever way it is written, and a right one is not."""
    exceptions = {pair: reason for pair, reason in EXCEPTIONS.items() if pair[0] == name}
    sources = {**dict.fromkeys(table(LAYERS), ""), name: source}
    assert misplaced(sources, exceptions=exceptions) == wrong


def test_the_table_of_layers_can_be_wrong() -> None:
    """A module without a layer, a layer without a module and an exception that nobody needs are found."""
    assert misplaced({"a": "", "b": ""}, "a\nc", {("a", "c"): "no reason"}) == [
        "a does not import c any more",
        "b has no layer",
        "c has a layer and is not there",
    ]


@pytest.mark.parametrize(
    ("name", "source", "wrong"),
    [
        ("flows", "import pyotp", ["flows imports pyotp"]),
        ("flows", "def f():\n    from argon2.low_level import Type", ["flows imports argon2"]),
        ("codes", "import random", ["codes imports random"]),
        ("codes", "from random import choice", ["codes imports random"]),
        ("codes", "from . import keys", ["codes imports ..keys"]),
        ("keys", "import requests", ["keys imports requests"]),
        ("recipients", "import phonenumbers", ["recipients imports phonenumbers before it is used"]),
        ("recipients", "def f():\n    import phonenumbers", []),
        ("stores.redis", "import secrets\nfrom redis.asyncio import Redis", []),
    ],
)
def test_the_rule_of_libraries_can_fail(name: str, source: str, wrong: list[str]) -> None:
    """A library in the wrong place is found, also inside a function."""
    assert strangers({**dict.fromkeys(table(LAYERS), ""), name: source}) == wrong


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("def f():\n    yield call(g)", ["line 2: call(g)"]),
        ("def f() -> Flow[int]:\n    x = yield step", ["line 2: (yield step)"]),
        ("def f():\n    call(g, 1)", ["line 2: call(g, 1)"]),
        ("def f():\n    step = drivers.call(g)", ["line 2: drivers.call(g)"]),
        ("def f(self) -> Flow[None]:\n    self.f()", ["line 2: self.f()"]),
        ("def f():\n    x = yield from call(g)\n    yield from self.f()", []),
        ("def f(self) -> Flow[int]:\n    return (yield from self.f()) + self.other.f()", []),
        ("def f(self) -> Flow[int]:\n    return (yield from g())\nrun(self.f())", []),
        ("def f(self) -> Flow[int]:\n    return (yield from g())\nawait arun(self.f())", []),
        (
            "def f(self) -> Flow[int]:\n    return (yield from g())\nrunner.run(self.f())",
            ["line 3: self.f()"],
        ),
        ("@contextmanager\ndef f():\n    yield", []),
    ],
)
def test_the_rule_of_steps_can_fail(source: str, wrong: list[str]) -> None:
    """A step that is not driven is found, and one that is driven is not."""
    assert undriven(source) == wrong


@pytest.mark.parametrize(
    ("script", "wrong"),
    [
        ("return 1", ["what it does", "KEYS", "Returns"]),
        ("-- KEYS: a.\n-- Returns: 1.\nreturn KEYS[1]", ["what it does"]),
        ("-- Does.\n-- KEYS: a.\n-- Returns: 1.\nreturn KEYS[1] .. ARGV[1]", ["ARGV"]),
        ("-- Does.\n-- KEYS: a.  ARGV: b.\n-- Returns: 1.\nreturn KEYS[1]", ["ARGV"]),
        (
            "-- Does.\n-- KEYS: a, b.\n-- Returns: 1.\nreturn KEYS[1]",
            ["KEYS lists 'a, b', and the script uses 1"],
        ),
        ("-- Does.\n-- KEYS: a.\n-- ARGV: b.\n-- Returns: 1.\nreturn KEYS[1] .. ARGV[1]", []),
    ],
)
def test_the_rule_of_headers_can_fail(script: str, wrong: list[str]) -> None:
    """A header that lacks something, or does not fit its script, is found."""
    assert headless(script) == wrong
