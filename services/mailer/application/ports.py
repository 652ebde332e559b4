"""What the mailer needs from outside: a queue of due mails, mail servers, a writer of mails, and an exchange."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.mailer.domain.delivery import Delivery
from services.mailer.domain.letter import Wire
from services.mailer.domain.reply import Reply
from services.mailer.domain.run import Said, Standing
from shared.contracts.dossier import MailServerRemoved, MailServerSet
from shared.contracts.message import Parts
from shared.store import Row


class Due(Protocol):
    """Says what to send next, changed in the same transaction as the facts.

    A mail that was claimed belongs to this mailer until its lease ends, which `renew` puts off.
    """

    owner: str

    def waits(
        self,
        mail_id: UUID,
        server_id: str,
        not_before: datetime,
        run_id: UUID | None = None,
        parts: Sequence[str] = (),
    ) -> Row:
        """Return the row that queues a mail, again if it is queued; it is not claimed while its run is paused.

        It names up to three `parts`, by SHA-256: those that are swept unless a mail needs them.
        """
        ...

    def settled(self, mail_id: UUID) -> Row:
        """Return the row that takes a mail out of the queue."""
        ...

    async def claim(self, server_id: str, limit: int) -> list[UUID]:
        """Claim mails whose time has come, oldest first."""
        ...

    async def release(self, mail_ids: Sequence[UUID]) -> None:
        """Give mails back that this mailer claimed, as far as nobody has taken them over."""
        ...

    async def renew(self) -> None:
        """Put off the end of all leases of this mailer."""
        ...

    async def orphans(self) -> list[UUID]:
        """Return the mails claimed by a mailer that is no more."""
        ...

    async def adopt(self, mail_ids: Sequence[UUID]) -> None:
        """Let orphans be claimed again, unless their mailer has said something after all."""
        ...

    async def next_due(self, server_id: str) -> float | None:
        """Return in how many seconds the next unclaimed mail is due, None where none waits."""
        ...

    async def of_run(self, run_id: UUID) -> list[UUID]:
        """Return the mails of a run that are queued, claimed or not."""
        ...


class SaidOfRuns(Protocol):
    """Remembers what operators said of runs, durably and in whatever order it is heard."""

    async def note(self, run_id: UUID, said: Said) -> None:
        """Write down what was said of a run, and hold its queued mails or let them go."""
        ...

    async def standing(self, run_id: UUID | None) -> Standing:
        """Return how a run stands."""
        ...


class NeededParts(Protocol):
    """Which parts are needed by mails that are not final, of those that are swept one day."""

    def needed(self, mail_id: UUID, sha256s: Sequence[str]) -> list[Row]:
        """Return the rows that keep these parts for a mail, beside those that the queue names."""
        ...

    def released(self, mail_id: UUID) -> Row:
        """Return the change that keeps nothing for a mail any more but what the queue names."""
        ...

    async def still_needed(self, sha256s: Sequence[str]) -> set[str]:
        """Return those of these parts that some mail needs."""
        ...


class Servers(Protocol):
    """The mail servers as last set up."""

    def put(self, server: MailServerSet) -> Row:
        """Return the row that keeps a server's set-up, unless what is kept was said later."""
        ...

    def removed(self, server: MailServerRemoved) -> Row:
        """Return the row that keeps that there is no such server, unless what is kept was said later."""
        ...

    async def all(self) -> list[MailServerSet]:
        """Return all servers that there are."""
        ...


class Writer(Protocol):
    """Writes a mail; every attempt at the same mail gives the same bytes."""

    def write(self, delivery: Delivery, server: MailServerSet) -> Wire:
        """Return the wire form.

        Raises `BlobMissing` or `BlobDamaged` (`shared.blobs`) where a part is gone, ValueError where the mail can't
        be written, and `ServerUnavailable` where the server's key is not to be had.
        """
        ...

    def keeps(self, delivery: Delivery) -> bool:
        """Return whether all parts of the mail are still kept."""
        ...

    def keep_on(self, delivery: Delivery) -> bool:
        """Keep the parts of the mail for as long as if they were made now; return whether all are still kept."""
        ...

    def rebuild(self, delivery: Delivery, parts: Parts | None = None) -> bytes:
        """Return the message of the last attempt: its recorded header block and its parts, or these in their place.

        Raises `BlobMissing` or `BlobDamaged` where a part is gone.
        """
        ...

    def hold(self, message: bytes) -> str:
        """Keep a message for a while and return its hash."""
        ...


class Renderer(Protocol):
    """Makes the parts of mails."""

    async def parts_of(self, processing_id: UUID, mail_id: UUID) -> Parts:
        """Have the parts of a mail of a row made again and kept, as they were requested.

        Raises `Refusal` (`shared.messaging`) where they can't be, also where nobody answers in time.
        """
        ...


class Hand(Protocol):
    """An open connection to a mail server, owned by one task."""

    @property
    def reusable(self) -> bool:
        """True while the next mail can go over this connection."""
        ...

    @property
    def last_reply(self) -> Reply | None:
        """The verdict of the last mail, also of a cancelled one."""
        ...

    async def send(self, sender: str, recipient: str, wire: bytes) -> Reply:
        """Hand one mail over and return what became of it; raises CancelledError alone."""
        ...

    async def quit(self) -> None:
        """Say goodbye and close."""
        ...


class Exchange(Protocol):
    """Opens connections to mail servers."""

    async def connect(self, server: MailServerSet) -> Hand:
        """Return an open connection; raise `ServerUnavailable`, which pauses the server and fails no mail."""
        ...
