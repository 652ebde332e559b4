"""A postman: carries one mail after another over a connection of its own, and records both ends of every attempt."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from services.mailer.application.gate import Gate
from services.mailer.application.ports import Hand
from services.mailer.application.tools import Tools
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
                    _log.info("another mailer has this mail, or its run was cancelled", mail=str(mail_id))
                    return
                else:
                    return

    async def _carry(self, mail_id: UUID, hand: Hand) -> None:
        """Make one attempt: nothing leaves before it is recorded as started."""
        delivery = await self._tools.book.find(mail_id)
        if delivery is None or not delivery.waits:
            await self._clear_away(mail_id, delivery)
            return
        if not await self._may_leave(delivery):
            return
        wire = await self._written(delivery)
        if wire is None:
            return
        delivery.attempt(self._tools.due.owner, wire.head, wire.sha256, len(wire.data))
        await self._tools.book.record(delivery)
        self._carried += 1
        try:
            reply = await hand.send(delivery.sender["address"], (delivery.recipient or {})["email"], wire.data)
        except asyncio.CancelledError:
            await asyncio.shield(self._settle(delivery, hand.last_reply or Reply("in_doubt", "dot", text="cancelled")))
            raise
        await self._settle(delivery, reply)

    async def _clear_away(self, mail_id: UUID, delivery: Delivery | None) -> None:
        """Take a mail out of the queue that does not wait; an attempt begun by somebody who is no more is in doubt."""
        if delivery and delivery.open_attempt:
            delivery.doubt()
        settled = self._tools.due.settled(mail_id)
        await (self._tools.book.record(delivery, settled) if delivery else self._tools.book.note(settled))

    async def _may_leave(self, delivery: Delivery) -> bool:
        """Return whether the mail may be sent; it is given back while its run is paused, or settled unsent."""
        standing = await self._tools.runs.standing(delivery.run_id)
        if standing.cancels(delivery.asked_at):
            delivery.cancel("cancelled")
        elif (delivery.recipient or {}).get("email") is None:
            delivery.cancel("erased")
        elif standing.is_paused:
            await self._tools.due.release([delivery.id])
            return False
        else:
            return True
        await self._tools.book.record(delivery, self._tools.due.settled(delivery.id))
        return False

    async def _written(self, delivery: Delivery) -> Wire | None:
        """Return the mail as it goes out; None where it can't be written, which is then recorded."""
        try:
            return self._tools.writer.write(delivery, self._server)
        except (BlobMissing, BlobDamaged) as error:
            _log.error("a part of the mail is gone; it is asked for again", mail=str(delivery.id), part=str(error))
            is_back = isinstance(error, BlobMissing) and await self._tools.messages.restore(delivery)
            await self._wait_until(datetime.now(UTC) + (timedelta() if is_back else _UNTIL_BLOBS), delivery)
        except ValueError as error:
            delivery.give_up(str(error))
            await self._tools.book.record(delivery, self._tools.due.settled(delivery.id))
        return None

    async def _wait_until(self, at: datetime, delivery: Delivery) -> None:
        """Queue the mail again, together with the end of its attempt if there was one."""
        server_id, parts = self._server.mail_server_id, delivery.swept_parts
        row = self._tools.due.waits(delivery.id, server_id, at, delivery.run_id, parts)
        await self._tools.book.record(delivery, row)
        await self._tools.runs.settle(delivery)
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
                return await self._tools.book.find(mail_id)
            except StoreUnavailable as error:
                _log.error("the outcome waits for the store", mail=str(mail_id), error=str(error))
                await asyncio.sleep(_UNTIL_STORE)

    async def _record_end(self, delivery: Delivery, reply: Reply) -> None:
        due = self._tools.due
        if delivery.open_attempt is None:  # a mailer that thought us dead put it in doubt; we know better
            if reply.verdict == "accepted":
                delivery.resolve("sent", "log", reason=reply.text)
                await self._tools.book.record(delivery, due.settled(delivery.id))
            return
        not_before = await self._next_attempt(delivery, reply)
        delivery.settle(reply, not_before)
        if delivery.status == "deferred" and not_before is not None:
            await self._wait_until(not_before, delivery)
        else:
            await self._tools.book.record(delivery, due.settled(delivery.id))

    async def _next_attempt(self, delivery: Delivery, reply: Reply) -> datetime | None:
        """Return when to try again, None where it is too late; the time that its run was paused does not count."""
        if reply.verdict != "transient":
            return None
        now, since = datetime.now(UTC), delivery.tried_since or delivery.created_on
        paused = (await self._tools.runs.standing(delivery.run_id)).paused_for(since, now)
        return next_attempt(now, since + paused, delivery.deferrals, self._held_for(reply, delivery.deferrals))

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
