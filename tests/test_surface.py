"""What a user sees of the package: names, twins, errors, and what an import costs."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib import resources
from types import FunctionType, ModuleType
from typing import Any

import pytest

import otpflow
from otpflow import AsyncOTPEngine, OTPEngine, errors
from otpflow.errors import OTPError
from otpflow.stores import _scripts

# What a login does not need until it does: clients, extras, and tables of numbers.
HEAVY = {"fakeredis", "httpx", "lupa", "phonenumbers", "pytest", "redis", "rich", "typer"}
CLOSING = {"close": "aclose", "__enter__": "__aenter__", "__exit__": "__aexit__"}
SPECIAL = {"__init__", *CLOSING, *CLOSING.values()}


def every_module() -> list[ModuleType]:
    """Return the package and all its modules, imported."""
    names = (found.name for found in pkgutil.walk_packages(otpflow.__path__, "otpflow."))
    return [otpflow, *(importlib.import_module(name) for name in names)]


MODULES = every_module()
PUBLIC = [(name, getattr(otpflow, name)) for name in otpflow.__all__]
named = pytest.mark.parametrize(("name", "thing"), PUBLIC, ids=[name for name, _ in PUBLIC])


@pytest.mark.parametrize(
    "module", [each for each in MODULES if hasattr(each, "__all__")], ids=lambda each: each.__name__
)
def test_public_names_are_sorted(module: Any) -> None:
    """`__all__` is in order, names nothing twice, and nothing that is not there; a bare `dir` shows it."""
    assert list(module.__all__) == sorted(set(module.__all__), key=rank)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert set(module.__all__) <= set(dir(module))


def rank(name: str) -> tuple[int, str]:
    """Return where a name stands: constants, then classes, then functions, each by the alphabet."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_which_modules_have_public_names() -> None:
    """The four that users import from, and the engines' own."""
    found = {module.__name__ for module in MODULES if hasattr(module, "__all__")}
    assert found == {"otpflow", "otpflow.engine", "otpflow.stores", "otpflow.testing", "otpflow.transports"}


def test_the_package_shows_nothing_else() -> None:
    """What is not in `__all__` is a module of the package."""
    others = {name: value for name, value in vars(otpflow).items() if name.isidentifier() and name[0] != "_"}
    assert [
        name for name, value in others.items() if not inspect.ismodule(value) and name not in otpflow.__all__
    ] == []
    modules = [value for value in others.values() if inspect.ismodule(value)]
    assert [module.__name__ for module in modules if not module.__name__.startswith("otpflow.")] == []


@named
def test_a_public_name_is_our_own(name: str, thing: Any) -> None:
    """It says in its `repr` that it is otpflow's, and has a docstring of its own that begins with a sentence."""
    assert thing.__name__ == name
    assert thing.__module__.split(".")[0] == "otpflow"
    if isinstance(thing, type):
        assert (
            repr(thing).startswith(("<class 'otpflow.", "<enum 'otpflow."))
            or repr(thing) == f"<enum '{name}'>"
        )
    doc = vars(thing).get("__doc__") if isinstance(thing, type) else thing.__doc__
    assert doc and re.match(r"[A-Z`].{5,}[.:]", doc)
    assert not doc.startswith(f"{name}(")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_name_that_is_not_there(module: ModuleType) -> None:
    """Asking any module for it is the usual `AttributeError`, also where names are imported when they are used."""
    with pytest.raises(
        AttributeError, match=f"module '{re.escape(module.__name__)}' has no attribute 'Missing'"
    ):
        module.Missing  # noqa: B018


@pytest.mark.parametrize("package", ["otpflow.stores", "otpflow.transports"])
def test_names_that_are_imported_when_used(package: str) -> None:
    """Each comes from a module of that package, and is the same thing every time."""
    module = importlib.import_module(package)
    for name in module.__all__:
        thing = getattr(module, name)
        assert thing is getattr(module, name)
        assert isinstance(thing, tuple) or thing.__module__.startswith(f"{package}.")


def test_types_and_scripts_are_shipped() -> None:
    """`py.typed` and every script lie in the package."""
    files = resources.files("otpflow")
    assert (files / "py.typed").is_file()
    assert all((files / "stores" / "lua" / f"{name}.lua").is_file() for name in (*_scripts.NAMES, "common"))


def imported(statement: str) -> set[str]:
    """Return the third-party packages and such that a statement brings into a new process."""
    program = f"import sys; {statement}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import otpflow", set[str]()),
        ("from otpflow import OTPEngine, AsyncOTPEngine, Policy, Templates", set[str]()),
        ("import otpflow.stores, otpflow.transports", set[str]()),
        ("import otpflow.settings", set[str]()),
        ("import otpflow.cli", set[str]()),
        ("from otpflow.transports import Console", set[str]()),
        ("from otpflow.stores import EmbeddedStore", set[str]()),
        ("from otpflow.stores import RedisStore", {"redis"}),
        ("from otpflow.transports import EsmsVoice", {"httpx"}),
    ],
)
def test_an_import_brings_in_what_it_needs(statement: str, heavy: set[str]) -> None:
    """Nothing is paid for what is not used."""
    assert imported(statement) & HEAVY == heavy


