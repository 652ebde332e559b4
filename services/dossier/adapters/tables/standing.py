"""What stands: contacts, what is set up, files that were put, and runs still open."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    bindparam,
    delete,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from services.dossier.adapters.tables.metadata import METADATA
from services.dossier.application.ports import Noun
from services.dossier.domain.contact import Contact, Known
from services.dossier.domain.identity import Address
from services.dossier.domain.text import is_email
from shared.contracts.message import Attachment
from shared.store import Row, Store

_CONTACTS = Table(
    "contacts",
    METADATA,
    Column("place", String, primary_key=True),  # number space, number and contact id
    Column("kind", String, nullable=False),
    Column("number", String, nullable=False),
    Column("contact_id", String),
    Column("generation", Integer, nullable=False),
    Column("name", String),
    Column("email", String),
    Column("email_valid", Boolean, nullable=False),
    Column("language", String, nullable=False),
    Column("consent", String, nullable=False),
    Column("organisation", String),
    Column("blocked", Boolean, nullable=False),
    Column("fields", Text),
    Column("as_of", String, nullable=False),
    Column("words", Text),  # what is searched: number, name and address in lower case
)
_SETUP = Table(
    "setup",
    METADATA,
    Column("noun", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("facts", Text, nullable=False),
)
_ATTACHMENTS = Table(
    "attachments",
    METADATA,
    Column("sha256", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("filename", String, nullable=False),
    Column("content_type", String, nullable=False),
)
_OPEN_RUNS = Table(
    "open_runs",
    METADATA,
    Column("run_id", String, primary_key=True),
    Column("opened_at", Float, nullable=False),
)
_AT_ONCE = 500  # contacts in one query
_KNOWN = select(_CONTACTS).where(_CONTACTS.c.place.in_(bindparam("places", expanding=True)))


class SqlTables:
    """The tables, in the database of the events."""

    def __init__(self, store: Store) -> None:
        self._store = store
        insert = postgresql.insert if store.read_now(_dialect) == "postgresql" else sqlite.insert
        contacts, setup = insert(_CONTACTS), insert(_SETUP)
        self._put_contact = contacts.on_conflict_do_update(
            index_elements=["place"], set_={column.name: contacts.excluded[column.name] for column in _CONTACTS.c}
        )
        self._put_setup = setup.on_conflict_do_update(
            index_elements=["noun", "name"], set_={"facts": setup.excluded.facts}
        )
        self._put_attachment = insert(_ATTACHMENTS).on_conflict_do_nothing(index_elements=["sha256"])
        self._open_run = insert(_OPEN_RUNS)
        self._close_run = delete(_OPEN_RUNS).where(_OPEN_RUNS.c.run_id == bindparam("id"))

    async def known(self, addresses: Collection[Address]) -> dict[str, Known]:
        """Return the contacts that stand at these addresses, by place."""
        places = sorted({address.place for address in addresses})

        def query(connection: Connection) -> dict[str, Known]:
            return {row["place"]: _known(row) for row in _looked_up(connection, places)}

        return await self._store.read(query) if places else {}

    async def contacts(self, q: str, after: str, limit: int) -> list[Known]:
        """Return contacts in the order of their places."""
        query = select(_CONTACTS).where(_CONTACTS.c.place > after).order_by(_CONTACTS.c.place).limit(limit)
        if q:
            query = query.where(_CONTACTS.c.words.contains(q.lower(), autoescape=True))
        return await self._store.read(lambda connection: [_known(row) for row in connection.execute(query).mappings()])

    def contact(self, contact: Contact) -> Row:
        """Return the row of a contact as it now is."""
        address, email = contact.address, contact.email
        words = " ".join(filter(None, (address.number, address.contact_id, contact.name, email))).lower()
        return self._put_contact, {
            **address._asdict(),
            "place": address.place,
            "generation": int((contact.person or "#0").rpartition("#")[2]),
            "name": contact.name,
            "email": email,
            "email_valid": bool(email) and is_email(email or ""),
            "language": contact.language,
            "consent": contact.consent,
            "organisation": contact.organisation,
            "blocked": contact.blocked,
            "fields": json.dumps(contact.fields) if contact.fields else None,
            "as_of": contact.as_of.isoformat(),
            "words": words,
        }

    def setup(self, noun: Noun, name: str, facts: Mapping[str, Any]) -> Row:
        """Return the row of a sender, mail server or layout."""
        return self._put_setup, {"noun": noun, "name": name, "facts": json.dumps(facts)}

    async def set_up(self, noun: Noun) -> dict[str, dict[str, Any]]:
        """Return what is set up of a kind, by id in order."""
        query = select(_SETUP.c.name, _SETUP.c.facts).where(_SETUP.c.noun == noun).order_by(_SETUP.c.name)
        rows = await self._store.read(lambda connection: connection.execute(query).all())
        return {name: json.loads(facts) for name, facts in rows}

    def attachment(self, file: Attachment) -> Row:
        """Return the row of a file; one put before stays as it was."""
        return self._put_attachment, file.model_dump()

    async def attachments(self, hashes: Collection[str]) -> dict[str, Attachment]:
        """Return which of these files were put."""
        query = select(_ATTACHMENTS).where(_ATTACHMENTS.c.sha256.in_(sorted(hashes)))
        if not hashes:
            return {}
        rows = await self._store.read(lambda connection: connection.execute(query).mappings().all())
        return {row["sha256"]: Attachment(**row) for row in rows}

    def opened(self, run_id: UUID) -> Row:
        """Return the row of an open run."""
        return self._open_run, {"run_id": str(run_id), "opened_at": datetime.now().astimezone().timestamp()}

    def closed(self, run_id: UUID) -> Row:
        """Return the change that closes a run."""
        return self._close_run, {"id": str(run_id)}

    async def open_runs(self) -> list[UUID]:
        """Return the open runs, oldest first."""
        query = select(_OPEN_RUNS.c.run_id).order_by(_OPEN_RUNS.c.opened_at)
        return [UUID(run_id) for run_id in await self._store.read(lambda c: c.execute(query).scalars().all())]


def _dialect(connection: Connection) -> str:
    return connection.dialect.name


def _looked_up(connection: Connection, places: Sequence[str]) -> Iterator[RowMapping]:
    for start in range(0, len(places), _AT_ONCE):
        yield from connection.execute(_KNOWN, {"places": places[start : start + _AT_ONCE]}).mappings()


def _known(row: RowMapping) -> Known:
    return Known(
        address=Address(row["kind"], row["number"], row["contact_id"]),
        generation=row["generation"],
        name=row["name"] or "",
        email=row["email"],
        email_valid=row["email_valid"],
        language=cast("Any", row["language"]),
        consent=cast("Any", row["consent"]),
        organisation=row["organisation"],
        blocked=row["blocked"],
        fields=json.loads(row["fields"]) if row["fields"] else {},
        as_of=datetime.fromisoformat(row["as_of"]),
    )
