"""The statements that write the tables of the read model, on either database."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, case
from sqlalchemy.dialects import postgresql, sqlite

from services.history.adapters.tables.schema import counts, settled


@lru_cache
def add(table: Table, dialect: str) -> Any:
    """Return the statement that adds rows to a table, passing over those that are there."""
    return _insert(dialect)(table).on_conflict_do_nothing()


@lru_cache
def replace(table: Table, dialect: str) -> Any:
    """Return the statement that adds rows to a table, replacing those that are there."""
    statement = _insert(dialect)(table)
    key = [column.name for column in table.primary_key]
    set_ = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=set_)


@lru_cache
def count(dialect: str) -> Any:
    """Return the statement that adds to counters."""
    statement = _insert(dialect)(counts)
    return statement.on_conflict_do_update(
        index_elements=["run_id", "status"], set_={"n": counts.c.n + statement.excluded.n}
    )


@lru_cache
def settle(dialect: str) -> Any:
    """Return the statement that adds to what was settled in a minute."""
    statement = _insert(dialect)(settled)
    later = case((statement.excluded.last_at > settled.c.last_at, statement.excluded.last_at), else_=settled.c.last_at)
    return statement.on_conflict_do_update(
        index_elements=["run_id", "minute"], set_={"n": settled.c.n + statement.excluded.n, "last_at": later}
    )


def dialect_of(connection: Connection) -> str:
    """Return which database it is."""
    return connection.dialect.name


def _insert(dialect: str) -> Any:
    return postgresql.insert if dialect == "postgresql" else sqlite.insert
