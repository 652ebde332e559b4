"""The database of a service, SQLite or PostgreSQL: connections, and the table that its events lie in."""

from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.pool import QueuePool

_Position = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only an INTEGER key by itself


def events_table(metadata: MetaData) -> Table:
    """Return the table of events: never deleted from, so that a position is never given twice."""
    return Table(
        "events",
        metadata,
        Column("position", _Position, primary_key=True, autoincrement=True),
        Column("originator_id", LargeBinary(16), nullable=False),
        Column("originator_version", Integer, nullable=False),
        Column("topic", String, nullable=False),
        Column("state", LargeBinary, nullable=False),
        UniqueConstraint("originator_id", "originator_version"),
        sqlite_autoincrement=True,
    )


def connect(url: str, schema: str | None = None) -> Engine:
    """Return an engine with full durability: WAL and `synchronous=FULL` on SQLite, its own schema on PostgreSQL."""
    if url.startswith("sqlite"):
        return _sqlite(url)
    options: dict[str, Any] = {"connect_timeout": 10, "options": "-csynchronous_commit=on"}
    if schema:
        options["options"] += f" -csearch_path={schema}"
    return create_engine(url, pool_size=4, max_overflow=8, pool_pre_ping=True, connect_args=options)


def create(engine: Engine, metadata: MetaData, schema: str | None = None) -> None:
    """Make the tables that are missing, and the schema they lie in; processes starting at once take turns."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7488)")  # IF NOT EXISTS alone is no fence
            if schema:
                connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        metadata.create_all(connection)


def sqlite_path(url: str) -> Path | None:
    """Return the file behind an SQLite URL, None for a database in memory or on a server."""
    if not url.startswith("sqlite:///"):
        return None
    return Path(url.removeprefix("sqlite:///"))


def _sqlite(url: str) -> Engine:
    # A database in memory lives in its one connection, which the threads must take in turns.
    pool = {"pool_size": 1, "max_overflow": 0} if sqlite_path(url) is None else {}
    engine = create_engine(url, poolclass=QueuePool, connect_args={"check_same_thread": False, "timeout": 30}, **pool)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not at the first change
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA temp_store=MEMORY")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
