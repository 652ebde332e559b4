"""Runs: one accepted request each, whose destinations lie frozen until every item is recorded."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

CHUNK = 250  # destinations recorded in one transaction


class Run(Aggregate):
    """One Finish: what is recorded and issued, for how many, and how far that is."""

    TOPIC = "dossier.Run"

    class Created(Aggregate.Created):
        """The first fact of a run."""

        TOPIC = "dossier.Run.Created"

    class Started(Created):
        """A request was accepted: from now on nothing of it is lost.

        `content` is what all its rows share, `fields` are those of each item, `chunks` the blobs that its destinations
        lie frozen in.
        """

        TOPIC = "dossier.Run.Started"

        request_id: str
        content_hash: str
        content: dict[str, Any]
        comment: str
        fields: dict[str, Any]
        layouts: list[dict[str, Any]]
        chunks: list[str]
        destinations: int
        rows: int
        items: int
        item_ids: list[str]
        excluded: dict[str, int]
        consent_attested: bool
        submitted_by: str | None
        document_date: date

    class ChunkRecorded(Aggregate.Event):
        """The items of one chunk stand in the dossier."""

        TOPIC = "dossier.Run.ChunkRecorded"

        index: int

        def apply(self, aggregate: Aggregate) -> None:
            """Go on with the next chunk."""
            setattr(aggregate, "recorded", self.index + 1)  # noqa: B010 -- the library types it as any aggregate

    def __init__(
        self,
        request_id: str,
        content_hash: str,
        content: dict[str, Any],
        comment: str,
        fields: dict[str, Any],
        layouts: list[dict[str, Any]],
        chunks: list[str],
        destinations: int,
        rows: int,
        items: int,
        item_ids: list[str],
        excluded: dict[str, int],
        consent_attested: bool,
        submitted_by: str | None,
        document_date: date,
    ) -> None:
        self.request_id = request_id
        self.content_hash = content_hash
        self.content = content
        self.comment = comment
        self.fields = fields
        self.layouts = layouts
        self.chunks = chunks
        self.destinations = destinations
        self.rows = rows
        self.items = items
        self.item_ids = item_ids
        self.excluded = excluded
        self.consent_attested = consent_attested
        self.submitted_by = submitted_by
        self.document_date = document_date
        self.recorded = 0

    @classmethod
    def start(cls, run_id: UUID, **facts: Any) -> Self:
        """Accept a request."""
        return cls._create(cls.Started, id=run_id, **facts)

    @property
    def separately(self) -> bool:
        """Whether each destination has an item of its own."""
        return bool(self.content["record_separately"])

    @property
    def is_mailing(self) -> bool:
        """Whether two or more recipients were asked for, so that consent matters (A12)."""
        return self.destinations > 1

    @property
    def is_recorded(self) -> bool:
        """Whether every chunk is recorded."""
        return self.recorded == len(self.chunks)

    def chunk_recorded(self) -> None:
        """Note that the next chunk stands."""
        self.trigger_event(self.ChunkRecorded, index=self.recorded)
