"""What breaks the promise on processes that die: D5."""

from __future__ import annotations

from tests.mutations.base import Mutation

FLOWS = "otpflow/delivery_flows.py"
STEPS = "otpflow/steps.py"
LUA = "otpflow/stores/lua/"

_AT = "tests/guarantees/test_"
_QUICK = ("-k", "embedded and not async")
_CRASHES = (f"{_AT}crashes.py", *_QUICK)

MUTATIONS = (
    Mutation(
        guarantee="D5",
        says="goes on from news alone, so that nobody makes up for a process that died",
        file=FLOWS,
        old='if secret is not None and found.status != "earlier" and found.state',
        new='if secret is not None and found.status == "moved" and found.state',
        selection=_CRASHES,
    ),
    Mutation(
        guarantee="D5",
        says="keeps a reservation whose answer was lost",
        file=STEPS,
        old="        except StoreUnavailableError:\n            yield from self._release(send)\n            raise\n",
        new="        except StoreUnavailableError:\n            raise\n",
        selection=("tests/test_flows_store.py", *_QUICK),
    ),
    Mutation(
        guarantee="D5",
        says="sends before the code is kept",
        file=STEPS,
        old="            stored = yield from self._ask(self.operations.store(send, encode(digest), life))\n",
        new="            yield from call(legs[0].carrier.send, legs[0].message)\n"
        "            stored = yield from self._ask(self.operations.store(send, encode(digest), life))\n",
        selection=_CRASHES,
    ),
    Mutation(
        guarantee="D5",
        says="keeps a breaker's count for ever",
        file=f"{LUA}breaker.lua",
        old="  redis.call('HSET', KEYS[1], 'failures', failures)\n  redis.call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])\n",
        new="  redis.call('HSET', KEYS[1], 'failures', failures)\n",
        selection=(f"{_AT}crashes.py::test_the_user_can_ask_again", *_QUICK),
    ),
    Mutation(
        guarantee="D5",
        says="spends an attempt twice where its answer was lost",
        file="otpflow/challenges.py",
        old="    if attempt_id is None:\n",
        new="    if attempt_id:\n",
        selection=_CRASHES,
    ),
    Mutation(
        guarantee="D5",
        says="makes a second call for a request that is repeated",
        file="otpflow/flows.py",
        old="            if admission.view is not None:\n",
        new='            if admission.view is not None and admission.view.delivery != "UNKNOWN":\n',
        selection=_CRASHES,
    ),
)
