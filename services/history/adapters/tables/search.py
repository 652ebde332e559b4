"""The search index over name, address and subject, kept by the database itself in the transaction of each change."""

from sqlalchemy import Table, event
from sqlalchemy.schema import DDL

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


def index_words(lines: Table) -> None:
    """Have the index made with the table: FTS5 trigrams on SQLite, pg_trgm on PostgreSQL."""
    for dialect, statements in {"sqlite": _SQLITE_SEARCH, "postgresql": (_POSTGRESQL_SEARCH,)}.items():
        for statement in statements:
            ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(lines, "after_create", ddl)
