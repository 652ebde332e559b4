"""Where the attachment of an item is: its message or letter, a document made for it, or a file that goes along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

Row = Mapping[str, Any]
_BEING_MADE = ("queued", "rendering", "sending", "deferred")


@dataclass(frozen=True, slots=True)
class Place:
    """A message or a letter of a row, or a file of the item by its SHA-256."""

    message_of: UUID | None = None
    letter_of: UUID | None = None
    sha256: str | None = None


def place_of(item: Row, rows: Sequence[Row]) -> Place | None:
    """Return where it is, None while it is not there."""
    if item["record_separately"] and len(rows) == 1:
        [row] = rows
        if row["issue_method"] == "email" and row["attempts"]:
            return Place(message_of=row["processing_id"])
        if row["status"] == "generated":
            return Place(letter_of=row["processing_id"])
    if to_come(item, rows):
        return None
    made = sorted(item["documents"], key=lambda document: document["slot"] != "generic_attachment")
    files = [document["attachment"] for document in made] + list(item["attachments"])
    return next((Place(sha256=file["sha256"]) for file in files if file), None)


def to_come(item: Row, rows: Sequence[Row]) -> bool:
    """Return whether something is still being made or sent that would be the attachment."""
    if item["record_separately"] and item["issue_method"] != "none":
        return not rows or any(row["status"] in _BEING_MADE for row in rows)
    if item["issue_method"] != "none" and item["destinations"] and not item["documents"]:
        return True  # the generic attachment is asked for
    return any(document["status"] == "rendering" for document in item["documents"])
