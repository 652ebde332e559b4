"""What the database keeps of contacts by itself, in the transaction of each change: their words, and their counts."""

from collections.abc import Iterable

from sqlalchemy import Table, event, text
from sqlalchemy.schema import DDL

from shared.store import Row

_AS = "fts5(words, content=contacts, content_rowid=sequence, tokenize=trigram)"
_OTHER = "UPDATE OF words ON contacts WHEN old.words IS NOT new.words"
_DUE = "INSERT INTO contact_words_due (sequence, old) VALUES (new.sequence, {old}) ON CONFLICT DO NOTHING;"
_SQLITE_WORDS = (
    f"CREATE VIRTUAL TABLE contact_words USING {_AS}",
    "CREATE TABLE contact_words_due (sequence INTEGER PRIMARY KEY, old TEXT)",
    f"CREATE TRIGGER contact_words_put AFTER INSERT ON contacts BEGIN {_DUE.format(old='NULL')} END",
    f"CREATE TRIGGER contact_words_change AFTER {_OTHER} BEGIN {_DUE.format(old='old.words')} END",
)
# One statement for all that is due: the index takes six times as long for as many statements of one row.
_SQLITE_INDEX = (
    text(
        "INSERT INTO contact_words (contact_words, rowid, words)"
        " SELECT 'delete', sequence, old FROM contact_words_due WHERE old IS NOT NULL"
    ),
    text(
        "INSERT INTO contact_words (rowid, words)"
        " SELECT sequence, words FROM contacts WHERE sequence IN (SELECT sequence FROM contact_words_due)"
    ),
    text("DELETE FROM contact_words_due"),
)
# Where the extension may not be made, search works all the same, reading every contact.
_POSTGRESQL_WORDS = """
DO $$ DECLARE home text; BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  SELECT nspname INTO home FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_trgm';
  EXECUTE format('CREATE INDEX contacts_words ON contacts USING gin (words %%1$I.gin_trgm_ops)', home);
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported THEN
  RAISE NOTICE 'pg_trgm is not available';
END $$
"""
_MORE = """INSERT INTO contact_counts (facet, n) VALUES (new.facet, 1)
  ON CONFLICT (facet) DO UPDATE SET n = contact_counts.n + 1;"""
_FEWER = "UPDATE contact_counts SET n = n - 1 WHERE facet = old.facet;"
_MOVED = "UPDATE OF facet ON contacts WHEN old.facet <> new.facet"
_SQLITE_COUNTS = (
    f"CREATE TRIGGER contact_counts_put AFTER INSERT ON contacts BEGIN {_MORE} END",
    f"CREATE TRIGGER contact_counts_change AFTER {_MOVED} BEGIN {_FEWER} {_MORE} END",
)
_COUNT = f"IF TG_OP = 'UPDATE' THEN {_FEWER} END IF; {_MORE} RETURN NULL;"
_COUNTED = "FOR EACH ROW EXECUTE FUNCTION contacts_counted()"
_POSTGRESQL_COUNTS = (
    f"CREATE FUNCTION contacts_counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_COUNT} END $$",
    f"CREATE TRIGGER contacts_counted AFTER INSERT OR UPDATE OF facet ON contacts {_COUNTED}",
)


def keep_words(contacts: Table) -> None:
    """Have the index of words made with the table: FTS5 trigrams on SQLite, pg_trgm on PostgreSQL."""
    _make(contacts, {"sqlite": _SQLITE_WORDS, "postgresql": (_POSTGRESQL_WORDS,)})


def keep_counts(contacts: Table) -> None:
    """Have the counts kept: how many contacts have the same facet."""
    _make(contacts, {"sqlite": _SQLITE_COUNTS, "postgresql": _POSTGRESQL_COUNTS})


def keep_briefs(contacts: Table, by: Iterable[str]) -> None:
    """Have the views made that read an index `contacts_brief_<by>` alone, which SQLite would not choose by itself."""
    made = "CREATE VIEW contact_{0}s AS SELECT sequence, facet, {0} FROM contacts INDEXED BY contacts_brief_{0}"
    _make(contacts, {"sqlite": tuple(made.format(one) for one in by)})


def with_initials(words: str) -> str:
    """Return words with how each part of them begins, on PostgreSQL: its trigrams tell no part from any other word.

    No words as compared have a capital letter.
    """
    return words + "".join(f" {sign}Q" for sign in sorted({part[0] for part in words.split("  ") if part}))


def index_due(dialect: str) -> list[Row]:
    """Return what has the words indexed of contacts put before, in one transaction; PostgreSQL does it by itself."""
    return [(statement, {}) for statement in _SQLITE_INDEX] if dialect == "sqlite" else []


def _make(contacts: Table, statements: dict[str, tuple[str, ...]]) -> None:
    for dialect, of in statements.items():
        for statement in of:
            ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(contacts, "after_create", ddl)
