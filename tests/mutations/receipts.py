"""What breaks the promises on the fate of a send: D3 and D4, and D1 over several transports."""

from __future__ import annotations

from tests.mutations.base import Edit, Mutation

FLOWS = "otpflow/delivery_flows.py"
STEPS = "otpflow/steps.py"
RECEIPTS = "otpflow/receipts.py"
LUA = "otpflow/stores/lua/"

_AT = "tests/guarantees/test_"
_QUICK = ("-k", "embedded and not async")
_RECEIPTS = (f"{_AT}receipts.py", *_QUICK)
_ORDER = (f"{_AT}receipts_order.py", "tests/delivery/test_states.py", *_QUICK)
_EFFECTS = (f"{_AT}receipts_effects.py", *_QUICK)
_RESENDS = ("tests/delivery/test_resends.py", *_QUICK)
_GOING_ON = ("tests/delivery/test_going_on.py", *_QUICK)
_ONCE = ("tests/delivery/test_going_on_once.py", *_QUICK)
_FALLBACK = ("tests/delivery/test_fallback.py", *_QUICK)

MUTATIONS = (
    Mutation(
        guarantee="D3",
        says="keeps the reservation of a re-send that was refused",
        file=STEPS,
        old="        except DeliveryError:\n            yield from self._release(send)\n            raise\n",
        new="        except DeliveryError:\n            raise\n",
        selection=_RESENDS,
    ),
    Mutation(
        guarantee="D3",
        says="gives the cooldown back and not the challenge's send",
        file=f"{LUA}release.lua",
        old="      redis.call('HSET', KEYS[1], 'sends_left', held[3] + 1)\n",
        new="",
        selection=_RESENDS,
    ),
    Mutation(
        guarantee="D3",
        says="takes a released send for the latest",
        file=f"{LUA}release.lua",
        old="      if number == tonumber(held[1]) then redis.call('HSET', KEYS[1], 'sequence', number - 1) end\n",
        new="",
        selection=_RESENDS,
    ),
    Mutation(
        guarantee="D3",
        says="ends the earlier code where nobody knows of the new one",
        file=f"{LUA}confirm.lua",
        old="held[5] ~= '0' and ARGV[6] ~= 'UNKNOWN' then",
        new="held[5] ~= '0' then",
        selection=_RESENDS,
    ),
    Mutation(
        guarantee="D4",
        says="believes a receipt without looking at its signature",
        file=FLOWS,
        old="return Place(name.slot, name.locator) if name is not None and known and right else None",
        new="return Place(name.slot, name.locator) if name is not None and known else None",
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="looks at the beginning of a signature",
        file=FLOWS,
        old='        right = hmac.compare_digest(ours.encode("ascii"), theirs)\n',
        new='        right = hmac.compare_digest(ours.encode("ascii")[: len(theirs)], theirs) and bool(theirs)\n',
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="signs a challenge and not a send",
        file=FLOWS,
        old='keyring.sign(key_id, "callback", str(name)), signature.encode',
        new='keyring.sign(key_id, "callback", str(name).rsplit(".", 2)[0]), signature.encode',
        also=(
            Edit(
                file="otpflow/orders.py",
                old='signature = self.keyring.sign(address.key_id, "callback", str(name))',
                new='signature = self.keyring.sign(address.key_id, "callback", str(name).rsplit(".", 2)[0])',
            ),
        ),
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="signs a send and not who was asked for it",
        file=FLOWS,
        old='keyring.sign(key_id, "callback", str(name)), signature.encode',
        new='keyring.sign(key_id, "callback", str(name).rsplit(".", 1)[0]), signature.encode',
        also=(
            Edit(
                file="otpflow/orders.py",
                old='signature = self.keyring.sign(address.key_id, "callback", str(name))',
                new='signature = self.keyring.sign(address.key_id, "callback", str(name).rsplit(".", 1)[0])',
            ),
        ),
        selection=_ONCE,
    ),
    Mutation(
        guarantee="D4",
        says="tells a forger by the time that it takes",
        file=FLOWS,
        old="        view = yield from self._ask(self.operations.look(place or _NOWHERE))\n",
        new="        if place is None:\n"
        "            self.tell(EventKind.RECEIPT_REFUSED)\n"
        "            return None\n"
        "        view = yield from self._ask(self.operations.look(place))\n",
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="fails at a signature that is no text",
        file=FLOWS,
        old='signature.encode("utf-8", "surrogatepass")',
        new='signature.encode("utf-8")',
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="does not look at the number",
        file=FLOWS,
        old="        return report if same else None\n",
        new="        return report\n",
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="looks at oversized queries",
        file=RECEIPTS,
        old="    if len(text) > LONGEST_QUERY:\n        return None\n",
        new="",
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="makes a challenge out of a receipt that is late",
        file=f"{LUA}report.lua",
        old="if not held[1] then return { 'gone' } end\n",
        new="held[2] = held[2] or ARGV[1]\nheld[5] = held[5] or clock() + 1000\n",
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="lets a report move back",
        file=f"{LUA}report.lua",
        old="if known then return { 'same', known, reference } end\n",
        new="",
        selection=_ORDER,
    ),
    Mutation(
        guarantee="D4",
        says="takes a report of an earlier send for one of the latest",
        file=f"{LUA}report.lua",
        old="if held[2] ~= ARGV[1] then return { 'earlier', ARGV[2], ARGV[5] } end\n",
        new="",
        selection=_ORDER,
    ),
    Mutation(
        guarantee="D4",
        says="believes a transport that had refused the send",
        file=f"{LUA}report.lua",
        old="if ours and held[6] ~= ARGV[4] then return { 'earlier', ARGV[2], ARGV[5] } end\n",
        new="",
        selection=_ONCE,
    ),
    Mutation(
        guarantee="D4",
        says="forgets what came before the answer",
        file=f"{LUA}confirm.lua",
        old="    state = further(held[6], ARGV[2], ARGV[6], ARGV[7]) or ARGV[6]\n",
        new="",
        selection=_ORDER,
    ),
    Mutation(
        guarantee="D4",
        says="forgets the reference that came before the answer",
        file=f"{LUA}confirm.lua",
        old="ARGV[9] == '' and ours and held[7] or ARGV[9]",
        new="ARGV[9]",
        selection=_ORDER,
    ),
    Mutation(
        guarantee="D4",
        says="goes on once more for each report that a send did not get through",
        file=f"{LUA}renew.lua",
        old="  if ARGV[4] ~= '0' and ARGV[4] ~= held[4] then return { 'overtaken' } end\n",
        new="",
        selection=_ORDER,
    ),
    Mutation(
        guarantee="D4",
        says="has any transport read a receipt",
        file=FLOWS,
        old="        report = None if carrier is None else carrier.report(callback.fields)\n",
        new="        read = [each.report(callback.fields) for each in (*self.route.carriers, carrier) if each]\n"
        "        report = next((one for one in read if one is not None), None)\n",
        selection=_ONCE,
    ),
    Mutation(
        guarantee="D4",
        says="takes a name that is written in other letters",
        file=RECEIPTS,
        old="    return name if str(name) == text else None\n",
        new="    return name\n",
        selection=_RECEIPTS,
    ),
    Mutation(
        guarantee="D4",
        says="lets a receipt make a code live longer",
        file=f"{LUA}report.lua",
        old="redis.call('PEXPIREAT', KEYS[1], held[5])\n",
        new="redis.call('PEXPIREAT', KEYS[1], held[5])\n"
        "redis.call('HSET', KEYS[1], 'until:' .. ARGV[1], clock() + 180000)\n",
        selection=_EFFECTS,
    ),
    Mutation(
        guarantee="D4",
        says="lets a receipt lengthen a challenge",
        file=f"{LUA}report.lua",
        old="redis.call('PEXPIREAT', KEYS[1], held[5])\n",
        new="redis.call('PEXPIRE', KEYS[1], 600000)\n",
        selection=_EFFECTS,
    ),
    Mutation(
        guarantee="D4",
        says="lets a follow-up ignore every budget",
        file="otpflow/limits.py",
        old='        ("hour", policy.sends_per_hour, HOUR),\n        ("day", policy.sends_per_day, DAY),\n',
        new='        ("hour", policy.sends_per_hour if cooldown else 999, HOUR),\n'
        '        ("day", policy.sends_per_day if cooldown else 999, DAY),\n',
        selection=_GOING_ON,
    ),
    Mutation(
        guarantee="D4",
        says="goes on with the secret of another challenge",
        file=FLOWS,
        old='unseal(name.key_id, sealed, "callback", str(name)) if sealed else None',
        new='unseal(name.key_id, sealed, "callback") if sealed else None',
        also=(
            Edit(
                file="otpflow/orders.py",
                old='encode(address.secret), "callback", str(name))',
                new='encode(address.secret), "callback")',
            ),
        ),
        selection=_GOING_ON,
    ),
    Mutation(
        guarantee="D1",
        says="asks the next transport where nobody knows of the first",
        file="otpflow/transports/_route.py",
        old="            yield from gate.hears(leg, error)\n            return Landing(leg, leg.carrier.unknown(), error)\n"
        "        except DeliveryError as error:\n",
        new="            yield from gate.hears(leg, error)\n            refusals.append(error)\n"
        "        except DeliveryError as error:\n",
        selection=_FALLBACK,
    ),
    Mutation(
        guarantee="D1",
        says="asks two transports under one request id",
        file="otpflow/transports/fallback.py",
        old='    return request_id if place == 0 else f"{request_id}.{place + 1}"\n',
        new="    return request_id\n",
        selection=_FALLBACK,
    ),
)
