"""The address that the provider calls to say what became of a call: a plain ASGI app, twenty lines without a framework.

With a framework it is one view: hand `engine.handle_receipt` the raw query and answer 200. The engine checks the
signature that it put into each callback URL itself, so the view needs no login and no allow-list of addresses.
What comes back is for your own figures; nothing has to be done with it.

Run it behind any ASGI server: `uvicorn receipts_endpoint:app`, with `app = receipts(engine)`. Here a few lines of
asyncio stand in for one, so that the simulated provider's callbacks come over real HTTP.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import httpx

from otpflow import AsyncOTPEngine, DeliveryReport, StoreUnavailableError
from otpflow.keys import new_key
from otpflow.stores import AsyncEmbeddedStore, AsyncRedisStore
from otpflow.testing import EsmsSimulator, Outbox
from otpflow.transports import AsyncEsmsVoice

Scope: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Scope], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Callable[[], Awaitable[Scope]], Send], Awaitable[None]]
PATH = "/otp/receipts"


def receipts(engine: AsyncOTPEngine, seen: Callable[[DeliveryReport | None], object] = print) -> App:
    """Build the app; `seen` gets what was taken from each callback, `None` where it was not believed."""

    async def app(scope: Scope, _: object, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("this app needs no start-up and speaks no websockets")
        status = 404
        if (scope["method"], scope["path"]) == ("GET", PATH):
            status = 200  # also for what is not believed: a forger learns nothing
            try:
                seen(await engine.handle_receipt(scope["query_string"]))
            except StoreUnavailableError:
                status = 503  # the provider calls again, up to 5 times
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return app


async def answer(app: App, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be the ASGI server for one request: read its head, ask the app, write the status."""
    method, target = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split()[:2]
    path, _, query = target.partition("?")

    async def send(event: Scope) -> None:
        if event["type"] == "http.response.start":
            writer.write(b"HTTP/1.1 %d OK\r\ncontent-length: 0\r\n\r\n" % event["status"])

    async def receive() -> Scope:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app(
        {"type": "http", "method": method, "path": path, "query_string": query.encode("latin-1")},
        receive,
        send,
    )
    writer.close()


async def status_of(app: App, query: bytes = b"", path: str = PATH) -> int:
    """Call the app in process, as anybody can who knows the address."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://shop.example"
    ) as client:
        return (await client.get(path, params=query.decode())).status_code


async def main() -> None:
    """A call that is answered; a receipt that is forged, one that comes twice, and a Redis that is gone."""
    simulator, told = EsmsSimulator(), list[DeliveryReport | None]()
    listening = socket.create_server(("127.0.0.1", 0))
    with simulator.serve() as provider:
        voice = AsyncEsmsVoice(simulator.api_key, simulator.secret_key, base_url=provider.base_url)
        engine = AsyncOTPEngine(
            AsyncEmbeddedStore(),
            voice,
            keys=new_key(),
            callback_url=f"http://127.0.0.1:{listening.getsockname()[1]}{PATH}",
        )
        app = receipts(engine, told.append)
        server = await asyncio.start_server(
            lambda reader, writer: answer(app, reader, writer), sock=listening
        )
        async with server, voice, engine:
            challenge = await engine.issue("0901 888 484", purpose="login")
            print("taken        ", challenge.delivery.state)
            call = simulator.calls[0]
            print(
                "forged       ",
                await status_of(app, f"ReferenceId={call.sms_id}&SendStatus=5".encode()),
                told.pop(),
            )
            simulator.answer(call.sms_id, duration=13)
            print("provider     ", await asyncio.to_thread(simulator.deliver_callbacks))
            report = told.pop()
            assert report is not None
            print("answered     ", report.delivery.state, report.duration, "s", report.price, "VND")
            simulator.answer(call.sms_id, duration=13)
            await asyncio.to_thread(simulator.deliver_callbacks)
            again = told.pop()
            print("once more    ", again is not None and again.changed)
            print("the page sees", (await engine.inspect(challenge.id)).delivery.state)
            print("another path ", await status_of(app, path="/"))
    async with (
        AsyncRedisStore.from_url("redis://127.0.0.1:1/0") as gone,
        AsyncOTPEngine(gone, Outbox(), keys=new_key()) as engine,
    ):
        print("Redis is gone", await status_of(receipts(engine)))


if __name__ == "__main__":
    asyncio.run(main())
