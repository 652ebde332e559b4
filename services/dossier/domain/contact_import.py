"""Imports of contacts: a list is taken on whole, and worked to its end line by line, whatever dies meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

State = Literal["waiting", "done", "lost"]


@dataclass
class ContactImport:
    """How far an import is: of `lines`, `done` were recorded, changed, found unchanged or refused.

    The lines lie in blobs; a list whose blobs are gone before its end is lost, and is to be imported again.
    """

    import_id: UUID
    columns: list[str]
    chunks: list[str]
    lines: int
    started_at: datetime
    started_by: str
    done: int = 0
    recorded: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    state: State = "waiting"
    ended_at: datetime | None = None
