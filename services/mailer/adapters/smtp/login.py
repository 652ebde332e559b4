"""Opens a connection to a mail server: TCP, greeting, EHLO, TLS and AUTH, by aiosmtplib."""

import asyncio
import functools
import ipaddress
import ssl
from typing import cast

import aiosmtplib

from services.mailer.adapters.smtp.connection import Connection
from services.mailer.domain.reply import readable
from services.mailer.domain.server import MailServer, ServerUnavailable, Stage

_PERMANENT_CLASS = 5
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


async def connect(server: MailServer, trust: ssl.SSLContext | None = None) -> Connection:
    """Return an open connection, logged in; `trust` stands in for the authorities that this machine trusts.

    Raises ServerUnavailable.
    """
    login = _Login(server, trust)
    try:
        return await login.run()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise login.unavailable(error) from error
    finally:
        login.leave()


class _Login:
    """The way in, step by step; `stage` is the step that failed."""

    def __init__(self, server: MailServer, trust: ssl.SSLContext | None) -> None:
        checked = server.security != "if-offered"
        self.stage: Stage = "connect"
        self._server = server
        self._done = False
        self._client = aiosmtplib.SMTP(
            timeout=server.timeouts.greeting,
            use_tls=server.security == "tls",
            start_tls=False,
            tls_context=(trust if checked else None) or _authorities(checked=checked),
        )

    async def run(self) -> Connection:
        """Go in. Raises what aiosmtplib, ssl and the system raise."""
        server, client = self._server, self._client
        await client.connect(hostname=server.host, port=server.port, local_hostname=server.local_hostname)
        await client.ehlo()
        if server.security == "starttls" or (server.security == "if-offered" and client.supports_extension("starttls")):
            self.stage = "tls"
            await client.starttls()
            await client.ehlo()
        if server.user is not None:
            self.stage = "login"
            await self._show_password(server.user, server.password or "")
        self._done = True
        return Connection(cast("asyncio.Transport", client.transport), client.esmtp_extensions, server.timeouts)

    def leave(self) -> None:
        """Close what was opened, unless the connection now owns it."""
        if not self._done:
            self._client.close()

    def unavailable(self, error: Exception) -> ServerUnavailable:
        """Return what this error says of the server."""
        cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
        stage: Stage = "tls" if isinstance(cause, ssl.SSLError) else self.stage
        if isinstance(cause, aiosmtplib.SMTPResponseException):
            code = cause.code if cause.code > 0 else None
            text = readable(cause.message.encode("utf-8", "surrogateescape"))
            return ServerUnavailable(stage, code, text, permanent=cause.code // 100 == _PERMANENT_CLASS)
        return ServerUnavailable(stage, None, str(cause) or type(cause).__name__, permanent=_is_set_up_wrong(cause))

    async def _show_password(self, user: str, password: str) -> None:
        """Log in by one method: a server locks out whoever tries three with the same wrong password."""
        if not self._is_private():
            raise aiosmtplib.SMTPException("the password would go in clear: set security to tls or starttls")
        methods = self._client.server_auth_methods
        if "plain" in methods:
            await self._client.auth_plain(user, password)
        elif "login" in methods:
            await self._client.auth_login(user, password)
        else:
            raise aiosmtplib.SMTPException("the server offers neither AUTH PLAIN nor AUTH LOGIN")

    def _is_private(self) -> bool:
        context = self._client.get_transport_info("sslcontext")
        checked = context is not None and context.verify_mode is ssl.CERT_REQUIRED
        return checked or _is_this_machine(self._client.get_transport_info("peername")[0])


def _is_this_machine(peer: str) -> bool:
    return ipaddress.ip_address(peer).is_loopback


def _is_set_up_wrong(error: BaseException) -> bool:
    """Tell a wrong set-up, which a person must mend, from a server that is away for a while."""
    if isinstance(error, ssl.SSLError):
        return not isinstance(error, _BROKEN_OFF)
    return not isinstance(error, OSError)  # aiosmtplib's own lost connections and timeouts are OSErrors too


@functools.cache
def _authorities(*, checked: bool) -> ssl.SSLContext:
    """Return the one TLS context for all connections: making one costs 21 ms."""
    context = ssl.create_default_context()
    if not checked:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
