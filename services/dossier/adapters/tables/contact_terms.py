"""How words are looked for in the database of the contacts, and how common each of them is there."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Select, column, func, select, table, text

from services.dossier.adapters.tables.contacts import CONTACTS
from services.dossier.domain.looking import ContactFilter

RARE = 3_000  # contacts with a word that are sorted at once
VERY_COMMON = 3  # a word is that where one in so many contacts has it
_WORDS = table("contact_words", column("rowid"), column("contact_words"))
_PLANNED = text("EXPLAIN (FORMAT JSON) SELECT FROM contacts WHERE words LIKE :pattern")


def terms_of(wanted: ContactFilter, *, is_sqlite: bool) -> tuple[str, ...]:
    """Return what is looked for in the words that this database has of a contact."""
    return tuple(term if is_sqlite or not term.startswith("  ") else f" {term[2:]}Q" for term in wanted.terms)


def with_words(terms: Iterable[str]) -> Select[tuple[int]]:
    """Return the numbers of the contacts that have all these words, on SQLite, in order."""
    phrases = " AND ".join('"' + term.replace('"', '""') + '"' for term in terms)
    return select(_WORDS.c.rowid).where(_WORDS.c.contact_words.op("MATCH", is_comparison=True)(phrases))


def said(terms: Iterable[str], words: ColumnElement[str] = CONTACTS.c.words) -> list[ColumnElement[bool]]:
    """Return the condition to have all words, for contacts that are looked at one by one."""
    return [words.contains(term, autoescape=True) for term in terms]


def said_besides(terms: Iterable[str]) -> list[ColumnElement[bool]]:
    """Return the condition to have all words, on PostgreSQL, that no index is asked for."""
    return [func.strpos(CONTACTS.c.words, term) > 0 for term in terms]


def how_common(connection: Connection, terms: Iterable[str], of: int) -> dict[str, int]:
    """Return about how many of all contacts have each word; on SQLite exactly how many where it is a rare one."""
    told = _met if connection.dialect.name == "sqlite" else _planned
    return {term: told(connection, term, of) for term in terms}


def _met(connection: Connection, term: str, of: int) -> int:
    """Tell it by how many contacts the first that have it lie among."""
    first = with_words([term]).limit(RARE + 1).subquery()
    n: int
    n, last = connection.execute(select(func.count(), func.max(first.c.rowid))).one()
    return n if n <= RARE else max(n, n * of // last)


def _planned(connection: Connection, term: str, _of: int) -> int:
    """Ask the planner, who keeps samples: to count them takes as long as to read them."""
    pattern = "%" + term.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    plan = connection.execute(_PLANNED, {"pattern": pattern}).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])
