"""Remembers for a moment who a secret belongs to, so that a busy caller does not cost a look-up each time."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.access.caller import Caller

_SECONDS = 5  # so long a token revoked by one process may still be taken by another
_CALLERS = 1000


@dataclass(frozen=True)
class Found:
    """Whose secret it is, and until when (Unix seconds), None for ever."""

    caller: Caller
    expires_at: int | None


@dataclass(frozen=True)
class _Remembered:
    caller: Caller
    since: float
    until: float


class Memory:
    """Callers by the digest of their secret; a stranger is never remembered, so guessing fills no memory."""

    def __init__(self) -> None:
        self._known: dict[str, _Remembered] = {}

    def recall(self, digest: str, now: float, find: Callable[[str], Found | None]) -> Caller | None:
        """Return the caller, from memory if looked up less than 5 seconds ago; None if unknown or expired."""
        known = self._known.get(digest)
        if known and known.since <= now < known.until:
            return known.caller
        found = find(digest)
        if found is None or (found.expires_at is not None and found.expires_at <= now):
            self.forget(digest)
            return None
        if len(self._known) >= _CALLERS:
            self.clear()
        until = now + _SECONDS if found.expires_at is None else min(now + _SECONDS, found.expires_at)
        self._known[digest] = _Remembered(found.caller, now, until)
        return found.caller

    def forget(self, digest: str) -> None:
        """Look this one up again the next time."""
        self._known.pop(digest, None)

    def clear(self) -> None:
        """Look everyone up again."""
        self._known.clear()
