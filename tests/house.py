"""What holds the rules of the house: who may import whom, what a flow and a script look like, what lies where."""

from __future__ import annotations

import ast
import fnmatch
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "otpflow"
LUA = PACKAGE / "stores" / "lua"

# One line a layer, the lowest first; columns of a layer are strangers to each other. A module imports from lower
# layers, and from those that stand before it in its own column. `.` is the package itself.
LAYERS = """
messages errors | records | drivers
models
policy
arguments | codes | events | hashing | keys | limits | receipts | recipients | settings | texts templates \
| stores.base stores._scripts stores._replies stores._wire stores._delivery_wire stores._redis_client stores.embedded stores.redis stores \
| transports.base transports.console transports._loopback transports._exchange transports._bursts \
transports._aiohttp transports._http transports._esms_codes transports._esms_text transports._esms_values \
transports._esms_settings transports._esms_requests transports._esms_status transports._esms_receipts \
transports._esms_wire transports._esms_log transports._esms_client transports.esms transports.esms_account \
transports.esms_call transports.esms_sms transports.esms_zalo transports._breaker transports._carrier \
transports._route transports.fallback transports
orders
challenges | delivery_operations operations
steps
delivery_flows
flows
assembly
async_engine
engine
.
testing.clock testing.outbox testing.simulator_calls testing.simulator_faults testing.simulator_rules \
testing.simulator_provider testing.simulator_server testing.simulator testing
pytest_plugin | cli.prompt cli.stage cli.view cli.rehearsal cli.simulation cli.conversation cli.app cli
"""
EXCEPTIONS = {
    (
        "testing.simulator_server",
        "testing.simulator",
    ): "for the type alone: the server is handed its simulator",
    ("stores._scripts", "stores"): "names the folder that holds the scripts; nothing is taken from it",
}
THIRD_PARTIES = {
    "aiohttp": "transports._aiohttp",
    "argon2": "hashing",
    "cryptography": "keys",
    "fakeredis": "stores.embedded",
    "httpx": "transports._http",
    "httpx_aiohttp": "transports._aiohttp",
    "phonenumbers": "recipients",
    "pyotp": "codes",
    "pytest": "pytest_plugin",
    "redis": "stores.embedded stores._redis_client stores.redis testing.clock cli.stage",
    "rich": "cli.app cli.prompt cli.rehearsal cli.simulation cli.view",
    "typer": "cli.app",
}
# What is imported only when it is used: it is slow to import, or an extra that may not be there.
LAZY = {
    "fakeredis": "stores.embedded",
    "phonenumbers": "recipients",
    "redis": "stores.embedded testing.clock",
}
TOP_LEVEL = {"pyproject.toml", "otpflow", "tests", "examples", "README.md"}


class Import(NamedTuple):
    """One import: what, and whether only when a function is called."""

    target: str
    lazy: bool


def table(layers: str) -> dict[str, tuple[int, int, int]]:
    """Read the layers: of each module its layer, its column, and its place in the column."""
    return {
        module: (layer, column, place)
        for layer, line in enumerate(layers.strip().splitlines())
        for column, modules in enumerate(line.split("|"))
        for place, module in enumerate(modules.split())
    }


