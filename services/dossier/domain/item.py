"""Dossier items: what was recorded, at which destinations, with which files of its own."""

from datetime import date, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from services.dossier.domain.frozen import Row
from services.dossier.domain.identity import document_id_of

HOUSE = "nl"  # the language of a document that is nobody's own


class DossierItem(Aggregate):
    """One item in the dossier of its destinations."""

    TOPIC = "dossier.DossierItem"

    class Created(Aggregate.Created):
        """The first fact of an item."""

        TOPIC = "dossier.DossierItem.Created"

    class Recorded(Created):
        """The item stands in the dossier."""

        TOPIC = "dossier.DossierItem.Recorded"
        ALIKE: ClassVar[tuple[str, ...]] = (
            "originator_topic",
            "run_id",
            "type",
            "subject",
            "comment",
            "issue_method",
            "record_separately",
            "attachments",
            "submitted_by",
            "workflow_id",
        )

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
        workflow_id: str | None

    class DocumentRequested(Aggregate.Event):
        """A file of the item is to be made: the generic attachment (A4), or the document of its type (A17).

        One with a `person` is made with the data of its addressee, of whom nothing is left here once erased.
        """

        TOPIC = "dossier.DossierItem.DocumentRequested"
        PERSONAL: ClassVar[tuple[str, ...]] = ("recipient", "merge")

        run_id: UUID
        document_id: UUID
        slot: str
        language: str
        content: dict[str, Any]
        document_date: date
        person: str | None
        destination: dict[str, Any] | None
        recipient: dict[str, Any] | None
        merge: dict[str, Any] | None

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
        workflow_id: str | None,
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
        self.workflow_id = workflow_id

    @classmethod
    def record(cls, item_id: UUID, **facts: Any) -> Self:
        """Record an item."""
        return cls._create(cls.Recorded, id=item_id, **facts)

    @classmethod
    def recorded(cls, item_id: UUID, at: datetime, **facts: Any) -> Recorded:
        """Return the fact that an item was recorded, by itself: thousands are recorded at once."""
        return cls.Recorded(
            originator_topic=cls.TOPIC, originator_id=item_id, originator_version=1, timestamp=at, **facts
        )

    def request_generic_attachment(self, content: dict[str, Any], document_date: date, language: str) -> None:
        """Ask for the one attachment that is kept for all destinations."""
        self._request_document("generic_attachment", content, document_date, language)

    def request_auto_document(
        self, layout: dict[str, Any], content: dict[str, Any], document_date: date, addressee: Row | None = None
    ) -> None:
        """Ask for the document that is made of itself: an addressee's own, or generic where the item has several."""
        own = {"attachment_layout": layout, "attachment_read_only": layout["read_only"]}
        shared = {**content, **own, "body_layout": None, "body_text": None}
        recipient = addressee.recipient if addressee else None
        language = recipient["language"] if recipient else HOUSE
        self._request_document("auto_document", shared, document_date, language, addressee)

    def _request_document(
        self, slot: str, content: dict[str, Any], document_date: date, language: str, addressee: Row | None = None
    ) -> None:
        self.trigger_event(
            self.DocumentRequested,
            run_id=self.run_id,
            document_id=document_id_of(self.id, slot),
            slot=slot,
            language=language,
            content=content,
            document_date=document_date,
            person=addressee.person if addressee else None,
            destination=addressee.address._asdict() if addressee else None,
            recipient=addressee.recipient if addressee else None,
            merge=addressee.merge if addressee else None,
        )
