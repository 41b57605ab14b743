"""What breaks the promises on Redis: R1 and R4."""

from __future__ import annotations

from tests.mutations.base import Mutation

_AT = "tests/guarantees/test_"
_QUICK = ("-k", "embedded-sync")
_ON_A_SERVER = ("-k", "valkey-sync")
_EXPIRY = (f"{_AT}redis_expiry.py", *_QUICK)
_CLOCK = (f"{_AT}redis_clock.py", *_ON_A_SERVER)

MUTATIONS = (
    Mutation(
        guarantee="R1",
        says="keeps challenges for ever",
        file="otpflow/stores/lua/admit.lua",
        old="  redis.call('PEXPIREAT', KEYS[1], deadline)\n",
        new="",
        selection=_EXPIRY,
    ),
    Mutation(
        guarantee="R1",
        says="keeps counters for ever",
        file="otpflow/stores/lua/common.lua",
        old="  redis.call('PEXPIRE', events, window)\n",
        new="",
        selection=_EXPIRY,
    ),
    Mutation(
        guarantee="R1",
        says="keeps idempotency keys for ever",
        file="otpflow/stores/lua/bind.lua",
        old="ARGV[1], 'PX', ARGV[2])",
        new="ARGV[1])",
        selection=_EXPIRY,
    ),
    Mutation(
        guarantee="R1",
        says="settles an attempt whose challenge is gone",
        file="otpflow/stores/lua/settle.lua",
        old="if not held[4] then return { 'EXPIRED', 0 } end\n",
        new="held = { 'pending', held[2] or '4', held[3] or '1', held[4] or 'claimed', held[5] or '1' }\n",
        selection=_EXPIRY,
    ),
    Mutation(
        guarantee="R1",
        says="confirms a send whose challenge is gone",
        file="otpflow/stores/lua/confirm.lua",
        old="if held[3] == ARGV[1] then\n",
        new="redis.call('HSET', KEYS[1], 'delivery', ARGV[6])\nif held[3] == ARGV[1] then\n",
        selection=_EXPIRY,
    ),
    Mutation(
        guarantee="R1",
        says="cancels a challenge that is gone",
        file="otpflow/stores/lua/cancel.lua",
        old="if not held[1] then return { '' } end\n"
        "-- A write in every case: WAIT waits only for what its own connection wrote.\n"
        "redis.call('PEXPIREAT', KEYS[1], held[2])\n"
        "if held[1] ~= 'pending' then return { held[1] } end\n",
        new="if held[1] == 'verified' then return { held[1] } end\n",
        selection=_EXPIRY,
    ),
    Mutation(
        guarantee="R1",
        says="sends a code whose challenge is gone",
        file="otpflow/steps.py",
        old="            if not stored:\n",
        new="            if not stored and not encode(digest):\n",
        selection=_EXPIRY,
    ),
    Mutation(
        guarantee="R4",
        says="lets the application's clock decide how long things live",
        file="otpflow/limits.py",
        old="    return math.ceil(seconds * 1_000)\n",
        new="    import time\n\n"
        "    return math.ceil((seconds + time.time() - time.clock_gettime(time.CLOCK_REALTIME)) * 1_000)\n",
        selection=(*_CLOCK[:2], "valkey-sync and not reads_a_clock"),
    ),
    Mutation(
        guarantee="R4",
        says="lets the application's clock end a challenge",
        file="otpflow/orders.py",
        old='        bound: str | None = ""\n',
        new="        from datetime import datetime\n\n"
        "        if datetime.now().year > 2900:\n"
        "            return None\n"
        '        bound: str | None = ""\n',
        selection=(*_CLOCK[:1], "-k", "reads_a_clock"),
    ),
    Mutation(
        guarantee="R4",
        says="lets a code live as long as its challenge",
        file="otpflow/stores/lua/claim.lua",
        old="tonumber(pair[2]) > now and 'live' or 'expired'\n",
        new="'live'\n",
        selection=(f"{_AT}redis_clock.py::test_a_clock_that_jumps_keeps_no_code_alive", *_ON_A_SERVER),
    ),
)
