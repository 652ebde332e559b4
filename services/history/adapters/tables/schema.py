"""The tables of the read model and of resend jobs."""

from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
)

from services.history.adapters.tables.columns import Id, Moment, Sequence
from services.history.adapters.tables.search import Words

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
    Column("started_at", Moment, nullable=False),
    Column("layouts", JSON, nullable=False),
    Column("state", String, nullable=False),  # follows from the counters and from what was said
    Column("ended_at", Moment),
    Index("runs_by_time", "started_at", "run_id"),
    Index("runs_by_state", "state", "started_at", "run_id"),
    Index("runs_by_submitter", "submitted_by", "started_at", "run_id"),
)
said = Table(
    "said_of_runs",
    TABLES,
    Column("run_id", Id, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("what", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("operator", String, nullable=False),
    Column("reason", String, nullable=False),
    PrimaryKeyConstraint("run_id", "version"),
)
settled = Table(
    "settled",
    TABLES,
    Column("run_id", Id, nullable=False),
    Column("minute", Moment, nullable=False),
    Column("n", Integer, nullable=False),  # destinations that were settled in that minute
    Column("last_at", Moment, nullable=False),
    PrimaryKeyConstraint("run_id", "minute"),
    sqlite_with_rowid=False,
)
items = Table(
    "items",
    TABLES,
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("item_id", Id, nullable=False, unique=True),
    Column("run_id", Id, nullable=False),
    Column("type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("comment", String, nullable=False),
    Column("issue_method", String, nullable=False),
    Column("record_separately", Boolean, nullable=False),
    Column("attachments", JSON, nullable=False),
    Column("submitted_by", String),
    Column("fields", JSON, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("version", Integer, nullable=False),
    Column("workflow_id", String),
    Column("workflow_version", Integer),
    Column("task", JSON),
    Column("is_somewhere", Boolean, nullable=False),  # an item need not have a destination
    Index("items_by_time", "recorded_at", "item_id"),
    Index("items_by_type", "type", "recorded_at", "item_id"),
    Index("items_by_run", "run_id", "recorded_at", "item_id"),
)
Index(
    "items_without_destination",
    items.c.recorded_at,
    items.c.item_id,
    sqlite_where=items.c.is_somewhere.is_(False),
    postgresql_where=items.c.is_somewhere.is_(False),
)
item_log = Table(
    "item_log",
    TABLES,
    Column("item_id", Id, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("what", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String),
    Column("person", String),
    Column("text", String),
    Column("detail", JSON, nullable=False),
    PrimaryKeyConstraint("item_id", "position"),
    sqlite_with_rowid=False,
)
workflows = Table(
    "workflows",
    TABLES,
    Column("workflow_id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", JSON, nullable=False),
    Column("description", JSON, nullable=False),
    Column("steps", JSON, nullable=False),
    Column("set_at", Moment, nullable=False),
    PrimaryKeyConstraint("workflow_id", "version"),
)
destinations = Table(
    "destinations",
    TABLES,
    Column("kind", String, nullable=False),
    Column("number", String, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("item_id", Id, nullable=False, index=True),
    Column("contact_id", String, nullable=False),
    Column("confidential", Boolean, nullable=False),  # shows where it is recorded, and nowhere else
    PrimaryKeyConstraint("kind", "number", "recorded_at", "item_id", "contact_id"),
    sqlite_with_rowid=False,
)
lines = Table(
    "lines",
    TABLES,
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("processing_id", Id, nullable=False, unique=True),
    Column("run_id", Id, nullable=False),
    Column("item_id", Id, nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
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
    Column("at", Moment, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("actor", String),
    Column("text", String),
    Column("attempt", Integer),
    Column("attempt_started_at", Moment),
    Column("phase", String),
    Column("smtp_code", Integer),
    Column("enhanced_code", String),
    Column("not_before", Moment),
    Column("message_id", String),
    Column("wire_sha256", String),
    Column("queue_id", String),
    Column("letter_sha256", String),
    Column("letter_type", String),
    Column("making", BigInteger),
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
    Column("at", Moment, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("attachment", JSON),
    Column("making", BigInteger),
    PrimaryKeyConstraint("item_id", "document_id", "stage", "position"),
    sqlite_with_rowid=False,
)
makings = Table(
    "makings",
    TABLES,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("content", JSON, nullable=False),
)
counts = Table(
    "counts",
    TABLES,
    Column("run_id", Id, nullable=False),  # all runs together under the id of zeroes
    Column("status", String, nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("run_id", "status"),
)
EVERY_RUN = UUID(int=0)
RECORDED = "+recorded"  # counters beside those of statuses: destinations whose item stands in the dossier,
TOTAL = "+total"  # and rows that will be there once every chunk of every run is recorded
dead_letters = Table(
    "dead_letters",
    TABLES,
    Column("stream", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("consumer", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", String, nullable=False),
    PrimaryKeyConstraint("stream", "sequence", "consumer", "at"),
)
resend_jobs = Table(
    "resend_jobs",
    TABLES,
    Column("job_id", Id, primary_key=True),
    Column("wish", JSON, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_at", Moment, nullable=False),
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
LINE_WORDS = Words(lines, ("recipient_name", "recipient_address", "subject"))
ITEM_WORDS = Words(items, ("subject",))
# What is made anew from the streams:
PROJECTED = (
    *(places, runs, said, settled, items, item_log, workflows, destinations, lines, facts, documents),
    *(makings, counts),
)
