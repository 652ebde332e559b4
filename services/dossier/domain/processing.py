"""Rows: one item at one destination, with every mail or letter that was asked for it (A11)."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from services.dossier.domain.identity import mail_id_of


class Processing(Aggregate):
    """The row of one destination; `content` is what all rows of its run share.

    The body that was typed for several lies once for all of them, as they have it alike, and sealed where it is of one.
    """

    TOPIC = "dossier.Processing"

    class Created(Aggregate.Created):
        """The first fact of a row."""

        TOPIC = "dossier.Processing.Created"
        PERSONAL: ClassVar[tuple[str, ...]] = ("recipient", "merge")
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("body_text",)
        ALIKE: ClassVar[tuple[str, ...]] = (
            "originator_topic",
            "run_id",
            "content",
            "body_text",
            "document_date",
            "operator",
        )

        run_id: UUID
        item_id: UUID
        person: str | None
        destination: dict[str, Any]
        recipient: dict[str, Any] | None
        merge: dict[str, Any] | None
        content: dict[str, Any]
        body_text: str | None
        document_date: date
        operator: str | None

    class Requested(Created):
        """Its first mail or letter is to be made."""

        TOPIC = "dossier.Processing.Requested"

        mail_id: UUID

        def apply(self, aggregate: Aggregate) -> None:
            """Let this be the row's first mail."""
            assert isinstance(aggregate, Processing)  # noqa: S101 -- the library types it as any aggregate
            aggregate.requests.append(self)

    class Excluded(Created):
        """It gets no mail, for this reason."""

        TOPIC = "dossier.Processing.Excluded"

        status: str
        reason: str

    class RequestedAgain(Aggregate.Event):
        """Somebody asked for its next mail; all facts are stated anew, since each fact is told by itself."""

        TOPIC = "dossier.Processing.RequestedAgain"
        PERSONAL: ClassVar[tuple[str, ...]] = ("recipient", "merge")
        PERSONAL_OF_ONE: ClassVar[tuple[str, ...]] = ("body_text",)

        run_id: UUID
        item_id: UUID
        person: str | None
        destination: dict[str, Any]
        recipient: dict[str, Any] | None
        merge: dict[str, Any] | None
        content: dict[str, Any]
        body_text: str | None
        document_date: date
        mail_id: UUID
        ordinal: int
        resend_of: UUID | None
        token: UUID
        operator: str
        reason: str
        parts: dict[str, Any] | None

        def apply(self, aggregate: Aggregate) -> None:
            """Let this be the row's latest mail."""
            assert isinstance(aggregate, Processing)  # noqa: S101 -- the library types it as any aggregate
            aggregate.ordinal = self.ordinal
            aggregate.requests.append(self)
            aggregate.tokens[self.token] = self.ordinal

    def __init__(
        self,
        run_id: UUID,
        item_id: UUID,
        person: str | None,
        destination: dict[str, Any],
        recipient: dict[str, Any] | None,
        merge: dict[str, Any] | None,
        content: dict[str, Any],
        body_text: str | None,
        document_date: date,
        mail_id: UUID | None = None,
        status: str | None = None,
    ) -> None:
        self.run_id = run_id
        self.item_id = item_id
        self.person = person
        self.destination = destination
        self.recipient = recipient
        self.merge = merge
        self.content = content
        self.body_text = body_text
        self.document_date = document_date
        self.excluded = status
        self.ordinal = 1 if mail_id else 0
        self.tokens: dict[UUID, int] = {}
        self.requests: list[Processing.Requested | Processing.RequestedAgain] = []

    @classmethod
    def request(cls, processing_id: UUID, at: datetime, **facts: Any) -> Requested:
        """Return the fact that the row's first mail or letter is asked for; by itself, since thousands are at once."""
        return cls.Requested(**_first(processing_id, at) | facts | {"mail_id": mail_id_of(processing_id, 1)})

    @classmethod
    def exclude(cls, processing_id: UUID, at: datetime, **facts: Any) -> Excluded:
        """Return the fact that the destination gets no mail, with its status and reason."""
        return cls.Excluded(**_first(processing_id, at) | facts)

    @property
    def is_letter(self) -> bool:
        """Whether the row is a letter, which is made and not sent."""
        return bool(self.content["issue_method"] == "document")

    @property
    def latest_mail_id(self) -> UUID | None:
        """The row's latest mail, None while it never had one."""
        return mail_id_of(self.id, self.ordinal) if self.ordinal else None

    def made_of(self, mail_id: UUID) -> Requested | RequestedAgain | None:
        """Return the request that the parts of a mail were made of, None for no mail of this row.

        It is the mail's own, or that of the mail before whose parts it took over.
        """
        asked = [request.mail_id for request in self.requests]
        if mail_id not in asked:
            return None
        until = self.requests[: asked.index(mail_id) + 1]
        return [request for request in until if isinstance(request, self.Requested) or not request.parts][-1]

    def request_again(
        self,
        token: UUID,
        operator: str,
        reason: str,
        recipient: dict[str, Any] | None,
        parts: dict[str, Any] | None,
        content: dict[str, Any] | None = None,
    ) -> None:
        """Ask for the row's next mail or letter, made of the row's content unless other is given for this one."""
        self.trigger_event(
            self.RequestedAgain,
            run_id=self.run_id,
            item_id=self.item_id,
            person=self.person,
            destination=self.destination,
            recipient=recipient,
            merge=self.merge,
            content=content or self.content,
            body_text=self.body_text,
            document_date=self.document_date,
            mail_id=mail_id_of(self.id, self.ordinal + 1),
            ordinal=self.ordinal + 1,
            resend_of=self.latest_mail_id,
            token=token,
            operator=operator,
            reason=reason,
            parts=parts,
        )


def _first(processing_id: UUID, at: datetime) -> dict[str, Any]:
    return {
        "originator_topic": Processing.TOPIC,
        "originator_id": processing_id,
        "originator_version": 1,
        "timestamp": at,
    }
