"""Phone numbers: one form for every spelling, which of them may be called, and how one is shown.

`phonenumbers` (the package phonenumberslite) takes some 20 ms to import and each region's plan 1 ms more,
so both wait for the first number; `check_countries` brings them in early where an engine is built.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from functools import cache

from otpflow.errors import RecipientError
from otpflow.records import plain

LONGEST_INPUT = 40
"""Characters; what is longer is not looked at. E.164 has at most 15 digits, the rest is separators."""

_PLUS = frozenset("+\uff0b")
# ASCII and full-width; U+2212 is the minus sign, which is not in the category of dashes.
_SEPARATORS = frozenset("./()\uff0e\uff0f\uff08\uff09\u2212")
_SHOWN = 4


def canonical(number: object, *, countries: Collection[str] = ("VN",), channel: str = "voice") -> str:
    """Bring a number to its E.164 form, and refuse what must never reach a transport.

    Every spelling gives one result: `+84…`, `0084…`, `84…`, `0…`, `+84 0…`, with spaces, dashes, dots,
    slashes, parentheses, full-width or other decimal digits. Refused before parsing, because parsers are
    lenient there: lists, extensions, vanity letters, a plus that does not lead, control, zero-width and
    bidi characters.

    Args:
        number: what the user typed.
        countries: ISO 3166-1 regions that may be called, in order: the first one's rules read national
            spellings.
        channel: the channel it is for, for the message. Only numbers that can be mobile phones are taken, on
            every channel: a landline may be a switchboard, and premium, shared-cost and internet numbers are
            how calls are turned into money.

    Returns:
        The number, for example `"+84901888484"`.

    Raises:
        RecipientError: with the reason `"malformed"`, `"not_a_number"`, `"country_not_allowed"` or
            `"kind_not_allowed"`; its message never holds the number.
    """
    digits = _digits(number)
    import phonenumbers

    try:
        parsed = phonenumbers.parse(digits, next(iter(countries), None))
    except phonenumbers.NumberParseException as exc:
        raise RecipientError("not_a_number", "no numbering plan knows it") from exc
    # `is_valid_number` is "this type is not UNKNOWN": asking for the type alone saves matching it all twice.
    kind = phonenumbers.number_type(parsed)
    if kind == phonenumbers.PhoneNumberType.UNKNOWN:
        raise RecipientError("not_a_number", "no numbering plan knows it")
    region = phonenumbers.region_code_for_number(parsed)
    if region not in countries:
        raise RecipientError("country_not_allowed", f"countries has no {region!r}")
    if kind not in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}:
        found = phonenumbers.PhoneNumberType.to_string(kind)
        raise RecipientError("kind_not_allowed", f"{channel} codes go to mobile numbers, this is a {found}")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def mask(number: str) -> str:
    """Show a number without giving it away: the country code, stars, the last four digits.

    Args:
        number: a number in E.164 form. Of other digits only the last ones show, of anything else nothing.

    Returns:
        For example `"+84*****8484"`; never more than half of the national digits.
    """
    prefix = next((number[:end] for end in (2, 3, 4) if number[:end] in _calling_codes()), "")
    national = number[len(prefix) :]
    shown = min(_SHOWN, len(national) // 2) if national.isascii() and national.isdigit() else 0
    hidden = len(national) - shown
    return prefix + "*" * hidden + national[hidden:]


def spells(number: str, known: str) -> bool:
    """Tell whether a number, in whatever spelling, is one that is known.

    Args:
        number: as somebody else writes it, for example `"84901888484"`.
        known: in E.164 form.

    Returns:
        Whether it is the same: its digits are those of the E.164 form, or of the national one.
    """
    try:
        digits = _digits(number).removeprefix("+").removeprefix("00")
    except RecipientError:
        return False
    prefix = next((known[:end] for end in (2, 3, 4) if known[:end] in _calling_codes()), "")
    return digits in {known[1:], "0" + known[len(prefix) :], known[len(prefix) :]}


def check_countries(countries: Collection[str]) -> tuple[str, ...]:
    """Look for regions that no number can have, and load the numbering plans of the others.

    Args:
        countries: the setting of that name.

    Returns:
        What is wrong with it, a sentence each.
    """
    import phonenumbers

    if isinstance(countries, str):
        return (f"countries is the string {countries!r}; give a tuple such as ('VN',)",)
    if not countries:
        return ("countries is empty, so no number could ever be called; give for example ('VN',)",)
    for country in phonenumbers.SUPPORTED_REGIONS.intersection(countries):
        phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    return tuple(
        f"countries has {country!r}, which is no ISO 3166-1 region such as 'VN'"
        for country in countries
        if country not in phonenumbers.SUPPORTED_REGIONS
    )


def _digits(number: object) -> str:
    """Take the number apart, and keep a leading plus and ASCII digits."""
    text = plain(number)
    if text is None or len(text) > LONGEST_INPUT:
        raise RecipientError("malformed", f"a number is one string of at most {LONGEST_INPUT} characters")
    digits = ""
    for character in text:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            digits += str(digit)
        elif character in _PLUS and not digits:
            digits = "+"
        elif character not in _SEPARATORS and unicodedata.category(character) not in {"Zs", "Pd"}:
            raise RecipientError(
                "malformed", "only digits, separators and one leading plus belong into a number"
            )
    if digits in {"", "+"}:
        raise RecipientError("malformed", "it has no digits")
    return digits


@cache
def _calling_codes() -> frozenset[str]:
    import phonenumbers

    return frozenset(f"+{code}" for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
