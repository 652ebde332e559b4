"""A mail server that misbehaves on order: refuses, hangs up, resets, falls silent or babbles at any step."""

import asyncio
import socket
import ssl
import struct
from types import TracebackType
from typing import Self

DROP, RESET, HANG = "DROP", "RESET", "HANG"
GARBAGE = "what is this"

EXTENSIONS = ("8BITMIME", "SIZE 20000000", "ENHANCEDSTATUSCODES", "PIPELINING")
ANSWERS = {
    "GREETING": "220 faults.example ESMTP",
    "STARTTLS": "220 2.0.0 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "DOT": "250 2.0.0 Ok: queued as 4XyZ12",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}
UNKNOWN = "500 5.5.1 unknown"


class _HungUp(Exception):
    """The plan ended the connection."""


class FaultyServer:
    """Listens on loopback; `plan` maps a step (a verb, GREETING, BODY or DOT) to an answer, DROP, RESET or HANG.

    A step with a list of answers takes them one after another, over all connections, and then answers properly.
    `heard` holds the commands, `mails` each mail as it stood before its dot, whatever the answer to the dot was.
    """

    def __init__(
        self,
        plan: dict[str, str | list[str]] | None = None,
        *,
        extensions: tuple[str, ...] = EXTENSIONS,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
    ) -> None:
        self.heard: list[str] = []
        self.mails: list[bytes] = []
        self.connections = 0
        self.reached: dict[str, asyncio.Event] = {}
        self._plan = plan or {}
        self._extensions = extensions
        self._tls = tls
        self._starttls = starttls
        self._open: dict[asyncio.StreamWriter, asyncio.Task[object] | None] = {}

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        # Else the system grows it to whatever comes, and takes a large mail whole that nobody reads.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        self._server = await asyncio.start_server(self._serve, sock=listening, ssl=self._tls, limit=2**20)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        tasks = [task for task in self._open.values() if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def comes_to(self, step: str) -> None:
        """Wait until a client has come to this step."""
        await self.reached.setdefault(step, asyncio.Event()).wait()

    async def say(self, words: str) -> None:
        """Say something unasked on every open connection."""
        for writer in self._open:
            writer.write(words.encode() + b"\r\n")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open[writer] = asyncio.current_task()
        try:
            await self._answer(writer, "GREETING")
            while line := await reader.readline():
                self.heard.append(line.decode().rstrip())
                await self._obey(reader, writer, self.heard[-1].partition(" ")[0].upper())
        except (_HungUp, OSError, asyncio.IncompleteReadError):
            writer.close()
        except asyncio.CancelledError:  # by the end of the test; asyncio's streams would log it as an error
            writer.transport.abort()
        finally:
            del self._open[writer]
            writer.close()

    async def _obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, verb: str) -> None:
        match verb:
            case "EHLO":
                lines = ["faults.example", *self._extensions]
                greeting = "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])
                await self._answer(writer, verb, greeting)
            case "STARTTLS":
                await self._answer(writer, verb)
                if self._starttls:
                    await writer.start_tls(self._starttls)
            case "MAIL":
                self._mail_taken = await self._answer(writer, verb)
                self._rcpt_taken = False
            case "RCPT" if self._mail_taken:
                self._rcpt_taken = await self._answer(writer, verb)
            case "DATA" if self._rcpt_taken or "DATA" in self._plan:
                if await self._answer(writer, verb):
                    await self._take_body(reader, writer)
            case "RCPT" | "DATA":
                writer.write(b"503 5.5.1 bad sequence of commands\r\n")
            case _:
                await self._answer(writer, verb, ANSWERS.get(verb, UNKNOWN))

    async def _take_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if "BODY" in self._plan:
            await reader.readexactly(1000)
            await self._answer(writer, "BODY")
            while await reader.read(2**16):
                pass
            raise _HungUp
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise _HungUp
            lines.append(line)
        self.mails.append(b"".join(lines))
        await self._answer(writer, "DOT")

    async def _answer(self, writer: asyncio.StreamWriter, step: str, usual: str = "") -> bool:
        """Do as planned at this step; return whether the answer lets the client go on."""
        planned = self._plan.get(step)
        if isinstance(planned, list):
            planned = planned.pop(0) if planned else None
        words = planned or usual or ANSWERS[step]
        self.reached.setdefault(step, asyncio.Event()).set()
        if words == RESET:
            no_linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
            writer.transport.abort()
        if words in (DROP, RESET):
            raise _HungUp
        if words == HANG:
            await asyncio.get_running_loop().create_future()
        writer.write(words.encode() + b"\r\n")
        await writer.drain()
        return words[0] in "23"
