"""One form for every spelling of a number, and no number that must not be called."""

from __future__ import annotations

import subprocess
import sys
import traceback
from unittest.mock import Mock

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otpflow import recipients
from otpflow.errors import RecipientError

NUMBER = "+84901888484"
MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
KINDS = phonenumbers.PhoneNumberType.values()


class Pretender(str):
    """A string that says it is short and fine."""

    __slots__ = ()

    def __len__(self) -> int:
        return 10

    def __str__(self) -> str:
        return "0901888484"


def refusal(number: object, *countries: str, channel: str = "voice") -> str:
    """Return the reason for which a number is refused."""
    with pytest.raises(RecipientError) as caught:
        recipients.canonical(number, countries=countries or ("VN",), channel=channel)
    return caught.value.reason


def wide(text: str) -> str:
    """Return the text in full-width characters."""
    return "".join(
        chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text
    )


@pytest.mark.guarantee("A1")
@pytest.mark.parametrize(
    "spelling",
    [
        *["+84901888484", "0084901888484", "84901888484", "0901888484", "901888484", "0901 888 484"],
        *[" 0901-888-484 ", "0901.888.484", "090/188/84/84", "(0901) 888 484", "+84 0901888484"],
        *["+84 (0) 901 888 484", "(+84) 901.888.484", "  + 84 901 888 484", "00 84 0901 888 484"],
        *["840901888484", "0901\u2013888\u2014484", "0901\u2212888\u2212484", "0901\u00a0888\u3000484"],
        wide("0901888484"),
        wide("+84(901)888.484/"),
        "\u0660\u0669\u0660\u0661\u0668\u0668\u0668\u0664\u0668\u0664",
    ],
)
def test_spellings_of_one_number(spelling: str) -> None:
    """However it is written, a number has one form, so one budget and one key."""
    assert recipients.canonical(spelling) == NUMBER


@pytest.mark.guarantee("A1")
@given(
    start=st.sampled_from(["+84", "0084", "84", "0", "+840", ""]),
    rest=st.integers(0, 999_999).map("902{:06d}".format),
    separators=st.lists(
        st.sampled_from(["", " ", "-", ".", "(", ")", "\u00a0", "\u2013"]), min_size=9, max_size=9
    ),
    full_width=st.booleans(),
)
def test_any_spelling_of_any_number(start: str, rest: str, separators: list[str], full_width: bool) -> None:
    """Prefix, separators and width never change which number is meant."""
    spelling = start + "".join(map("".join, zip(separators, rest, strict=True)))
    assert recipients.canonical(wide(spelling) if full_width else spelling) == "+84" + rest


@pytest.mark.guarantee("A1")
@pytest.mark.parametrize(
    "number",
    [
        None,
        True,
        901888484,
        b"0901888484",
        ["0901888484"],
        ("0901888484", "0901888485"),
        Mock(spec=str),
        "",
        *["   ", "+", "+ -"],
        "\uff0b",
        "0901888484,0901888485",
        "0901888484;0901888485",
        "0901888484|0901888485",
        "0901888484\n0901888485",
        "0901888484&phone=1",
        *["0901888484 x12", "0901888484 ext. 12", "0901888484#12", "0901888484*", "tel:0901888484"],
        *["tel:+84901888484;phone-context=+84", "0901-VIETNAM", "++84901888484", "84+901888484"],
        *["+84+901888484", "0901888484\x00", "\u202a+84901888484\u202c"],
        *["0901\u200b888484", "0901\ufeff888484"],
        "0901\u2460888484",
        "0901~888484",
        "0901\ud800888484",
        "0901888484" + " " * 31,
        "0" * 10_000_000,
    ],
    ids=lambda number: ascii(number)[:30] if type(number) is str else type(number).__name__,
)
def test_what_is_no_single_number_is_malformed(number: object) -> None:
    """Lists, extensions, letters, control and bidi characters are refused before they are parsed."""
    assert refusal(number) == "malformed"


@pytest.mark.guarantee("A1")
@pytest.mark.parametrize(
    "number",
    [
        *["0901888484 0901888485", "0901888484/0901888485", "0901888484-85", "1", "113", "0", "000000000"],
        *["+999123456789", "+0901888484", "0120 188 8484", "+8490188848"],
        "1" * 40,
    ],
)
def test_what_no_plan_knows_is_not_a_number(number: str) -> None:
    """Two numbers in one, emergency numbers, retired and invented ones are not numbers."""
    assert refusal(number) == "not_a_number"


@pytest.mark.guarantee("A2")
@pytest.mark.parametrize(
    "number", ["+12025550123", "+4915112345678", "+85512345678", "0085512345678", "+881612345678"]
)
def test_other_countries_are_refused(number: str) -> None:
    """A valid number from outside `countries` never gets through."""
    assert refusal(number) == "country_not_allowed"


@pytest.mark.guarantee("A2")
def test_a_shared_calling_code_opens_no_other_country() -> None:
    """Allowing one country of +1 or +44 does not allow its neighbours under the same calling code."""
    for allowed, other in (("US", "JM"), ("US", "CA"), ("GB", "JE"), ("RU", "KZ")):
        example = phonenumbers.example_number_for_type(other, phonenumbers.PhoneNumberType.MOBILE)
        assert example is not None
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert refusal(number, allowed) == "country_not_allowed"
        assert recipients.canonical(number, countries=(allowed, other)) == number


@pytest.mark.guarantee("A2")
def test_no_country_at_all_allows_none() -> None:
    """With an empty list nothing is allowed, however it is written."""
    for number, reason in ((NUMBER, "country_not_allowed"), ("0901888484", "not_a_number")):
        with pytest.raises(RecipientError) as caught:
            recipients.canonical(number, countries=())
        assert caught.value.reason == reason


