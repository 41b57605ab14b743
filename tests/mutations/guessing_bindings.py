"""Changes by which a code holds for something else than it was asked for."""

from __future__ import annotations

from tests.mutations.base import Edit, Mutation

CLAIM = "otpflow/stores/lua/claim.lua"
ARGUMENTS = "otpflow/arguments.py"
CHALLENGES = "otpflow/challenges.py"
KEYS = "otpflow/keys.py"
RECORDS = "otpflow/records.py"

EMBEDDED = ("-k", "embedded")
NO_DECREMENT = "attempts = attempts"


def bindings(test: str) -> tuple[str, ...]:
    """Select a test of what a code is bound to."""
    return f"tests/guarantees/test_guessing_bindings.py::{test}", *EMBEDDED


MUTATIONS = (
    *(
        Mutation(
            guarantee="G8",
            says=f"a code is not bound to its {word}",
            file=CHALLENGES,
            old='("code", namespace, purpose, recipient, address.locator, bound,',
            new=f'("code", {rest}',
            selection=bindings(test),
        )
        for word, rest, test in (
            ("purpose", "namespace, recipient, address.locator, bound,", "test_another_purpose"),
            ("context", "namespace, purpose, recipient, address.locator,", "test_another_context"),
            (
                "context, where there was none",
                "namespace, purpose, recipient, address.locator,",
                "test_a_context_where_there_was_none",
            ),
            ("number", "namespace, purpose, address.locator, bound,", "test_another_number"),
            ("namespace", "purpose, recipient, address.locator, bound,", "test_another_namespace"),
        )
    ),
    Mutation(
        guarantee="G8",
        says="a code is not bound to its challenge: not by name, not by secret, not by salt",
        file=CHALLENGES,
        old="recipient, address.locator, bound, address.secret, code)",
        new="recipient, bound, code)",
        also=(Edit(file=KEYS, old='return self.locator.encode("ascii")', new="return bytes(16)"),),
        selection=bindings("test_a_hash_that_was_moved"),
    ),
    Mutation(
        guarantee="G8",
        says="the server keys have no part in it",
        file=KEYS,
        old="key_id: _derive(raw) for",
        new="key_id: _derive(bytes(32)) for",
        selection=bindings("test_another_server_key"),
    ),
    Mutation(
        guarantee="G8",
        says="whatever is typed is right",
        file=CHALLENGES,
        old="if hmac.compare_digest(code.digest, digest)]",
        new="]",
        selection=bindings("test_another_challenge"),
    ),
    Mutation(
        guarantee="G8",
        says="what a code is bound to is written without lengths",
        file=RECORDS,
        old="        joined += len(raw).to_bytes(4)\n",
        new="",
        selection=bindings("test_a_namespace_that_reaches_into_the_purpose"),
    ),
    Mutation(
        guarantee="G8",
        says="a context is written without quotes",
        file=ARGUMENTS,
        old='json.dumps(self.context, separators=(",", ":"))',
        new='",".join(":".join(pair) for pair in self.context.items())',
        selection=bindings("test_a_context_that_is_written_like_another"),
    ),
    *(
        Mutation(
            guarantee="G8",
            says=f"an attempt is not bound to its {word}",
            file=CHALLENGES,
            old='("attempt", attempt_id, namespace, purpose, bound, address.secret, code)',
            new=f'("attempt", attempt_id, {rest})',
            selection=bindings("test_a_verdict_is_bound_as_its_code_is"),
        )
        for word, rest in (
            ("purpose", "namespace, bound, address.secret, code"),
            ("context", "namespace, purpose, address.secret, code"),
            ("namespace", "purpose, bound, address.secret, code"),
            ("code", "namespace, purpose, bound, address.secret"),
        )
    ),
    Mutation(
        guarantee="G8",
        says="right digits at the wrong place cost nothing",
        file=CLAIM,
        old="attempts = attempts - 1",
        new=NO_DECREMENT,
        selection=bindings("test_another_purpose"),
    ),
    Mutation(
        guarantee="G8",
        says="right digits at the wrong place are not counted for the number",
        file=CLAIM,
        old="note(KEYS[2], now, ARGV[1], ARGV[3])",
        new="",
        selection=bindings("test_the_number_counts_it_too"),
    ),
)
