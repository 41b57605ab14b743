"""What breaks the promise on what is said: S5."""

from __future__ import annotations

from tests.mutations.base import Mutation

_AT = "tests/guarantees/test_"
_QUICK = ("-k", "embedded-sync")
_CONTENT = (f"{_AT}secrets_content.py", *_QUICK)

MUTATIONS = (
    Mutation(
        guarantee="S5",
        says="looks for placeholders in values",
        file="otpflow/templates.py",
        old='        content = _unaccented("".join(pieces)) if self._unaccent else "".join(pieces)\n',
        new='        content = "".join(pieces).replace("$code", code)\n',
        selection=_CONTENT,
    ),
    Mutation(
        guarantee="S5",
        says="formats values",
        file="otpflow/templates.py",
        old='        content = _unaccented("".join(pieces)) if self._unaccent else "".join(pieces)\n',
        new='        content = "".join(pieces).replace("{x.__class__}", "{x.__class__}".format(x=code))\n',
        selection=_CONTENT,
    ),
    Mutation(
        guarantee="S5",
        says="speaks values with what is invisible in them",
        file="otpflow/templates.py",
        old="values.update({name: _neutral(str(context[name]))",
        new="values.update({name: str(context[name])",
        selection=_CONTENT,
    ),
    Mutation(
        guarantee="S5",
        says="lets values join into the provider's separator",
        file="otpflow/templates.py",
        old='        return _JOINED.sub("| ", content)\n',
        new="        return content\n",
        selection=_CONTENT,
    ),
    Mutation(
        guarantee="S5",
        says="does not know an attempt again whose name is unusual",
        file="otpflow/challenges.py",
        old="    if attempt_id is None:\n",
        new="    if attempt_id is None or not attempt_id.isprintable():\n",
        selection=(f"{_AT}secrets_content.py::test_names_of_requests_never_reach_the_provider", *_QUICK),
    ),
)
