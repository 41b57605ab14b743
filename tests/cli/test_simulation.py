"""`otpflow simulate-esms`: an application's own calls, in sight, until Ctrl-C."""

from __future__ import annotations

import urllib.request
from urllib.error import HTTPError

import pytest

from otpflow import DeliveryError, OTPEngine
from otpflow.keys import new_key
from otpflow.stores import EmbeddedStore
from otpflow.transports import EsmsVoice
from tests.cli.players import Terminal, ran, terminal

KEYS = ("--api-key", "k$y", "--secret-key", "secret")


def base_url(running: Terminal) -> str:
    """Read where the simulator is."""
    running.wait_for("export ESMS_BASE_URL=")
    return running.wait_for("\n").strip()


def call(url: str, api_key: str = "k$y") -> str:
    """Have a number called; give the provider's id of the call."""
    with (
        EsmsVoice(api_key, "secret", base_url=url) as transport,
        OTPEngine(EmbeddedStore(), transport, keys=new_key()) as engine,
    ):
        challenge = engine.issue("0901 888 484", purpose="login", locale="en")
    return str(challenge.delivery.provider_ref)


def test_it_prints_the_settings_shows_calls_and_ends_on_ctrl_c() -> None:
    """The settings lead an application to it, a call shows masked with what is said, and Ctrl-C is success."""
    with terminal("simulate-esms", *KEYS) as running:
        url = base_url(running)
        settings = running.wait_for("Ctrl-C ends it.")
        reference = call(url)
        shown = running.wait_for("Do not tell it to anyone.")
        running.type("\x03")
        goodbye = running.wait_for("Stopped after 1 call.")

        assert running.ended() == 0

    assert "export ESMS_API_KEY='k$y'\n  export ESMS_SECRET_KEY=secret\n" in settings
    assert 'export OTPFLOW_KEYS="$(otpflow keygen)"' in settings
    assert f"call ******8484  as {reference}" in shown
    assert "Your otpflow login code is" in shown
    assert "0901888484" not in shown
    assert "Traceback" not in goodbye


def test_keys_that_no_application_can_use_are_refused() -> None:
    """What it prints is what `EsmsVoice` takes."""
    done = ran("simulate-esms", "--api-key", "two words", "--secret-key", "")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("otpflow: 2 problems:\n- api_key is empty, or has spaces")


def test_other_requests_are_shown_with_their_answers() -> None:
    """Refusals, status queries and wrong addresses are shown with what was answered."""
    with terminal("simulate-esms", *KEYS) as running:
        url = base_url(running)
        with pytest.raises(DeliveryError):
            call(url, api_key="wrong")
        refused = running.wait_for("Authorize Failed")
        status = f"{url}/MainService.svc/json/GetSendStatus?RefId=1&ApiKey=k$y&SecretKey=secret"
        urllib.request.urlopen(status).close()
        unknown = running.wait_for("SMSID not found")
        with pytest.raises(HTTPError) as caught:
            urllib.request.urlopen(url)
        caught.value.close()
        nowhere = running.wait_for("404")
        running.type("\x03")
        running.wait_for("Stopped after 0 calls.")

        assert running.ended() == 0

    assert "SendMultipleMessage_V4_post_json  101" in refused
    assert "GetSendStatus  105" in unknown
    assert nowhere.endswith("/  404")