def modules() -> dict[str, str]:
    """Return the source of every module of the package, by its name in the table."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__") or "."] = path.read_text("utf-8")
    return found


def imports(source: str, known: set[str]) -> Iterator[Import]:
    """Find what a module imports: our modules by their name in the table, others by their first name.

    Imports in functions and for type checkers count too, and so does every text that is a module's name.
    """
    yield from _imports(ast.parse(source), known, lazy=False)


def _imports(node: ast.AST, known: set[str], *, lazy: bool) -> Iterator[Import]:
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        names = [f"{base}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        names = [node.value] if node.value.startswith("otpflow.") and _ours(node.value) in known else []
    for name in names:
        ours = _ours(name)
        parent = "." if name.count(".") == 1 else ours.rpartition(".")[0]
        if not name.startswith("otpflow"):
            yield Import(name if name.startswith(".") else name.split(".")[0], lazy)
        else:
            yield Import(ours if ours in known or not isinstance(node, ast.ImportFrom) else parent, lazy)
    for child in ast.iter_child_nodes(node):
        yield from _imports(
            child, known, lazy=lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )


def _ours(name: str) -> str:
    return "." if name == "otpflow" else name.removeprefix("otpflow.")


def misplaced(
    sources: dict[str, str], layers: str = LAYERS, exceptions: dict[tuple[str, str], str] = EXCEPTIONS
) -> list[str]:
    """Find imports that go the wrong way, and modules that have no place."""
    places = table(layers)
    wrong = [f"{name} has no layer" for name in sources.keys() - places.keys()]
    wrong += [f"{name} has a layer and is not there" for name in places.keys() - sources.keys()]
    used: set[tuple[str, str]] = set()
    for name in sources.keys() & places.keys():
        layer, column, place = places[name]
        for target, _ in imports(sources[name], set(places)):
            if target not in places:
                continue
            at, beside, before = places[target]
            if at < layer or (at == layer and beside == column and before < place):
                continue
            used.add((name, target))
            if (name, target) not in exceptions:
                wrong.append(f"{name} imports {target}")
    wrong += [f"{name} does not import {target} any more" for name, target in exceptions.keys() - used]
    return sorted(wrong)


def strangers(sources: dict[str, str]) -> list[str]:
    """Find third-party imports where they are not allowed, relative ones, and `random` anywhere."""
    wrong: list[str] = []
    for name, source in sources.items():
        for target, lazy in imports(source, set(sources)):
            if target in sources or (target in sys.stdlib_module_names and target != "random"):
                continue
            if name not in THIRD_PARTIES.get(target, "").split():
                wrong.append(f"{name} imports {target}")
            elif not lazy and name in LAZY.get(target, "").split():
                wrong.append(f"{name} imports {target} before it is used")
    return sorted(wrong)


def undriven(source: str) -> list[str]:
    """Find steps and flows that are made and then not driven, and flows that yield anything by themselves.

    A flow is driven by `yield from` in another one, and by `run(…)` or `arun(…)` around it.
    """
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    flows = [node for node in functions if node.returns and "Flow[" in ast.unparse(node.returns)]
    names = {"call", "drivers.call", *(f"self.{node.name}" for node in flows)}
    driven: set[ast.AST] = {node.value for node in ast.walk(tree) if isinstance(node, ast.YieldFrom)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"run", "arun"}:
            driven.update(node.args)
    made = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in names)
    bare = (node for flow in flows for node in ast.walk(flow) if isinstance(node, ast.Yield))
    return [f"line {node.lineno}: {ast.unparse(node)}" for node in (*made, *bare) if node not in driven]


def headless(script: str) -> list[str]:
    """Find what a script's header does not say, or says wrongly: KEYS, ARGV, Returns."""
    lines = script.splitlines()
    header = " ".join(line.removeprefix("--").strip() for line in lines[: _comments(lines)])
    body = "\n".join(lines[_comments(lines) :])
    wrong = [word for word in ("KEYS", "Returns") if f"{word}: " not in header]
    wrong += ["ARGV"] * (("ARGV" in body) is not ("ARGV: " in header))
    listed = re.search(r"KEYS: ([^.]*)\.", header)
    last = max(map(int, re.findall(r"KEYS\[(\d+)\]", body)), default=0)
    if listed and len(listed[1].split(",")) != last:
        wrong.append(f"KEYS lists {listed[1]!r}, and the script uses {last}")
    return wrong if header.split("KEYS")[0].strip() else ["what it does", *wrong]


def _comments(lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))


def top_level() -> set[str]:
    """Return what lies at the top: what git tracks, or without git what is there and is not to be ignored."""
    if (ROOT / ".git").exists():
        command = ["git", "-c", "safe.directory=*", "ls-files"]
        try:
            listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return untracked(ROOT)
        return {name.partition("/")[0] for name in listed.splitlines()}
    return untracked(ROOT)


def untracked(root: Path) -> set[str]:
    """Return what lies in a folder, without what git would ignore and without virtual environments."""
    ignored = [pattern.rstrip("/") for pattern in (root / ".gitignore").read_text("utf-8").split()]
    return {
        path.name
        for path in root.iterdir()
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in ignored)
        and not (path / "pyvenv.cfg").exists()
    }
