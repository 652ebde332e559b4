"""The keys that seal personal fields, one per contact: delete the key and its fields are gone from every event."""

import os
import threading
import time
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from sqlalchemy import Column, Engine, Float, Index, LargeBinary, MetaData, String, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from shared.store.tables import create

_METADATA = MetaData()
_KEYS = Table(
    "keys",
    _METADATA,
    Column("person", String, primary_key=True),
    Column("key", LargeBinary),  # NULL is a tombstone: this key id is never given a key again
    Column("erased_at", Float),
)
_ERASED = _KEYS.c.erased_at.is_not(None)
Index("erased_keys", _KEYS.c.erased_at, sqlite_where=_ERASED, postgresql_where=_ERASED)
_LOOK_AFTER = 5.0  # seconds that an erasure by another process may go unnoticed
_REMEMBERED = 50_000  # keys


class Keyring:
    """Makes, finds and erases keys by key id ("kind|number|contact_id#generation")."""

    def __init__(self, engine: Engine, schema: str | None = None) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._known: dict[str, bytes | None] = {}
        create(engine, _METADATA, schema)
        self._erased = self._count_erased()
        self._looked_at = time.monotonic()

    def make(self, people: Iterable[str]) -> None:
        """Give each of these people a key, durably, unless they have one or were erased."""
        missing = sorted(set(people).difference(self._fresh()))
        if not missing:
            return
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(_KEYS).on_conflict_do_nothing(index_elements=["person"])
        rows = [{"person": person, "key": os.urandom(32)} for person in missing]
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(statement, rows)
        self._look_up(missing)

    def find(self, person: str) -> bytes | None:
        """Return the key, None where there is none (any more)."""
        known = self._fresh()
        return known[person] if person in known else self._look_up_one(person)

    def erase(self, person: str) -> None:
        """Delete the key for good: what it sealed reads as None from now on, and no new key takes its place."""
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        tombstone = {"key": None, "erased_at": time.time()}
        statement = insert(_KEYS).values(person=person, **tombstone)
        statement = statement.on_conflict_do_update(index_elements=["person"], set_=tombstone)
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(statement)
        with self._lock:
            self._known[person] = None

    def is_erased(self, person: str) -> bool:
        """Return whether this key id stands as a tombstone."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_KEYS.c.key).where(_KEYS.c.person == person)).first()
        return row is not None and row[0] is None

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _look_up_one(self, person: str) -> bytes | None:
        """Read past SQLAlchemy's layers, at a tenth of their cost: each person is looked up anew every few seconds."""
        mark = "?" if self._engine.dialect.paramstyle == "qmark" else "%s"
        row = self._first(f"SELECT key FROM keys WHERE person = {mark}", person)  # noqa: S608 -- a mark
        with self._lock:
            if row:
                self._known[person] = row[0]
        return row[0] if row else None

    def _count_erased(self) -> int:
        row = self._first("SELECT count(*) FROM keys WHERE erased_at IS NOT NULL")
        return int(row[0]) if row else 0

    def _first(self, query: str, *values: str) -> tuple[Any, ...] | None:
        try:
            with closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(query, values)
                row: tuple[Any, ...] | None = cursor.fetchone()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise OperationalError("looking up a key", None, error) from error
        return row

    def _look_up(self, people: list[str]) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        query = select(_KEYS.c.person, _KEYS.c.key).where(_KEYS.c.person.in_(bindparam("people", expanding=True)))
        with self._engine.connect() as connection:
            for start in range(0, len(people), 500):
                rows = connection.execute(query, {"people": people[start : start + 500]})
                found.update((person, key) for person, key in rows)
        with self._lock:
            self._known.update(found)
        return found

    def _fresh(self) -> dict[str, bytes | None]:
        """Return the keys that are remembered: none where one was erased meanwhile, perhaps by another process."""
        if time.monotonic() - self._looked_at > _LOOK_AFTER:
            erased = self._count_erased()
            with self._lock:
                if erased != self._erased or len(self._known) > _REMEMBERED:
                    self._known = {}
                self._erased = erased
                self._looked_at = time.monotonic()
        return self._known
