"""What the use cases need of the world: tables beside the events, the mailer's word, and words for people."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from services.dossier.domain.refusal import Wrong
from shared.contracts.asks import MailOutcome, ResendAnswer
from shared.contracts.dossier import LayoutDocument
from shared.contracts.layouts import FormatsTold, LayoutJudged
from shared.contracts.message import Attachment
from shared.store import Row

Noun = Literal["sender", "mail-server", "layout", "workflow", "field-setting"]


class Tables(Protocol):
    """The read models; what returns a `Row` is written with the events that it follows from."""

    def setup(self, noun: Noun, name: str, facts: Mapping[str, Any]) -> Row:
        """Return the row that keeps a sender, mail server, layout or workflow as it now is."""
        ...

    def unset(self, noun: Noun, name: str) -> Row:
        """Return the change after which it is not set up any more."""
        ...

    async def set_up(self, noun: Noun) -> dict[str, dict[str, Any]]:
        """Return what is set up of a kind, by id in order."""
        ...

    def attachment(self, file: Attachment) -> Row:
        """Return the row that keeps a file that was put."""
        ...

    async def attachments(self, hashes: Collection[str]) -> dict[str, Attachment]:
        """Return which of these files were put, by SHA-256."""
        ...

    def opened(self, run_id: UUID) -> Row:
        """Return the row that keeps a run open until its last chunk is recorded and its frozen blobs are gone."""
        ...

    def closed(self, run_id: UUID) -> Row:
        """Return the row change that closes a run."""
        ...

    async def open_runs(self) -> list[UUID]:
        """Return the runs still open, oldest first."""
        ...

    def freezing(self, attempt: UUID, chunks: Sequence[str]) -> Row:
        """Return the row that notes blobs about to be frozen, by an attempt to accept a request."""
        ...

    def settled(self, attempt: UUID) -> Row:
        """Return the row change that ends an attempt: its blobs are a run's, or gone."""
        ...

    async def left_frozen(self, before: datetime) -> dict[UUID, list[str]]:
        """Return the blobs of attempts that began before then and never ended: whoever made them died."""
        ...


class Mailer(Protocol):
    """Whoever sends the mails knows whether a row may get another one."""

    async def may_resend(self, mail_id: UUID) -> ResendAnswer | None:
        """Return its answer about the latest mail of a row, None where it does not answer."""
        ...

    async def outcome(self, mail_id: UUID) -> MailOutcome | None:
        """Return what became of a mail, None where it does not answer."""
        ...


class Resends(Protocol):
    """Remembers of each run when a row of it was last sent again."""

    def asked(self, run_id: UUID, at: datetime) -> Row:
        """Return the row that notes a resend, written with it."""
        ...

    async def asked_since(self, run_id: UUID, at: datetime) -> bool:
        """Return whether a row of the run was sent again after this time."""
        ...


class History(Protocol):
    """Whoever hears everything knows how far a run is."""

    async def is_complete(self, run_id: UUID) -> bool | None:
        """Return whether every row of a run is final, None where that is not known now."""
        ...


class LayoutJudge(Protocol):
    """Whoever merges layouts knows whether one can be merged."""

    async def judge(self, document: LayoutDocument) -> LayoutJudged | None:
        """Return what is found in a layout whose files are kept, None where there is no answer."""
        ...

    async def formats(self) -> FormatsTold | None:
        """Return which formats layouts become, None where there is no answer."""
        ...


class Texts(Protocol):
    """Words for people."""

    def of(self, wrong: Wrong, language: str) -> str:
        """Return in words what is wrong, in Dutch (`nl`) or English (`en`)."""
        ...

    def several(self, count: int, language: str) -> str:
        """Return in words that so many things are wrong."""
        ...
