"""Changes that refill what guessing has spent, or let one success count for others."""

from __future__ import annotations

from tests.mutations.base import Edit, Mutation

ADMIT = "otpflow/stores/lua/admit.lua"
CLAIM = "otpflow/stores/lua/claim.lua"
COMMON = "otpflow/stores/lua/common.lua"
RELEASE = "otpflow/stores/lua/release.lua"
RENEW = "otpflow/stores/lua/renew.lua"
SETTLE = "otpflow/stores/lua/settle.lua"
UNLOCK = "otpflow/stores/lua/unlock.lua"
FLOWS = "otpflow/flows.py"
LIMITS = "otpflow/limits.py"
ORDERS = "otpflow/orders.py"
WIRE = "otpflow/stores/_wire.py"

EMBEDDED = ("-k", "embedded")


def budgets(test: str) -> tuple[str, ...]:
    """Select a test of budgets."""
    return f"tests/guarantees/test_guessing_budgets.py::{test}", *EMBEDDED


MUTATIONS = (
    Mutation(
        guarantee="G4",
        says="sending again refills the attempts",
        file=RENEW,
        old="redis.call('HSET', KEYS[1], 'sequence',",
        new="redis.call('HSET', KEYS[1], 'attempts', 5, 'sequence',",
        selection=budgets("test_sending_again_refills_nothing"),
    ),
    Mutation(
        guarantee="G4",
        says="an exhausted challenge is sent again",
        file=RENEW,
        old="  if tonumber(held[2]) <= 0 then return { 'exhausted' } end\n",
        new="",
        selection=budgets("test_sending_again_refills_nothing"),
    ),
    Mutation(
        guarantee="G4",
        says="a refused send gives attempts back",
        file=RELEASE,
        old="redis.call('HSET', KEYS[1], 'sends_left',",
        new="redis.call('HSET', KEYS[1], 'attempts', 5, 'sends_left',",
        selection=budgets("test_a_send_that_fails_refills_nothing"),
    ),
    Mutation(
        guarantee="G4",
        says="asking again with an idempotency key refills the attempts",
        file=ADMIT,
        old="if held[1] == ARGV[1] then return { 'admitted' } end",
        new="redis.call('HSET', KEYS[1], unpack(ARGV, 5))\nif held[1] == ARGV[1] then return { 'admitted' } end",
        selection=budgets("test_asking_again_for_a_challenge_refills_nothing"),
    ),
    Mutation(
        guarantee="G4",
        says="a guess is not counted for its number",
        file=CLAIM,
        old="note(KEYS[2], now, ARGV[1], ARGV[3])",
        new="",
        selection=budgets("test_an_hour_over_all_ways"),
    ),
    Mutation(
        guarantee="G4",
        says="guesses are counted for each challenge alone",
        file=WIRE,
        old='name="claim",\n        keys=(challenge_key(place), key_of(place.slot, "guesses")),',
        new='name="claim",\n        keys=(challenge_key(place), key_of(place.slot, "guesses:" + place.locator)),',
        selection=budgets("test_an_hour_over_all_ways"),
    ),
    Mutation(
        guarantee="G4",
        says="the number's budgets are not asked",
        file=CLAIM,
        old="local wait = room(KEYS[2], now, ARGV[2])",
        new="local wait = 0",
        selection=budgets("test_an_hour_over_all_ways"),
    ),
    Mutation(
        guarantee="G4",
        says="one guess more than a window allows",
        file=COMMON,
        old="events, count - 1, count - 1,",
        new="events, count - 0, count - 0,",
        selection=budgets("test_an_hour_over_all_ways"),
    ),
    Mutation(
        guarantee="G4",
        says="an earlier code gives its attempt back",
        file=FLOWS,
        old="if outcome is Outcome.VERIFIED or asked.key is not None:",
        new="if outcome is not Outcome.WRONG_CODE:",
        also=(
            Edit(
                file=SETTLE,
                old="local outcome = ARGV[2]",
                new="local outcome = ARGV[2]\nif outcome == 'SUPERSEDED' then\n"
                "  held[2] = redis.call('HINCRBY', KEYS[1], 'attempts', 1)\nend",
            ),
        ),
        selection=budgets("test_a_superseded_code_is_counted"),
    ),
    Mutation(
        guarantee="G4",
        says="no budget for an hour",
        file=LIMITS,
        old='("hour", policy.wrong_per_hour, HOUR), ',
        new="",
        selection=budgets("test_the_hour_ends_guess_by_guess"),
    ),
    Mutation(
        guarantee="G4",
        says="no budget for a day",
        file=LIMITS,
        old=', ("day", policy.wrong_per_day, DAY))',
        new=")",
        selection=budgets("test_a_day_over_all_ways"),
    ),
    Mutation(
        guarantee="G4",
        says="the row is not counted",
        file=CLAIM,
        old="redis.call('ZINCRBY', KEYS[2], -1, 'row')",
        new="",
        selection=budgets("test_a_hundred_in_a_row"),
    ),
    Mutation(
        guarantee="G4",
        says="the row is not counted, seen by twenty guesses a day",
        file=CLAIM,
        old="redis.call('ZINCRBY', KEYS[2], -1, 'row')",
        new="",
        selection=budgets("test_a_hundred_in_a_row_by_the_default_policy"),
    ),
    Mutation(
        guarantee="G4",
        says="one guess more than the row allows",
        file=CLAIM,
        old=">= tonumber(ARGV[4]) then",
        new="> tonumber(ARGV[4]) then",
        selection=budgets("test_a_hundred_in_a_row"),
    ),
    Mutation(
        guarantee="G4",
        says="the row goes with the guesses of an earlier day",
        file=COMMON,
        old="redis.call('ZREMRANGEBYSCORE', events, 0,",
        new="redis.call('ZREMRANGEBYSCORE', events, '-inf',",
        selection=budgets("test_a_hundred_in_a_row"),
    ),
    Mutation(
        guarantee="G4",
        says="the row is forgotten after a day",
        file=CLAIM,
        old="redis.call('PEXPIRE', KEYS[2], ARGV[5])",
        new="",
        selection=budgets("test_the_row_does_not_forget_meanwhile"),
    ),
    Mutation(
        guarantee="G4",
        says="a success clears the hour and the day as well",
        file=SETTLE,
        old="redis.call('ZREM', KEYS[2], ARGV[1], 'row')",
        new="redis.call('DEL', KEYS[2])",
        selection=budgets("test_a_success_ends_the_row_and_nothing_else"),
    ),
    Mutation(
        guarantee="G4",
        says="a success does not end the row",
        file=SETTLE,
        old="redis.call('ZREM', KEYS[2], ARGV[1], 'row')",
        new="redis.call('ZREM', KEYS[2], ARGV[1])",
        selection=budgets("test_a_success_ends_the_row_and_nothing_else"),
    ),
    Mutation(
        guarantee="G4",
        says="a success counts as a wrong guess",
        file=SETTLE,
        old="redis.call('ZREM', KEYS[2], ARGV[1], 'row')",
        new="redis.call('ZREM', KEYS[2], 'row')",
        selection=budgets("test_the_hour_ends_guess_by_guess"),
    ),
    Mutation(
        guarantee="G4",
        says="support lifts nothing",
        file=UNLOCK,
        old="redis.call('DEL', KEYS[1])",
        new="redis.call('EXISTS', KEYS[1])",
        selection=budgets("test_support_lifts_the_budgets"),
    ),
    Mutation(
        guarantee="G6",
        says="all numbers have one row",
        file=ORDERS,
        old='slot("number", self.namespace, recipient)',
        new='slot("number", self.namespace)',
        selection=budgets("test_a_success_is_for_its_number_alone"),
    ),
    Mutation(
        guarantee="G6",
        says="all namespaces have one row",
        file=ORDERS,
        old='slot("number", self.namespace, recipient)',
        new='slot("number", recipient)',
        selection=budgets("test_a_success_is_for_its_namespace_alone"),
    ),
    Mutation(
        guarantee="G6",
        says="all challenges of a number are one",
        file=WIRE,
        old=":challenge:{place.locator}",
        new=":challenge",
        selection=budgets("test_a_success_is_for_its_challenge_alone"),
    ),
)
