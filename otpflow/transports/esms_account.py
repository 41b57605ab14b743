"""eSMS (esms.vn): the account itself."""

from __future__ import annotations

from otpflow.transports import _esms_requests, _esms_status
from otpflow.transports._esms_client import Awaited, Blocking, ClientT, Session
from otpflow.transports._esms_settings import BASE_URL, Settings
from otpflow.transports._esms_wire import Asking
from otpflow.transports._http import AsyncClient, Client


class _Account(Session[ClientT]):
    def __init__(
        self,
        api_key: str,
        secret_key: str,
        *,
        base_url: str = BASE_URL,
        timeout: float = 5.0,
        client: ClientT | None = None,
    ) -> None:
        settings = Settings(api_key=api_key, secret_key=secret_key, base_url=base_url, timeout=timeout)
        super().__init__(settings, shown={"base_url": base_url, "timeout": timeout}, wrong={}, client=client)

    def _asking(self) -> Asking[int]:
        return Asking(self._settings, _esms_requests.balance(self._settings), _esms_status.balance)


class EsmsAccount(_Account[Client], Blocking):
    """Asks what is left on an account.

    Args:
        api_key: the account's ApiKey.
        secret_key: the account's SecretKey.
        base_url: where the provider is; https, or plain http to this machine.
        timeout: seconds for one try, at most 60; the whole takes at most twice that.
        client: an `httpx.Client` of your own; it is not closed here.

    Raises:
        ConfigurationError: with everything that is wrong with the arguments.
    """

    def balance(self) -> int:
        """Ask for the balance, within twice `timeout`.

        Returns:
            It, in whole dong.

        Raises:
            DeliveryError: the provider refused to say, with its code, or was not reached.
            DeliveryUnknownError: no answer came, or none that can be read.
        """
        return self._run(self._asking())


class AsyncEsmsAccount(_Account[AsyncClient], Awaited):
    """The same with `await`; `client` is an `httpx.AsyncClient`.

    Its arguments are those of `EsmsAccount`.
    """

    async def balance(self) -> int:
        """Do what `EsmsAccount.balance` does, without blocking the event loop."""
        return await self._run(self._asking())
