"""Every public thing says what it is, what it takes, what it gives and what it raises."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

import pytest

from tests.house import modules

# Where a sentence may do, without the sections; those that are there must be right all the same.
SHORT = {
    "delivery_flows": "each flow is an engine's method, where everything is said",
    "flows": "each flow is an engine's method, where everything is said",
    "cli.view": "each function is one piece of the screen, and returns it",
    "pytest_plugin": "pytest shows the first line of a fixture alone",
    "testing.simulator_faults": "each method names in its sentence what it takes, and returns the fault itself",
}
EXEMPT = {
    "hashing.Permit": "made by `Hasher.reserve` alone",
    "cli.app.demo": "its docstring is the command's help",
    "cli.app.keygen": "its docstring is the command's help",
    "cli.app.simulate_esms": "its docstring is the command's help",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def lacking(source: str, module: str, *, short: bool = False, exempt: Collection[str] = ()) -> list[str]:
    """Find what the docstrings of a module do not say, or say wrongly."""
    tree = ast.parse(source)
    wrong = [] if ast.get_docstring(tree) else [f"{module}: no docstring"]
    for name, node in _public(tree, module):
        doc = ast.get_docstring(node) or ""
        if not re.match(r"[^\n]+[.:]?", doc):
            wrong.append(f"{name}: no docstring")
        elif not doc.startswith("Do what ") and name not in exempt:
            told = _sections(doc)
            complete = not short or bool(told)
            problems = _of_class(node, told) if isinstance(node, ast.ClassDef) else _of_function(node, told)
            wrong += [f"{name}: {problem}" for problem, always in problems if always or complete]
    return wrong


def _public(tree: ast.Module | ast.ClassDef, name: str) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{name}.{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{name}.{node.name}")


def _sections(doc: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    section = ""
    for line in doc.splitlines():
        if head := re.fullmatch(r"(Args|Attributes|Returns|Yields|Raises):", line):
            section = head[1]
            found[section] = []
        elif section and (entry := re.match(r"    (\w+): ", line)):
            found[section].append(entry[1])
        elif line and not line.startswith(" "):
            section = ""
    return found


def _of_class(node: ast.ClassDef, told: dict[str, list[str]]) -> Iterator[tuple[str, bool]]:
    fields = [
        child.target.id
        for child in node.body
        if isinstance(child, ast.AnnAssign)
        and isinstance(child.target, ast.Name)
        and child.target.id[0] != "_"
    ]
    if (
        any("dataclass" in ast.unparse(each) for each in node.decorator_list)
        and told.get("Attributes") != fields
    ):
        yield f"Attributes are {fields}", "Attributes" in told
    for child in node.body:
        if isinstance(child, ast.FunctionDef) and child.name == "__init__":
            taken = _taken(child)
            if told.get("Args", []) != taken:
                yield f"Args are {taken}", "Args" in told
            if missing := _raised(child) - {*told.get("Raises", [])}:
                yield f"Raises lacks {sorted(missing)}", "Raises" in told


def _of_function(node: Function, told: dict[str, list[str]]) -> Iterator[tuple[str, bool]]:
    taken, gives = _taken(node), ast.unparse(node.returns) if node.returns else "None"
    if told.get("Args", []) != taken:
        yield f"Args are {taken}", "Args" in told
    # A sentence that begins with what it gives will do where nothing is taken.
    entered = any(ast.unparse(each) == "contextmanager" for each in node.decorator_list)
    # What a flow yields are its steps; what it gives is what it returns.
    result = "Yields" if gives.startswith("Iterator") and _is_generator(node) else "Returns"
    if gives not in {"None", "NoReturn"} and result not in told and taken and not entered:
        yield f"{result} is missing", False
    if gives in {"None", "NoReturn"} and "Returns" in told:
        yield "Returns is there, and nothing is returned", True
    if missing := _raised(node) - {*told.get("Raises", [])}:
        yield f"Raises lacks {sorted(missing)}", "Raises" in told


def _is_generator(node: Function) -> bool:
    own = [child for child in node.body if not isinstance(child, Function)]
    return any(isinstance(inner, ast.Yield | ast.YieldFrom) for child in own for inner in ast.walk(child))


def _taken(node: Function) -> list[str]:
    arguments = node.args
    plain = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    packed = [each.arg for each in (arguments.vararg, *arguments.kwonlyargs, arguments.kwarg) if each]
    return [name for name in (*plain, *packed) if name not in {"self", "cls"}]


def _raised(node: Function) -> set[str]:
    raised = (child.exc for child in ast.walk(node) if isinstance(child, ast.Raise) and child.exc)
    names = (ast.unparse(exc.func if isinstance(exc, ast.Call) else exc) for exc in raised)
    return {name for name in names if name[0].isupper() and name != "NotImplementedError"}


@pytest.mark.parametrize("module", modules())
def test_everything_public_says_what_it_is(module: str) -> None:
    """Each public class, function and method has a docstring with its arguments, its result and its errors."""
    short = module in SHORT or "._" in f".{module}"
    assert lacking(modules()[module], module, short=short, exempt=EXEMPT) == []


def test_no_exemption_is_left_over() -> None:
    """Each exemption is still needed."""
    sources = modules()
    assert {module for module in SHORT if lacking(sources[module], module)} == set(SHORT)
    found = {
        problem.partition(":")[0] for module, source in sources.items() for problem in lacking(source, module)
    }
    assert set(EXEMPT) <= found


HEAD = '"""A module."""\n'
COMPLETE = '''
def f(a, *b, c=1, **d) -> int:
    """Do it.

    Args:
        a: one.
        b: more.
        c: another.
        d: the rest.

    Returns:
        A number.

    Raises:
        ValueError: when not.
    """
    raise ValueError
'''


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("", ["public: no docstring"]),
        (HEAD + "def f(): ...", ["public.f: no docstring"]),
        (HEAD + "class C:\n    '''A class.'''\n    def f(self): ...", ["public.C.f: no docstring"]),
        (HEAD + "async def f(a) -> None:\n    '''Do it.'''", ["public.f: Args are ['a']"]),
        (
            HEAD + "def f(a) -> int:\n    '''Do it.\n\n    Args:\n        a: one.\n    '''",
            ["public.f: Returns is missing"],
        ),
        (
            HEAD
            + "def f(a) -> Iterator[int]:\n    '''Do it.\n\n    Args:\n        a: one.\n    '''\n    yield a",
            ["public.f: Yields is missing"],
        ),
        (HEAD + COMPLETE.replace("c: another", "e: another"), ["public.f: Args are ['a', 'b', 'c', 'd']"]),
        (
            HEAD + COMPLETE.replace("    raise ValueError", "    raise KeyError"),
            ["public.f: Raises lacks ['KeyError']"],
        ),
        (
            HEAD + COMPLETE.replace("-> int", "-> None"),
            ["public.f: Returns is there, and nothing is returned"],
        ),
        (HEAD + "@dataclass\nclass C:\n    '''A value.'''\n    a: int", ["public.C: Attributes are ['a']"]),
        (HEAD + "class C:\n    '''A class.'''\n    def __init__(self, a): ...", ["public.C: Args are ['a']"]),
        (HEAD + "def f() -> int:\n    '''Give a number.'''\ndef _g(a): ...", []),
        (HEAD + "def f(a):\n    '''Do what `g` does.'''", []),
        (HEAD + COMPLETE, []),
        (
            HEAD
            + COMPLETE.replace("Returns", "Yields").replace("-> int", "-> Iterator[int]")
            + "    yield a",
            [],
        ),
    ],
)
def test_the_rule_can_fail(source: str, wrong: list[str]) -> None:
    """What is missing or does not fit is found, and what is complete is not."""
    assert lacking(source, "public") == wrong
