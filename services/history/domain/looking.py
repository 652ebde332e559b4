"""How lines are looked for: a filter, and a cursor that stands between two lines of a list."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are wanted; None leaves a point open. `since` is included, `until` is not."""

    status: str | None = None
    q: str | None = None
    run_id: UUID | None = None
    kind: str | None = None
    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items are wanted; None leaves a point open, `q` is looked for in the subject."""

    q: str | None = None
    type: str | None = None
    run_id: UUID | None = None
    without_destination: bool = False


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier that is opened: of a contact person alone, or of a destination with all its roles, itself first."""

    places: tuple[tuple[str, str], ...]
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last entry of a page: when it was, its id, and where it stands in the order of arrival."""

    at: datetime
    id: UUID
    sequence: int = 0

    def __str__(self) -> str:
        """Return the cursor as it stands in a URL, meaningless to who reads it."""
        raw = b"".join(
            (
                moment(self.at).to_bytes(8, "big", signed=True),
                self.id.bytes,
                self.sequence.to_bytes(8, "big", signed=True),
            )
        )
        return urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the cursor that a URL holds; raise ValueError where it is none."""
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"==")
            at, sequence = (int.from_bytes(raw[part], "big", signed=True) for part in (slice(8), slice(24, 32)))
            cursor = cls(time_of(at), UUID(bytes=raw[8:24]), sequence)
        except (ValueError, OverflowError):
            cursor = None
        if cursor is None or str(cursor) != text:
            raise ValueError("not a cursor that was given out")
        return cursor


def moment(at: datetime) -> int:
    """Return a time as whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def time_of(microseconds: int) -> datetime:
    """Return the time of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