@pytest.mark.guarantee("A2")
@pytest.mark.parametrize("channel", ["voice", "sms", "zalo"])
@pytest.mark.parametrize(
    "number", ["1900123456", "19001234", "1800123456", "02838221234", "0672012345", "1992000"]
)
def test_only_mobile_numbers_are_called(number: str, channel: str) -> None:
    """Premium, toll-free, landline, internet and company numbers are refused on every channel."""
    assert refusal(number, channel=channel) == "kind_not_allowed"


@pytest.mark.guarantee("A2")
def test_every_region_and_kind() -> None:
    """Over every region's own examples of every kind: what comes through is valid and can be a mobile."""
    through = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in KINDS:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            found = phonenumbers.region_code_for_number(example) or ""
            valid = phonenumbers.is_valid_number(example)
            if valid and phonenumbers.number_type(example) in MOBILE:
                assert recipients.canonical(number, countries=("VN", found)) == number
                through += 1
            else:
                assert refusal(number, "VN", found) == ("kind_not_allowed" if valid else "not_a_number")
    assert through > len(phonenumbers.SUPPORTED_REGIONS) * 0.9


def test_the_first_country_reads_national_spellings() -> None:
    """A national spelling is read by the rules of the first of `countries`."""
    assert recipients.canonical("0901 888 484", countries=["VN", "FR"]) == NUMBER
    assert recipients.canonical("06 12 34 56 78", countries=["FR", "VN"]) == "+33612345678"
    assert recipients.canonical("+84 901 888 484", countries=["FR", "VN"]) == NUMBER


@pytest.mark.guarantee("A1")
def test_a_subclass_of_str_is_judged_by_its_characters() -> None:
    """What a subclass says about itself is not believed; what it holds is."""
    assert refusal(Pretender("0901888484" * 5)) == "malformed"
    assert refusal(Pretender("0901888484,1")) == "malformed"
    assert recipients.canonical(Pretender("+84901888484")) == NUMBER


@pytest.mark.guarantee("S1")
@pytest.mark.parametrize(
    "number", ["0901888484,", "0901888484 0", "02838221234", "+12025550123", "+999123456789"]
)
def test_no_refusal_shows_the_number(number: str) -> None:
    """Neither the message nor anything in the chain of causes holds the digits."""
    with pytest.raises(RecipientError) as caught:
        recipients.canonical(number)
    chain: BaseException | None = caught.value
    shown = repr(caught.value) + caught.value.public_message()
    while chain is not None:
        shown += "".join(traceback.format_exception_only(chain))
        chain = chain.__cause__ or chain.__context__
    assert not any(number[start : start + 5] in shown for start in range(len(number) - 5))


@pytest.mark.guarantee("S4")
def test_refusals_look_alike_to_the_user() -> None:
    """The public message is the same whatever was wrong with the number."""
    said: set[str] = set()
    for number in ("x", "1", "+12025550123", "1900123456"):
        with pytest.raises(RecipientError) as caught:
            recipients.canonical(number)
        said.add(caught.value.public_message("vi"))
    assert len(said) == 1


@given(st.text(max_size=50) | st.text("+0123456789() -./", max_size=45))
def test_garbage_is_refused_or_final(number: str) -> None:
    """Whatever comes in, it is refused with a reason, or its form is its own form."""
    try:
        found = recipients.canonical(number, countries=("VN", "US", "FR"))
    except RecipientError:
        return
    assert recipients.canonical(found, countries=("VN", "US", "FR")) == found
    assert phonenumbers.format_number(phonenumbers.parse(found), phonenumbers.PhoneNumberFormat.E164) == found


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+84901888484", "+84*****8484"),
        ("+12025550123", "+1******0123"),
        ("+85512345678", "+855****5678"),
        ("+84123456", "+84***456"),
        ("+841", "+84*"),
        ("+84", "+84"),
        ("+", "*"),
        ("", ""),
        ("0901888484", "******8484"),
        ("+999123456", "**********"),
        ("+84 901 888 484", "+84" + "*" * 12),
        ("someone@example.com", "*" * 19),
        ("\u0660\u0669\u0660\u0661", "****"),
    ],
)
def test_masks(number: str, masked: str) -> None:
    """The country code and at most four last digits show; what is no number does not show at all."""
    assert recipients.mask(number) == masked


@pytest.mark.guarantee("S1")
@given(st.from_regex(r"\+[1-9][0-9]{0,14}", fullmatch=True))
def test_masks_hide_half(number: str) -> None:
    """A mask is as long as the number and hides at least half of the national digits."""
    masked = recipients.mask(number)
    national = masked.lstrip("+").lstrip("0123456789") or masked[-1:]
    assert len(masked) == len(number)
    assert (
        sum(character.isdigit() for character in national) <= min(4, len(national) / 2)
        or national == masked[-1:]
    )


def test_unknown_countries_are_named() -> None:
    """Each region that no number can have gets a sentence; a bare string and an empty list are caught."""
    assert recipients.check_countries(("VN", "US")) == ()
    assert recipients.check_countries(["VN", "vn", "XX"]) == (
        "countries has 'vn', which is no ISO 3166-1 region such as 'VN'",
        "countries has 'XX', which is no ISO 3166-1 region such as 'VN'",
    )
    assert recipients.check_countries("VN") == ("countries is the string 'VN'; give a tuple such as ('VN',)",)
    assert recipients.check_countries(()) == (
        "countries is empty, so no number could ever be called; give for example ('VN',)",
    )


def test_importing_loads_no_numbering_plan() -> None:
    """The library comes with the first number, not with the import."""
    script = "import sys, otpflow.recipients; sys.exit('phonenumbers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
