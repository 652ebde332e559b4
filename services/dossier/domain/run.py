"""Runs: one accepted request each, whose destinations lie frozen until every item is recorded, or it is stopped."""

from datetime import UTC, date, datetime
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from services.dossier.domain.address import Exclusion

CHUNK = 250  # destinations recorded in one transaction
State = Literal["running", "paused", "cancelled"]


class IsCancelled(Exception):
    """A cancelled run is neither paused nor resumed."""


class Run(Aggregate):
    """One Finish: what is recorded and issued, for how many, and how far that is."""

    TOPIC = "dossier.Run"

    class Created(Aggregate.Created):
        """The first fact of a run."""

        TOPIC = "dossier.Run.Created"

    class Started(Created):
        """A request was accepted: from now on nothing of it is lost.

        `content` is what all its rows share, `fields` are those of each item, `chunks` the blobs that its destinations
        lie frozen in. What is said in a run of one destination is sealed for its contact (`person`): its comment, the
        body that was typed, the fields kept `verbatim`. What is said to several alike is about none of them: with a key
        of one, the others would lose it with him. `owner` is the operator whose draft it was, if it was one.
        """

        TOPIC = "dossier.Run.Started"
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("comment", "body_text", "verbatim")

        request_id: str
        content_hash: str
        person: str | None
        content: dict[str, Any]
        comment: str | None
        body_text: str | None
        fields: dict[str, Any]
        verbatim: dict[str, Any] | None
        first_number: int | None
        workflow_id: str | None
        workflow_version: int | None
        task: dict[str, Any] | None
        auto_document: dict[str, Any] | None
        layouts: list[dict[str, Any]]
        chunks: list[str]
        destinations: int
        rows: int
        items: int
        item_ids: list[str]
        excluded: dict[str, int]
        consent_attested: bool
        submitted_by: str | None
        owner: str | None
        document_date: date

    class ChunkRecorded(Aggregate.Event):
        """The items of one chunk stand in the dossier."""

        TOPIC = "dossier.Run.ChunkRecorded"

        index: int

        def apply(self, aggregate: Aggregate) -> None:
            """Go on with the next chunk."""
            setattr(aggregate, "recorded", self.index + 1)  # noqa: B010 -- the library types it as any aggregate

    class Said(Aggregate.Event):
        """What an operator said of the run, and why."""

        TOPIC = "dossier.Run.Said"
        STATE: ClassVar[State]

        operator: str
        reason: str

        def apply(self, aggregate: Aggregate) -> None:
            """Let it be so."""
            assert isinstance(aggregate, Run)  # noqa: S101 -- the library types it as any aggregate
            aggregate.state, aggregate.said = self.STATE, self

    class Paused(Said):
        """Nothing more of it is recorded or sent for now."""

        TOPIC = "dossier.Run.Paused"
        STATE: ClassVar[State] = "paused"

    class Resumed(Said):
        """It goes on."""

        TOPIC = "dossier.Run.Resumed"
        STATE: ClassVar[State] = "running"

    class Cancelled(Said):
        """What is not on its way yet is settled unsent: each destination left gets its item, and no mail."""

        TOPIC = "dossier.Run.Cancelled"
        STATE: ClassVar[State] = "cancelled"

    def __init__(
        self,
        request_id: str,
        content_hash: str,
        person: str | None,
        content: dict[str, Any],
        comment: str | None,
        body_text: str | None,
        fields: dict[str, Any],
        verbatim: dict[str, Any] | None,
        first_number: int | None,
        workflow_id: str | None,
        workflow_version: int | None,
        task: dict[str, Any] | None,
        auto_document: dict[str, Any] | None,
        layouts: list[dict[str, Any]],
        chunks: list[str],
        destinations: int,
        rows: int,
        items: int,
        item_ids: list[str],
        excluded: dict[str, int],
        consent_attested: bool,
        submitted_by: str | None,
        owner: str | None,
        document_date: date,
    ) -> None:
        self.request_id = request_id
        self.content_hash = content_hash
        self.person = person
        self.content = content
        self.comment = comment
        self.body_text = body_text
        self.fields = fields
        self.verbatim = verbatim
        self.first_number = first_number
        self.workflow_id = workflow_id
        self.workflow_version = workflow_version
        self.task = task
        self.auto_document = auto_document
        self.layouts = layouts
        self.chunks = chunks
        self.destinations = destinations
        self.rows = rows
        self.items = items
        self.item_ids = item_ids
        self.excluded = excluded
        self.consent_attested = consent_attested
        self.submitted_by = submitted_by
        self.owner = owner
        self.document_date = document_date
        self.recorded = 0
        self.state: State = "running"
        self.said: Run.Said | None = None

    @classmethod
    def start(cls, run_id: UUID, **facts: Any) -> Self:
        """Accept a request."""
        return cls._create(cls.Started, id=run_id, **facts)

    def fields_of(self, item: int) -> dict[str, Any]:
        """Return the own fields of an item, the first being 0: each has the next number where they are numbered."""
        return self.fields if self.first_number is None else {**self.fields, "number": self.first_number + item}

    @property
    def entered(self) -> dict[str, Any]:
        """What each of its items has of the workflow that it enters (FR-68)."""
        return {"workflow_id": self.workflow_id, "workflow_version": self.workflow_version, "task": self.task}

    @property
    def separately(self) -> bool:
        """Whether each destination has an item of its own."""
        return bool(self.content["record_separately"])

    @property
    def is_mailing(self) -> bool:
        """Whether two or more recipients were asked for, so that consent matters (A12)."""
        return self.destinations > 1

    @property
    def issues_nothing(self) -> bool:
        """Whether its items are recorded and nothing is made or sent of them (A19)."""
        return bool(self.content["issue_method"] == "none")

    @property
    def is_recorded(self) -> bool:
        """Whether every chunk is recorded."""
        return self.recorded == len(self.chunks)

    @property
    def exclusion(self) -> Exclusion | None:
        """The status and reason of each destination recorded from now on, None where it gets its mail or letter."""
        return ("cancelled", "cancelled") if self.state == "cancelled" else None

    def chunk_recorded(self) -> None:
        """Note that the next chunk stands."""
        self.trigger_event(self.ChunkRecorded, index=self.recorded)

    def pause(self, operator: str, reason: str) -> None:
        """Hold the run, unless it is held; raise `IsCancelled`."""
        self._refuse_cancelled()
        if self.state == "running":
            self.trigger_event(self.Paused, operator=operator, reason=reason)

    def resume(self, operator: str, reason: str) -> None:
        """Let the run go on, unless it does; raise `IsCancelled`."""
        self._refuse_cancelled()
        if self.state == "paused":
            self.trigger_event(self.Resumed, operator=operator, reason=reason)

    def cancel(self, operator: str, reason: str) -> None:
        """Stop whatever was asked for until now; once more, that is what was sent again since.

        Never before the last chunk by another machine's clock: all that it asked for is meant.
        """
        at = max(datetime.now(UTC), self.modified_on)
        self.trigger_event(self.Cancelled, operator=operator, reason=reason, timestamp=at)

    def _refuse_cancelled(self) -> None:
        if self.state == "cancelled":
            raise IsCancelled
