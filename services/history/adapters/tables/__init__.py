"""The read model in tables: what is written from messages, and what is asked of it."""

from services.history.adapters.tables.jobs import JobTables
from services.history.adapters.tables.letters import LetterTable
from services.history.adapters.tables.notices import NoticeTable
from services.history.adapters.tables.projection import ProjectedTables
from services.history.adapters.tables.records import RecordTables
from services.history.adapters.tables.schema import TABLES

__all__ = ["TABLES", "JobTables", "LetterTable", "NoticeTable", "ProjectedTables", "RecordTables"]
