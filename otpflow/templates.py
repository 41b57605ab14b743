"""Content: what is said and written, per locale and channel.

A template knows `$name` and `$$` (a dollar), and nothing else. It is taken apart once, when built;
rendering only joins the pieces, so a value is never looked at for placeholders.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import cast

from otpflow.errors import ConfigurationError
from otpflow.models import Context
from otpflow.records import shown
from otpflow.texts import PURPOSES, TEXTS

CHANNELS = ("voice", "sms", "zalo")
"""The channels that can have a text. Where zalo has none of its own, it says what sms says."""

RESERVED = ("code", "app", "minutes", "purpose")
"""The placeholders that every text may use; context fields get other names."""

LONGEST_TEXT = 500
"""Characters of a template: some 40 seconds when read out. A choice; no source asks for it."""

_GIVEN = frozenset({*RESERVED, "$"})
_LOCALE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
_FIELD = re.compile(rf"(?!(?:{'|'.join(RESERVED)})$)[a-z][a-z0-9_]{{0,31}}")
_PLACEHOLDER = re.compile(r"\$(\$|[a-z][a-z0-9_]*(?!\w))?")
_JOINED = re.compile(r"\|(?=\|)")
# By Unicode category: what breaks a line, and what shows nothing, or nothing that is known.
_REPLACED = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": "", "Co": "", "Cn": ""}
_ACCENTS = re.compile("[\u0300-\u036f]")
_BARRED = str.maketrans("đĐ", "dD")
# What shows nothing although `str.isprintable` lets it pass: fillers, joiners and variation selectors.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class Templates:
    """What is said and written, per locale and channel; frozen once built.

    Every text is checked when built. It must hold `$code`, on voice twice: a caller who missed it
    cannot scroll back. On voice `$code` becomes numerals with commas between them, which whichever
    voice an account has reads one by one. Say the purpose, with `$purpose` or in your own words (State
    Bank of Vietnam, Circular 50/2024/TT-NHNN, Art. 11(3)); `without_purpose` lists where it is left out.

    Args:
        texts: `{locale: {channel: text}}`, over the built-in ones. A new locale brings `voice` and `sms`.
        purposes: `{locale: {purpose: label}}`, over the built-in ones for `login`, `signup`, `payment`,
            `reset_password` and `change_phone`. A purpose without a label is said as it is, with
            `_` and `-` as spaces.
        fields: the names of the context fields that texts may use as placeholders.
        unaccent: strip diacritics from all that is sent, so that it fits plain-letter messages.

    Raises:
        ConfigurationError: with everything that is wrong with any of them.
    """

    __slots__ = ("_fields", "_labels", "_locales", "_texts", "_unaccent")
    _fields: tuple[str, ...]
    _labels: Mapping[tuple[str, str], str]
    _locales: tuple[str, ...]
    _texts: Mapping[tuple[str, str], tuple[str, ...]]  # literals, with the names between them at odd places
    _unaccent: bool

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, str]] | None = None,
        *,
        purposes: Mapping[str, Mapping[str, str]] | None = None,
        fields: Collection[str] = (),
        unaccent: bool = False,
    ) -> None:
        problems: list[str] = []
        names = _checked_fields(fields, problems)
        given: dict[tuple[str, str], object] = {**TEXTS, **_flat("texts", texts, problems)}
        locales = tuple(dict.fromkeys(locale for locale, _ in given))
        compiled = {key: _compiled(*key, text, names, problems) for key, text in given.items()}
        for locale in locales:
            compiled.setdefault((locale, "zalo"), compiled.get((locale, "sms"), ()))
            if lacking := [channel for channel in ("voice", "sms") if (locale, channel) not in given]:
                problems.append(f"texts[{locale!r}] lacks {' and '.join(lacking)}; a new locale brings both")
        labels = _checked_labels(_flat("purposes", purposes, problems), locales, problems)
        if problems:
            raise ConfigurationError(*problems)
        for slot, value in zip(self.__slots__, (names, labels, locales, compiled, unaccent), strict=True):
            object.__setattr__(self, slot, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Templates are frozen; build new ones")

    def __repr__(self) -> str:
        return f"Templates(locales={self._locales!r}, fields={self._fields!r}, unaccent={self._unaccent!r})"

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales that have texts, as `resolve` gives them, the default one first."""
        return self._locales

    @property
    def without_purpose(self) -> tuple[str, ...]:
        """The texts that do not use `$purpose`, for example `"vi/sms"`: say in words what the code is for."""
        return tuple("/".join(key) for key, parts in self._texts.items() if "purpose" not in parts[1::2])

    def resolve(self, locale: str | None) -> str:
        """Find the locale that has texts for the one asked for.

        Args:
            locale: for example `"vi"`, `"vi-VN"` or `"en_GB"`; `None` asks for the default.

        Returns:
            One of `locales`: the same, or else its language alone.

        Raises:
            ConfigurationError: neither has texts.
        """
        if locale is None:
            return self._locales[0]
        name = locale.replace("_", "-").lower()
        for known in (name, name.split("-", 1)[0]):
            if known in self._locales:
                return known
        there_are = ", ".join(self._locales)
        raise ConfigurationError(
            f"locale {shown(locale)} has no texts; there are {there_are}, texts= adds more"
        )

    def missing(self, locale: str, channel: str, context: Context) -> tuple[str, ...]:
        """Tell what a send would lack, before it costs anything.

        Args:
            locale: the language.
            channel: the channel.
            context: the context fields there are.

        Returns:
            The declared fields that this text says and the context does not have.

        Raises:
            ConfigurationError: there is no such text.
        """
        names = self._parts(self.resolve(locale), channel)[1::2]
        return tuple(dict.fromkeys(name for name in names if name not in _GIVEN and name not in context))

    def render(
        self, *, locale: str, channel: str, code: str, app: str, minutes: int, purpose: str, context: Context
    ) -> str:
        """Write the content of one message.

        Values stay text, whatever they hold: controls and line breaks become spaces, bidi, zero-width and
        other unseen characters go, and a `||`, which joins values at the provider, is broken apart.

        Args:
            locale: the language.
            channel: the channel; on `"voice"` the code is spoken digit by digit.
            code: the bare code.
            app: the name that the user knows the service by.
            minutes: how long the code lives, in whole minutes.
            purpose: what the code is for.
            context: the context fields.

        Returns:
            The content. It holds the code: never log it.

        Raises:
            ConfigurationError: there is no such text, or the context lacks a field that it says.
        """
        locale = self.resolve(locale)
        pieces = list(self._parts(locale, channel))
        values = {
            "$": "$",
            "code": ", ".join(code) if channel == "voice" else code,
            "app": _neutral(app),
            "minutes": str(minutes),
            "purpose": self._label(locale, purpose),
        }
        if lacking := self.missing(locale, channel, context):
            raise ConfigurationError(f"context lacks {', '.join(lacking)}; the {channel} text says it")
        values.update({name: _neutral(str(context[name])) for name in pieces[1::2] if name not in values})
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        content = _unaccented("".join(pieces)) if self._unaccent else "".join(pieces)
        # Last, and on the whole: values side by side, or without their accents, could join into one.
        return _JOINED.sub("| ", content)

    def _parts(self, locale: str, channel: str) -> tuple[str, ...]:
        parts = self._texts.get((locale, channel))
        if parts is None:
            raise ConfigurationError(f"channel {channel!r} has no texts; there are {', '.join(CHANNELS)}")
        return parts

    def _label(self, locale: str, purpose: str) -> str:
        own = self._labels.get((locale, purpose)) or self._labels.get((locale.split("-", 1)[0], purpose))
        return own or _neutral(purpose.replace("_", " ").replace("-", " "))


