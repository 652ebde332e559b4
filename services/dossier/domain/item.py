"""Dossier items: what was recorded, at which destinations, with which files of its own."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from services.dossier.domain.identity import document_id_of


class DossierItem(Aggregate):
    """One item in the dossier of its destinations."""

    TOPIC = "dossier.DossierItem"

    class Created(Aggregate.Created):
        """The first fact of an item."""

        TOPIC = "dossier.DossierItem.Created"

    class Recorded(Created):
        """The item stands in the dossier."""

        TOPIC = "dossier.DossierItem.Recorded"

        run_id: UUID
        type: str
        subject: str
        comment: str
        issue_method: str
        record_separately: bool
        destinations: list[dict[str, Any]]
        attachments: list[dict[str, Any]]
        submitted_by: str | None
        fields: dict[str, Any]

    class DocumentRequested(Aggregate.Event):
        """A file of the item is to be made: the generic attachment (A4)."""

        TOPIC = "dossier.DossierItem.DocumentRequested"

        run_id: UUID
        document_id: UUID
        slot: str
        language: str
        content: dict[str, Any]
        document_date: date

        def apply(self, aggregate: Aggregate) -> None:
            """Nothing of the item itself changes."""

    def __init__(
        self,
        run_id: UUID,
        type: str,  # noqa: A002 -- the name in every contract
        subject: str,
        comment: str,
        issue_method: str,
        record_separately: bool,
        destinations: list[dict[str, Any]],
        attachments: list[dict[str, Any]],
        submitted_by: str | None,
        fields: dict[str, Any],
    ) -> None:
        self.run_id = run_id
        self.type = type
        self.subject = subject
        self.comment = comment
        self.issue_method = issue_method
        self.record_separately = record_separately
        self.destinations = destinations
        self.attachments = attachments
        self.submitted_by = submitted_by
        self.fields = fields

    @classmethod
    def record(cls, item_id: UUID, **facts: Any) -> Self:
        """Record an item."""
        return cls._create(cls.Recorded, id=item_id, **facts)

    def request_generic_attachment(self, content: dict[str, Any], document_date: date, language: str) -> None:
        """Ask for the one attachment that is kept for all destinations."""
        slot = "generic_attachment"
        self.trigger_event(
            self.DocumentRequested,
            run_id=self.run_id,
            document_id=document_id_of(self.id, slot),
            slot=slot,
            language=language,
            content=content,
            document_date=document_date,
        )
