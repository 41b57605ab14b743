"""What breaks the promises on secrets: S1 to S4."""

from __future__ import annotations

from tests.mutations.base import Edit, Mutation

_AT = "tests/guarantees/test_"
_QUICK = ("-k", "embedded-sync")
_STORY = (f"{_AT}secrets_story.py", *_QUICK)
_SETTINGS = (f"{_AT}secrets_settings.py",)
_DUMP = (f"{_AT}secrets_dump.py::test_no_code_and_no_number_is_in_redis",)
_KEYS = (f"{_AT}secrets_keys.py", *_QUICK)
_IDS = (f"{_AT}secrets_ids.py", *_QUICK)

MUTATIONS = (
    Mutation(
        guarantee="S1",
        says="shows the challenge id in repr",
        file="otpflow/models.py",
        old="    id: str = field(repr=False)\n",
        new="    id: str\n",
        selection=_STORY,
    ),
    Mutation(
        guarantee="S1",
        says="shows the verified number in repr",
        file="otpflow/models.py",
        old="    recipient: str | None = field(default=None, repr=False)\n",
        new="    recipient: str | None = None\n",
        selection=_STORY,
    ),
    Mutation(
        guarantee="S1",
        says="tells hooks the code that was typed",
        file="otpflow/flows.py",
        old="purpose=asked.purpose, outcome=outcome.value)",
        new="purpose=asked.purpose, outcome=outcome.value, typed=typed)",
        selection=_STORY,
    ),
    Mutation(
        guarantee="S1",
        says="quotes the provider whatever it says",
        file="otpflow/transports/_esms_text.py",
        old="    if not isinstance(text, str) or secrets.found_in(text):\n",
        new="    if not isinstance(text, str):\n",
        selection=_STORY,
    ),
    Mutation(
        guarantee="S1",
        says="quotes the number that was refused",
        file="otpflow/errors.py",
        old='        return f"recipient refused ({self.reason})"',
        new='        return f"recipient refused ({self.reason}) {self._typed}"',
        also=(
            Edit(
                file="otpflow/flows.py",
                old="        order = self.orders.write(recipient, asked, locale, channel)\n",
                new="        RecipientError._typed = recipient\n"
                "        order = self.orders.write(recipient, asked, locale, channel)\n",
            ),
            Edit(
                file="otpflow/flows.py",
                old="import ChallengeError, IdempotencyError, ThrottledError\n",
                new="import ChallengeError, IdempotencyError, RecipientError, ThrottledError\n",
            ),
        ),
        selection=_STORY,
    ),
    Mutation(
        guarantee="S1",
        says="masks nothing",
        file="otpflow/recipients.py",
        old="    hidden = len(national) - shown\n",
        new="    hidden = 0\n",
        selection=_STORY,
    ),
    Mutation(
        guarantee="S1",
        says="shows the api key in the transport's settings",
        file="otpflow/transports/_esms_settings.py",
        old="    api_key: str = field(repr=False)\n",
        new="    api_key: str\n",
        selection=_SETTINGS,
    ),
    Mutation(
        guarantee="S1",
        says="quotes a key that cannot be read",
        file="otpflow/keys.py",
        old="keys: key {key_id!r} is not base64url;",
        new="keys: key {encoded!r} is not base64url;",
        selection=_SETTINGS,
    ),
    Mutation(
        guarantee="S1",
        says="lets a keyring be pickled",
        file="otpflow/keys.py",
        old="    def __reduce__(self) -> NoReturn:\n",
        new="    def _reduce(self) -> NoReturn:\n",
        selection=_SETTINGS,
    ),
    Mutation(
        guarantee="S2",
        says="keeps the number beside the sealed one",
        file="otpflow/operations.py",
        old='            "purpose": order.purpose,\n',
        new='            "purpose": order.purpose,\n            "number": order.recipient,\n',
        selection=_DUMP,
    ),
    Mutation(
        guarantee="S2",
        says="names attempts by the code that was typed",
        file="otpflow/challenges.py",
        old="        return encode(secrets.token_bytes(NONCE_BYTES))\n",
        new="        return code\n",
        selection=_DUMP,
    ),
    Mutation(
        guarantee="S2",
        says="hands a number to a script that has no use for it",
        file="otpflow/stores/_wire.py",
        old="        arguments=(nonce, number, digest, life),\n",
        new="        arguments=(nonce, number, digest, life, '0901888484'),\n",
        selection=_DUMP,
    ),
    Mutation(
        guarantee="S2",
        says="names numbers by a hash without a key",
        file="otpflow/keys.py",
        old='encode(derive(self._key(self.naming, "name"), *parts)[:SLOT_BYTES])',
        new='encode(derive(b"", *parts)[:SLOT_BYTES])',
        selection=(f"{_AT}secrets_dump.py::test_a_number_is_named_by_the_server_key_alone", *_QUICK),
    ),
    Mutation(
        guarantee="S2",
        says="leaves the secret of the id out of the hash",
        file="otpflow/challenges.py",
        old="address.locator, bound, address.secret, code)",
        new="address.locator, bound, code)",
        selection=(f"{_AT}secrets_dump.py::test_a_dump_and_the_server_keys_yield_no_code", *_QUICK),
    ),
    Mutation(
        guarantee="S3",
        says="names numbers by the newest key",
        file="otpflow/keys.py",
        old="        self.naming = min(keys, key=_natural)\n",
        new="        self.naming = self.active\n",
        selection=_KEYS,
    ),
    Mutation(
        guarantee="S3",
        says="makes challenges with the oldest key",
        file="otpflow/keys.py",
        old="        self.active = next(iter(keys))\n",
        new="        self.active = list(keys)[-1]\n",
        selection=_KEYS,
    ),
    Mutation(
        guarantee="S3",
        says="knows the active key only",
        file="otpflow/keys.py",
        old="for key_id, raw in keys.items()}",
        new="for key_id, raw in list(keys.items())[:1]}",
        selection=_KEYS,
    ),
    Mutation(
        guarantee="S2",
        says="seals an idempotency key's challenge under what is in Redis",
        file="otpflow/challenges.py",
        old='    sealed = keyring.seal(address.key_id, encode(address.secret), "binding", namespace, key)\n',
        new='    sealed = keyring.seal(address.key_id, encode(address.secret), "binding", '
        'keyring.slot("idempotency", namespace, key))\n',
        selection=("tests/guarantees/test_secrets_dump.py", "-k", "idempotency and embedded"),
    ),
    Mutation(
        guarantee="S3",
        says="draws a key where none is given",
        file="otpflow/keys.py",
        old="    if text is None or not text.strip():\n        return {}, [\n",
        new="    if text is None or not text.strip():\n"
        '        return {"k1": secrets.token_bytes(KEY_BYTES)}, [] and [\n',
        selection=_SETTINGS,
    ),
    Mutation(
        guarantee="S3",
        says="runs on Redis with a throw-away key",
        file="otpflow/settings.py",
        old='    if "url" in store and "keys" not in engine:\n',
        new='    if "url" in store and "keys" in store:\n',
        selection=_SETTINGS,
    ),
    Mutation(
        guarantee="S4",
        says="answers an unknown key id without asking the store",
        file="otpflow/keys.py",
        old="        if match is None:\n",
        new="        if match is None or match[1] not in self._derived:\n",
        selection=_IDS,
    ),
    Mutation(
        guarantee="S4",
        says="tells how many attempts an expired challenge had left",
        file="otpflow/stores/lua/claim.lua",
        old="  if not alive then return { 'expired' } end\n",
        new="  if not alive then return { 'used', attempts } end\n",
        selection=_IDS,
    ),
    Mutation(
        guarantee="S4",
        says="tells a challenge that is gone from one that never was",
        file="otpflow/stores/lua/read.lua",
        old="return view(KEYS[1], KEYS[2], clock(), ARGV[1])",
        new="local answer = view(KEYS[1], KEYS[2], clock(), ARGV[1])\n"
        "if redis.call('EXISTS', KEYS[2]) == 1 then answer[1] = 1000 end\n"
        "return answer",
        also=(
            Edit(
                file="otpflow/flows.py",
                old="as_status(view if self.orders.owns(address, view) else challenges.NOTHING)",
                new="as_status(view)",
            ),
            Edit(
                file="otpflow/challenges.py",
                old="resend_after=view.wait if view.state else 0.0,",
                new="resend_after=view.wait,",
            ),
        ),
        selection=_IDS,
    ),
    Mutation(
        guarantee="S4",
        says="tells a number that is refused from one that is not reached",
        file="otpflow/errors.py",
        old="    _texts = CANNOT_SEND\n\n    def __init__(self, reason: str",
        new="    _texts = NO_LONGER\n\n    def __init__(self, reason: str",
        selection=_IDS,
    ),
    Mutation(
        guarantee="S1",
        says="shows how the store connects in its repr",
        file="otpflow/stores/redis.py",
        old="(replicas={self._replicas}, timeout",
        new="({self._client.connection_pool.connection_kwargs}, timeout",
        selection=(*_SETTINGS, "-k", "password"),
    ),
    Mutation(
        guarantee="S2",
        says="seals with one key and without a nonce",
        file="otpflow/keys.py",
        old="        nonce = secrets.token_bytes(_NONCE_BYTES)\n"
        '        box = AESGCM(derive(self._key(key_id, "seal"), *label))\n',
        new='        nonce = bytes(_NONCE_BYTES)\n        box = AESGCM(self._key(key_id, "seal"))\n',
        also=(
            Edit(
                file="otpflow/keys.py",
                old="            raw = decode(sealed)\n"
                '            box = AESGCM(derive(self._key(key_id, "seal"), *label))\n',
                new='            raw = decode(sealed)\n            box = AESGCM(self._key(key_id, "seal"))\n',
            ),
        ),
        selection=(f"{_AT}secrets_dump.py::test_the_same_number_is_never_sealed_alike", *_QUICK),
    ),
    Mutation(
        guarantee="S3",
        says="derives the same from every server key",
        file="otpflow/keys.py",
        old='info=f"otpflow/1/{use}".encode()).derive(raw)',
        new='info=f"otpflow/1/{use}".encode()).derive(b"one")',
        selection=(f"{_AT}secrets_keys.py::test_a_key_that_is_gone_ends_its_challenges", *_QUICK),
    ),
    Mutation(
        guarantee="S3",
        says="reads an id under an unknown key with the active one",
        file="otpflow/keys.py",
        old="            locator, mask = self._hidden(self.active, secret, match[1])\n",
        new="            locator, mask = self._hidden(self.active, secret)\n",
        selection=(f"{_AT}secrets_keys.py::test_an_unknown_key_id_is_refused", *_QUICK),
    ),
    Mutation(
        guarantee="S3",
        says="has the same throw-away key everywhere",
        file="otpflow/assembly.py",
        old='{"keys": new_key("throwaway"), ',
        new='{"keys": "throwaway:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", ',
        selection=(*_SETTINGS, "-k", "of_its_own"),
    ),
    Mutation(
        guarantee="S4",
        says="tells a superseded code from one that never was",
        file="otpflow/messages.py",
        old='    "SUPERSEDED": _WRONG,\n',
        new='    "SUPERSEDED": _MALFORMED,\n',
        selection=(f"{_AT}secrets_ids.py::test_a_verdict_says_no_more_than_it_must",),
    ),
)
