"""Writes what messages say into the read model: each batch with its place in one transaction, so exactly once."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from dataclasses import replace as replaced
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Connection, Update, bindparam, delete, func, insert, select, update

from services.history.adapters.tables.items import add_items
from services.history.adapters.tables.makings import add_makings
from services.history.adapters.tables.runs import add_runs, add_said, heard_before, stand
from services.history.adapters.tables.schema import PROJECTED, dead_letters, facts, lines, places
from services.history.adapters.tables.statements import add, dialect_of, replace
from services.history.adapters.tables.tally import Tally
from services.history.domain.changes import Changes, DeadLetter, changes_of, dead_letter_of, is_ours
from services.history.domain.fact import Fact
from services.history.domain.line import Line
from services.history.domain.making import key_of
from shared.messaging import Place, Told
from shared.store import Store, StoreUnavailable

_log = structlog.get_logger()
_PATIENCE = 1.0  # seconds before a batch is written again that the database refused

_KNOWN = select(*(lines.c[name] for name in Line.__dataclass_fields__))
_KNOWN = _KNOWN.where(lines.c.processing_id.in_(bindparam("ids", expanding=True)))
_LAST = select(func.max(lines.c.sequence))
_BEGIN = insert(lines)
_FACT = [column.name for column in facts.columns if column.name not in {"line", "making"}]
_FIXED = ("run_id", "item_id", "at", "person", "kind", "number", "contact_id", "issue_method")
_NAMED = ("recipient_name", "recipient_address", "recipient_ordinal", "subject")
_OUTCOME = tuple(
    name for name in Line.__dataclass_fields__ if name not in {*_FIXED, *_NAMED, "processing_id", "sequence"}
)


def _change(names: Iterable[str]) -> Update:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(lines).where(lines.c.sequence == bindparam("line")).values(values)


# An index is written anew for each column of it that is named, whether its value changes or not.
_CHANGE_OUTCOME = _change(_OUTCOME)
_CHANGE = _change((*_OUTCOME, *_FIXED, *_NAMED))
_rest_of = attrgetter(*_FIXED, *_NAMED)


class ProjectedTables:
    """The read model as messages write it; it can be thrown away, and is then made anew from the streams."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def place(self, publisher: str) -> Place:
        """Return how far a publisher's messages are in the tables."""
        return await self._store.read(lambda connection: _place(connection, publisher))

    async def project(self, publisher: str, told: Sequence[Told]) -> None:
        """Write a batch and its place; what is in the tables already is passed over."""
        await self._insist(lambda connection: _project(connection, publisher, told))

    async def bury(self, advisories: Sequence[Told]) -> None:
        """Write which messages other services gave up, from the server's advisories."""
        letters = [dead_letter_of(orjson.loads(one.data), one.at) for one in advisories]
        # An advisory has no publisher's position: the stream's sequence tells what was read, the key drops repeats.
        place = replaced(advisories[-1].place, position=0)

        def write(connection: Connection) -> None:
            _bury(connection, letters)
            _move(connection, "advisories", place)

        await self._insist(write)

    async def forget(self) -> None:
        """Empty the read model; following begins again from the start of each stream."""

        def empty(connection: Connection) -> None:
            for table in PROJECTED:
                connection.execute(delete(table))

        await self._store.transact(empty)

    async def _insist(self, work: Callable[[Connection], None]) -> None:
        while True:
            try:
                await self._store.transact(work)
            except StoreUnavailable as error:
                _log.warning("the read model cannot be written now", error=str(error))
                await asyncio.sleep(_PATIENCE)
            else:
                return


def _project(connection: Connection, publisher: str, told: Sequence[Told]) -> None:
    known = _place(connection, publisher).position
    fresh = [one for one in told if one.place.position > known]
    if not fresh:
        return
    changes = changes_of((one.place.position, one.message) for one in fresh if one.message)
    tally = Tally()
    _add_runs(connection, changes, tally)
    add_items(connection, changes)
    for item in changes.items:
        tally.record(item)
    add_makings(connection, [fact.making for fact in changes.facts] + [file.making for file in changes.documents])
    _hear(connection, changes.facts, tally)
    tally.write(connection)
    stand(connection, tally.moved)
    _bury(connection, [_unreadable(publisher, one) for one in fresh if one.message is None and is_ours(one.subject)])
    _move(connection, publisher, fresh[-1].place)


def _add_runs(connection: Connection, changes: Changes, tally: Tally) -> None:
    if changes.runs:
        add_runs(connection, changes.runs)
        for run in changes.runs:
            tally.start(run)
        tally.moved |= heard_before(connection, {run.run_id for run in changes.runs})
    if changes.said:
        add_said(connection, changes.said)
        tally.moved |= {one.run_id for one in changes.said}


def _hear(connection: Connection, told: Sequence[Fact], tally: Tally) -> None:
    """Add facts to the timelines and have the lines they are of hear them."""
    if not told:
        return
    ids = list({fact.processing_id for fact in told})
    known = {row.processing_id: Line(*row) for row in connection.execute(_KNOWN, {"ids": ids})}
    before = {line.processing_id: line.status for line in known.values()}
    rest = {line.processing_id: _rest_of(line) for line in known.values()}
    begun: dict[UUID, Line] = {}
    last = connection.execute(_LAST).scalar_one() or 0
    timeline = []
    for fact in told:
        line = known.get(fact.processing_id) or begun.get(fact.processing_id)
        if line is None:
            line = begun[fact.processing_id] = Line.begun_by(fact, last + len(begun) + 1)
        line.hear(fact)
        making = key_of(fact.making) if fact.making else None
        timeline.append({"line": line.sequence, "making": making, **{name: getattr(fact, name) for name in _FACT}})
    if begun:
        connection.execute(_BEGIN, [vars(line) for line in begun.values()])
    _write_known(connection, known.values(), rest)
    connection.execute(add(facts, dialect_of(connection)), timeline)
    for line in (*known.values(), *begun.values()):
        tally.change(line, before.get(line.processing_id))


def _write_known(connection: Connection, known: Iterable[Line], rest: dict[UUID, Any]) -> None:
    outcome: list[dict[str, Any]] = []
    whole: list[dict[str, Any]] = []
    for line in known:
        same = rest[line.processing_id] == _rest_of(line)
        names = _OUTCOME if same else (*_OUTCOME, *_FIXED, *_NAMED)
        row = {"line": line.sequence, **{name: getattr(line, name) for name in names}}
        (outcome if same else whole).append(row)
    for statement, rows in ((_CHANGE_OUTCOME, outcome), (_CHANGE, whole)):
        if rows:
            connection.execute(statement, rows)


def _bury(connection: Connection, letters: Iterable[DeadLetter]) -> None:
    rows = [asdict(letter) for letter in letters]
    if rows:
        connection.execute(add(dead_letters, dialect_of(connection)), rows)


def _unreadable(publisher: str, one: Told) -> DeadLetter:
    return DeadLetter(publisher.upper(), one.place.sequence, "history", f"unreadable: {one.subject}", one.at)


def _place(connection: Connection, publisher: str) -> Place:
    query = select(places.c.position, places.c.sequence, places.c.stream_made).where(places.c.publisher == publisher)
    row = connection.execute(query).first()
    return Place(*row) if row else Place()


def _move(connection: Connection, publisher: str, place: Place) -> None:
    connection.execute(replace(places, dialect_of(connection)), {"publisher": publisher, **asdict(place)})
