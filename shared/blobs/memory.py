"""Blobs in memory, for tests."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256 as digest_of

from shared.blobs.blob import FRESH, LONGEST_FIRST, Blob, BlobMissing, Old, Swept
from shared.contracts.message import BlobRef


class MemoryBlobs:
    """Blobs in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self._kept: dict[str, Blob] = {}
        self._put_at: dict[str, float] = {}

    def put_many(self, items: Sequence[Blob]) -> list[BlobRef]:
        """Keep all items."""
        for item in items:
            if item.compress and item.dictionary:
                self.get(item.dictionary)
        refs = [BlobRef(sha256=digest_of(item.content).hexdigest(), size=len(item.content)) for item in items]
        for ref, item in zip(refs, items, strict=True):
            kept = self._kept.get(ref.sha256, item)
            self._kept[ref.sha256] = replace(kept, lasts=min(kept.lasts, item.lasts, key=LONGEST_FIRST.index))
            self._put_now(ref.sha256)
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
            if self.has(sha256) and (self._kept[sha256].lasts != "for_good" or not only_transient):
                del self._kept[sha256], self._put_at[sha256]

    def keep_on(self, sha256s: Sequence[str]) -> bool:
        """Let these last as if they were put now."""
        for sha256 in filter(self.has, sha256s):
            self._put_now(sha256)
        return all(map(self.has, sha256s))

    def old(self, lasts: Swept, before: float, limit: int, after: Old | None = None) -> list[Old]:
        """Return blobs to be swept."""
        aged = sorted(Old(at, key) for key, at in self._put_at.items() if self._kept[key].lasts == lasts)
        return [one for one in aged if one.put_at < before and (after is None or one > after)][:limit]

    def sweep(self, sha256s: Iterable[str], lasts: Swept, before: float) -> None:
        """Forget these."""
        for sha256 in sha256s:
            if self.has(sha256) and self._kept[sha256].lasts == lasts and self._put_at[sha256] < before:
                self.delete([sha256])

    def _put_now(self, sha256: str) -> None:
        now = time.time()
        if self._put_at.get(sha256, 0.0) < now - FRESH:
            self._put_at[sha256] = now
