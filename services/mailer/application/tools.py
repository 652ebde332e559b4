"""What every office works with."""

from dataclasses import dataclass

from services.mailer.application.book import Book
from services.mailer.application.messages import Messages
from services.mailer.application.ports import Due, Exchange, Servers, Writer
from services.mailer.application.runs import Runs


@dataclass(frozen=True)
class Tools:
    """The book and the queue, the servers and the way to them, the writer of mails, their runs and messages."""

    book: Book
    due: Due
    servers: Servers
    writer: Writer
    exchange: Exchange
    runs: Runs
    messages: Messages
