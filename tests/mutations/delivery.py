"""What breaks the promises on delivery: D1 and D2."""

from __future__ import annotations

from tests.mutations.base import Mutation

_AT = "tests/guarantees/test_"
_QUICK = ("-k", "embedded-sync")
_LOST = (f"{_AT}delivery_lost.py", *_QUICK)
_REFUSED = (f"{_AT}delivery_refused.py", *_QUICK)
_STEPS = "otpflow/steps.py"
_LANDED = "        message, delivery, left = landing.leg.message, landing.delivery, before\n"

MUTATIONS = (
    Mutation(
        guarantee="D1",
        says="repeats a request under another id",
        file="otpflow/transports/_esms_client.py",
        old="            result = tries.judge(self._http.exchange(tries.request, tries.seconds()))\n",
        new="            from dataclasses import replace\n\n"
        '            body = tries.request.body.replace(b\'"RequestId": "\', b\'"RequestId": "%d\' % tries._tries)\n'
        "            asked = replace(tries.request, body=body)\n"
        "            result = tries.judge(self._http.exchange(asked, tries.seconds()))\n",
        selection=_LOST,
    ),
    Mutation(
        guarantee="D1",
        says="takes 124 for a refusal",
        file="otpflow/transports/_esms_wire.py",
        old='        return Reading(kind="seen", code=code, message=CODES[code].meaning)\n',
        new='        return Reading(kind="refused", code=code, message=CODES[code].meaning)\n',
        selection=_LOST,
    ),
    Mutation(
        guarantee="D1",
        says="takes what nobody knows for a refusal",
        file="otpflow/transports/_esms_wire.py",
        old="        if self._reached and not refused:\n",
        new="        if self._reached and refused:\n",
        selection=_LOST,
    ),
    Mutation(
        guarantee="D1",
        says="never asks again",
        file="otpflow/transports/_esms_wire.py",
        old="        if not refused and self._tries < tries and self.seconds() > 0:\n",
        new="        if not refused and self._tries < tries and self.seconds() > 9_000:\n",
        selection=_LOST,
    ),
    Mutation(
        guarantee="D1",
        says="gives the budget back where nobody knows",
        file=_STEPS,
        old=_LANDED,
        new=_LANDED + "        if landing.error is not None:\n            yield from self._release(send)\n",
        selection=_LOST,
    ),
    Mutation(
        guarantee="D1",
        says="raises where nobody knows",
        file=_STEPS,
        old=_LANDED,
        new=_LANDED + "        if landing.error is not None:\n            raise landing.error\n",
        selection=_LOST,
    ),
    Mutation(
        guarantee="D2",
        says="keeps the budget of a send that was refused",
        file=_STEPS,
        old="        except DeliveryError:\n            yield from self._release(send)\n            raise\n",
        new="        except DeliveryError:\n            raise\n",
        selection=_REFUSED,
    ),
    Mutation(
        guarantee="D2",
        says="keeps the cooldown of a send that was refused",
        file="otpflow/stores/lua/release.lua",
        old="redis.call('ZREM', KEYS[2], ARGV[1])\n",
        new="",
        selection=_REFUSED,
    ),
    Mutation(
        guarantee="D2",
        says="takes an undocumented code for success",
        file="otpflow/transports/_esms_wire.py",
        old="    if code == TAKEN:\n",
        new="    if code == TAKEN or code not in CODES:\n",
        selection=_REFUSED,
    ),
    Mutation(
        guarantee="D2",
        says="takes an answer without a code for success",
        file="otpflow/transports/_esms_wire.py",
        old="    return _NOT_THE_PROVIDERS\n\n\nclass",
        new='    return Reading(kind="taken", code="")\n\n\nclass',
        selection=_REFUSED,
    ),
    Mutation(
        guarantee="D2",
        says="waits as long as the provider likes",
        file="otpflow/transports/_esms_wire.py",
        old="        return min(self._settings.timeout, self._deadline - self._clock())\n",
        new="        return 4.0\n",
        selection=(*_REFUSED[:2], "embedded-sync-delay"),
    ),
    Mutation(
        guarantee="D2",
        says="quotes what httpx says, which quotes the request",
        file="otpflow/transports/_http.py",
        old='            return no_connection("the host\'s name could not be resolved")\n',
        new="            return no_connection(str(error))\n",
        selection=_REFUSED,
    ),
    Mutation(
        guarantee="D2",
        says="ends the code from before a resend that was refused",
        file="otpflow/stores/lua/release.lua",
        old="      redis.call('HSET', KEYS[1], 'sends_left', held[3] + 1)\n",
        new="      redis.call('HSET', KEYS[1], 'sends_left', held[3] + 1, 'until:1', 0)\n",
        selection=_REFUSED,
    ),
    Mutation(
        guarantee="D2",
        says="does not know a code that is written as a number",
        file="otpflow/transports/_esms_wire.py",
        old="    if isinstance(value, int) and not isinstance(value, bool):\n",
        new="    if value is None:\n",
        selection=(f"{_AT}delivery_refused.py::test_what_is_only_unusual_is_no_error", *_QUICK),
    ),
)