def tree(text: str) -> Iterator[tuple[str, str]]:
    """Read a tree that is drawn with lines: each class, and the one that it hangs on."""
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        if found := re.match(r"    ([│├└─ ]*)(\w+Error)\b", line):
            while above and above[-1][0] >= len(found[1]):
                above.pop()
            if above:
                yield found[2], above[-1][1]
            above.append((len(found[1]), found[2]))


def test_the_tree_of_errors_is_as_it_is_drawn() -> None:
    """The docstring of `errors` shows each class once, under its parent, and all of them are public."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OTPError)]
    real = {
        (kind.__name__, base.__name__)
        for kind in kinds
        for base in kind.__bases__
        if issubclass(base, OTPError)
    }
    drawn = list(tree(errors.__doc__ or ""))
    assert sorted(drawn) == sorted(real)
    assert {kind.__name__ for kind in kinds} <= set(otpflow.__all__)
    assert OTPError.__bases__ == (Exception,)
    doubles = {kind.__name__ for kind in kinds if issubclass(kind, ValueError)}
    assert doubles == {name for name in ("ConfigurationError", "IdempotencyError") if name in str(drawn)}


def test_no_error_is_raised_that_is_not_in_the_tree() -> None:
    """Each exception class of the package is in the tree, or never leaves its module."""
    defined = {
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseException)
        and value.__module__.startswith("otpflow")
    }
    assert {
        kind.__name__ for kind in defined if not issubclass(kind, OTPError) and kind.__name__[0] != "_"
    } == {"AbandonedError", "Left"}


def methods(kind: type) -> dict[str, Any]:
    """Return what a class defines by itself that users may call."""
    own: dict[str, Any] = {name: getattr(value, "__func__", value) for name, value in vars(kind).items()}
    return {
        name: value
        for name, value in own.items()
        if isinstance(value, FunctionType) and (name in SPECIAL or name[0] != "_")
    }


def test_the_engines_have_the_same_methods() -> None:
    """Word for word, apart from how they are closed; and what they share is not shown."""
    plain, awaited = methods(OTPEngine), methods(AsyncOTPEngine)
    assert [CLOSING.get(name, name) for name in plain] == list(awaited)
    assert {name for name in dir(OTPEngine) if name[0] != "_"} == {name for name in plain if name[0] != "_"}
    assert {name for name in dir(AsyncOTPEngine) if name[0] != "_"} == {
        name for name in awaited if name[0] != "_"
    }


@pytest.mark.parametrize("name", methods(OTPEngine))
def test_the_engines_have_the_same_parameters(name: str) -> None:
    """Names, order, kinds, defaults and types are the same, and so is the result; only one is awaited."""
    plain, twin = methods(OTPEngine)[name], methods(AsyncOTPEngine)[CLOSING.get(name, name)]
    one, other = inspect.signature(plain), inspect.signature(twin)
    assert one.return_annotation == other.return_annotation
    for left, right in zip(one.parameters.values(), other.parameters.values(), strict=True):
        # The asynchronous engine takes either kind of transport.
        expected = (
            "Transport | AsyncTransport"
            if (name, left.name) == ("__init__", "transport")
            else left.annotation
        )
        assert right == left.replace(annotation=expected)
    assert not inspect.iscoroutinefunction(plain)
    assert inspect.iscoroutinefunction(twin) is (name not in {"__init__", "from_env"})


@pytest.mark.parametrize("name", [name for name in methods(OTPEngine) if name[0] != "_"])
def test_the_engines_have_the_same_docs(name: str) -> None:
    """The twin's docstring names the method where everything is said."""
    assert methods(AsyncOTPEngine)[CLOSING.get(name, name)].__doc__.startswith(
        f"Do what `OTPEngine.{name}` does"
    )


def test_both_engines_name_every_argument() -> None:
    """The docstring of each engine has all its arguments, in order."""
    for kind in (OTPEngine, AsyncOTPEngine):
        told = re.findall(r"^    (\w+): ", inspect.getdoc(kind) or "", re.MULTILINE)
        assert told == [*list(inspect.signature(kind).parameters), "ConfigurationError"]


def test_values_are_what_the_docs_say() -> None:
    """Every public dataclass is frozen and has no room for more."""
    values: list[type] = [thing for _, thing in PUBLIC if isinstance(thing, type) and is_dataclass(thing)]
    assert len(values) == 10
    for kind in values:
        parameters: Any = vars(kind)["__dataclass_params__"]
        assert (kind, parameters.frozen, "__slots__" in vars(kind)) == (kind, True, True)


def test_the_module_of_public_names_has_no_logic() -> None:
    """`otpflow/__init__.py` holds a docstring, imports and `__all__`."""
    body = ast.parse(inspect.getsource(otpflow)).body
    assert [type(node).__name__ for node in body if not isinstance(node, ast.ImportFrom)] == [
        "Expr",
        "Assign",
    ]
