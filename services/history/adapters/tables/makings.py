"""What things were made with, each kind of making once: the rows of a run share theirs."""

from collections.abc import Iterable

from sqlalchemy import Connection

from services.history.adapters.tables.schema import makings
from services.history.adapters.tables.statements import add, dialect_of
from services.history.domain.making import Making, key_of


def add_makings(connection: Connection, told: Iterable[Making | None]) -> None:
    """Add those that are not known yet."""
    found = {key_of(making): making for making in told if making}
    if found:
        rows = [{"key": key, "content": making.content()} for key, making in found.items()]
        connection.execute(add(makings, dialect_of(connection)), rows)
