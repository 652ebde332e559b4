"""Hands mails to a mail server over SMTP, and says of each what is certain and what is not."""

from services.mailer.adapters.smtp.connection import Connection
from services.mailer.adapters.smtp.login import connect
from services.mailer.domain.reply import Reason, Reply, Scope, Verdict
from services.mailer.domain.server import MailServer, ServerUnavailable, Stage, Timeouts

__all__ = [
    "Connection",
    "MailServer",
    "Reason",
    "Reply",
    "Scope",
    "ServerUnavailable",
    "Stage",
    "Timeouts",
    "Verdict",
    "connect",
]
