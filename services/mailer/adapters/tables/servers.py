"""The mail servers as set up, and when that was said: of two words about one, the later counts."""

from datetime import datetime

from sqlalchemy import Column, Float, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from services.mailer.adapters.tables.metadata import TABLES
from shared.contracts.dossier import MailServerRemoved, MailServerSet
from shared.store import Row, Store

_SERVERS = Table(
    "mail_servers",
    TABLES,
    Column("server_id", String, primary_key=True),
    Column("set_up", String),  # NULL where it was taken away
    Column("said_at", Float, nullable=False),
)


class ServerTable:
    """The mail servers as last set up."""

    def __init__(self, store: Store, *, alone: bool) -> None:
        self._store = store
        insert = sqlite.insert(_SERVERS) if alone else postgresql.insert(_SERVERS)
        self._put = insert.on_conflict_do_update(
            index_elements=["server_id"],
            set_={"set_up": insert.excluded.set_up, "said_at": insert.excluded.said_at},
            where=_SERVERS.c.said_at <= insert.excluded.said_at,
        )

    def put(self, server: MailServerSet) -> Row:
        """Return the row that keeps a server's set-up."""
        return self._said(server.mail_server_id, server.model_dump_json(), server.set_at)

    def removed(self, server: MailServerRemoved) -> Row:
        """Return the row that keeps that there is no such server."""
        return self._said(server.mail_server_id, None, server.removed_at)

    async def all(self) -> list[MailServerSet]:
        """Return all servers that there are."""
        query = select(_SERVERS.c.set_up).where(_SERVERS.c.set_up.is_not(None))
        rows = await self._store.read(lambda connection: list(connection.execute(query).scalars()))
        return [MailServerSet.model_validate_json(row) for row in rows]

    def _said(self, server_id: str, set_up: str | None, at: datetime) -> Row:
        return self._put, {"server_id": server_id, "set_up": set_up, "said_at": at.timestamp()}
