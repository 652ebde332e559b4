"""Views as they were saved."""

from sqlalchemy import Boolean, Column, Connection, String, Table, Text, bindparam, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.domain.view import View, ViewFacts
from shared.store import Row, Store

_VIEWS = Table(
    "views",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("view_id", String, primary_key=True),
    Column("shared", Boolean, nullable=False),
    Column("facts", Text, nullable=False),
)
_GONE = delete(_VIEWS).where(_VIEWS.c.owner == bindparam("of"), _VIEWS.c.view_id == bindparam("id"))


class SqlViews:
    """The views, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        is_postgresql = store.read_now(lambda connection: connection.dialect.name) == "postgresql"
        insert = (postgresql.insert if is_postgresql else sqlite.insert)(_VIEWS)
        new = {name: insert.excluded[name] for name in ("shared", "facts")}
        self._put = insert.on_conflict_do_update(index_elements=["owner", "view_id"], set_=new)

    async def visible(self, owner: str) -> list[View]:
        """Return the user's own views and those that others share, the user's own last."""
        query = select(_VIEWS.c.view_id, _VIEWS.c.owner, _VIEWS.c.facts)
        query = query.where(or_(_VIEWS.c.owner == owner, _VIEWS.c.shared)).order_by(_VIEWS.c.owner == owner)

        def read(connection: Connection) -> list[View]:
            return [View(row[0], row[1], ViewFacts.model_validate_json(row[2])) for row in connection.execute(query)]

        return await self._store.read(read)

    def row(self, view: View) -> Row:
        """Return the row that keeps a view."""
        facts = view.facts.model_dump_json()
        return self._put, {"owner": view.owner, "view_id": view.view_id, "shared": view.facts.shared, "facts": facts}

    def gone(self, view: View) -> Row:
        """Return the change that forgets a view."""
        return _GONE, {"of": view.owner, "id": view.view_id}
