"""What every office works with."""

from dataclasses import dataclass

from services.mailer.application.book import Book
from services.mailer.application.ports import Due, Exchange, Servers, Writer
from services.mailer.application.runs import Runs


@dataclass(frozen=True)
class Tools:
    """The book and the queue, the mail servers and the way to them, the writer of mails, and the runs they are of."""

    book: Book
    due: Due
    servers: Servers
    writer: Writer
    exchange: Exchange
    runs: Runs
