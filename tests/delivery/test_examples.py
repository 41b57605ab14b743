"""The examples on delivery run with no arguments, and say what the manual says."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from otpflow import AsyncOTPEngine, DeliveryReport
from otpflow.keys import new_key
from otpflow.stores import AsyncEmbeddedStore
from otpflow.testing import Outbox

ROOT = Path(__file__).parents[2]
RECEIPTS = """\
taken         ACCEPTED
forged        200 None
provider      [True]
answered      DELIVERED 13 s 850.0 VND
once more     False
the page sees DELIVERED
another path  404
Redis is gone 503
"""
FALLBACK = """\
nobody answers the call
   ISSUED            voice provider=esms delivery=ACCEPTED
   DELIVERY_REPORTED voice delivery=UNANSWERED provider=esms duration=0 price=850.0
   WENT_ON           sms   provider=esms
   RESENT            sms   provider=esms-sms delivery=ACCEPTED
   DELIVERY_REPORTED sms   delivery=DELIVERED provider=esms-sms price=850.0
   CHECKED                 outcome=SUPERSEDED
   CHECKED                 outcome=VERIFIED
   the code of the call: SUPERSEDED
   the code of the message: VERIFIED
the call is refused
   DELIVERY_REFUSED  voice provider=esms code=177
   ISSUED            sms   provider=esms-sms delivery=ACCEPTED
   sent by: sms
nobody knows whether there is a call
   DELIVERY_UNKNOWN  voice provider=esms code=CODE
   ISSUED            voice provider=esms delivery=UNKNOWN
   sent by: voice UNKNOWN
   CHECKED                 outcome=VERIFIED
   the code of the call: VERIFIED
"""


@pytest.mark.parametrize(
    ("name", "story"), [("receipts_endpoint", RECEIPTS), ("fallback", FALLBACK)], ids=["receipts", "fallback"]
)
def test_an_example_tells_its_story(name: str, story: str, tmp_path: Path) -> None:
    """With nothing in the environment, and without a warning."""
    done = subprocess.run(
        (sys.executable, "-W", "error", str(ROOT / "examples" / f"{name}.py")),
        capture_output=True,
        check=False,
        cwd=tmp_path,
        encoding="utf-8",
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert re.sub(r"(UNKNOWN  voice provider=esms code=)\w+", r"\1CODE", done.stdout) == story


def load(name: str) -> ModuleType:
    """Import an example as a module of its own."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/otp/receipts", 200), ("POST", "/otp/receipts", 404), ("GET", "/", 404)],
)
def test_the_endpoint_answers_its_own_address_alone(method: str, path: str, status: int) -> None:
    """Whatever is called there, 200; what is not believed is told as nothing."""
    seen: list[DeliveryReport | None] = []
    sent: list[Any] = []

    async def story() -> None:
        async with AsyncOTPEngine(AsyncEmbeddedStore(), Outbox(), keys=new_key()) as engine:
            app = load("receipts_endpoint").receipts(engine, seen.append)

            async def send(event: Any) -> None:
                sent.append(event)

            scope = {"type": "http", "method": method, "path": path, "query_string": b"\xff=%00&&?"}
            await app(scope, None, send)
            with pytest.raises(RuntimeError, match="no start-up"):
                await app({"type": "lifespan"}, None, send)

    asyncio.run(story())

    assert [event["type"] for event in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == status
    assert seen == ([None] if status == 200 else [])
