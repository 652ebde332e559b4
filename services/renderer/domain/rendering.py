"""One rendering of a mail, a letter or a file of an item: it happens once, and ends completed or failed."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate


class Rendering(Aggregate):
    """What became of making one thing; its id is the mail's or the document's, so that it is made once."""

    TOPIC = "renderer.Rendering"

    class Created(Aggregate.Created):
        """The first and only event."""

        TOPIC = "renderer.Rendering.Created"
        made: str  # "mail", "letter", "generic_attachment" or "auto_document"
        run_id: UUID
        item_id: UUID
        processing_id: UUID | None
        ordinal: int
        person: str | None

    class Completed(Created):
        """All parts are made and durably stored."""

        TOPIC = "renderer.Rendering.Completed"
        PERSONAL: ClassVar[tuple[str, ...]] = ("recipient",)
        recipient: dict[str, Any] | None
        sender: dict[str, Any] | None
        mail_server_id: str
        subject: str
        parts: dict[str, Any]
        attachments: list[dict[str, Any]]
        record_separately: bool
        engines: dict[str, str]
        warnings: list[str]
        requested_at: datetime
        resend_of: UUID | None

    class Failed(Created):
        """It could not be made; the detail may hold a contact's own words."""

        TOPIC = "renderer.Rendering.Failed"
        PERSONAL: ClassVar[tuple[str, ...]] = ("detail",)
        reason: str
        layout_id: str | None
        language: str | None
        field: str | None
        line: int | None
        detail: str | None

    class FileFailed(Failed):
        """A file of an item could not be made: it is no contact's, so the detail is in nobody's words."""

        TOPIC = "renderer.Rendering.FileFailed"
        PERSONAL: ClassVar[tuple[str, ...]] = ()

    def __init__(self, made: str) -> None:
        self.made = made

    @classmethod
    def complete(cls, identity: UUID, **facts: Any) -> "Rendering":
        """Begin and end with everything made."""
        return cls._create(cls.Completed, id=identity, **facts)

    @classmethod
    def fail(cls, identity: UUID, **facts: Any) -> "Rendering":
        """Begin and end without."""
        return cls._create(cls.Failed if facts["person"] else cls.FileFailed, id=identity, **facts)
