"""Asks the mailer at its door."""

from uuid import UUID

from shared.contracts.asks import MailOutcome, MayResend, OutcomeWanted, ResendAnswer
from shared.messaging import Asking, NoAnswer


class AskedMailer:
    """The mailer, asked over NATS."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def may_resend(self, mail_id: UUID) -> ResendAnswer | None:
        """Return what the mailer says of a row's latest mail, None where it does not answer in time."""
        try:
            return await self._asking.ask("mailer", "may-resend", MayResend(mail_id=mail_id), ResendAnswer)
        except NoAnswer:
            return None

    async def outcome(self, mail_id: UUID) -> MailOutcome | None:
        """Return what became of a mail, None where the mailer does not answer in time."""
        try:
            return await self._asking.ask("mailer", "outcome", OutcomeWanted(mail_id=mail_id), MailOutcome)
        except NoAnswer:
            return None
