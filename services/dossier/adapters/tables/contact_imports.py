"""Imports of contacts: how far each is, and the lines that it refused."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Column, Connection, Float, Integer, String, Table, Text, bindparam, delete, desc, select
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.domain.contact_import import ContactImport
from services.dossier.domain.refusal import Wrong
from shared.store import Row, Store

_IMPORTS = Table(
    "contact_imports",
    METADATA,
    Column("import_id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("facts", Text, nullable=False),
)
_REFUSED = Table(
    "contact_imports_refused",
    METADATA,
    Column("import_id", String, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("field", String, nullable=False),
    Column("code", String, nullable=False),
    Column("values", Text, nullable=False),
)
_FACTS: TypeAdapter[ContactImport] = TypeAdapter(ContactImport)
_ENDED = select(_IMPORTS.c.import_id).where(_IMPORTS.c.ended_at < bindparam("before"))
_FORGET = (
    delete(_REFUSED).where(_REFUSED.c.import_id.in_(_ENDED)),
    delete(_IMPORTS).where(_IMPORTS.c.ended_at < bindparam("before")),
)


class SqlImports:
    """The imports, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        is_postgresql = store.read_now(lambda connection: connection.dialect.name) == "postgresql"
        insert = postgresql.insert if is_postgresql else sqlite.insert
        imports = insert(_IMPORTS)
        new = {name: imports.excluded[name] for name in ("state", "ended_at", "facts")}
        self._put = imports.on_conflict_do_update(index_elements=["import_id"], set_=new)
        self._refuse = insert(_REFUSED).on_conflict_do_nothing()

    def row(self, job: ContactImport) -> Row:
        """Return the row that keeps how far an import is."""
        return self._put, {
            "import_id": str(job.import_id),
            "state": job.state,
            "started_at": job.started_at.timestamp(),
            "ended_at": job.ended_at.timestamp() if job.ended_at else None,
            "facts": orjson.dumps(asdict(job)).decode(),
        }

    def refused(self, import_id: UUID, wrongs: Sequence[Wrong]) -> list[Row]:
        """Return the rows that keep why lines were refused."""
        return [
            (
                self._refuse,
                {
                    "import_id": str(import_id),
                    "line": wrong.place[0] if wrong.place else 0,
                    "field": wrong.field,
                    "code": wrong.code,
                    "values": orjson.dumps(wrong.values).decode(),
                },
            )
            for wrong in wrongs
        ]

    async def find(self, import_id: UUID) -> ContactImport | None:
        """Return an import."""
        found = await self._all(select(_IMPORTS.c.facts).where(_IMPORTS.c.import_id == str(import_id)))
        return found[0] if found else None

    async def latest(self, limit: int) -> list[ContactImport]:
        """Return the imports that began last, newest first."""
        return await self._all(select(_IMPORTS.c.facts).order_by(desc(_IMPORTS.c.started_at)).limit(limit))

    async def waiting(self) -> list[UUID]:
        """Return the imports that are not at their end, oldest first."""
        query = select(_IMPORTS.c.facts).where(_IMPORTS.c.state == "waiting").order_by(_IMPORTS.c.started_at)
        return [job.import_id for job in await self._all(query)]

    async def wrongs(self, import_id: UUID, after: int, limit: int) -> list[Wrong]:
        """Return why lines were refused, by line, of those behind line `after`."""
        query = select(_REFUSED.c.line, _REFUSED.c.field, _REFUSED.c.code, _REFUSED.c["values"])
        query = query.where(_REFUSED.c.import_id == str(import_id), _REFUSED.c.line > after)
        query = query.order_by(_REFUSED.c.line).limit(limit)

        def read(connection: Connection) -> list[Wrong]:
            return [
                Wrong(field, code, orjson.loads(values), (line, field))
                for line, field, code, values in connection.execute(query)
            ]

        return await self._store.read(read)

    def forgotten(self, before: datetime) -> list[Row]:
        """Return the changes that forget the imports that ended before then."""
        return [(statement, {"before": before.timestamp()}) for statement in _FORGET]

    async def _all(self, query: Any) -> list[ContactImport]:
        def read(connection: Connection) -> list[ContactImport]:
            return [_FACTS.validate_json(facts) for facts in connection.execute(query).scalars()]

        return await self._store.read(read)
