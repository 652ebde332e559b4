"""Keeps the parts of mails, layout documents and files as blobs, named by the SHA-256 of what they contain."""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256 as digest_of
from pathlib import Path
from typing import Protocol, Self

import zstandard

from shared.contracts.message import BlobRef

BUSY_SECONDS = 30
DICTIONARIES_KEPT = 32

_TABLE = """
CREATE TABLE IF NOT EXISTS blobs (
    sha256 BLOB PRIMARY KEY,
    content BLOB NOT NULL,
    coding TEXT NOT NULL CHECK (coding IN ('plain', 'zstd')),
    dictionary BLOB,
    transient INTEGER NOT NULL
)
"""
_PUT = """
INSERT INTO blobs (sha256, content, coding, dictionary, transient) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (sha256) DO UPDATE SET transient = 0 WHERE transient = 1 AND excluded.transient = 0
"""


class BlobMissing(LookupError):
    """No blob has this SHA-256."""


class BlobDamaged(ValueError):
    """The bytes kept under this SHA-256 are no longer those that were put."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes to keep: `transient` until swept; `compress`ed, against the blob `dictionary` (a SHA-256) if given."""

    content: bytes
    transient: bool = False
    dictionary: str | None = None
    compress: bool = False


class Blobs(Protocol):
    """Keeps bytes by their SHA-256, durably before `put_many` returns; any thread may call."""

    def put_many(self, items: Sequence[Blob]) -> list[BlobRef]:
        """Keep all items or none, and return their references in order; a permanent put makes permanent.

        Raises `BlobMissing` when a dictionary is unknown.
        """
        ...

    def get(self, sha256: str) -> bytes:
        """Return the bytes as they were put; raise `BlobMissing` or `BlobDamaged`."""
        ...

    def get_many(self, sha256s: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of each; raise `BlobMissing` when one is missing."""
        ...

    def has(self, sha256: str) -> bool:
        """Tell whether these bytes are kept."""
        ...

    def delete(self, sha256s: Iterable[str], *, only_transient: bool = False) -> None:
        """Forget these bytes, whoever else put the same ones; with `only_transient`, pass over permanent ones."""
        ...


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
            connection.execute(_TABLE)
        return cls(path)

    def put_many(self, items: Sequence[Blob]) -> list[BlobRef]:
        """Keep all items in one transaction."""
        keys = [digest_of(item.content) for item in items]
        rows = [(key.digest(), *self._coded(item), item.transient) for key, item in zip(keys, items, strict=True)]
        with self._transaction() as connection:
            connection.executemany(_PUT, rows)
        return [BlobRef(sha256=key.hexdigest(), size=len(item.content)) for key, item in zip(keys, items, strict=True)]

    def get(self, sha256: str) -> bytes:
        """Return the bytes, checked against their SHA-256."""
        query = "SELECT content, coding, dictionary FROM blobs WHERE sha256 = ?"
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

    def _coded(self, item: Blob) -> tuple[bytes, str, bytes | None]:
        if not item.compress:
            return item.content, "plain", None
        dictionary = bytes.fromhex(item.dictionary) if item.dictionary else None
        return self._codec(dictionary).compressor.compress(item.content), "zstd", dictionary

    def _decoded(self, sha256: str, content: bytes, coding: str, dictionary: bytes | None) -> bytes:
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


class MemoryBlobs:
    """Blobs in memory, for tests."""

    def __init__(self) -> None:
        """Begin empty."""
        self._kept: dict[str, Blob] = {}

    def put_many(self, items: Sequence[Blob]) -> list[BlobRef]:
        """Keep all items."""
        for item in items:
            if item.compress and item.dictionary:
                self.get(item.dictionary)
        refs = [BlobRef(sha256=digest_of(item.content).hexdigest(), size=len(item.content)) for item in items]
        for ref, item in zip(refs, items, strict=True):
            if ref.sha256 not in self._kept or not item.transient:
                self._kept[ref.sha256] = item
        return refs

    def get(self, sha256: str) -> bytes:
        """Return the bytes."""
        if sha256 not in self._kept:
            raise BlobMissing(sha256)
        return self._kept[sha256].content

    def get_many(self, sha256s: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of each."""
        return {sha256: self.get(sha256) for sha256 in sha256s}

    def has(self, sha256: str) -> bool:
        """Tell whether these bytes are kept."""
        return sha256 in self._kept

    def delete(self, sha256s: Iterable[str], *, only_transient: bool = False) -> None:
        """Forget these bytes."""
        for sha256 in sha256s:
            if self.has(sha256) and (self._kept[sha256].transient or not only_transient):
                del self._kept[sha256]


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
