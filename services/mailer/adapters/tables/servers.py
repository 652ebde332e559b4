"""The mail servers as set up."""

from sqlalchemy import Column, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from services.mailer.adapters.tables.metadata import TABLES
from shared.contracts.dossier import MailServerSet
from shared.store import Row, Store

_SERVERS = Table(
    "mail_servers", TABLES, Column("server_id", String, primary_key=True), Column("set_up", String, nullable=False)
)


class ServerTable:
    """The mail servers as last set up."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self._store = store
        insert = sqlite.insert(_SERVERS) if alone else postgresql.insert(_SERVERS)
        self._put = insert.on_conflict_do_update(index_elements=["server_id"], set_={"set_up": insert.excluded.set_up})

    def put(self, server: MailServerSet) -> Row:
        """Return the row that keeps a server's set-up."""
        return self._put, {"server_id": server.mail_server_id, "set_up": server.model_dump_json()}

    async def all(self) -> list[MailServerSet]:
        """Return all servers."""
        query = select(_SERVERS.c.set_up)
        rows = await self._store.read(lambda connection: list(connection.execute(query).scalars()))
        return [MailServerSet.model_validate_json(row) for row in rows]