def _compiled(
    locale: str, channel: str, text: object, fields: tuple[str, ...], problems: list[str]
) -> tuple[str, ...]:
    where = f"texts[{locale!r}][{channel!r}]"
    if channel not in CHANNELS:
        problems.append(f"{where} is for no channel; there are {', '.join(CHANNELS)}")
    if not isinstance(text, str):
        problems.append(f"{where} is a {type(text).__name__}; give a str")
        return ()
    text = unicodedata.normalize("NFC", text)
    parts = cast("list[str | None]", _PLACEHOLDER.split(text))
    names = dict.fromkeys(name for name in parts[1::2] if name != "$")
    known = (*RESERVED, *fields)
    declare = f"known are {', '.join(f'${name}' for name in known)}; declare context fields with fields="
    found = {
        "has a '$' that is no placeholder; write $name in small letters, or $$ for a dollar": None in names,
        "lacks $code": "code" not in names,
        "says $code once; on voice say it twice": channel == "voice" and parts[1::2].count("code") == 1,
        "has control, bidi or invisible characters": _neutral(text) != text,
        "has '||', which joins values in the provider's interface": "||" in text,
        f"has {len(text)} characters; the limit is {LONGEST_TEXT}": len(text) > LONGEST_TEXT,
        **{f"has ${name}; {declare}": name not in known for name in names if name is not None},
    }
    problems.extend(f"{where} {problem}" for problem, is_there in found.items() if is_there)
    return tuple(part for part in parts if part is not None)


