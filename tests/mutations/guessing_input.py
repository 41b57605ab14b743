"""Changes by which codes can be foreseen, or strange input gets further than it should."""

from __future__ import annotations

from tests.mutations.base import Mutation

ARGUMENTS = "otpflow/arguments.py"
CODES = "otpflow/codes.py"
STEPS = "otpflow/steps.py"
FLOWS = "otpflow/flows.py"
KEYS = "otpflow/keys.py"
RECIPIENTS = "otpflow/recipients.py"
RECORDS = "otpflow/records.py"

EMBEDDED = ("-k", "embedded")


def inputs(test: str, where: str = "embedded") -> tuple[str, ...]:
    """Select a test of hostile input."""
    return f"tests/guarantees/test_guessing_input.py::{test}", "-k", where


MUTATIONS = (
    Mutation(
        guarantee="G9",
        says="the last digits are taken with their bias",
        file=CODES,
        old="if value >= _TRUNCATED - _TRUNCATED % size:",
        new="if value >= _TRUNCATED:",
        selection=("tests/test_codes.py::test_codes_of_a_million_random_values_are_uniform",),
    ),
    Mutation(
        guarantee="G9",
        says="the greatest code never occurs",
        file=CODES,
        old='return f"{value % size:0{digits}d}"',
        new='return f"{value % (size - 1):0{digits}d}"',
        selection=(
            "tests/guarantees/test_guessing_codes.py::test_the_extremes_are_made_and_sent_and_verified",
        ),
    ),
    Mutation(
        guarantee="G9",
        says="leading zeros are lost",
        file=CODES,
        old='return f"{value % size:0{digits}d}"',
        new="return str(value % size)",
        selection=(
            "tests/guarantees/test_guessing_codes.py::test_the_extremes_are_made_and_sent_and_verified",
        ),
    ),
    Mutation(
        guarantee="G9",
        says="codes begin with no zero",
        file=CODES,
        old='return f"{value % size:0{digits}d}"',
        new='return f"{value % (size - size // 10) + size // 10}"',
        selection=("tests/guarantees/test_guessing_codes.py::test_a_million_digits_are_uniform",),
    ),
    Mutation(
        guarantee="G9",
        says="secrets come from the module random",
        file=CODES,
        old="secrets.token_bytes(_SECRET_LETTERS)",
        new='__import__("random").randbytes(_SECRET_LETTERS)',
        selection=("tests/test_codes.py::test_seeding_random_changes_nothing",),
    ),
    Mutation(
        guarantee="G9",
        says="an engine makes its codes from the module random",
        file=STEPS,
        old="code = codes.generate(orders.policy.digits)",
        new='code = str(__import__("random").randrange(10**5, 10**6))',
        selection=(
            "tests/guarantees/test_guessing_codes.py::test_an_engine_draws_nothing_from_random",
            *EMBEDDED,
        ),
    ),
    Mutation(
        guarantee="G9",
        says="an engine does not send as many digits as it is told",
        file=STEPS,
        old="code = codes.generate(orders.policy.digits)",
        new="code = codes.generate(6)",
        selection=(
            "tests/guarantees/test_guessing_codes.py::test_an_engine_sends_as_many_digits_as_it_is_told",
            *EMBEDDED,
        ),
    ),
    Mutation(
        guarantee="G10",
        says="what is no code is taken for one",
        file=FLOWS,
        old="typed = codes.canonical(code, self.orders.policy.digits)",
        new='typed = codes.canonical(code, self.orders.policy.digits) or "000000"',
        selection=inputs("test_no_code"),
    ),
    Mutation(
        guarantee="G10",
        says="what says that it is a string is believed",
        file=RECORDS,
        old="if isinstance(value, str) and str in type(value).__mro__ else",
        new="if isinstance(value, str) else",
        selection=inputs("test_no_code"),
    ),
    Mutation(
        guarantee="G10",
        says="characters that are not seen are dropped from a code",
        file=CODES,
        old='unicodedata.category(character) in {"Zs", "Pd"}',
        new='unicodedata.category(character) in {"Zs", "Pd", "Cf"}',
        selection=inputs("test_no_code"),
    ),
    Mutation(
        guarantee="G10",
        says="characters that are not seen are dropped from a number",
        file=RECIPIENTS,
        old='unicodedata.category(character) not in {"Zs", "Pd"}',
        new='unicodedata.category(character) not in {"Zs", "Pd", "Cf"}',
        selection=inputs("test_no_number"),
    ),
    Mutation(
        guarantee="G10",
        says="an id may go on behind its end",
        file=KEYS,
        old="_CHALLENGE_ID.fullmatch(",
        new="_CHALLENGE_ID.match(",
        selection=inputs("test_no_challenge_id"),
    ),
    Mutation(
        guarantee="G10",
        says="an id may go on behind its end, where it is only looked at",
        file=KEYS,
        old="_CHALLENGE_ID.fullmatch(",
        new="_CHALLENGE_ID.match(",
        selection=inputs("test_no_challenge_id_to_look_at"),
    ),
    Mutation(
        guarantee="G10",
        says="a purpose may be any text",
        file=ARGUMENTS,
        old="if word is None or not _PURPOSE.fullmatch(word):",
        new="if word is None:",
        selection=inputs("test_no_argument", "embedded and verify and purpose"),
    ),
    Mutation(
        guarantee="G10",
        says="a purpose may end with a line break",
        file=ARGUMENTS,
        old="_PURPOSE.fullmatch(word)",
        new='re.match(f"(?:{_PURPOSE.pattern})$", word)',
        selection=inputs("test_no_argument", "embedded and issue and purpose"),
    ),
    Mutation(
        guarantee="G10",
        says="a value of the context may be True",
        file=ARGUMENTS,
        old="isinstance(entry, bool) or not",
        new="not",
        selection=inputs("test_no_argument", "embedded and verify and context"),
    ),
    Mutation(
        guarantee="G10",
        says="the name of an attempt may be as long as it likes",
        file=ARGUMENTS,
        old=") <= LONGEST_KEY:",
        new="):",
        selection=inputs("test_no_argument", "embedded and verify and attempt_id"),
    ),
    Mutation(
        guarantee="G10",
        says="the name of a request may be empty",
        file=ARGUMENTS,
        old="not 0 < len(",
        new="not 0 <= len(",
        selection=inputs("test_no_argument", "embedded and issue and idempotency_key"),
    ),
)
