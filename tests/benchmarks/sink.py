"""A mail server that only counts, at next to no cost: a byte of its log is a mail that it has accepted.

Run as `python -m tests.benchmarks.sink LOG`; its first line of output is `listening on <port>`, SIGTERM ends it. It
looks at the end of what comes in and at nothing else, which is right for a client that waits for each answer.
"""

import asyncio
import os
import signal
import sys
from typing import cast

import uvloop

_BUFFER = 1 << 20  # bytes
_END = b"\r\n.\r\n"


class CountingSink(asyncio.BufferedProtocol):
    """One connection; `log` is a file descriptor opened for appending."""

    def __init__(self, log: int) -> None:
        self._log = log
        self._buffer = bytearray(_BUFFER)
        self._in_body = False
        self._last = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink.example ESMTP\r\n")

    def get_buffer(self, sizehint: int) -> bytearray:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._in_body:
            self._last = (self._last + self._buffer[max(0, nbytes - len(_END)) : nbytes])[-len(_END) :]
            if self._last == _END:
                self._in_body = False
                os.write(self._log, b"\n")
                self._transport.write(b"250 2.0.0 Ok\r\n")
            return
        for line in bytes(self._buffer[:nbytes]).splitlines():
            self._obey(line[:4].upper())

    def _obey(self, verb: bytes) -> None:
        if verb == b"EHLO":
            self._transport.write(b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 52428800\r\n")
        elif verb == b"DATA":
            self._in_body, self._last = True, b"\r\n"
            self._transport.write(b"354 go ahead\r\n")
        elif verb == b"QUIT":
            self._transport.write(b"221 2.0.0 bye\r\n")
            self._transport.close()
        else:
            self._transport.write(b"250 2.0.0 Ok\r\n")


async def main(log: str) -> None:
    """Count mails until SIGTERM."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    server = await loop.create_server(lambda: CountingSink(file), "127.0.0.1", 0)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await end.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
