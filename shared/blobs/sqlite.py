"""Blobs in one SQLite file that several processes use at once."""

import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256 as digest_of
from pathlib import Path
from typing import Self

import zstandard

from shared.blobs.blob import FRESH, LONGEST_FIRST, Blob, BlobDamaged, BlobMissing, BlobsUnavailable, Old, Swept
from shared.contracts.message import BlobRef

BUSY_SECONDS = 30
DICTIONARIES_KEPT = 32

# `transient` is how long a blob lasts: 0 for good, then ever shorter. It and `put_at` stand before the content, which
# may be long and would have to be read past.
_TABLE = """
CREATE TABLE IF NOT EXISTS blobs (
    sha256 BLOB PRIMARY KEY,
    transient INTEGER NOT NULL,
    put_at REAL NOT NULL,
    coding TEXT NOT NULL CHECK (coding IN ('plain', 'zstd')),
    dictionary BLOB,
    content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS blobs_to_sweep ON blobs (transient, put_at, sha256) WHERE transient > 1;
"""
_PUT = f"""
INSERT INTO blobs (sha256, transient, put_at, coding, dictionary, content) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (sha256) DO UPDATE SET transient = min(transient, excluded.transient), put_at = excluded.put_at
WHERE transient > excluded.transient OR (transient > 1 AND put_at < excluded.put_at - {FRESH})
"""  # noqa: S608 -- a constant of ours
_OLD = """
SELECT put_at, sha256 FROM blobs
WHERE transient > 1 AND transient = ? AND put_at < ? AND (put_at, sha256) > (?, ?)
ORDER BY put_at, sha256 LIMIT ?
"""
_RANK = {lasts: rank for rank, lasts in enumerate(LONGEST_FIRST)}


class SqliteBlobs:
    """Blobs in one SQLite file that several processes use at once (RPO 0: `synchronous=FULL`)."""

    def __init__(self, path: Path) -> None:
        """Use the file that `create` made."""
        self._session = _Session(path)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the file if need be, in WAL mode: done by one process, before the others open it."""
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLE)
        return cls(path)

    def put_many(self, items: Sequence[Blob]) -> list[BlobRef]:
        """Keep all items in one transaction."""
        keys, now = [digest_of(item.content) for item in items], time.time()
        rows = [
            (key.digest(), _RANK[item.lasts], now, *self._coded(item)) for key, item in zip(keys, items, strict=True)
        ]
        with self._transaction() as connection:
            connection.executemany(_PUT, rows)
        return [BlobRef(sha256=key.hexdigest(), size=len(item.content)) for key, item in zip(keys, items, strict=True)]

    def get(self, sha256: str) -> bytes:
        """Return the bytes, checked against their SHA-256."""
        query = "SELECT coding, dictionary, content FROM blobs WHERE sha256 = ?"
        row = self._session.connection.execute(query, (bytes.fromhex(sha256),)).fetchone()
        if row is None:
            raise BlobMissing(sha256)
        content = self._decoded(sha256, *row)
        if digest_of(content).hexdigest() != sha256:
            raise BlobDamaged(sha256)
        return content

    def get_many(self, sha256s: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of each."""
        return {sha256: self.get(sha256) for sha256 in sha256s}

    def has(self, sha256: str) -> bool:
        """Tell whether these bytes are kept."""
        query = "SELECT 1 FROM blobs WHERE sha256 = ?"
        return self._session.connection.execute(query, (bytes.fromhex(sha256),)).fetchone() is not None

    def delete(self, sha256s: Iterable[str], *, only_transient: bool = False) -> None:
        """Forget these bytes, in one transaction."""
        statement = "DELETE FROM blobs WHERE sha256 = ? AND transient >= ?"
        with self._transaction() as connection:
            connection.executemany(statement, [(bytes.fromhex(key), only_transient) for key in sha256s])

    def keep_on(self, sha256s: Sequence[str]) -> bool:
        """Let these last as if they were put now; what is kept for good or put just now is not written again."""
        keys, now = [bytes.fromhex(sha256) for sha256 in set(sha256s)], time.time()
        of_them = f"FROM blobs WHERE sha256 IN ({', '.join('?' * len(keys))})"
        query = f"SELECT count(*), coalesce(sum(transient > 1 AND put_at < {now - FRESH}), 0) {of_them}"
        with _available():
            there, old = self._session.connection.execute(query, keys).fetchone()
            if old:
                refresh = "UPDATE blobs SET put_at = ? WHERE sha256 = ? AND transient > 1"
                with self._transaction() as connection:
                    connection.executemany(refresh, [(now, key) for key in keys])
                    there, _ = connection.execute(query, keys).fetchone()
        return bool(there == len(keys))

    def old(self, lasts: Swept, before: float, limit: int, after: Old | None = None) -> list[Old]:
        """Return blobs to be swept, off an index that holds no others."""
        at, key = (after.put_at, bytes.fromhex(after.sha256)) if after else (0.0, b"")
        with _available():
            rows = self._session.connection.execute(_OLD, (_RANK[lasts], before, at, key, limit)).fetchall()
        return [Old(put_at, sha256.hex()) for put_at, sha256 in rows]

    def sweep(self, sha256s: Iterable[str], lasts: Swept, before: float) -> None:
        """Forget these, in one transaction."""
        statement = "DELETE FROM blobs WHERE sha256 = ? AND transient = ? AND put_at < ?"
        with _available(), self._transaction() as connection:
            connection.executemany(statement, [(bytes.fromhex(key), _RANK[lasts], before) for key in sha256s])

    def close(self) -> None:
        """Close this thread's connection; no other call may follow in this thread."""
        self._session.connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._session.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _coded(self, item: Blob) -> tuple[str, bytes | None, bytes]:
        if not item.compress:
            return "plain", None, item.content
        dictionary = bytes.fromhex(item.dictionary) if item.dictionary else None
        return "zstd", dictionary, self._codec(dictionary).compressor.compress(item.content)

    def _decoded(self, sha256: str, coding: str, dictionary: bytes | None, content: bytes) -> bytes:
        if coding == "plain":
            return content
        try:
            return self._codec(dictionary).decompressor.decompress(content)
        except zstandard.ZstdError as error:
            raise BlobDamaged(sha256) from error

    def _codec(self, dictionary: bytes | None) -> "_Codec":
        codecs = self._session.codecs
        if dictionary not in codecs:
            codecs[dictionary] = _Codec(self.get(dictionary.hex()) if dictionary else None)
        codecs.move_to_end(dictionary)
        if len(codecs) > DICTIONARIES_KEPT:
            codecs.popitem(last=False)
        return codecs[dictionary]


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise BlobsUnavailable(str(error)) from error


class _Codec:
    """A zstd compressor and decompressor, with the bytes of a layout document as common ground if given."""

    def __init__(self, content: bytes | None) -> None:
        raw = zstandard.DICT_TYPE_RAWCONTENT
        dictionary = zstandard.ZstdCompressionDict(content, dict_type=raw) if content else None
        self.compressor = zstandard.ZstdCompressor(dict_data=dictionary)
        self.decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)


class _Session(threading.local):
    """What a thread may not share with another: its connection and its zstd codecs."""

    def __init__(self, path: Path) -> None:
        uri = f"{path.absolute().as_uri()}?mode=rw"
        self.connection = sqlite3.connect(uri, BUSY_SECONDS, isolation_level=None, uri=True)
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA secure_delete = ON")  # what is erased must not lie on in free pages
        self.codecs: OrderedDict[bytes | None, _Codec] = OrderedDict()
