"""Taking on deliveries, and answering for them: may it be sent again, how is the doubt resolved, what did it say."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from services.mailer.application.book import Book
from services.mailer.application.ports import Due, Servers, Writer
from services.mailer.application.runs import Runs
from services.mailer.domain.delivery import Delivery, NotInDoubt
from shared.contracts.asks import (
    MailOutcome,
    MayResend,
    OutcomeWanted,
    ResendAnswer,
    Resolve,
    Resolved,
)
from shared.contracts.dossier import MailServerRemoved, MailServerSet, PreviewRequested
from shared.contracts.message import OfMail, Parts, Recipient
from shared.contracts.renderer import MailRendered, RenderingFailed
from shared.messaging import Refusal
from shared.store import Conflict

_log = structlog.get_logger()
_OF_NO_ROW = {"run_id": None, "item_id": None, "processing_id": None, "ordinal": 1}
_BEFORE_ALL = datetime.fromtimestamp(0, UTC)  # who asked for a preview waits for it, and not for the run before it


class Deliveries:
    """The mails that the mailer has taken on; `wake` is called when there is something new to send."""

    def __init__(self, book: Book, due: Due, servers: Servers, writer: Writer, runs: Runs) -> None:
        self._book = book
        self._due = due
        self._servers = servers
        self._writer = writer
        self._runs = runs
        self.wake: Callable[[], None] = lambda: None
        self.serve: Callable[[MailServerSet], None] = lambda _: None
        self.leave: Callable[[str], None] = lambda _: None

    async def take_on(self, mail: MailRendered) -> None:
        """Queue the mail, unless it is known; one whose contact was erased is settled unsent."""
        if mail.recipient is None:
            await self._settle_erased(mail)
            return
        delivery = Delivery.request(mail.mail_id, **_of_row(mail), **_requested(mail))
        await self._queue(delivery, mail.mail_server_id, datetime.now(UTC))

    async def take_on_preview(self, preview: PreviewRequested) -> None:
        """Queue a sample for its sender before all that waits; once its contact is erased there is none (A7)."""
        if preview.parts is None:
            _log.info("a preview is not sent: its contact was erased", mail=str(preview.mail_id))
            return
        delivery = Delivery.request(preview.mail_id, **_OF_NO_ROW, person=preview.person, **_sampled(preview))
        await self._queue(delivery, preview.mail_server_id, _BEFORE_ALL)

    async def outcome(self, wanted: OutcomeWanted) -> MailOutcome:
        """Say what became of a mail so far."""
        delivery = await self._book.find(wanted.mail_id)
        if delivery is None:
            return MailOutcome(status="unknown")
        code, text = delivery.answer
        return MailOutcome(status=delivery.status, code=code, text=text)

    async def note_unrendered(self, failed: RenderingFailed) -> None:
        """Remember a mail that will not come, so that its row may get another one."""
        if failed.mail_id is None or failed.processing_id is None:
            return
        facts = {
            "run_id": failed.run_id,
            "item_id": failed.item_id,
            "processing_id": failed.processing_id,
            "ordinal": failed.ordinal,
            "person": failed.person,
        }
        try:
            await self._book.record(Delivery.note_unrendered(failed.mail_id, **facts))
        except Conflict:
            _log.debug("known already", mail=str(failed.mail_id))

    async def set_server(self, server: MailServerSet) -> None:
        """Use a mail server as set up from now on, unless more is known of it already."""
        await self._book.note(self._servers.put(server))
        await self._serve(server.mail_server_id)

    async def remove_server(self, server: MailServerRemoved) -> None:
        """Use a mail server no more, unless more is known of it already; its mails wait."""
        await self._book.note(self._servers.removed(server))
        await self._serve(server.mail_server_id)

    async def _serve(self, server_id: str) -> None:
        """Have the server used as is known by now, whichever word of it came last."""
        standing = {server.mail_server_id: server for server in await self._servers.all()}
        if server_id in standing:
            self.serve(standing[server_id])
        else:
            self.leave(server_id)

    async def may_resend(self, question: MayResend) -> ResendAnswer:
        """Answer whether the row of this mail may get another one, and with which parts."""
        delivery = await self._book.find(question.mail_id)
        if delivery is None:
            return ResendAnswer(state="unknown")
        if delivery.status == "in_doubt":
            return ResendAnswer(state="in_doubt")
        if not delivery.may_be_followed:
            return ResendAnswer(state="busy")
        kept = bool(delivery.parts) and await asyncio.to_thread(self._writer.keep_on, delivery)
        return ResendAnswer(state="free", parts=Parts.model_validate(delivery.parts) if kept else None)

    async def resolve(self, wish: Resolve) -> Resolved:
        """Settle a mail in doubt; sent again, it is the same mail and bytes, marked as a possible duplicate."""
        delivery = await self._known(wish.mail_id)
        try:
            delivery.resolve(wish.outcome, "person", wish.operator, wish.reason)
        except NotInDoubt as error:
            raise Refusal("not_in_doubt", f"the mail is not in doubt: it is {error}") from error
        rows = []
        if wish.outcome == "resend":
            server_id = delivery.mail_server_id or "default"
            rows.append(
                self._due.waits(delivery.id, server_id, datetime.now(UTC), delivery.run_id, delivery.swept_parts)
            )
        try:
            await self._book.record(delivery, *rows)
        except Conflict as error:
            raise Refusal("not_in_doubt", "somebody else has resolved it just now") from error
        await self._runs.settle(delivery)
        self.wake()
        return Resolved.model_validate({"mail_id": delivery.id, "status": delivery.status})

    async def _queue(self, delivery: Delivery, server_id: str, not_before: datetime) -> None:
        try:
            waits = self._due.waits(delivery.id, server_id, not_before, delivery.run_id, delivery.swept_parts)
            await self._book.record(delivery, waits)
        except Conflict:
            _log.debug("known already", mail=str(delivery.id))
        else:
            await self._runs.settle(delivery)
            self.wake()

    async def _settle_erased(self, mail: MailRendered) -> None:
        try:
            await self._book.record(Delivery.note_erased(mail.mail_id, **_of_row(mail)))
        except Conflict:
            _log.debug("known already", mail=str(mail.mail_id))

    async def _known(self, mail_id: UUID) -> Delivery:
        delivery = await self._book.find(mail_id)
        if delivery is None:
            raise Refusal("unknown_mail", "the mailer does not know this mail")
        return delivery


def _of_row(mail: OfMail) -> dict[str, Any]:
    return {
        "run_id": mail.run_id,
        "item_id": mail.item_id,
        "processing_id": mail.processing_id,
        "ordinal": mail.ordinal,
        "person": mail.person,
    }


def _requested(mail: MailRendered) -> dict[str, Any]:
    return {
        "recipient": mail.recipient.model_dump() if mail.recipient else None,
        "sender": mail.sender.model_dump(),
        "mail_server_id": mail.mail_server_id,
        "subject": mail.subject,
        "parts": mail.parts.model_dump(exclude_none=True),
        "attachments": [attachment.model_dump() for attachment in mail.attachments],
        "record_separately": mail.record_separately,
        "requested_at": mail.requested_at,
        "resend_of": mail.resend_of,
    }


def _sampled(preview: PreviewRequested) -> dict[str, Any]:
    """Return the mail as it would go to the contact, but for who gets it."""
    sender = preview.sender
    return {
        "recipient": Recipient(name=sender.name, email=sender.address).model_dump(),
        "sender": sender.model_dump(),
        "mail_server_id": preview.mail_server_id,
        "subject": preview.subject,
        "parts": preview.parts.model_dump(exclude_none=True) if preview.parts else {},
        "attachments": [attachment.model_dump() for attachment in preview.attachments],
        "record_separately": False,
        "requested_at": preview.requested_at,
        "resend_of": None,
    }
