"""One transaction, MAIL to dot: it always knows how far it got, so only an answer lost after the dot leaves a doubt.

aiosmtplib raises the same exception for "certainly not sent" and "perhaps sent"; hence our own.
"""

from services.mailer.adapters.smtp.line import Line, Lost
from services.mailer.domain.reply import Reply, Step, judge, lost
from services.mailer.domain.server import Timeouts
from shared.contracts.mailer import Phase

Commands = list[tuple[Step, bytes]]

BLOCK = 256 * 1024  # bytes of body between two looks at the line
CERTAIN = (4, 5)  # the classes of answer that settle a mail before its dot
GO_AHEAD = 354


class Transaction:
    """Hands one mail to one recipient."""

    def __init__(self, line: Line, timeouts: Timeouts) -> None:
        self.phase: Phase = "connect"
        self._line = line
        self._refusal: Reply | None = None
        self._body_awaited = False
        self._farewell = timeouts.farewell
        self._block = timeouts.block
        self._patience: dict[Step, float] = {
            "RSET": timeouts.mail,
            "MAIL": timeouts.mail,
            "RCPT": timeouts.rcpt,
            "DATA": timeouts.data,
            "dot": timeouts.dot,
        }

    async def carry(self, commands: Commands, wire: bytes, *, pipelining: bool) -> Reply:
        """Return the server's verdict. Raises Lost or CancelledError, after which `when_lost` tells the verdict."""
        if self._line.answers:
            raise Lost(f"said before anything was asked: {self._line.answers[0].text}")
        for group in [commands] if pipelining else [[command] for command in commands]:
            await self._ask(group)
            if self._refusal is not None:
                await self._take_back_data()
                return self._refusal
        await self._write_body(wire)
        return await self._write_dot()

    def when_lost(self, why: str) -> Reply:
        """Return the verdict of a transaction that broke off, from its phase and from what the server had said."""
        if self._refusal is not None:
            return self._refusal
        said = self._line.answers[0] if self._line.answers else None
        if said and (self.phase == "dot" or (self.phase == "body" and said.code // 100 in CERTAIN)):
            return judge("dot", said, self.phase if self.phase == "body" else "done")
        return lost(self.phase, why)

    async def _ask(self, group: Commands) -> None:
        self._line.write(b"".join(command for _, command in group))
        self.phase = "envelope"
        for step, _ in group:
            answer = await self._line.answer(self._farewell if self._refusal else self._patience[step])
            granted = answer.code == GO_AHEAD if step == "DATA" else answer.code // 100 == 2  # noqa: PLR2004
            self._body_awaited = granted and step == "DATA"
            if not granted and self._refusal is None:
                self._refusal = judge(step, answer, self.phase)

    async def _take_back_data(self) -> None:
        """End a body that the server wants although it refused the envelope: an empty one (RFC 2920 §3.1)."""
        if self._body_awaited:
            self._line.write(b".\r\n")
            await self._line.answer(self._farewell)

    async def _write_body(self, wire: bytes) -> None:
        self.phase = "body"
        for piece in _stuffed(wire):
            view = memoryview(piece)
            for start in range(0, len(view), BLOCK):
                self._line.write(view[start : start + BLOCK])
                await self._line.taken(self._block)
                if self._line.answers:
                    raise Lost("answered before the end of the mail")

    async def _write_dot(self) -> Reply:
        """Write the dot apart, once the system has taken the body: before it nothing can have been accepted."""
        if self._line.gone:
            raise Lost("gone before the dot")
        self.phase = "dot"
        self._line.write(b".\r\n")
        answer = await self._line.answer(self._patience["dot"])
        reply = judge("dot", answer, "done")
        return reply if reply.verdict != "in_doubt" else judge("dot", answer, "dot")


def _stuffed(wire: bytes) -> tuple[bytes | memoryview, ...]:
    """Return the mail in pieces, with its leading dots doubled (RFC 5321 §4.5.2) and its last line ended.

    Files are base64 and hold no dot, so that only what lies before the last one is looked through.
    """
    end = wire.rfind(b".") + 1
    stuffed = wire[:end].replace(b"\n.", b"\n..")
    first = b"." if stuffed.startswith(b".") else b""
    last = b"" if wire.endswith(b"\r\n") else b"\r\n"
    return first + stuffed, memoryview(wire)[end:], last
