"""What all eSMS clients share: checked settings, nothing secret shown, and the twins' own part, the I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import ClassVar, Generic, NoReturn, Self, TypeVar

from otpflow.errors import ConfigurationError, DeliveryError
from otpflow.models import DeliveryState, Message, Receipt, Report
from otpflow.transports import _esms_log
from otpflow.transports._esms_receipts import parse_receipt
from otpflow.transports._esms_requests import call_status, message_status
from otpflow.transports._esms_settings import Settings, problems
from otpflow.transports._esms_status import report
from otpflow.transports._esms_text import Secrets
from otpflow.transports._esms_wire import Asking, Sending, Tries
from otpflow.transports._exchange import Request
from otpflow.transports._http import AsyncClient, AsyncHTTPClient, Client, HTTPClient, client_problem

ClientT = TypeVar("ClientT", bound=Client | AsyncClient)
T = TypeVar("T")


class Session(ABC, Generic[ClientT]):
    """Settings that were checked.

    Args:
        settings: the shared ones.
        shown: what `repr` shows.
        wrong: by argument, what is wrong with those of this kind; `None`: nothing.
        client: the caller's own.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """

    _asynchronous: ClassVar[bool] = False

    def __init__(
        self,
        settings: Settings,
        *,
        shown: Mapping[str, object],
        wrong: Mapping[str, str | None],
        client: ClientT | None,
    ) -> None:
        of_client = client_problem(client, asynchronous=self._asynchronous)
        if found := problems(settings, {**wrong, "client": of_client}):
            raise ConfigurationError(*found)
        _esms_log.install()
        self._settings, self._shown = settings, shown
        self._connect(client)

    @abstractmethod
    def _connect(self, client: ClientT | None) -> None: ...

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._shown.items())})"
        )

    def __reduce__(self) -> NoReturn:
        msg = f"an {type(self).__name__} holds keys and connections; build it where it is used"
        raise TypeError(msg)


class Blocking(Session[Client]):
    """For `OTPEngine`; see `Session`."""

    def _connect(self, client: Client | None) -> None:
        self._http = HTTPClient(client)

    def _run(self, tries: Tries[T]) -> T:
        result = None
        while result is None:
            result = tries.judge(self._http.exchange(tries.request, tries.seconds()))
        return result

    def close(self) -> None:
        """Let go of threads and connections; a client that you brought stays open."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Awaited(Session[AsyncClient]):
    """For `AsyncOTPEngine`; see `Session`."""

    _asynchronous = True

    def _connect(self, client: AsyncClient | None) -> None:
        self._http = AsyncHTTPClient(client)

    async def _run(self, tries: Tries[T]) -> T:
        result = None
        while result is None:
            result = tries.judge(await self._http.exchange(tries.request, tries.seconds()))
        return result

    async def aclose(self) -> None:
        """Send nothing more; a client that you brought stays open."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class Carrying(Session[ClientT]):
    """What the transports share, whatever they carry.

    Attributes:
        name: for events and receipts.
        channels: what it serves.
    """

    name: ClassVar[str] = "esms"
    channels: ClassVar[tuple[str, ...]] = ("voice",)
    _write: Callable[[Settings, Message], Request]

    def _sending(self, message: Message) -> Sending:
        if message.channel not in self.channels:
            code = "channel"
            text = f"this transport serves {self.channels[0]!r}; it does not serve {message.channel!r}"
            raise DeliveryError(code, False, text, "caller")
        return Sending(self._settings, self._write(self._settings, message), message, self.name)

    def _polling(self, provider_ref: str) -> Asking[Report]:
        settings = self._settings
        ask = call_status if "voice" in self.channels else message_status
        secrets = Secrets(keys=(settings.api_key, settings.secret_key))
        return Asking(
            settings,
            ask(settings, provider_ref),
            lambda fields: report(fields, secrets),
            not_yet=Report(state=DeliveryState.ACCEPTED),
        )

    def parse_receipt(self, query: Mapping[str, str]) -> Report | None:
        """Read the fields of a callback, in the form for messages or in the form for calls.

        Args:
            query: the provider's fields. Nothing here proves that they come from it.

        Returns:
            What they say, or `None` where they are no such callback, or say nothing of how the send went.
        """
        return parse_receipt(query)


class BlockingCarrying(Carrying[Client], Blocking):
    """Sends and asks for `OTPEngine`."""

    def send(self, message: Message, /) -> Receipt:
        """Have the message delivered.

        Args:
            message: what to say to whom; `request_id` names this send.

        Returns:
            A receipt with the provider's id of the send; without it where the provider took a try whose
            answer was lost.

        Raises:
            DeliveryError: the provider surely did not take it.
            DeliveryUnknownError: nobody knows whether it did.
        """
        return self._run(self._sending(message))

    def poll(self, provider_ref: str) -> Report:
        """Ask what became of a send, within twice `timeout`. The provider knows those of the last 7 days.

        Args:
            provider_ref: the provider's id of it, from the receipt.

        Returns:
            What is known; `ACCEPTED`: nothing yet, ask again later.

        Raises:
            DeliveryError: the provider refused to say, or was not reached.
            DeliveryUnknownError: no answer came, or none that can be read.
        """
        return self._run(self._polling(provider_ref))


class AwaitedCarrying(Carrying[AsyncClient], Awaited):
    """Sends and asks for `AsyncOTPEngine`."""

    async def send(self, message: Message, /) -> Receipt:
        """Do what the plain twin's `send` does, without blocking the event loop."""
        return await self._run(self._sending(message))

    async def poll(self, provider_ref: str) -> Report:
        """Do what the plain twin's `poll` does, without blocking the event loop."""
        return await self._run(self._polling(provider_ref))
