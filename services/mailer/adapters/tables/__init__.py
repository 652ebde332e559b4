"""The mailer's own tables: what is due, the mail servers as set up, and what was said of runs."""

from services.mailer.adapters.tables.due import DueTable
from services.mailer.adapters.tables.metadata import TABLES
from services.mailer.adapters.tables.runs import RunTable
from services.mailer.adapters.tables.servers import ServerTable

__all__ = ["TABLES", "DueTable", "RunTable", "ServerTable"]
