"""The fixtures that come with the package, as an application's own test run finds them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from otpflow import OTPEngine
from otpflow.stores import EmbeddedStore
from otpflow.testing import Outbox, advance

LOGIN = """
from otpflow.testing import advance

def test_a_login(otpflow_engine, otpflow_outbox):
    challenge = otpflow_engine.issue("0901 888 484", purpose="login")
    assert otpflow_engine.verify(challenge.id, otpflow_outbox.code, purpose="login")

def test_a_late_login(otpflow_engine, otpflow_outbox, otpflow_store):
    assert otpflow_outbox.messages == ()
    challenge = otpflow_engine.issue("0901 888 484", purpose="login")
    advance(otpflow_store, 181)
    assert not otpflow_engine.verify(challenge.id, otpflow_outbox.code, purpose="login")
"""


def pytest_run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run an application's tests, away from this project's settings."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_application_needs_to_import_nothing(tmp_path: Path) -> None:
    """pytest finds the fixtures by itself, and each test gets an empty outbox and store of its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (tmp_path / "test_login.py").write_text(LOGIN)

    answer = pytest_run(tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "2 passed" in answer.stdout


def test_the_fixtures_are_listed_with_what_they_are(tmp_path: Path) -> None:
    """`pytest --fixtures` says what each of them gives."""
    answer = pytest_run(tmp_path, "--fixtures")

    for said in (
        "otpflow_engine",
        "An engine with the default policy, over `otpflow_store` and `otpflow_outbox`.",
        "An empty outbox.",
        "An empty store in this process, which `otpflow.testing.advance` can make older.",
    ):
        assert said in answer.stdout


def test_a_run_that_uses_none_of_them_loads_no_store_and_no_client(tmp_path: Path) -> None:
    """The plugin is loaded in every test run of whoever has the package: no store and no client comes with it."""
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n\n"
        "def test_nothing():\n"
        "    heavy = {'redis', 'fakeredis', 'httpx', 'phonenumbers'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )

    answer = pytest_run(tmp_path)
    assert "1 passed" in answer.stdout, answer.stdout


def test_the_engine_stands_on_the_store_and_the_outbox(
    otpflow_engine: OTPEngine, otpflow_outbox: Outbox, otpflow_store: EmbeddedStore
) -> None:
    """What the engine sends is in the outbox, and what it keeps is in the store."""
    challenge = otpflow_engine.issue("0901 888 484", purpose="login")
    assert (
        otpflow_engine.verify(challenge.id, otpflow_outbox.code, purpose="login").recipient == "+84901888484"
    )
    advance(otpflow_store, 601)

    assert otpflow_engine.inspect(challenge.id).state == "EXPIRED"
