"""Items, their destinations, files and log: written from messages, and looked up by id, in a dossier, or in a list."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from heapq import merge
from itertools import groupby, islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, desc, func, or_, select, update

from services.history.adapters.tables.columns import beyond
from services.history.adapters.tables.schema import (
    ITEM_WORDS,
    destinations,
    documents,
    item_log,
    items,
    makings,
    workflows,
)
from services.history.adapters.tables.search import TRIGRAM
from services.history.adapters.tables.statements import add, dialect_of
from services.history.domain.changes import Changes
from services.history.domain.item import DELETED, Item
from services.history.domain.looking import Cursor, Dossier, ItemFilter
from services.history.domain.making import key_of, made_with
from shared.contracts.dossier import DossierItemChanged, DossierItemRecorded

Row = dict[str, Any]
_SHOWN = 500  # destinations of one item
_LOG = 1000  # entries of one item
_OWN = [name for name in Item.__dataclass_fields__ if name != "item_id"]
_LAST = select(func.coalesce(func.max(items.c.sequence), 0))
_KNOWN = select(items.c.item_id, *(items.c[name] for name in _OWN))
_KNOWN = _KNOWN.where(items.c.item_id.in_(bindparam("ids", expanding=True)))
_CHANGE = update(items).where(items.c.item_id == bindparam("of")).values({name: bindparam(name) for name in _OWN})
_MOVE = (
    update(destinations)
    .where(destinations.c.item_id == bindparam("of"), destinations.c.kind == bindparam("kind_of"))
    .values(contact_id=bindparam("contact"))
)


def add_items(connection: Connection, changes: Changes) -> None:
    """Add what was recorded, changed and said of items, in the order told."""
    dialect = dialect_of(connection)
    if changes.items:
        last = connection.execute(_LAST).scalar_one()
        rows = [_item(item) | {"sequence": n} for n, item in enumerate(changes.items, last + 1)]
        connection.execute(add(items, dialect), rows)
        if at := [row for item in changes.items for row in _destinations(item)]:
            connection.execute(add(destinations, dialect), at)
    if changes.changed:
        _change(connection, changes.changed)
    if changes.log:
        connection.execute(add(item_log, dialect), [asdict(entry) for entry in changes.log])
    if changes.workflows:
        rows = [workflow.model_dump(mode="json") | {"set_at": workflow.set_at} for workflow in changes.workflows]
        connection.execute(add(workflows, dialect), rows)
    if changes.documents:
        made = [asdict(one) for one in changes.documents]
        for row, one in zip(made, changes.documents, strict=True):
            row["attachment"] = one.attachment.model_dump() if one.attachment else None
            row["making"] = key_of(one.making) if one.making else None
        connection.execute(add(documents, dialect), made)
    _drop(connection, [entry.item_id for entry in changes.log if entry.what == DELETED])


def item_of(connection: Connection, item_id: UUID) -> Row | None:
    """Return an item with its destinations, files, log, and the version of the workflow that it is in."""
    found = _rows(connection, select(items).where(items.c.item_id == item_id))
    if not found:
        return None
    to = select(destinations.c.kind, destinations.c.number, destinations.c.contact_id)
    to = to.where(destinations.c.item_id == item_id).limit(_SHOWN)
    log = select(item_log).where(item_log.c.item_id == item_id).order_by(item_log.c.position).limit(_LOG)
    return {
        **found[0],
        "destinations": [{**one, "contact_id": one["contact_id"] or None} for one in _rows(connection, to)],
        "documents": _documents(connection, item_id),
        "log": _rows(connection, log),
        "workflow": _workflow(connection, found[0]),
    }


def page_of_items(connection: Connection, wanted: ItemFilter, limit: int, after: Cursor | None) -> list[Row]:
    """Return the next items that a filter lets through, newest first; those found by trigrams as they arrived."""
    query = select(items).where(*_conditions(wanted)).limit(limit)
    if wanted.q and len(wanted.q) >= TRIGRAM and dialect_of(connection) == "sqlite":
        arrived = ITEM_WORDS.rows.c.rowid
        query = query.join(ITEM_WORDS.rows, arrived == items.c.sequence).where(ITEM_WORDS.match(wanted.q))
        return _rows(connection, query.where(*([arrived < after.sequence] if after else [])).order_by(desc(arrived)))
    if wanted.q:
        query = query.where(items.c.subject.icontains(wanted.q, autoescape=True))
    if after:
        query = query.where(beyond(items.c.recorded_at, items.c.item_id, after))
    return _rows(connection, query.order_by(desc(items.c.recorded_at), desc(items.c.item_id)))


def _conditions(wanted: ItemFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.type is not None:
        yield items.c.type == wanted.type
    if wanted.run_id is not None:
        yield items.c.run_id == wanted.run_id
    if wanted.without_destination:
        yield items.c.is_somewhere.is_(False)


def dossier_of(connection: Connection, wanted: Dossier, limit: int, after: Cursor | None) -> list[Row]:
    """Return the next items that show in a dossier, newest first (R-22)."""
    found = (connection.execute(query).all() for query in _in_dossier(wanted, limit, after))
    newest_first = merge(*found, key=lambda row: (row.recorded_at, row.item_id.bytes), reverse=True)
    ids = list(islice((item_id for item_id, _ in groupby(row.item_id for row in newest_first)), limit))
    by_id = {row["item_id"]: row for row in _rows(connection, select(items).where(items.c.item_id.in_(ids)))}
    return [by_id[item_id] for item_id in ids if item_id in by_id]


def _in_dossier(wanted: Dossier, limit: int, after: Cursor | None) -> Iterable[Select[Any]]:
    """Yield what is found at each place of a dossier: what is confidential shows where it was recorded alone."""
    at, key = destinations.c.recorded_at, destinations.c.item_id
    for kind, number in wanted.places:
        here = and_(destinations.c.kind == kind, destinations.c.number == number)
        if wanted.contact_id:
            here = and_(here, destinations.c.contact_id == wanted.contact_id)
        else:
            open_to_all = destinations.c.confidential.is_(False)
            is_own = (kind, number) == wanted.places[0]
            here = and_(here, or_(open_to_all, destinations.c.contact_id == "") if is_own else open_to_all)
        query = select(at, key).where(here).distinct().order_by(desc(at), desc(key)).limit(limit)
        yield query.where(beyond(at, key, after)) if after else query


def _drop(connection: Connection, deleted: Sequence[UUID]) -> None:
    """Let deleted items be shown no more; their log stays, and their lines, which tell what was mailed of them."""
    if deleted:
        for table in (destinations, documents, items):
            connection.execute(delete(table).where(table.c.item_id.in_(deleted)))


def _change(connection: Connection, changed: Sequence[DossierItemChanged]) -> None:
    """Have items hear what changed of them; one that was never heard of keeps its log alone."""
    ids = list({message.item_id for message in changed})
    known = {row.item_id: Item(*row) for row in connection.execute(_KNOWN, {"ids": ids})}
    for message in changed:
        if item := known.get(message.item_id):
            item.hear(message)
    if known:
        rows = [{"of": item.item_id, **{name: getattr(item, name) for name in _OWN}} for item in known.values()]
        connection.execute(_CHANGE, rows)
    moved = [
        {"of": message.item_id, "kind_of": message.destination.kind, "contact": message.destination.contact_id or ""}
        for message in changed
        if message.destination and "contact_id" in message.changed
    ]
    if moved:
        connection.execute(_MOVE, moved)


def _item(item: DossierItemRecorded) -> Row:
    row = item.model_dump(include={column.name for column in items.columns})
    return row | {
        "fields": item.fields.model_dump(mode="json", exclude_none=True) if item.fields else {},
        "attachments": [{**file.model_dump(mode="json"), "n": n} for n, file in enumerate(item.attachments, 1)],
        "task": item.task.model_dump(mode="json") if item.task else None,
        "version": 1,
        "is_somewhere": bool(item.destinations),
    }


def _destinations(item: DossierItemRecorded) -> Iterable[Row]:
    confidential = bool(item.fields and item.fields.confidential)
    for to in item.destinations:
        yield {
            "kind": to.kind,
            "number": to.number,
            "contact_id": to.contact_id or "",
            "item_id": item.item_id,
            "recorded_at": item.recorded_at,
            "confidential": confidential,
        }


def _documents(connection: Connection, item_id: UUID) -> list[Row]:
    """Return the files that are made for an item as they stand, with what each was made with."""
    query = select(documents, makings.c.content).outerjoin(makings, makings.c.key == documents.c.making)
    query = query.where(documents.c.item_id == item_id).order_by(documents.c.stage, documents.c.position)
    told: dict[UUID, list[Row]] = defaultdict(list)
    for row in _rows(connection, query):
        told[row["document_id"]].append(row)
    return [{**rows[-1], "made_with": made_with(row["content"] for row in rows)} for rows in told.values()]


def _workflow(connection: Connection, item: Row) -> Row | None:
    if item["workflow_id"] is None:
        return None
    query = select(workflows).where(
        workflows.c.workflow_id == item["workflow_id"], workflows.c.version == item["workflow_version"]
    )
    found = _rows(connection, query)
    return found[0] if found else None


def _rows(connection: Connection, query: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]
