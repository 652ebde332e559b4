"""How streams forget: their owner purges what is old and has been heard by everyone, but for the last message.

Streams hold personal data in clear and are not the truth, so they keep it for a while only; the last message stays
since it is the relay's cursor.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import nats.errors
import structlog
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, StreamInfo
from nats.js.errors import APIError, NotFoundError

from shared.messaging.connection import Connection, let_end
from shared.messaging.topology import OWNED, STREAMS

_log = structlog.get_logger()
_EVERY = 3600.0  # seconds
_LISTENERS = {
    "INTAKE": {"dossier"},
    "DOSSIER": {"renderer", "mailer", "history"},
    "RENDERER": {"mailer", "history"},
    "MAILER": {"history"},
    "ADVISORIES": {"history"},
}


class Purge:
    """Purges the streams that a service owns of messages older than `days`."""

    def __init__(self, connection: Connection, days: float) -> None:
        self._connection = connection
        self._age = timedelta(days=days)

    async def run(self) -> None:
        """Purge every hour until cancelled."""
        while True:
            let_end()
            for publisher in OWNED[self._connection.service]:
                try:
                    await self.purge(STREAMS[publisher][0])
                except (nats.errors.Error, APIError, TimeoutError, ConnectionError) as error:
                    _log.debug("not purged", stream=STREAMS[publisher][0], error=repr(error))
            await asyncio.sleep(_EVERY)

    async def purge(self, stream: str) -> None:
        """Purge one stream now."""
        js = self._connection.js
        info = await js.stream_info(stream)
        if not info.state.messages:
            return
        end = min(await _heard(js, stream, info.state.last_seq) + 1, info.state.last_seq)
        first_kept = await _first_since(js, info, end, datetime.now(UTC) - self._age)
        if first_kept > info.state.first_seq:
            await js.purge_stream(stream, seq=first_kept)
            _log.info("stream purged", stream=stream, messages=first_kept - info.state.first_seq)


async def _heard(js: JetStreamContext, stream: str, last: int) -> int:
    """Return up to which sequence everyone has acknowledged; 0 while somebody who listens is not there.

    A consumer of a few subjects acknowledges none of the others: one for whom nothing is left has heard it all.
    """
    floors = {info.name: _floor(info, last) for info in await js.consumers_info(stream)}
    if not _LISTENERS[stream] <= set(floors):
        return 0
    return min(floors.values())


def _floor(info: ConsumerInfo, last: int) -> int:
    if not info.num_pending and not info.num_ack_pending:
        return last
    return info.ack_floor.stream_seq if info.ack_floor else 0


async def _first_since(js: JetStreamContext, info: StreamInfo, end: int, since: datetime) -> int:
    """Return the first sequence below `end` that is not older than `since`, else `end`, by halving."""
    low, high = info.state.first_seq, end
    while low < high:
        middle = (low + high) // 2
        if await _told_at(js, str(info.config.name), middle) < since:
            low = middle + 1
        else:
            high = middle
    return low


async def _told_at(js: JetStreamContext, stream: str, sequence: int) -> datetime:
    try:
        message = await js.get_msg(stream, seq=sequence)
    except NotFoundError:  # a sequence that was given out to nobody, or is purged: as old as can be
        return datetime.min.replace(tzinfo=UTC)
    return message.time or datetime.min.replace(tzinfo=UTC)
