"""The delivery of one mail: attempts that end sent, deferred, failed or in doubt (architecture §6)."""

import base64
import zlib
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from eventsourcing.domain import Aggregate

from services.mailer.domain.reply import Reply

Status = Literal["sending", "deferred", "sent", "failed", "in_doubt", "cancelled", "render_failed"]
_FINAL = frozenset({"sent", "failed", "cancelled", "render_failed"})


class NotInDoubt(Exception):
    """Only a mail in doubt can be resolved."""


class NotWaiting(Exception):
    """Only a waiting mail can be attempted: not one on its way, in doubt or settled."""


class Delivery(Aggregate):
    """One mail on its way; its id is the mail's. `open_attempt` is the attempt whose end is not known yet."""

    TOPIC = "mailer.Delivery"

    class Created(Aggregate.Created):
        """What every first event says: which mail of which row, of none where it is a preview."""

        TOPIC = "mailer.Delivery.Created"
        run_id: UUID | None
        item_id: UUID | None
        processing_id: UUID | None
        ordinal: int
        person: str | None

    class Requested(Created):
        """The mail is made and waits to be sent."""

        TOPIC = "mailer.Delivery.Requested"
        PERSONAL: ClassVar[tuple[str, ...]] = ("recipient",)
        recipient: dict[str, Any] | None
        sender: dict[str, Any]
        mail_server_id: str
        subject: str
        parts: dict[str, Any]
        attachments: list[dict[str, Any]]
        record_separately: bool
        requested_at: datetime
        resend_of: UUID | None

    class Unrendered(Created):
        """The mail could not be made: nothing to send, and free to be asked for again."""

        TOPIC = "mailer.Delivery.Unrendered"

        def apply(self, aggregate: "Delivery") -> None:
            """Settle it."""
            aggregate.close("render_failed")

    class Erased(Created):
        """The mail came without its recipient, who was erased: it is settled unsent."""

        TOPIC = "mailer.Delivery.Erased"

        def apply(self, aggregate: "Delivery") -> None:
            """Settle it."""
            aggregate.close("cancelled")

    class Event(Aggregate.Event):
        """What every later event says: which mail of which row."""

        TOPIC = "mailer.Delivery.Event"
        run_id: UUID | None
        item_id: UUID | None
        processing_id: UUID | None
        ordinal: int
        person: str | None

    class AttemptStarted(Event):
        """Recorded before MAIL FROM: from here on the mail may be on its way. `head` is its header block as sent."""

        TOPIC = "mailer.Delivery.AttemptStarted"
        PERSONAL: ClassVar[tuple[str, ...]] = ("head",)
        attempt: int
        owner: str
        mail_server_id: str
        message_id: str
        wire_sha256: str
        wire_size: int
        head: str | None

        def apply(self, aggregate: "Delivery") -> None:
            """Open the attempt."""
            aggregate.status = "sending"
            aggregate.attempts = self.attempt
            aggregate.open_attempt = self.attempt
            aggregate.attempt_started_at = self.timestamp
            aggregate.tried_since = aggregate.tried_since or self.timestamp
            aggregate.wire_sha256 = self.wire_sha256
            aggregate.wire_size = self.wire_size
            aggregate.packed_head = self.head

    class Ended(Event):
        """What every end of an attempt says: how far it got and what the server answered (which may name a person)."""

        TOPIC = "mailer.Delivery.Ended"
        PERSONAL: ClassVar[tuple[str, ...]] = ("text",)
        attempt: int
        attempt_started_at: datetime
        phase: str
        code: int | None
        enhanced_code: str | None
        text: str | None

    class Sent(Ended):
        """The server accepted the mail."""

        TOPIC = "mailer.Delivery.Sent"
        message_id: str
        wire_sha256: str
        wire_size: int
        queue_id: str | None
        possible_duplicate: bool

        def apply(self, aggregate: "Delivery") -> None:
            """Close the attempt for good."""
            aggregate.close("sent", self)

    class Deferred(Ended):
        """The server put the mail off, or the line was lost while the mail had certainly not been handed over."""

        TOPIC = "mailer.Delivery.Deferred"
        not_before: datetime

        def apply(self, aggregate: "Delivery") -> None:
            """Close the attempt; another one follows."""
            aggregate.close("deferred", self)
            aggregate.deferrals += 1

    class Failed(Ended):
        """The server refused the mail for good, or its time ran out."""

        TOPIC = "mailer.Delivery.Failed"
        reason: str
        message_id: str

        def apply(self, aggregate: "Delivery") -> None:
            """Close the attempt for good."""
            aggregate.close("failed", self)

    class InDoubt(Ended):
        """The mail was handed over and the answer was lost."""

        TOPIC = "mailer.Delivery.InDoubt"
        reason: str
        message_id: str

        def apply(self, aggregate: "Delivery") -> None:
            """Close the attempt and hold the mail."""
            aggregate.close("in_doubt", self)

    class Resolved(Event):
        """Somebody or something settled the doubt."""

        TOPIC = "mailer.Delivery.Resolved"
        outcome: str
        by: str
        operator: str | None
        reason: str | None

        def apply(self, aggregate: "Delivery") -> None:
            """Follow the outcome; a mail sent again may arrive twice from now on."""
            outcomes: dict[str, Status] = {"sent": "sent", "not_sent": "failed", "resend": "sending"}
            aggregate.status = outcomes[self.outcome]
            aggregate.possible_duplicate = aggregate.possible_duplicate or self.outcome == "resend"
            aggregate.tried_since = None
            aggregate.insisted_at = self.timestamp if self.outcome == "resend" else None

    class Cancelled(Event):
        """The mail was settled unsent: its contact was erased or its run cancelled while it waited."""

        TOPIC = "mailer.Delivery.Cancelled"
        reason: str

        def apply(self, aggregate: "Delivery") -> None:
            """Settle it."""
            aggregate.close("cancelled")

    def __init__(
        self,
        run_id: UUID | None,
        item_id: UUID | None,
        processing_id: UUID | None,
        ordinal: int,
        person: str | None,
        recipient: dict[str, Any] | None = None,
        sender: dict[str, Any] | None = None,
        mail_server_id: str | None = None,
        subject: str = "",
        parts: dict[str, Any] | None = None,
        attachments: list[dict[str, Any]] | None = None,
        record_separately: bool = True,
        requested_at: datetime | None = None,
        resend_of: UUID | None = None,
    ) -> None:
        self.run_id = run_id
        self.of_row = {
            "run_id": run_id,
            "item_id": item_id,
            "processing_id": processing_id,
            "ordinal": ordinal,
            "person": person,
        }
        self.recipient = recipient
        self.sender = sender or {}
        self.mail_server_id = mail_server_id
        self.subject = subject
        self.parts = parts or {}
        self.attachments = attachments or []
        self.record_separately = record_separately
        self.requested_at = requested_at
        self.resend_of = resend_of
        self.status: Status = "sending"
        self.attempts = 0
        self.deferrals = 0
        self.open_attempt: int | None = None
        self.attempt_started_at: datetime | None = None
        self.tried_since: datetime | None = None  # when its lifetime began: not while its server was away
        self.wire_sha256 = ""
        self.wire_size = 0
        self.packed_head: str | None = None
        self.possible_duplicate = False
        self.insisted_at: datetime | None = None  # when somebody wanted it sent though it was in doubt
        self.answer: tuple[int | None, str] = (None, "")

    @classmethod
    def request(cls, mail_id: UUID, **facts: Any) -> "Delivery":
        """Begin: the mail waits to be sent."""
        return cls._create(cls.Requested, id=mail_id, **facts)

    @classmethod
    def note_unrendered(cls, mail_id: UUID, **facts: Any) -> "Delivery":
        """Begin and end: there is nothing to send."""
        return cls._create(cls.Unrendered, id=mail_id, **facts)

    @classmethod
    def note_erased(cls, mail_id: UUID, **facts: Any) -> "Delivery":
        """Begin and end: its contact was erased before it came."""
        return cls._create(cls.Erased, id=mail_id, **facts)

    @property
    def asked_at(self) -> datetime:
        """When somebody last wanted it sent: a cancellation before that is not meant for it."""
        return self.insisted_at or self.requested_at or self.created_on

    @property
    def is_preview(self) -> bool:
        """Whether it is a sample for its sender: such a mail is of no row (A7)."""
        return self.of_row["processing_id"] is None

    @property
    def waits(self) -> bool:
        """True while the next thing to do is an attempt."""
        return self.status in {"sending", "deferred"} and self.open_attempt is None

    @property
    def is_final(self) -> bool:
        """True once nothing more is done about it by itself; one in doubt may still be sent again as it is."""
        return self.status in _FINAL

    @property
    def swept_parts(self) -> list[str]:
        """The SHA-256 of each part that is not kept for good, since the mail is not recorded separately (A4)."""
        own = [] if self.record_separately else [self.parts.get(part) for part in ("text", "html", "attachment")]
        return [ref["sha256"] for ref in own if ref]

    @property
    def swept_files(self) -> list[str]:
        """The SHA-256 of each file that is kept for it alone: those of a preview."""
        return [file["sha256"] for file in self.attachments] if self.is_preview else []

    @property
    def is_resolved_now(self) -> bool:
        """Whether a doubt about it was settled just now, which is not recorded yet."""
        return any(isinstance(event, self.Resolved) for event in self.pending_events)

    @property
    def may_be_followed(self) -> bool:
        """True once its row may get another mail (A11)."""
        return self.is_final

    @property
    def message_id(self) -> str:
        """The Message-ID of every attempt: the mail's id at the sender's domain (RFC 5322 §3.6.4)."""
        return self.message_id_of(self.id)

    def message_id_of(self, mail_id: UUID) -> str:
        """Return the Message-ID of a mail of the same row."""
        return f"<{mail_id}@{self.sender['address'].rpartition('@')[2]}>"

    @property
    def head(self) -> bytes | None:
        """The header block of the last attempt as sent, None where there was none or its contact was erased."""
        return zlib.decompress(base64.b64decode(self.packed_head)) if self.packed_head else None

    def attempt(self, owner: str, head: bytes, wire_sha256: str, wire_size: int) -> None:
        """Start an attempt; its owner is the mailer that makes it. Raises `NotWaiting`."""
        if not self.waits:
            raise NotWaiting(self.status)
        self.trigger_event(
            self.AttemptStarted,
            **self.of_row,
            attempt=self.attempts + 1,
            owner=owner,
            mail_server_id=self.mail_server_id,
            message_id=self.message_id,
            wire_sha256=wire_sha256,
            wire_size=wire_size,
            head=base64.b64encode(zlib.compress(head)).decode(),
        )

    def settle(self, reply: Reply, not_before: datetime | None) -> None:
        """End the open attempt as the server's reply says; a transient one without `not_before` is out of time."""
        if reply.verdict == "accepted":
            self._end(
                self.Sent,
                reply,
                message_id=self.message_id,
                wire_sha256=self.wire_sha256,
                wire_size=self.wire_size,
                queue_id=reply.queue_id,
                possible_duplicate=self.possible_duplicate,
            )
        elif reply.verdict == "in_doubt":
            self._end(self.InDoubt, reply, reason="reply_lost", message_id=self.message_id)
        elif reply.verdict == "permanent":
            self._end(self.Failed, reply, reason=reply.reason or "permanent", message_id=self.message_id)
        elif not_before is None:
            self._end(self.Failed, reply, reason="expired", message_id=self.message_id)
        else:
            self._end(self.Deferred, reply, not_before=not_before)

    def doubt(self) -> None:
        """End an attempt that was found open: its process died, and nobody knows how far it got."""
        reply = Reply("in_doubt", "dot", text="the mailer died during the attempt")
        self._end(self.InDoubt, reply, reason="process_died", message_id=self.message_id)

    def resolve(self, outcome: str, by: str, operator: str | None = None, reason: str | None = None) -> None:
        """Settle a mail in doubt; raise `NotInDoubt` for any other."""
        if self.status != "in_doubt":
            raise NotInDoubt(self.status)
        self.trigger_event(self.Resolved, **self.of_row, outcome=outcome, by=by, operator=operator, reason=reason)

    def give_up(self, why: str) -> None:
        """Fail a mail that can't be written: no attempt of it is possible."""
        self.trigger_event(
            self.Failed,
            **self.of_row,
            attempt=self.attempts,
            attempt_started_at=datetime.now(UTC),
            phase="connect",
            code=None,
            enhanced_code=None,
            text=why,
            reason="address",
            message_id=self.message_id,
        )

    def cancel(self, reason: str) -> None:
        """Settle a waiting mail unsent."""
        self.trigger_event(self.Cancelled, **self.of_row, reason=reason)

    def close(self, status: Status, ended: Ended | None = None) -> None:
        """Close the open attempt, and keep what the server answered to it."""
        self.status = status
        self.open_attempt = None
        self.answer = (ended.code, ended.text or "") if ended else self.answer

    def _end(self, kind: type[Any], reply: Reply, **more: Any) -> None:
        self.trigger_event(
            kind,
            **self.of_row,
            attempt=self.open_attempt,
            attempt_started_at=self.attempt_started_at,
            phase=reply.phase,
            code=reply.code,
            enhanced_code=reply.enhanced_code,
            text=reply.text,
            **more,
        )
