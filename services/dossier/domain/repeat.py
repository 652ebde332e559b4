"""Requests that came again: who tells one by a message hears what became of it, also if he missed that at first."""

from typing import Self
from uuid import UUID

from eventsourcing.domain import Aggregate


class Repeat(Aggregate):
    """A message whose request was accepted before."""

    TOPIC = "dossier.Repeat"

    class Created(Aggregate.Created):
        """The first fact of a repeat."""

        TOPIC = "dossier.Repeat.Created"

    class Recorded(Created):
        """A request came again, and is the run that it was."""

        TOPIC = "dossier.Repeat.Recorded"

        request_id: str
        run_id: UUID

    def __init__(self, request_id: str, run_id: UUID) -> None:
        self.request_id = request_id
        self.run_id = run_id

    @classmethod
    def record(cls, repeat_id: UUID, request_id: str, run_id: UUID) -> Self:
        """Record that a request came again."""
        return cls._create(cls.Recorded, id=repeat_id, request_id=request_id, run_id=run_id)
