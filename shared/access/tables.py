"""The tables of access, in one SQLite file or in the schema `access` of PostgreSQL; several processes open them."""

import sqlite3
import time
from typing import Any

from sqlalchemy import BigInteger, Column, Engine, MetaData, String, Table, create_engine, event, make_url, text

_SCHEMA = "access"
_BUSY = 30  # seconds
_WAL_TRIES = 500  # times 10 ms

metadata = MetaData()
users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("full_name", String),
    Column("email", String),
    Column("created_at", BigInteger, nullable=False),
)
tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("digest", String, nullable=False, unique=True),
    Column("scopes", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
)
sessions = Table(
    "sessions",
    metadata,
    Column("digest", String, primary_key=True),
    Column("user_name", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
links = Table(
    "login_links",
    metadata,
    Column("digest", String, primary_key=True),
    Column("user_name", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)


def connect(url: str) -> Engine:
    """Return an engine whose database has the tables, made now if need be."""
    engine = _sqlite(url) if make_url(url).get_backend_name() == "sqlite" else _postgresql(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":  # IF NOT EXISTS alone fails when two processes ask at once
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('uitpost access'))"))
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}"))
        metadata.create_all(connection)
    return engine


def _postgresql(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True, connect_args={"options": f"-csearch_path={_SCHEMA}"})


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # a transaction begins where we say: at once for writing
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL, also while another process is doing so: SQLite doesn't wait there, whatever its timeout."""
    for attempt in range(_WAL_TRIES):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or attempt == _WAL_TRIES - 1:
                raise
            time.sleep(0.01)
        else:
            return
