"""An open connection to a mail server, owned by one task: mails are handed over on it one after another."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from services.mailer.adapters.smtp.line import Line
from services.mailer.adapters.smtp.transaction import Commands, Transaction
from services.mailer.domain.reply import Reply
from services.mailer.domain.server import Timeouts

_NEVER_IN_A_PATH = frozenset(" <>")


class Connection:
    """Hands over mails, one recipient each. `last_reply` holds the verdict of the last, also of a cancelled one."""

    def __init__(self, transport: asyncio.Transport, extensions: Mapping[str, str], timeouts: Timeouts) -> None:
        self.last_reply: Reply | None = None
        self._line = Line(transport)
        self._timeouts = timeouts
        self._pipelining = "pipelining" in extensions
        self._smtputf8 = "smtputf8" in extensions
        self._size = extensions.get("size")
        self._kept = True
        self._envelope_open = False

    @property
    def reusable(self) -> bool:
        """True while the next mail can go over this connection; a server that hung up meanwhile makes it false."""
        return self._kept and not self._line.gone and not self._line.answers

    async def send(self, sender: str, recipient: str, wire: bytes) -> Reply:
        """Hand one mail over and return what became of it; an empty sender is the null sender of bounces.

        Raises CancelledError alone, and then `last_reply` holds the verdict and the connection is closed.
        """
        self.last_reply = unsendable = self._unsendable(sender, recipient, wire)
        if unsendable is not None:
            return unsendable
        transaction = Transaction(self._line, self._timeouts)
        try:
            commands = self._commands(sender, recipient, wire)
            reply = await transaction.carry(commands, wire, pipelining=self._pipelining)
        except OSError as loss:
            reply = transaction.when_lost(str(loss))
            self.close()
        except asyncio.CancelledError:
            self.last_reply = transaction.when_lost("cancelled")
            self.close()
            raise
        self.last_reply = reply
        self._envelope_open = reply.phase == "envelope"
        if reply.scope == "server" or reply.verdict == "in_doubt":  # closing, not let in, or out of step
            self.close()
        return reply

    async def quit(self) -> None:
        """Say goodbye and close; a server that does not answer changes nothing."""
        if self.reusable:
            with suppress(OSError):
                self._line.write(b"QUIT\r\n")
                await self._line.answer(self._timeouts.farewell)
        self.close()

    def close(self) -> None:
        """Cut the connection at once."""
        self._kept = False
        self._line.abort()

    def _unsendable(self, sender: str, recipient: str, wire: bytes) -> Reply | None:
        """Return why this server can't take the mail, found without asking it."""
        limit = int(self._size) if self._size and self._size.isdecimal() else 0
        if limit and len(wire) > limit:
            text = f"{len(wire)} bytes, the server takes {limit}"
            return Reply("permanent", "envelope", text=text, reason="too_large")
        for address in (sender, recipient):
            if not address.isprintable() or not _NEVER_IN_A_PATH.isdisjoint(address):
                return Reply("permanent", "envelope", text=f"not an address: {address!r}", reason="address")
            if not address.isascii() and not self._smtputf8:
                text = f"the server takes no address outside ASCII: {address}"
                return Reply("permanent", "envelope", text=text, reason="address")
        return None

    def _commands(self, sender: str, recipient: str, wire: bytes) -> Commands:
        """Return the commands of the envelope; those of a refused one before are taken back on the same trip."""
        size = f" SIZE={len(wire)}" if self._size is not None else ""
        utf8 = "" if (sender + recipient).isascii() else " SMTPUTF8"
        commands: Commands = [
            ("MAIL", f"MAIL FROM:<{sender}>{size}{utf8}\r\n".encode()),
            ("RCPT", f"RCPT TO:<{recipient}>\r\n".encode()),
            ("DATA", b"DATA\r\n"),
        ]
        return [("RSET", b"RSET\r\n"), *commands] if self._envelope_open else commands
