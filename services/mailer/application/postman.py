"""A postman: carries one mail after another over a connection of its own, and records both ends of every attempt."""

import asyncio
from collections.abc import Callable
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
from shared.blobs import BlobDamaged, BlobMissing
from shared.contracts.dossier import MailServerSet
from shared.store import Conflict, StoreUnavailable

_log = structlog.get_logger()
_IDLE = 60.0  # seconds after which an unused connection is given up
_UNTIL_STORE = 1.0  # seconds
_UNTIL_BLOBS = timedelta(minutes=5)  # until a mail whose parts are not there is looked at again
_AFTER_A_LOSS = 1.0  # seconds until a mail whose line was lost is tried again, the first time
_MAILS = 100  # after so many a connection is changed for a new one; servers cut longer ones off


class Postman:
    """Works for one office; owns at most one connection. `queued` is called when a mail waits for another attempt."""

    def __init__(self, server: MailServerSet, tools: Tools, gate: Gate, queued: Callable[[], None]) -> None:
        self._server = server
        self._tools = tools
        self._gate = gate
        self._queued = queued
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
                try:
                    if is_open:
                        await self._carry(mail_id, await self._connection())
                    else:
                        await self._tools.due.release([mail_id])
                except ServerUnavailable as error:
                    self._gate.shut(str(error), permanent=error.permanent)
                except StoreUnavailable as error:
                    self._gate.shut(f"the store is away: {error}")
                    if not is_open:  # whoever starts next finds it claimed by nobody alive
                        return
                except Conflict:
                    _log.info("another mailer has this mail", mail=str(mail_id))
                    return
                else:
                    return

    async def _carry(self, mail_id: UUID, hand: Hand) -> None:
        """Make one attempt: nothing leaves before it is recorded as started."""
        delivery = await self._tools.store.load(Delivery, mail_id)
        wire = await self._written(mail_id, delivery)
        if delivery is None or wire is None:
            return
        delivery.attempt(self._tools.due.owner, wire.head, wire.sha256, len(wire.data))
        await self._tools.store.record(delivery)
        self._carried += 1
        try:
            reply = await hand.send(delivery.sender["address"], (delivery.recipient or {})["email"], wire.data)
        except asyncio.CancelledError:
            await asyncio.shield(self._settle(delivery, hand.last_reply or Reply("in_doubt", "dot", text="cancelled")))
            raise
        await self._settle(delivery, reply)

    async def _written(self, mail_id: UUID, delivery: Delivery | None) -> Wire | None:
        """Return the mail as it goes out; None where there is nothing to send, which is then recorded."""
        due, record = self._tools.due, self._tools.store.record
        if delivery is None or not delivery.waits:
            if delivery and delivery.open_attempt:  # begun by somebody who is no more
                delivery.doubt()
            await record(*([delivery] if delivery else []), rows=[due.settled(mail_id)])
            return None
        if (delivery.recipient or {}).get("email") is None:
            delivery.cancel("erased")
            await record(delivery, rows=[due.settled(mail_id)])
            return None
        try:
            return self._tools.writer.write(delivery, self._server)
        except (BlobMissing, BlobDamaged) as error:
            _log.error("a part of the mail is gone; it waits for the blobs", mail=str(mail_id), part=str(error))
            await self._wait_until(datetime.now(UTC) + _UNTIL_BLOBS, mail_id)
        except ValueError as error:
            delivery.give_up(str(error))
            await record(delivery, rows=[due.settled(mail_id)])
        return None

    async def _wait_until(self, at: datetime, mail_id: UUID, *ended: Delivery) -> None:
        """Queue the mail again, together with the end of its attempt."""
        row = self._tools.due.waits(mail_id, self._server.mail_server_id, at)
        await self._tools.store.record(*ended, rows=[row])
        self._queued()

    async def _settle(self, delivery: Delivery, reply: Reply) -> None:
        """Record how the attempt ended; a store that is away is waited for, since only we know the answer."""
        self._note(reply)
        attempt = delivery.open_attempt
        while not await self._is_recorded(delivery, reply):
            again = await self._reloaded(delivery.id)
            if again is None or (again.open_attempt != attempt and again.status != "in_doubt"):
                return
            delivery = again

    async def _is_recorded(self, delivery: Delivery, reply: Reply) -> bool:
        try:
            await self._record_end(delivery, reply)
        except StoreUnavailable as error:
            _log.error("the outcome waits for the store", mail=str(delivery.id), error=str(error))
            await asyncio.sleep(_UNTIL_STORE)
            return False
        except Conflict:
            _log.warning("the attempt was taken for dead", mail=str(delivery.id), verdict=reply.verdict)
            return False
        return True

    async def _reloaded(self, mail_id: UUID) -> Delivery | None:
        while True:
            try:
                return await self._tools.store.load(Delivery, mail_id)
            except StoreUnavailable as error:
                _log.error("the outcome waits for the store", mail=str(mail_id), error=str(error))
                await asyncio.sleep(_UNTIL_STORE)

    async def _record_end(self, delivery: Delivery, reply: Reply) -> None:
        due = self._tools.due
        if delivery.open_attempt is None:  # a mailer that thought us dead put it in doubt; we know better
            if reply.verdict == "accepted":
                delivery.resolve("sent", "log", reason=reply.text)
                await self._tools.store.record(delivery, rows=[due.settled(delivery.id)])
            return
        since = delivery.tried_since or delivery.created_on
        held_for = self._held_for(reply, delivery.deferrals)
        not_before = next_attempt(datetime.now(UTC), since, delivery.deferrals, held_for)
        delivery.settle(reply, not_before)
        if delivery.status == "deferred" and not_before is not None:
            await self._wait_until(not_before, delivery.id, delivery)
        else:
            await self._tools.store.record(delivery, rows=[due.settled(delivery.id)])

    def _note(self, reply: Reply) -> None:
        """Let the gate know what the answer says of the server itself."""
        said = " ".join(str(part) for part in (reply.code, reply.enhanced_code, reply.text) if part)
        if _is_lost(reply):
            self._gate.lost(said)
        elif reply.scope != "server":
            self._gate.worked()
        elif _is_permanent(reply):
            self._gate.refused_us(said)
        else:
            self._gate.shut(said)

    def _held_for(self, reply: Reply, deferrals: int) -> float:
        """Return how long it is the server's affair that the mail waits: its pause, or a moment after a first loss."""
        if _is_lost(reply):
            return 0.0 if deferrals else max(self._gate.pause, _AFTER_A_LOSS)
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


def _is_lost(reply: Reply) -> bool:
    """Return whether the server said nothing: the line broke, before the dot or after it."""
    return reply.code is None and reply.verdict in {"transient", "in_doubt"}
