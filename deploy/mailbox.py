"""The test mailbox: takes every mail sent on this machine and keeps it in a folder; nothing of it leaves.

Some recipients misbehave, to show what happens then; the local part of the address begins with the word:

- `reject…@` does not exist: 550 5.1.1;
- `later…@` is put off once per address (451 4.7.1), and accepted the next time;
- `slow…@` is accepted after three seconds;
- `drop…@` is kept, but the line is cut before the answer, so that the sender is left in doubt.
"""

import asyncio
import email
import email.policy
import ipaddress
import re
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

SLOW_SECONDS = 3.0
LARGEST = 25 * 1024 * 1024  # bytes
INDEX = "index.txt"

_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")
_HOSTNAME = "mailbox.example"
_wait = asyncio.sleep


class Mailbox:
    """Listens while entered, on loopback alone. Each mail becomes `<number>-<recipient>.eml`, listed in `index.txt`.

    Raises ValueError for a host that others could reach.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, folder: Path) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the test mailbox listens on loopback only, not on {host}")
        self.folder = folder
        self._host = host
        self._wanted_port = port
        self._protocols: WeakSet[SMTP] = WeakSet()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        self._post = _Post(self.folder)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, self._host, self._wanted_port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for transport in self._transports():
            transport.close()
        await asyncio.sleep(0)  # the transports tell their protocols that they are gone

    def _protocol(self) -> SMTP:
        loop = asyncio.get_running_loop()
        protocol = SMTP(self._post, loop=loop, hostname=_HOSTNAME, ident="uitpost", data_size_limit=LARGEST)
        self._protocols.add(protocol)
        return protocol

    def _transports(self) -> list[asyncio.BaseTransport]:
        return [protocol.transport for protocol in self._protocols if protocol.transport is not None]


class _Post:
    """Answers RCPT and the dot, and keeps what comes in; aiosmtpd calls it by the names of the commands."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(mail.name.partition("-")[0]) for mail in folder.glob("[0-9]*-*.eml")]
        self._folder = folder
        self._number = max(numbers, default=0)
        self._put_off: set[str] = set()

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd gives it
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if address.startswith("reject"):
            return "550 5.1.1 no such mailbox here"
        if address.startswith("later") and address not in self._put_off:
            self._put_off.add(address)
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        names = [self._keep(envelope, address) for address in envelope.rcpt_tos]
        if any(address.startswith("drop") for address in envelope.rcpt_tos):
            if server.transport is not None:
                server.transport.close()
            await asyncio.get_running_loop().create_future()  # ended by aiosmtpd, which hears of the lost line
        if any(address.startswith("slow") for address in envelope.rcpt_tos):
            await _wait(SLOW_SECONDS)
        return f"250 2.0.0 Ok: queued as {names[0]}"

    def _keep(self, envelope: Envelope, address: str) -> str:
        self._number += 1
        content = envelope.original_content or b""
        file = self._folder / f"{self._number:06}-{_UNSAFE.sub('_', address)[:100]}.eml"
        file.write_bytes(content)
        subject = email.message_from_bytes(content, policy=email.policy.default)["Subject"] or ""
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        line = "  ".join((at, file.name, f"from {envelope.mail_from}", f"to {address}", " ".join(subject.split())))
        with (self._folder / INDEX).open("a", encoding="utf-8", errors="replace") as index:
            index.write(line + "\n")
        return f"{self._number:06}"
