"""What a store says no with: a conflict of facts, or a database that is away."""

from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.persistence import IntegrityError
from sqlalchemy.exc import DataError, DBAPIError, ProgrammingError
from sqlalchemy.exc import IntegrityError as SqlIntegrityError
from sqlalchemy.exc import TimeoutError as NoConnection


class Conflict(Exception):
    """An event stands already at that version: the same fact was recorded before, or another one was."""


class StoreUnavailable(Exception):
    """The database could not be read or written now; nothing of the call was recorded.

    Only where it died while committing and stays away is that not known: reload once it is back.
    """


def verdict(error: Exception) -> Exception:
    """Return what the caller is told: a conflict, the database's trouble, or a fault of the call's own."""
    if isinstance(error, IntegrityError):
        return Conflict(str(error))
    if isinstance(error, SqlIntegrityError):
        return Conflict(str(error.orig))
    if isinstance(error, NoConnection) or (
        isinstance(error, DBAPIError) and not isinstance(error, ProgrammingError | DataError)
    ):
        return StoreUnavailable(str(getattr(error, "orig", error)))
    return error


@contextmanager
def translated() -> Iterator[None]:
    """Raise `StoreUnavailable` for the database's trouble."""
    try:
        yield
    except (DBAPIError, NoConnection) as error:
        raise verdict(error) from error
