"""What the engines are built from: every argument checked, every problem told at once."""

from __future__ import annotations

import inspect
import os
import re
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NoReturn, TypeVar, cast

from otpflow import recipients
from otpflow.errors import ConfigurationError
from otpflow.events import Events, log
from otpflow.flows import Flows
from otpflow.hashing import HashCost, Hasher
from otpflow.keys import Keyring, new_key
from otpflow.operations import Operations
from otpflow.orders import Orders
from otpflow.policy import Policy
from otpflow.receipts import url_problem
from otpflow.records import shown
from otpflow.settings import ENGINE, ESMS, POLICY, STORE, Settings, Variable, named, read
from otpflow.templates import Templates
from otpflow.transports._route import Route
from otpflow.transports.console import Console
from otpflow.transports.fallback import route_of

T = TypeVar("T")
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_LONGEST_APP = 40
_WARNING = (
    "otpflow runs with nothing configured: challenges live in this process, codes are printed, and the server "
    "key is gone when the process ends. For production set OTPFLOW_REDIS_URL, OTPFLOW_KEYS, ESMS_API_KEY and "
    "ESMS_SECRET_KEY."
)
_PRINTS = (
    "otpflow prints codes instead of sending them, since ESMS_API_KEY and ESMS_SECRET_KEY are not set, although "
    "OTPFLOW_REDIS_URL is."
)
_FORGETS = (
    "otpflow keeps challenges in this process, since OTPFLOW_REDIS_URL is not set, although ESMS_API_KEY is: "
    "another process does not know them, and every budget counts once a process."
)


class Assembled:
    """What the twins share: their parts, and that nothing secret shows."""

    _flows: Flows
    _route: Route
    _hasher: Hasher
    _owned: tuple[Any, ...] = ()

    def _assemble(
        self,
        store: Any,
        transport: object,
        *,
        keys: object,
        policy: object,
        namespace: object,
        hash_cost: object,
        app: object,
        templates: object,
        callback_url: object,
        on_event: object,
        asynchronous: bool,
    ) -> None:
        problems = _store_problems(store, asynchronous=asynchronous)
        route = _built(lambda: route_of(transport, asynchronous=asynchronous), problems)
        keyring = _built(lambda: Keyring(keys), problems)
        events = _built(lambda: Events(on_event), problems)
        rules, texts = _policy(policy, problems), _templates(templates, problems)
        if not isinstance(hash_cost, HashCost):
            problems.append("hash_cost is no HashCost; give HashCost.LIGHT or HashCost.OWASP")
        if not isinstance(namespace, str) or not _NAMESPACE.fullmatch(namespace):
            problems.append(
                f"namespace is {shown(namespace)}; give 1 to 64 letters, digits, '_', '-', '.' or ':'"
            )
        if not isinstance(app, str) or not app.strip() or len(app) > _LONGEST_APP or not app.isprintable():
            problems.append(
                f"app is {shown(app)}; give the name that users know the service by, "
                f"at most {_LONGEST_APP} characters"
            )
        if problem := url_problem(callback_url):
            problems.append(problem)
        if problems:
            raise ConfigurationError(*problems)
        self._route = route
        self._hasher = Hasher(cast("HashCost", hash_cost))
        self._flows = Flows(
            store=store,
            route=route,
            hasher=self._hasher,
            digest=self._hasher.adigest if asynchronous else self._hasher.digest,
            orders=Orders(
                keyring=keyring,
                policy=rules,
                templates=texts,
                channels=route.channels,
                namespace=cast("str", namespace),
                app=cast("str", app),
                callback_url=cast("str | None", callback_url),
                goes_on=route.on_unanswered,
            ),
            operations=Operations(keyring=keyring, policy=rules),
            events=events,
        )

    def __repr__(self) -> str:
        orders = self._flows.orders
        return f"{type(self).__name__}(namespace={orders.namespace!r}, app={orders.app!r})"

    def __reduce__(self) -> NoReturn:
        msg = f"an {type(self).__name__} holds server keys and connections; build it where it is used"
        raise TypeError(msg)

    def _close(self) -> None:
        for part in (self._hasher, self._route, *self._owned):
            if hasattr(part, "close"):
                part.close()

    async def _aclose(self) -> None:
        self._hasher.close()
        self._route.close()
        for part in self._owned:
            if hasattr(part, "aclose"):
                await part.aclose()


E = TypeVar("E", bound=Assembled)