def _checked_fields(fields: object, problems: list[str]) -> tuple[str, ...]:
    several = isinstance(fields, Collection) and not isinstance(fields, str)
    names: list[object] = list(cast("Collection[object]", fields)) if several else [fields]
    rule = f"a name is small letters, digits and '_', at most 32, and none of {', '.join(RESERVED)}"
    good = tuple(name for name in names if isinstance(name, str) and _FIELD.fullmatch(name))
    bad = [name for name in names if name not in good]
    problems.extend(f"fields has {name!r:.40}; {rule}" for name in bad)
    return good


def _checked_labels(
    given: Mapping[tuple[str, str], object], locales: tuple[str, ...], problems: list[str]
) -> dict[tuple[str, str], str]:
    labels = dict(PURPOSES)
    for (locale, purpose), label in given.items():
        where = f"purposes[{locale!r}][{purpose!r}]"
        if locale not in locales:
            problems.append(f"{where} is for a locale without texts; there are {', '.join(locales)}")
        if not isinstance(label, str) or not label.strip():
            problems.append(f"{where} is {label!r:.40}; give a str that says what the code is for")
        elif (plain := unicodedata.normalize("NFC", label)) != _neutral(label):
            problems.append(f"{where} has control, bidi or invisible characters")
        else:
            labels[locale, purpose] = plain
    return labels


def _flat(setting: str, value: object, problems: list[str]) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {}
    for locale, inner in _entries(setting, {} if value is None else value, problems):
        where, name = f"{setting}[{locale!r}]", locale.replace("_", "-").lower()
        if not _LOCALE.fullmatch(name):
            problems.append(f"{where} is for no locale such as 'vi' or 'en-GB'")
        found.update({(name, key): entry for key, entry in _entries(where, inner, problems)})
    return found


def _entries(where: str, value: object, problems: list[str]) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping):
        problems.append(f"{where} is a {type(value).__name__}; give a mapping")
        return
    for key, entry in cast("Mapping[object, object]", value).items():
        if isinstance(key, str):
            yield key, entry
        else:
            problems.append(f"{where} has the key {key!r:.40}; keys are str")


def _neutral(value: str) -> str:
    value = _UNSEEN.sub("", value)
    if not value.isprintable():
        value = "".join(_REPLACED.get(unicodedata.category(character), character) for character in value)
    return unicodedata.normalize("NFC", value)


def _unaccented(content: str) -> str:
    return unicodedata.normalize(
        "NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", content.translate(_BARRED)))
    )
