"""What a blob is, how long it lasts, and what is promised of wherever blobs are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from shared.contracts.message import BlobRef

FRESH = 600.0  # seconds in which a blob put again does not count as put later, so that it is not written again

Swept = Literal["while_needed", "a_day"]
Lasts = Literal["for_good", "until_deleted"] | Swept
LONGEST_FIRST: tuple[Lasts, ...] = ("for_good", "until_deleted", "while_needed", "a_day")


class BlobMissing(LookupError):
    """No blob has this SHA-256."""


class BlobDamaged(ValueError):
    """The bytes kept under this SHA-256 are no longer those that were put."""


class BlobsUnavailable(OSError):
    """The blobs can't be read or written now: their disk is full, say, or somebody holds them for too long."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes to keep: `compress`ed, against the blob `dictionary` (a SHA-256) if given.

    They last for good; or until whoever put them deletes them, who has written down that they are there; or are swept:
    once nobody needs them any more, or, as what was made only to be looked at, after a day.
    """

    content: bytes
    lasts: Lasts = "for_good"
    dictionary: str | None = None
    compress: bool = False


class Old(NamedTuple):
    """A blob that was put last at a moment (seconds since 1970)."""

    put_at: float
    sha256: str


class Blobs(Protocol):
    """Keeps bytes by their SHA-256, durably before `put_many` returns; any thread may call."""

    def put_many(self, items: Sequence[Blob]) -> list[BlobRef]:
        """Keep all items or none, and return their references in order; of two puts the longer lasting one holds.

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
        """Forget these bytes, whoever else put the same ones; with `only_transient`, pass over those kept for good."""
        ...

    def keep_on(self, sha256s: Sequence[str]) -> bool:
        """Let these last as if they were put now; return whether all of them are there. Raises `BlobsUnavailable`."""
        ...

    def old(self, lasts: Swept, before: float, limit: int, after: Old | None = None) -> list[Old]:
        """Return blobs of those to be swept that were put last before then, oldest first, from `after` on.

        Raises `BlobsUnavailable`.
        """
        ...

    def sweep(self, sha256s: Iterable[str], lasts: Swept, before: float) -> None:
        """Forget these, but those that last longer and those put again since; raise `BlobsUnavailable`."""
        ...
