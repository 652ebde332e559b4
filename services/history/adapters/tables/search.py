"""The search indexes, over name, address and subject, kept by the database itself in the transaction of each change."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Table, column, event, table
from sqlalchemy.schema import DDL

TRIGRAM = 3  # letters that an index knows
# Where the extension may not be made, search works all the same, reading every row.
_POSTGRESQL_SEARCH = """
DO $$ DECLARE home text; BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  SELECT nspname INTO home FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_trgm';
  EXECUTE format('CREATE INDEX {of}_words ON {of} USING gin ({indexed})', home);
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported THEN
  RAISE NOTICE 'pg_trgm is not available';
END $$
"""


class Words:
    """The index of words of a table whose rows have a `sequence`: FTS5 trigrams on SQLite, pg_trgm on PostgreSQL."""

    def __init__(self, of: Table, words: Sequence[str]) -> None:
        self.rows = table(f"{of.name}_words", column("rowid"), column(f"{of.name}_words"))
        indexed = ", ".join(f"{word} %%1$I.gin_trgm_ops" for word in words)
        _made(of, "postgresql", _POSTGRESQL_SEARCH.format(of=of.name, indexed=indexed))
        for statement in _sqlite_search(of.name, words):
            _made(of, "sqlite", statement)

    def match(self, q: str) -> ColumnElement[bool]:
        """Return the condition that this stands in the words of a row, on SQLite."""
        phrase = '"' + q.replace('"', '""') + '"'
        return self.rows.c[self.rows.name].op("MATCH", is_comparison=True)(phrase)


def _sqlite_search(of: str, words: Sequence[str]) -> tuple[str, ...]:
    index, names = f"{of}_words", ", ".join(words)
    old, new = (", ".join(f"{which}.{word}" for word in words) for which in ("old", "new"))
    changed = " OR ".join(f"old.{word} IS NOT new.{word}" for word in words)
    put = f"INSERT INTO {index} (rowid, {names}) VALUES (new.sequence, {new});"  # noqa: S608 -- names of columns
    take = f"INSERT INTO {index} ({index}, rowid, {names}) VALUES ('delete', old.sequence, {old});"  # noqa: S608
    return (
        f"CREATE VIRTUAL TABLE {index} USING fts5({names}, content={of}, content_rowid=sequence, tokenize=trigram)",
        f"CREATE TRIGGER {index}_put AFTER INSERT ON {of} BEGIN {put} END",
        f"CREATE TRIGGER {index}_change AFTER UPDATE OF {names} ON {of} WHEN {changed} BEGIN {take} {put} END",
        f"CREATE TRIGGER {index}_take AFTER DELETE ON {of} BEGIN {take} END",
    )


def _made(of: Table, dialect: str, statement: str) -> None:
    ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
    event.listen(of, "after_create", ddl)
