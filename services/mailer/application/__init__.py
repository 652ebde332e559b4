"""What the mailer does: takes on deliveries, hands them to mail servers, answers for them afterwards."""

from services.mailer.application.book import Book
from services.mailer.application.deliveries import Deliveries
from services.mailer.application.dispatch import Dispatch
from services.mailer.application.messages import Messages
from services.mailer.application.ports import Due, Exchange, Hand, NeededParts, Renderer, Servers, Writer
from services.mailer.application.runs import Runs
from services.mailer.application.sweep import Sweep
from services.mailer.application.tools import Tools

__all__ = [
    "Book",
    "Deliveries",
    "Dispatch",
    "Due",
    "Exchange",
    "Hand",
    "Messages",
    "NeededParts",
    "Renderer",
    "Runs",
    "Servers",
    "Sweep",
    "Tools",
    "Writer",
]
