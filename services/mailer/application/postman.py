"""A postman: carries one mail after another over a connection of its own, and records both ends of every attempt."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from services.mailer.application.gate import Gate
from services.mailer.application.ports import Hand, Tools
from services.mailer.domain.delivery import Delivery
from services.mailer.domain.letter import Wire
from services.mailer.domain.pace import next_attempt
from services.mailer.domain.reply import Reply
from services.mailer.domain.server import ServerUnavailable
from shared.blobs import BlobMissing
from shared.contracts.dossier import MailServerSet
from shared.store import Conflict, StoreUnavailable

_log = structlog.get_logger()
_IDLE = 60.0  # seconds after which an unused connection is given up
_UNTIL_BLOBS = timedelta(minutes=5)  # until a mail whose parts are not there is looked at again
_MAILS = 100  # after so many a connection is changed for a new one; servers cut longer ones off


class Postman:
    """Works for one office; owns at most one connection."""

    def __init__(self, server: MailServerSet, tools: Tools, gate: Gate) -> None:
        self._server = server
        self._tools = tools
        self._gate = gate
        self._hand: Hand | None = None
        self._carried = 0

    async def work(self, counter: asyncio.Queue[UUID | None]) -> None:
        """Carry what lies on the counter until None does."""
        try:
            while (mail_id := await self._next(counter)) is not None:
                await self._deliver(mail_id)
        finally:
            await self._leave()

    async def _next(self, counter: asyncio.Queue[UUID | None]) -> UUID | None:
        if self._hand is None:
            return await counter.get()
        try:
            async with asyncio.timeout(_IDLE):
                return await counter.get()
        except TimeoutError:
            await self._leave()
            return await counter.get()

    async def _deliver(self, mail_id: UUID) -> None:
        """Bring one mail to the server, however often it takes to get there; give it back where the office closes."""
        while True:
            async with self._gate.turn() as is_open:
                if not is_open:
                    await self._tools.due.release([mail_id])
                    return
                try:
                    hand = await self._connection()
                    await self._carry(mail_id, hand)
                except ServerUnavailable as error:
                    self._gate.shut(str(error), permanent=error.permanent)
                except StoreUnavailable as error:
                    self._gate.shut(f"the store is away: {error}")
                else:
                    return

    async def _carry(self, mail_id: UUID, hand: Hand) -> None:
        """Make one attempt: nothing leaves before it is recorded as started."""
        delivery = await self._tools.store.load(Delivery, mail_id)
        if delivery is None or not delivery.waits:
            await self._tools.store.record(rows=[self._tools.due.settled(mail_id)])
            return
        address = (delivery.recipient or {}).get("email")
        if address is None:
            delivery.cancel("erased")
            await self._tools.store.record(delivery, rows=[self._tools.due.settled(mail_id)])
            return
        try:
            wire = self._tools.writer.write(delivery, self._server)
        except BlobMissing as error:
            _log.error("a part of the mail is gone; it waits for the blobs", mail=str(mail_id), part=str(error))
            later = datetime.now(UTC) + _UNTIL_BLOBS
            await self._tools.store.record(rows=[self._tools.due.waits(mail_id, self._server.mail_server_id, later)])
            return
        except ValueError as error:
            delivery.give_up(str(error))
            await self._tools.store.record(delivery, rows=[self._tools.due.settled(mail_id)])
            return
        if not await self._begin(delivery, wire):
            return
        self._carried += 1
        try:
            reply = await hand.send(delivery.sender["address"], address, wire.data)
        except asyncio.CancelledError:
            await asyncio.shield(self._settle(delivery, hand.last_reply or Reply("in_doubt", "dot", text="cancelled")))
            raise
        await self._settle(delivery, reply)

    async def _begin(self, delivery: Delivery, wire: Wire) -> bool:
        """Record that the attempt starts; False = another mailer was first, and the mail is its own."""
        delivery.attempt(self._tools.due.owner, wire.head, wire.sha256, len(wire.data))
        try:
            await self._tools.store.record(delivery)
        except Conflict:
            _log.info("another mailer has this mail", mail=str(delivery.id))
            return False
        return True

    async def _settle(self, delivery: Delivery, reply: Reply) -> None:
        """Record how the attempt ended; a store that is away is waited for, since only we know the answer."""
        self._note(reply)
        attempt = delivery.open_attempt
        while True:
            try:
                await self._record_end(delivery, reply)
            except StoreUnavailable as error:
                _log.error("the outcome waits for the store", mail=str(delivery.id), error=str(error))
                await asyncio.sleep(1)
            except Conflict:
                _log.warning("the attempt was taken for dead", mail=str(delivery.id), verdict=reply.verdict)
            else:
                return
            again = await self._tools.store.load(Delivery, delivery.id)
            if again is None or (again.open_attempt != attempt and again.status != "in_doubt"):
                return
            delivery = again

    async def _record_end(self, delivery: Delivery, reply: Reply) -> None:
        due = self._tools.due
        if delivery.open_attempt is None:  # a mailer that thought us dead put it in doubt; we know better
            if reply.verdict == "accepted":
                delivery.resolve("sent", "log", reason=reply.text)
                await self._tools.store.record(delivery, rows=[due.settled(delivery.id)])
            return
        requested_at = delivery.requested_at or delivery.created_on
        not_before = next_attempt(datetime.now(UTC), requested_at, delivery.deferrals, self._held_for(reply))
        delivery.settle(reply, not_before)
        waits_on = delivery.status == "deferred" and not_before is not None
        row = (
            due.waits(delivery.id, self._server.mail_server_id, not_before)
            if waits_on and not_before
            else due.settled(delivery.id)
        )
        await self._tools.store.record(delivery, rows=[row])

    def _note(self, reply: Reply) -> None:
        """Let the gate know what the answer says of the server itself."""
        said = f"{reply.code or ''} {reply.text}".strip()
        if reply.scope != "server":
            self._gate.worked()
        elif _is_permanent(reply):
            self._gate.refused_us(said)
        else:
            self._gate.shut(said)

    def _held_for(self, reply: Reply) -> float:
        """Return how long it is the server's affair that the mail waits: its pause, or a moment after a lost line."""
        if reply.code is None:
            return 1.0
        if reply.scope == "server" and not _is_permanent(reply):
            return max(self._gate.pause, 0.1)
        return 0.0

    async def _connection(self) -> Hand:
        if self._hand and self._hand.reusable and self._carried < _MAILS:
            return self._hand
        await self._leave()
        self._hand = await self._tools.exchange.connect(self._server)
        self._carried = 0
        return self._hand

    async def _leave(self) -> None:
        if self._hand:
            hand, self._hand = self._hand, None
            await hand.quit()


def _is_permanent(reply: Reply) -> bool:
    """Return whether the answer is a 5yz: the server will not change its mind by itself."""
    return reply.code is not None and reply.code // 100 == 5  # noqa: PLR2004 -- RFC 5321 §4.2.1
