"""What many events have alike is kept once: values by their hash, and each event carries the hash alone."""

from collections.abc import Mapping
from contextlib import closing
from hashlib import blake2b

from sqlalchemy import Column, Connection, Engine, LargeBinary, MetaData, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

_REMEMBERED = 1000  # hashes that are known to stand


def alike_table(metadata: MetaData) -> Table:
    """Return the table of values that events have alike: nothing personal, and never deleted from."""
    return Table(
        "alike", metadata, Column("hash", String, primary_key=True), Column("content", LargeBinary, nullable=False)
    )


def hash_of(content: bytes) -> str:
    """Return the hash that stands for these values."""
    return blake2b(content, digest_size=16).hexdigest()


class Alike:
    """Keeps and finds values by their hash; kept by the writer, found by anybody."""

    def __init__(self, engine: Engine, table: Table) -> None:
        self._engine = engine
        insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        self._keep = insert(table).on_conflict_do_nothing(index_elements=["hash"])
        mark = "?" if engine.dialect.paramstyle == "qmark" else "%s"
        self._find = f"SELECT content FROM {table.name} WHERE hash = {mark}"  # noqa: S608 -- a mark
        self._stand: set[str] = set()

    def keep(self, connection: Connection, values: Mapping[str, bytes]) -> None:
        """Keep these values, by hash, within the caller's transaction."""
        new = [{"hash": one, "content": values[one]} for one in sorted(values.keys() - self._stand)]
        if new:
            connection.execute(self._keep, new)

    def stand(self, values: Mapping[str, bytes]) -> None:
        """Note that these were committed, and need not be kept again."""
        if len(self._stand) > _REMEMBERED:
            self._stand.clear()
        self._stand.update(values)

    def find(self, one: str) -> bytes:
        """Return values by their hash; raise KeyError where nothing stands under it."""
        try:
            with closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute(self._find, (one,))
                row = cursor.fetchone()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise OperationalError("looking up what events have alike", None, error) from error
        if row is None:
            raise KeyError(one)
        return bytes(row[0])
