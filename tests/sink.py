"""A mail server that takes everything as fast as it can and writes down what it took, for benchmarks and kill tests.

Run as `python -m tests.sink --port P --log FILE [--delay-ms N]`; port 0 takes a free one. Its first line of output is
`listening on <port>`; SIGTERM ends it. Each accepted mail is one line of the log, `message-id recipient sha256 size`
(of the bytes before dots were doubled), written before the 250 is sent: what was acknowledged is in the log.
"""

import argparse
import asyncio
import hashlib
import os
import re
import signal
from pathlib import Path
from typing import cast

import uvloop

_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_END = b"\r\n.\r\n"
_GREETING = b"220 sink.example ESMTP\r\n"
_EHLO = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 52428800\r\n"
_OK = b"250 2.0.0 Ok\r\n"


class Sink(asyncio.Protocol):
    """One connection. `log` is a file descriptor opened for appending; `delay` is how many seconds a 250 waits."""

    def __init__(self, log: int, delay: float = 0) -> None:
        self._log = log
        self._delay = delay
        self._heard = bytearray()
        self._looked = 0
        self._in_body = False
        self._busy = False
        self._recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        self._go_on()

    def _go_on(self) -> None:
        said = []
        while not self._busy and (answer := self._answer()) is not None:
            said.append(answer)
        if said and not self._transport.is_closing():
            self._transport.write(b"".join(said))

    def _answer(self) -> bytes | None:
        """Return the answer to the next command or mail; None when it has not come whole."""
        if self._in_body:
            return self._take_mail()
        end = self._heard.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self._heard[:end])
        del self._heard[: end + 2]
        return self._obey(line)

    def _obey(self, line: bytes) -> bytes:
        match line[:4].upper():
            case b"RCPT":
                self._recipient = line.partition(b"<")[2].partition(b">")[0]
                return _OK
            case b"DATA":
                self._in_body = True
                self._looked = 0
                self._heard[:0] = b"\r\n"  # a first line, and an end of nothing, like any other
                return b"354 go ahead\r\n"
            case b"EHLO":
                return _EHLO
            case b"MAIL" | b"RSET" | b"HELO" | b"NOOP":
                return _OK
            case b"QUIT":
                asyncio.get_running_loop().call_soon(self._transport.close)
                return b"221 2.0.0 bye\r\n"
            case _:
                return b"500 5.5.1 unknown\r\n"

    def _take_mail(self) -> bytes | None:
        end = self._heard.find(_END, self._looked)
        if end < 0:
            self._looked = max(0, len(self._heard) - len(_END))
            return None
        mail = bytes(self._heard[: end + 2]).replace(b"\r\n..", b"\r\n.")[2:]
        del self._heard[: end + len(_END)]
        self._in_body = False
        self._write_down(mail)
        if not self._delay:
            return _OK
        self._busy = True
        asyncio.get_running_loop().call_later(self._delay, self._accept)
        return b""

    def _accept(self) -> None:
        self._busy = False
        if not self._transport.is_closing():
            self._transport.write(_OK)
            self._go_on()

    def _write_down(self, mail: bytes) -> None:
        head = mail[: mail.find(b"\r\n\r\n") + 2]
        found = _MESSAGE_ID.search(head)
        message_id = found[1] if found else b"-"
        digest = hashlib.sha256(mail).hexdigest().encode()
        os.write(self._log, b"%s %s %s %d\n" % (message_id, self._recipient, digest, len(mail)))


async def main(port: int, log: Path, delay: float) -> None:
    """Take mails until SIGTERM."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    server = await loop.create_server(lambda: Sink(file, delay), "127.0.0.1", port)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await end.wait()
    server.close()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="Takes every mail and writes down what it took.")
    asked.add_argument("--port", type=int, default=0)
    asked.add_argument("--log", type=Path, required=True)
    asked.add_argument("--delay-ms", type=float, default=0)
    options = asked.parse_args()
    uvloop.run(main(options.port, options.log, options.delay_ms / 1000))
