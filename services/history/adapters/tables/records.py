"""What is asked of the read model: pages of lines, one line with its timeline, runs, items, counters."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, desc, or_, select, tuple_

from services.history.adapters.tables.columns import beyond
from services.history.adapters.tables.items import dossier_of, item_of, page_of_items
from services.history.adapters.tables.runs import page_of_runs, run_of
from services.history.adapters.tables.schema import (
    EVERY_RUN,
    LINE_WORDS,
    TOTAL,
    counts,
    dead_letters,
    facts,
    lines,
    makings,
)
from services.history.adapters.tables.search import TRIGRAM
from services.history.adapters.tables.statements import dialect_of
from services.history.domain.looking import Cursor, Dossier, Filter, ItemFilter
from services.history.domain.run import Run, Sought, counts_of
from shared.store import Store

Row = dict[str, Any]
_LINE = [one for one in lines.columns if one.name not in {"recipient_ordinal", "stage", "position"}]
_FACT = [*(one for one in facts.columns if one.name not in {"line", "making"}), makings.c.content.label("made_with")]
_WORDS = LINE_WORDS.rows
_SHOWN = 500  # destinations of one item


class RecordTables:
    """Answers questions from the tables; each list is newest first and goes on after a cursor."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, wanted: Filter, limit: int, after: Cursor | None) -> list[Row]:
        """Return the next lines that a filter lets through."""
        return await self._store.read(lambda connection: lines_after(connection, wanted, limit, after))

    async def line(self, processing_id: UUID) -> Row | None:
        """Return one line."""
        return await self._one(select(*_LINE).where(lines.c.processing_id == processing_id))

    async def timelines(self, ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
        """Return the facts of each line: mail after mail, stage after stage, in the order told."""
        query = select(lines.c.processing_id, *_FACT).join(lines, lines.c.sequence == facts.c.line)
        query = query.outerjoin(makings, makings.c.key == facts.c.making).where(lines.c.processing_id.in_(ids))
        told: dict[UUID, list[Row]] = {processing_id: [] for processing_id in ids}
        for row in await self._all(query.order_by(facts.c.ordinal, facts.c.stage, facts.c.position)):
            told[row.pop("processing_id")].append(row)
        return told

    async def runs(self, sought: Sought, limit: int, after: Cursor | None) -> list[Run]:
        """Return the next runs that are sought."""
        return await self._store.read(lambda connection: page_of_runs(connection, sought, limit, after))

    async def run(self, run_id: UUID) -> Run | None:
        """Return one run."""
        return await self._store.read(lambda connection: run_of(connection, run_id))

    async def item(self, item_id: UUID) -> Row | None:
        """Return one item with its destinations and its files that are no rows."""
        return await self._store.read(lambda connection: item_of(connection, item_id))

    async def lines_of_item(self, item_id: UUID, limit: int, after: Cursor | None) -> list[Row]:
        """Return the next lines of an item."""
        query = _after(select(*_LINE).where(lines.c.item_id == item_id), after)
        return await self._all(query.order_by(desc(lines.c.at), desc(lines.c.processing_id)).limit(limit))

    async def items(self, wanted: ItemFilter, limit: int, after: Cursor | None) -> list[Row]:
        """Return the next items that a filter lets through."""
        return await self._store.read(lambda connection: page_of_items(connection, wanted, limit, after))

    async def dossier(self, wanted: Dossier, limit: int, after: Cursor | None) -> list[Row]:
        """Return the next items of a dossier, each with the status of its rows there (FR-49)."""
        return await self._store.read(lambda connection: _dossier(connection, wanted, limit, after))

    async def counts(self) -> dict[str, int]:
        """Return the rows per status over all runs."""
        query = select(counts.c.status, counts.c.n).where(counts.c.run_id == EVERY_RUN)
        found = {row["status"]: row["n"] for row in await self._all(query)}
        total = found.pop(TOTAL, 0)
        return counts_of(found, total)

    async def dead_letters(self, limit: int) -> list[Row]:
        """Return the messages given up last."""
        return await self._all(select(dead_letters).order_by(desc(dead_letters.c.at)).limit(limit))

    async def _all(self, query: Select[Any]) -> list[Row]:
        return await self._store.read(lambda connection: _rows(connection, query))

    async def _one(self, query: Select[Any]) -> Row | None:
        rows = await self._all(query)
        return rows[0] if rows else None


def lines_after(connection: Connection, wanted: Filter, limit: int, after: Cursor | None) -> list[Row]:
    """Return the next lines of a list on a connection at hand."""
    if wanted.q and len(wanted.q) >= TRIGRAM and dialect_of(connection) == "sqlite":
        return _rows(connection, _found_in_sqlite(wanted, limit, after))
    query = _after(select(*_LINE).where(*_conditions(wanted)), after)
    if wanted.q:
        query = query.where(_like(wanted.q))
    return _rows(connection, query.order_by(desc(lines.c.at), desc(lines.c.processing_id)).limit(limit))


def _found_in_sqlite(wanted: Filter, limit: int, after: Cursor | None) -> Select[Any]:
    """Search by trigrams in the order of arrival: by time, every line found would have to be sorted first."""
    query = select(*_LINE).select_from(_WORDS.join(lines, lines.c.sequence == _WORDS.c.rowid))
    query = query.where(LINE_WORDS.match(wanted.q or ""), *_conditions(wanted))
    if after:
        query = query.where(_WORDS.c.rowid < after.sequence)
    return query.order_by(desc(_WORDS.c.rowid)).limit(limit)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    equal = {
        lines.c.status: wanted.status,
        lines.c.run_id: wanted.run_id,
        lines.c.kind: wanted.kind,
        lines.c.number: wanted.number,
    }
    found = [of == value for of, value in equal.items() if value is not None]
    if wanted.since:
        found.append(lines.c.at >= wanted.since)
    if wanted.until:
        found.append(lines.c.at < wanted.until)
    return found


def _like(q: str) -> ColumnElement[bool]:
    """Match anywhere in name, address or subject; what is too short for that, at the beginning of an address."""
    if len(q) < TRIGRAM:
        return lines.c.recipient_address.istartswith(q, autoescape=True)
    words = (lines.c.recipient_name, lines.c.recipient_address, lines.c.subject)
    return or_(*(word.icontains(q, autoescape=True) for word in words))


def _after(query: Select[Any], after: Cursor | None) -> Select[Any]:
    return query if after is None else query.where(beyond(lines.c.at, lines.c.processing_id, after))


def _rows(connection: Connection, query: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _dossier(connection: Connection, wanted: Dossier, limit: int, after: Cursor | None) -> list[Row]:
    found = dossier_of(connection, wanted, limit, after)
    place = tuple_(lines.c.kind, lines.c.number).in_(list(wanted.places))
    there: list[ColumnElement[bool]] = [lines.c.item_id.in_([item["item_id"] for item in found]), place]
    if wanted.contact_id:
        there.append(lines.c.contact_id == wanted.contact_id)
    rows: dict[UUID, list[Row]] = defaultdict(list)
    for row in _rows(connection, select(*_LINE).where(*there).order_by(lines.c.at)):
        rows[row["item_id"]].append(row)
    return [{**item, "rows": rows[item["item_id"]]} for item in found]
