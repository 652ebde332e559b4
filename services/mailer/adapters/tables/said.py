"""What operators said of runs, as it was heard: of which the latest holds."""

from sqlalchemy import BigInteger, Column, ColumnElement, PrimaryKeyConstraint, String, Table, Uuid, false, func, select

from services.mailer.adapters.tables.metadata import TABLES

SAID = Table(
    "said_of_runs",
    TABLES,
    Column("run_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("what", String, nullable=False),
    Column("at", String, nullable=False),  # ISO 8601
    PrimaryKeyConstraint("run_id", "version"),
)


def is_paused(run_id: ColumnElement[object]) -> ColumnElement[bool]:
    """Return the expression that says whether a run is paused."""
    last = select(SAID.c.what == "paused").where(SAID.c.run_id == run_id).order_by(SAID.c.version.desc()).limit(1)
    return func.coalesce(last.scalar_subquery(), false())
