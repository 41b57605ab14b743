"""Changes that let somebody guess more often than there are attempts, or use a code twice."""

from __future__ import annotations

from tests.mutations.base import Edit, Mutation

CANCEL = "otpflow/stores/lua/cancel.lua"
CLAIM = "otpflow/stores/lua/claim.lua"
RENEW = "otpflow/stores/lua/renew.lua"
SETTLE = "otpflow/stores/lua/settle.lua"
CHALLENGES = "otpflow/challenges.py"
CODES = "otpflow/codes.py"
FLOWS = "otpflow/flows.py"
WIRE = "otpflow/stores/_wire.py"

EMBEDDED = ("-k", "embedded")
VALKEY = ("-k", "valkey")
NO_DECREMENT = "attempts = attempts"
NOT_USED = Edit(file=SETTLE, old="if held[1] == 'verified' then", new="  if false then")


def at_once(test: str, where: tuple[str, str] = EMBEDDED) -> tuple[str, ...]:
    """Select a test of many guesses at the same time."""
    return f"tests/guarantees/test_guessing_at_once.py::{test}", *where


def use(test: str) -> tuple[str, ...]:
    """Select a test of single use and the last attempt."""
    return f"tests/guarantees/test_guessing_use.py::{test}", *EMBEDDED


MUTATIONS = (
    Mutation(
        guarantee="G1",
        says="a claim spends nothing",
        file=CLAIM,
        old="attempts = attempts - 1",
        new=NO_DECREMENT,
        selection=at_once("test_wrong_guesses_at_once"),
    ),
    Mutation(
        guarantee="G1",
        says="a claim spends nothing, seen from four processes",
        file=CLAIM,
        old="attempts = attempts - 1",
        new=NO_DECREMENT,
        selection=at_once("test_wrong_guesses_from_processes", VALKEY),
    ),
    Mutation(
        guarantee="G1",
        says="a claim spends an attempt that is not there",
        file=CLAIM,
        old="elseif attempts <= 0 then\n  return { 'exhausted', 0 }\n",
        new="",
        selection=at_once("test_wrong_guesses_at_once"),
    ),
    Mutation(
        guarantee="G1",
        says="the attempt is spent when it is settled, after the comparison",
        file=CLAIM,
        old="attempts = attempts - 1",
        new=NO_DECREMENT,
        also=(
            Edit(
                file=SETTLE,
                old="local outcome = ARGV[2]",
                new="local outcome = ARGV[2]\nheld[2] = redis.call('HINCRBY', KEYS[1], 'attempts', -1)",
            ),
        ),
        selection=at_once("test_named_guesses_at_once"),
    ),
    Mutation(
        guarantee="G1",
        says="a guess is hashed before it is claimed",
        file=FLOWS,
        old="claim = yield from self._ask(self.operations.claim(address, attempt))",
        new="yield from call(self.digest, bytes(32), address.salt)\n"
        "            claim = yield from self._ask(self.operations.claim(address, attempt))",
        selection=at_once("test_wrong_guesses_at_once"),
    ),
    Mutation(
        guarantee="G1",
        says="guesses at many challenges are not counted together",
        file=CLAIM,
        old="note(KEYS[2], now, ARGV[1], ARGV[3])",
        new="",
        selection=at_once("test_wrong_guesses_at_many_challenges_at_once"),
    ),
    Mutation(
        guarantee="G1",
        says="an attempt that is asked again costs again",
        file=CLAIM,
        old="if not mark then",
        new="if true then",
        selection=at_once("test_one_attempt_at_once"),
    ),
    Mutation(
        guarantee="G1",
        says="an attempt that has its verdict is hashed again",
        file=CLAIM,
        old="  if mark ~= 'claimed' then",
        new="  if false then",
        selection=at_once("test_a_wrong_attempt_asked_again"),
    ),
    Mutation(
        guarantee="G2",
        says="settle does not look at the state",
        file=SETTLE,
        old="elseif held[1] ~= 'pending' or not held[5] then",
        new="elseif not held[5] then",
        also=(NOT_USED,),
        selection=at_once("test_right_answers_that_all_were_claimed"),
    ),
    Mutation(
        guarantee="G2",
        says="settle does not look at the state, seen by two codes at once",
        file=SETTLE,
        old="elseif held[1] ~= 'pending' or not held[5] then",
        new="elseif not held[5] then",
        also=(NOT_USED,),
        selection=at_once("test_two_right_codes_at_once"),
    ),
    Mutation(
        guarantee="G2",
        says="a right code is not used up, seen from four processes",
        file=SETTLE,
        old="redis.call('HSET', KEYS[1], 'state', 'verified')",
        new="",
        selection=at_once("test_right_answers_from_processes", VALKEY),
    ),
    Mutation(
        guarantee="G2",
        says="the comparison is believed, not what settle says",
        file=FLOWS,
        old="outcome, left = settled.outcome, settled.attempts",
        new="left = settled.attempts",
        selection=at_once("test_right_answers_that_all_were_claimed"),
    ),
    Mutation(
        guarantee="G2",
        says="a right answer is not settled",
        file=FLOWS,
        old="if outcome is Outcome.VERIFIED or asked.key is not None:",
        new="if asked.key is not None:",
        selection=at_once("test_right_answers_at_once"),
    ),
    Mutation(
        guarantee="G2",
        says="an attempt is settled twice",
        file=SETTLE,
        old="if held[4] ~= 'claimed' then",
        new="  if false then",
        selection=at_once("test_one_attempt_that_all_claimed"),
    ),
    Mutation(
        guarantee="G2",
        says="an attempt has a new name each time",
        file=CHALLENGES,
        old="if attempt_id is None:",
        new="if True:",
        selection=at_once("test_a_right_attempt_asked_again"),
    ),
    Mutation(
        guarantee="G3",
        says="a right code is not used up",
        file=SETTLE,
        old="redis.call('HSET', KEYS[1], 'state', 'verified')",
        new="",
        selection=use("test_a_used_code_stays_used"),
    ),
    Mutation(
        guarantee="G3",
        says="a used code is forgotten after a minute",
        file=SETTLE,
        old="redis.call('PEXPIREAT', KEYS[1], held[3])",
        new="redis.call('PEXPIRE', KEYS[1], 60000)",
        selection=use("test_a_used_code_stays_used"),
    ),
    Mutation(
        guarantee="G3",
        says="a claim does not say that a code is used",
        file=CLAIM,
        old="elseif held[1] == 'verified' then\n  return { 'used', attempts }\n",
        new="",
        selection=use("test_a_used_code_stays_used"),
    ),
    Mutation(
        guarantee="G3",
        says="digits of other scripts are not read",
        file=CODES,
        old="digit = unicodedata.decimal(character, None)",
        new="digit = int(character) if character in '0123456789' else None",
        selection=use("test_any_spelling_is_the_code"),
    ),
    Mutation(
        guarantee="G3",
        says="the canonical form is not what is compared",
        file=FLOWS,
        old="recipient, asked.bound, typed)",
        new="recipient, asked.bound, str(code))",
        selection=use("test_any_spelling_is_the_code"),
    ),
    Mutation(
        guarantee="G3",
        says="a used challenge is sent again",
        file=RENEW,
        old="  if held[1] ~= 'pending' then return { held[1] } end\n",
        new="",
        selection=use("test_a_used_challenge_has_no_other_code"),
    ),
    Mutation(
        guarantee="G3",
        says="a new challenge of a number is its earlier one",
        file=WIRE,
        old=":challenge:{place.locator}",
        new=":challenge",
        selection=use("test_a_used_code_is_of_no_use_elsewhere"),
    ),
    Mutation(
        guarantee="G3",
        says="cancelling makes a used challenge another one",
        file=CANCEL,
        old="if held[1] ~= 'pending' then",
        new="if not held[1] then",
        selection=use("test_a_used_challenge_has_no_other_code"),
    ),
    Mutation(
        guarantee="G5",
        says="the last attempt is not the last",
        file=CLAIM,
        old="elseif attempts <= 0 then\n  return { 'exhausted', 0 }\n",
        new="",
        selection=use("test_after_the_last_attempt"),
    ),
    Mutation(
        guarantee="G5",
        says="one attempt more than there are",
        file=CLAIM,
        old="if attempts <= 0 then",
        new="if attempts < 0 then",
        selection=use("test_after_the_last_attempt"),
    ),
    Mutation(
        guarantee="G5",
        says="one attempt less than there are",
        file=CLAIM,
        old="if attempts <= 0 then",
        new="if attempts <= 1 then",
        selection=use("test_the_last_attempt"),
    ),
    Mutation(
        guarantee="G5",
        says="an attempt that dies is not spent",
        file=CLAIM,
        old="attempts = attempts - 1",
        new=NO_DECREMENT,
        selection=use("test_attempts_that_died_are_spent"),
    ),
    Mutation(
        guarantee="G5",
        says="a named attempt that died is never finished",
        file=CLAIM,
        old="  if mark ~= 'claimed' then",
        new="  if mark == 'claimed' then return { 'expired' } else",
        selection=use("test_a_named_attempt_that_died"),
    ),
)
