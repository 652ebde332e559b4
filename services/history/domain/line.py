"""A line: one row of the history (item × destination), which facts add up to in whatever order they come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from services.history.domain.fact import Addressed, Fact, Stage


@dataclass
class Line:
    """What is known of one row; its status is that of its latest mail (A11), the one with the highest ordinal.

    Facts of one stage come in the order of their publisher, those of different stages in any order; the line is the
    same in the end.
    """

    processing_id: UUID
    run_id: UUID
    item_id: UUID
    at: datetime
    updated_at: datetime
    sequence: int = 0  # the order in which lines came up
    person: str | None = None
    kind: str | None = None
    number: str | None = None
    contact_id: str | None = None
    recipient_name: str | None = None
    recipient_address: str | None = None
    recipient_ordinal: int = -1
    subject: str | None = None
    issue_method: str | None = None
    mail_id: UUID | None = None
    ordinal: int = -1
    stage: int = 0
    position: int = 0
    status: str = ""
    reason: str | None = None
    attempts: int = 0
    smtp_code: int | None = None
    smtp_text: str | None = None
    message_id: str | None = None
    resend_of: UUID | None = None

    @classmethod
    def begun_by(cls, fact: Fact, sequence: int = 0) -> Self:
        """Return the line that a first fact begins."""
        return cls(fact.processing_id, fact.run_id, fact.item_id, fact.at, fact.at, sequence)

    def hear(self, fact: Fact) -> None:
        """Take in a fact; one that was taken in before changes nothing."""
        self.at = min(self.at, fact.at)
        self.updated_at = max(self.updated_at, fact.at)
        self.person = self.person or fact.person
        if fact.addressed:
            self._address(fact.addressed, fact)
        if fact.ordinal < self.ordinal:
            return
        if fact.ordinal > self.ordinal:
            self._begin_mail(fact)
        if fact.addressed and fact.addressed.resend_of:
            self.resend_of = fact.addressed.resend_of
        if fact.attempt is not None and fact.attempt >= self.attempts:
            self._attempt(fact)
        if (fact.stage, fact.position) > (self.stage, self.position):
            self.stage, self.position = int(fact.stage), fact.position
            self.status, self.reason = fact.status, fact.reason

    def _address(self, addressed: Addressed, fact: Fact) -> None:
        if addressed.destination:
            self.kind = addressed.destination.kind
            self.number = addressed.destination.number
            self.contact_id = addressed.destination.contact_id
        if addressed.recipient and fact.ordinal >= self.recipient_ordinal:
            self.recipient_ordinal = fact.ordinal
            self.recipient_name = addressed.recipient.name
            self.recipient_address = addressed.recipient.email
        if fact.stage == Stage.DOSSIER or self.subject is None:
            self.subject = addressed.subject
        self.issue_method = self.issue_method or addressed.issue_method

    def _begin_mail(self, fact: Fact) -> None:
        self.ordinal, self.mail_id = fact.ordinal, fact.mail_id
        self.stage = self.position = self.attempts = 0
        self.smtp_code = self.smtp_text = self.message_id = self.resend_of = None

    def _attempt(self, fact: Fact) -> None:
        self.attempts = fact.attempt or 0
        self.smtp_code = fact.smtp_code
        self.smtp_text = " ".join(word for word in (fact.enhanced_code, fact.text) if word) or None
        self.message_id = fact.message_id or self.message_id