def opened(kind: type[E], environ: Mapping[str, str] | None, *, asynchronous: bool) -> E:
    """Build an engine with the store and the transport that the environment asks for.

    Args:
        kind: which engine.
        environ: the variables; those of this process where it is left out.
        asynchronous: whether it is an `AsyncOTPEngine`.

    Returns:
        The engine, which closes its own store and transport.

    Raises:
        ConfigurationError: with everything that is wrong with the variables.
    """
    settings, told = read(os.environ if environ is None else environ)
    options, problems = dict(settings.engine), list(told)
    cost = options.pop("hash_cost", "LIGHT")
    if cost not in HashCost.__members__:
        problems.append(f"OTPFLOW_HASH_COST={cost[:40]!r}: give LIGHT or OWASP")
    if options.pop("log_events", False):
        options["on_event"] = (log,)
    nothing = "keys" not in options
    options = {"keys": new_key("throwaway"), **options, "policy": settings.policy}
    options["hash_cost"] = HashCost.__members__.get(cost, HashCost.LIGHT)
    prefix = "Async" if asynchronous else ""
    transport = _built(lambda: _transport(settings, prefix), problems, ESMS)
    store = _built(lambda: _store(settings, prefix), problems, STORE)
    # Where one of them could not be built, the rest is still looked at.
    parts = (store or _Nowhere(asynchronous), transport or Console())
    engine = _built(lambda: cast("Any", kind)(*parts, **options), problems, {**ENGINE, **POLICY})
    if problems:
        raise ConfigurationError(*problems)
    stand_in = {(False, True): _FORGETS, (True, False): _PRINTS}
    warning = _WARNING if nothing else stand_in.get(("url" in settings.store, "api_key" in settings.esms))
    if warning is not None:
        warnings.warn(warning, UserWarning, stacklevel=3)
    engine._owned = (transport, store)  # noqa: SLF001 - it is made here
    return cast("E", engine)


class _Nowhere:
    """Stands for a store that could not be built, while the other arguments are looked at."""

    def __init__(self, asynchronous: bool) -> None:
        self.asynchronous = asynchronous

    def run(self, operation: object) -> NoReturn:
        raise NotImplementedError


def _transport(settings: Settings, prefix: str) -> Any:
    if "api_key" not in settings.esms:
        return Console()
    # A secret key that is not there was told by `read`: the rest is still looked at.
    arguments = {"secret_key": "missing", **settings.esms}
    return getattr(import_module("otpflow.transports.esms"), f"{prefix}EsmsVoice")(**arguments)


def _store(settings: Settings, prefix: str) -> Any:
    if "url" not in settings.store:
        return getattr(import_module("otpflow.stores.embedded"), f"{prefix}EmbeddedStore")()
    return getattr(import_module("otpflow.stores.redis"), f"{prefix}RedisStore").from_url(**settings.store)


def _built(build: Callable[[], T], problems: list[str], group: Mapping[str, Variable] | None = None) -> T:
    try:
        return build()
    except ConfigurationError as error:
        problems += named(error.problems, group or {})
        return cast("T", None)


def _policy(policy: object, problems: list[str]) -> Policy:
    if policy is None:
        return Policy()
    if not isinstance(policy, Policy):
        problems.append(f"policy is a {type(policy).__name__}; give a Policy(…), or leave it out")
        return Policy()
    problems += recipients.check_countries(policy.countries)
    return policy


def _templates(templates: object, problems: list[str]) -> Templates:
    if templates is None or isinstance(templates, Templates):
        return templates or Templates()
    problems.append(f"templates is a {type(templates).__name__}; give Templates(…), or leave it out")
    return Templates()


def _store_problems(store: object, *, asynchronous: bool) -> list[str]:
    kind = getattr(store, "asynchronous", None)
    if not isinstance(kind, bool) or not callable(getattr(store, "run", None)) or inspect.isclass(store):
        shown = f"the class {store.__name__}" if inspect.isclass(store) else f"a {type(store).__name__}"
        return [
            f"store is {shown}; give a store such as {'Async' if asynchronous else ''}RedisStore.from_url(…)"
        ]
    if kind is not asynchronous:
        name = type(store).__name__
        other = f"Async{name}" if asynchronous else name.removeprefix("Async")
        engine = "AsyncOTPEngine" if asynchronous else "OTPEngine"
        return [f"store is a {name}; {engine} needs an {other}"]
    return []
