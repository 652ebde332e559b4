"""One durable consumer of a stream: fetches, hands each message on, acknowledges what was recorded.

FastStream's pull subscriber waits for every handler of a fetch before the next fetch, and never finds its consumer
again on a wiped server; this fetches with nats-py on FastStream's connection instead, with a bounded number in hand.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import APIError

from shared.messaging.connection import Connection, let_end
from shared.messaging.topology import ACK_WAIT, ensure_consumer

_log = structlog.get_logger()
_FETCH_WAIT = 1.0  # seconds; a request lost with its server is given up after this
_DELAYS = (1, 2, 5, 15, 30, 60)  # seconds before a message is handed out again, growing with each delivery
_AWAY = (nats.errors.Error, APIError, ConnectionError)


class Unreadable(ValueError):
    """A message that no later try will make readable."""


@dataclass
class Ear:
    """A durable pull consumer of `stream`, with at most `at_once` messages in hand."""

    stream: str
    durable: str
    subjects: Sequence[str]
    hear: Callable[[Msg], Awaitable[None]]
    at_once: int

    async def ensure(self, connection: Connection) -> None:
        """Make the consumer where it is missing."""
        await ensure_consumer(connection.js, self.stream, self.durable, self.subjects)

    async def listen(self, connection: Connection) -> None:
        """Hear until cancelled; then let what is in hand be finished."""
        in_hand: dict[asyncio.Task[None], Msg] = {}
        subscription = await _bind(connection, self.stream, self.durable)
        heartbeat = asyncio.create_task(_keep_in_progress(in_hand))
        try:
            while True:
                let_end()
                if len(in_hand) >= self.at_once:
                    await asyncio.wait(in_hand, return_when=asyncio.FIRST_COMPLETED)
                    continue
                for message in await _fetch(connection, subscription, self.at_once - len(in_hand)):
                    task = asyncio.create_task(self._settle(message))
                    in_hand[task] = message
                    task.add_done_callback(in_hand.pop)
        finally:
            if in_hand:
                await asyncio.wait(in_hand, timeout=ACK_WAIT)
            for task in [heartbeat, *in_hand]:
                task.cancel()
            await _tell(subscription.unsubscribe)  # nats-py's drain waits for ever for what a fetch has taken

    async def _settle(self, message: Msg) -> None:
        try:
            await self.hear(message)
        except Unreadable as error:
            _log.error("unreadable message put aside", subject=message.subject, error=str(error))
            await _tell(message.term)
        except Exception:  # noqa: BLE001 -- logged, and it comes again
            tries = message.metadata.num_delivered or 1
            delay = _DELAYS[min(tries, len(_DELAYS)) - 1] * random.uniform(1, 1.3)  # noqa: S311 -- jitter
            _log.exception("message not handled, comes again", subject=message.subject, tries=tries, delay=delay)
            await _tell(lambda: message.nak(delay=delay))
        else:
            await _tell(message.ack)


async def _bind(connection: Connection, stream: str, durable: str) -> JetStreamContext.PullSubscription:
    return await connection.js.pull_subscribe_bind(
        durable, stream, inbox_prefix=f"_INBOX.{connection.service}.".encode(), pending_bytes_limit=-1
    )


async def _fetch(connection: Connection, subscription: JetStreamContext.PullSubscription, wanted: int) -> list[Msg]:
    try:
        return await subscription.fetch(wanted, timeout=_FETCH_WAIT)
    except TimeoutError:
        return []
    except _AWAY as error:
        if connection.is_closed:
            raise
        _log.debug("nothing fetched", error=repr(error))
        await asyncio.sleep(0.2)
        return []


async def _tell(settle: Callable[[], Awaitable[None]]) -> None:
    """Settle a message; where the server is away it comes again, which is harmless."""
    try:
        await settle()
    except _AWAY as error:
        _log.debug("not settled", error=repr(error))


async def _keep_in_progress(in_hand: dict[asyncio.Task[None], Msg]) -> None:
    while True:
        await asyncio.sleep(ACK_WAIT / 3)
        for message in list(in_hand.values()):
            await _tell(message.in_progress)
