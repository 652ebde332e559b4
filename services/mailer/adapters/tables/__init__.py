"""The mailer's own tables: what is due, which parts are needed, the mail servers, and what was said of runs."""

from services.mailer.adapters.tables.due import DueTable
from services.mailer.adapters.tables.metadata import TABLES
from services.mailer.adapters.tables.parts import PartTable
from services.mailer.adapters.tables.runs import RunTable
from services.mailer.adapters.tables.servers import ServerTable

__all__ = ["TABLES", "DueTable", "PartTable", "RunTable", "ServerTable"]
