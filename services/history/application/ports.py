"""What history needs of others, as promises: a read model, a book of jobs, and doors to ask at."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from services.history.domain.looking import Cursor, Dossier, Filter, ItemFilter
from services.history.domain.notice import Notice
from services.history.domain.printing import PrintRow
from services.history.domain.resend import Answer, Job, Outcome, Wish
from services.history.domain.run import Run, Sought
from shared.contracts.asks import LetterToPrint, PrintMade
from shared.messaging import Place, Told

Row = dict[str, Any]
A = TypeVar("A", bound=BaseModel)


class Projection(Protocol):
    """Has messages written into the read model, each exactly once."""

    async def place(self, publisher: str) -> Place:
        """Return how far a publisher's messages are written."""
        ...

    async def project(self, publisher: str, told: Sequence[Told]) -> None:
        """Write a batch and its place together; what was written before is passed over."""
        ...

    async def bury(self, advisories: Sequence[Told]) -> None:
        """Write which messages other services gave up, and how far their stream was read."""
        ...


class Records(Protocol):
    """Answers from the read model; each list is newest first and goes on after a cursor."""

    async def page(self, wanted: Filter, limit: int, after: Cursor | None) -> list[Row]:
        """Return the next lines that a filter lets through."""
        ...

    async def line(self, processing_id: UUID) -> Row | None:
        """Return one line."""
        ...

    async def timelines(self, ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
        """Return the facts of each line by ordinal, stage and position; `made_with` is what a fact tells of that."""
        ...

    async def runs(self, sought: Sought, limit: int, after: Cursor | None) -> list[Run]:
        """Return the next runs that are sought."""
        ...

    async def run(self, run_id: UUID) -> Run | None:
        """Return one run."""
        ...

    async def item(self, item_id: UUID) -> Row | None:
        """Return one item with its destinations, documents and log, and the workflow that it is in."""
        ...

    async def items(self, wanted: ItemFilter, limit: int, after: Cursor | None) -> list[Row]:
        """Return the next items that a filter lets through."""
        ...

    async def lines_of_item(self, item_id: UUID, limit: int, after: Cursor | None) -> list[Row]:
        """Return the next lines of an item."""
        ...

    async def dossier(self, wanted: Dossier, limit: int, after: Cursor | None) -> list[Row]:
        """Return the next items of a dossier, each with its rows there."""
        ...

    async def counts(self) -> dict[str, int]:
        """Return the lines per status over all runs."""
        ...

    async def dead_letters(self, limit: int) -> list[Row]:
        """Return the messages given up last."""
        ...


class Letters(Protocol):
    """The letters of a run, as the read model has them."""

    async def of_run(self, run_id: UUID) -> list[PrintRow]:
        """Return each row of a run in the order of its destinations, with the latest letter that was made of it."""
        ...


class Binding(Protocol):
    """One PDF in the making, in pieces; a piece at a time, in any thread."""

    def add(self, letters: Sequence[bytes]) -> bytes:
        """Return the next piece, which holds these PDFs in order."""
        ...

    def note(self, lines: Sequence[str]) -> bytes:
        """Return a PDF of one page that says these lines, to be bound with the letters."""
        ...

    def end(self) -> bytes:
        """Return the last piece."""
        ...


class Printer(Protocol):
    """Makes PDFs of Word letters."""

    async def print_letters(self, letters: Sequence[LetterToPrint]) -> Sequence[PrintMade]:
        """Return what came of each, in order; raise NoAnswer."""
        ...


class NoticeBook(Protocol):
    """Keeps the notices of runs that ended, one per run; they outlive a read model that is made anew."""

    async def page(self, name: str, limit: int, after: Cursor | None, *, unread: bool) -> list[Notice]:
        """Return somebody's next notices, the latest first, those alone that were not read if `unread`."""
        ...

    async def unread(self, name: str) -> int:
        """Return how many notices somebody has not read."""
        ...

    async def mark(self, name: str, run_id: UUID | None, at: datetime) -> bool:
        """Mark somebody's notice of a run as read, or all of them; return whether there is any such notice."""
        ...


class Jobs(Protocol):
    """Keeps resend jobs durably, with the answer of each row."""

    async def take_on(self, job_id: UUID, wish: Wish, at: datetime) -> Job:
        """Write a job and its first rows down unless it is there; return it as it stands."""
        ...

    async def extend(self, job_id: UUID) -> bool:
        """Write down the next rows that the job's filter finds; return whether there may be more."""
        ...

    async def job(self, job_id: UUID) -> Job | None:
        """Return a job, None where there is none or it was withdrawn."""
        ...

    async def answers(self, job_id: UUID, limit: int, after: int = -1, outcome: Outcome | None = None) -> list[Answer]:
        """Return the next rows of a job, those with one outcome if named."""
        ...

    async def answer(self, job_id: UUID, answers: Sequence[Answer]) -> None:
        """Write down what became of rows."""
        ...

    async def finish(self, job_id: UUID) -> None:
        """Close a job all of whose rows have an answer."""
        ...

    async def withdraw(self, job_id: UUID) -> None:
        """Take a job off the books, of which nothing was done."""
        ...

    async def settled(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Return the ordinal of the latest mail or letter of each row that is settled; a row not heard of has none."""
        ...

    async def unfinished(self) -> list[UUID]:
        """Return the jobs that are still to be worked, oldest first."""
        ...


class Doors(Protocol):
    """The doors of the other services."""

    async def ask(
        self, service: str, wish: str, question: BaseModel, answer: type[A], *, timeout: float | None = None
    ) -> A:
        """Return the answer; raise `Refusal` for a no, `NoAnswer` where none comes in time (seconds)."""
        ...
