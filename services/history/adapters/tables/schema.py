"""The tables of the read model and of resend jobs, on SQLite and PostgreSQL, with their search index."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import DDL
from sqlalchemy.types import UserDefinedType

from services.history.domain.looking import moment, time_of


class _IdBytes(UserDefinedType[UUID]):
    """An id as its 16 bytes: half the space of its letters, in the row and in each index."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BLOB"

    def bind_processor(self, dialect: Dialect) -> Callable[[UUID | None], bytes | None]:  # noqa: ARG002
        return lambda value: None if value is None else value.bytes

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[bytes | None], UUID | None]:  # noqa: ARG002
        return lambda value: None if value is None else UUID(bytes=value)


class _Moment(UserDefinedType[datetime]):
    """A time as microseconds since 1970: exact, and in order on every database."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "BIGINT"

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:  # noqa: ARG002
        return lambda value: None if value is None else moment(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:  # noqa: ARG002
        return lambda value: None if value is None else time_of(value)


Id = Uuid().with_variant(_IdBytes(), "sqlite")
_Sequence = BigInteger().with_variant(Integer, "sqlite")
TABLES = MetaData()

places = Table(
    "places",
    TABLES,
    Column("publisher", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("stream_made", String, nullable=False),
)
runs = Table(
    "runs",
    TABLES,
    Column("run_id", Id, primary_key=True),
    Column("request_id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("issue_method", String, nullable=False),
    Column("record_separately", Boolean, nullable=False),
    Column("total", Integer, nullable=False),
    Column("excluded", JSON, nullable=False),
    Column("consent_attested", Boolean, nullable=False),
    Column("submitted_by", String),
    Column("started_at", _Moment, nullable=False),
    Index("runs_by_time", "started_at", "run_id"),
)
items = Table(
    "items",
    TABLES,
    Column("item_id", Id, primary_key=True),
    Column("run_id", Id, nullable=False),
    Column("type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("comment", String, nullable=False),
    Column("issue_method", String, nullable=False),
    Column("record_separately", Boolean, nullable=False),
    Column("attachments", JSON, nullable=False),
    Column("submitted_by", String),
    Column("recorded_at", _Moment, nullable=False),
)
destinations = Table(
    "destinations",
    TABLES,
    Column("kind", String, nullable=False),
    Column("number", String, nullable=False),
    Column("recorded_at", _Moment, nullable=False),
    Column("item_id", Id, nullable=False, index=True),
    Column("contact_id", String, nullable=False),
    PrimaryKeyConstraint("kind", "number", "recorded_at", "item_id", "contact_id"),
    sqlite_with_rowid=False,
)
lines = Table(
    "lines",
    TABLES,
    Column("sequence", _Sequence, primary_key=True, autoincrement=False),
    Column("processing_id", Id, nullable=False, unique=True),
    Column("run_id", Id, nullable=False),
    Column("item_id", Id, nullable=False, index=True),
    Column("at", _Moment, nullable=False),
    Column("updated_at", _Moment, nullable=False),
    Column("person", String),
    Column("kind", String),
    Column("number", String),
    Column("contact_id", String),
    Column("recipient_name", String),
    Column("recipient_address", String),
    Column("recipient_ordinal", Integer, nullable=False),
    Column("subject", String),
    Column("issue_method", String),
    Column("mail_id", Id),
    Column("ordinal", Integer, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("attempts", Integer, nullable=False),
    Column("smtp_code", Integer),
    Column("smtp_text", String),
    Column("message_id", String),
    Column("resend_of", Id),
    Index("lines_by_time", "at", "processing_id"),
    Index("lines_by_status", "status", "at", "processing_id"),
    Index("lines_by_run", "run_id", "at", "processing_id"),
    Index("lines_by_destination", "number", "kind", "at", "processing_id"),
)
facts = Table(
    "facts",
    TABLES,
    Column("line", BigInteger, nullable=False),  # in the order of time, so that what is busy lies together
    Column("stage", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("what", String, nullable=False),
    Column("mail_id", Id),
    Column("ordinal", Integer, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("actor", String),
    Column("text", String),
    Column("attempt", Integer),
    Column("attempt_started_at", _Moment),
    Column("phase", String),
    Column("smtp_code", Integer),
    Column("enhanced_code", String),
    Column("not_before", _Moment),
    Column("message_id", String),
    Column("wire_sha256", String),
    Column("queue_id", String),
    PrimaryKeyConstraint("line", "stage", "position"),
    sqlite_with_rowid=False,
)
documents = Table(
    "documents",
    TABLES,
    Column("item_id", Id, nullable=False),
    Column("document_id", Id, nullable=False),
    Column("stage", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("slot", String, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("attachment", JSON),
    PrimaryKeyConstraint("item_id", "document_id", "stage", "position"),
    sqlite_with_rowid=False,
)
counts = Table(
    "counts",
    TABLES,
    Column("run_id", Id, nullable=False),  # all runs together under the id of zeroes
    Column("status", String, nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("run_id", "status"),
)
dead_letters = Table(
    "dead_letters",
    TABLES,
    Column("stream", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("consumer", String, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("reason", String, nullable=False),
    PrimaryKeyConstraint("stream", "sequence", "consumer", "at"),
)
resend_jobs = Table(
    "resend_jobs",
    TABLES,
    Column("job_id", Id, primary_key=True),
    Column("wish", JSON, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_at", _Moment, nullable=False),
    Column("cursor", String),  # how far a filter was looked through; NULL where all rows are known
    Column("done", Boolean, nullable=False, index=True),
)
resend_rows = Table(
    "resend_rows",
    TABLES,
    Column("job_id", Id, nullable=False),
    Column("n", Integer, nullable=False),
    Column("processing_id", Id, nullable=False),
    Column("outcome", String, nullable=False),
    Column("mail_id", Id),
    Column("code", String),
    Column("detail", String),
    PrimaryKeyConstraint("job_id", "n"),
    Index("resend_rows_by_outcome", "job_id", "outcome", "n"),
    sqlite_with_rowid=False,
)
PROJECTED = (places, runs, items, destinations, lines, facts, documents, counts)  # made anew from the streams

_WORDS = "recipient_name, recipient_address, subject"
_OLD, _NEW = (", ".join(f"{of}.{word}" for word in _WORDS.split(", ")) for of in ("old", "new"))
_CHANGED = " OR ".join(f"old.{word} IS NOT new.{word}" for word in _WORDS.split(", "))
_PUT = f"INSERT INTO line_words (rowid, {_WORDS}) VALUES (new.sequence, {_NEW});"  # noqa: S608 -- names of columns
_TAKE = f"INSERT INTO line_words (line_words, rowid, {_WORDS}) VALUES ('delete', old.sequence, {_OLD});"  # noqa: S608
_SQLITE_SEARCH = (
    f"CREATE VIRTUAL TABLE line_words USING fts5({_WORDS}, content=lines, content_rowid=sequence, tokenize=trigram)",
    f"CREATE TRIGGER line_words_put AFTER INSERT ON lines BEGIN {_PUT} END",
    f"CREATE TRIGGER line_words_change AFTER UPDATE OF {_WORDS} ON lines WHEN {_CHANGED} BEGIN {_TAKE} {_PUT} END",
    f"CREATE TRIGGER line_words_take AFTER DELETE ON lines BEGIN {_TAKE} END",
)
# Where the extension may not be made, search works all the same, reading every line.
_POSTGRESQL_SEARCH = """
DO $$ DECLARE home text; BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  SELECT nspname INTO home FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_trgm';
  EXECUTE format('CREATE INDEX lines_words ON lines USING gin (recipient_name %%1$I.gin_trgm_ops,'
    ' recipient_address %%1$I.gin_trgm_ops, subject %%1$I.gin_trgm_ops)', home);
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported THEN
  RAISE NOTICE 'pg_trgm is not available';
END $$
"""
for _dialect, _statements in {"sqlite": _SQLITE_SEARCH, "postgresql": (_POSTGRESQL_SEARCH,)}.items():
    for _statement in _statements:
        _ddl = DDL(_statement).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]
        event.listen(lines, "after_create", _ddl)


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


def dialect_of(connection: Connection) -> str:
    """Return which database it is."""
    return connection.dialect.name


def _insert(dialect: str) -> Any:
    return postgresql.insert if dialect == "postgresql" else sqlite.insert
