"""A line of a list of contacts: what it states, or the one thing that is wrong with it, by line and column."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.dossier.application.contacts import Stated
from services.dossier.domain.contact import Known
from services.dossier.domain.contact_facts import ContactFacts, contact_said
from services.dossier.domain.refusal import Refused, Wrong
from services.dossier.domain.text import is_text, not_text

COLUMNS = ("kind", "number", "contact_id", *(name for name in ContactFacts.model_fields if name != "fields"))
_COLUMNS = frozenset(COLUMNS)
_NEEDED = ("kind", "number")
_YES_OR_NO = frozenset({"blocked", "bounced", "correspondence"})
_SMALL = frozenset({"kind", "language", "consent", "preferred_medium"})  # written in small letters
_CHOSEN = _YES_OR_NO | {"language", "consent", "consent_date", "consent_proof", "preferred_medium"}
_CLEARED = frozenset(COLUMNS) - {"kind", "number", "name"}
_TRUE = frozenset({"1", "true", "yes", "ja", "x"})
_FALSE = frozenset({"0", "false", "no", "nee"})
_DEFUSED = re.compile(r"''*[=+\-@\t\r]")


def columns_of(header: Sequence[Any] | None) -> list[str]:
    """Return the names of the columns; raise `Refused` where one lacks that is needed, or stands there twice.

    A column of any other name than a contact's facts have is a field of the contact.
    """
    names = [str(_cell(cell) or "").strip() for cell in header or ()]
    columns = [name.lower() if name.lower() in COLUMNS else name for name in names]
    wrongs = [Wrong(name, "missing_column", {"column": name}) for name in _NEEDED if name not in columns]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if wrongs := [*wrongs, *(Wrong(name, "column_twice", {"column": name}) for name in twice)]:
        raise Refused(wrongs)
    return columns


def read_line(columns: Sequence[str], line: int, cells: Sequence[Any] | None) -> Stated | Wrong:
    """Return what a line states, or what is wrong with it; None are cells that can't be read."""
    if cells is None:
        return Wrong("", "unreadable_line", place=(line, ""))
    if len(cells) > len(columns) and any(cell is not None for cell in cells[len(columns) :]):
        return Wrong("", "too_many_cells", place=(line, ""))
    given = dict(zip(columns, map(_cell, cells), strict=False))
    given.pop("", None)
    if not is_text("".join(cell for cell in cells if isinstance(cell, str))):
        return _at(line, next(not_text(given)))
    try:
        record = contact_said(_record(given))
    except Refused as refused:
        return _at(line, refused.wrongs[0])
    return Stated(record.address(), record.given())


def with_fields(stated: Stated, known: Known | None) -> Stated:
    """Return what a line states, with the contact's fields that the list has no column for; an empty cell ends one."""
    if "fields" not in stated.facts:
        return stated
    fields = (known.fields if known else {}) | stated.facts["fields"]
    said = {name: value for name, value in fields.items() if value is not None}
    return replace(stated, facts={**stated.facts, "fields": said})


def _cell(cell: Any) -> Any:
    """Return a cell as it was before it was written so that no spreadsheet computes it."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and _DEFUSED.match(cell) else cell


def _at(line: int, wrong: Wrong) -> Wrong:
    return replace(wrong, place=(line, wrong.field))


def _record(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line as a contact's record; an empty cell empties a text, and leaves what must be chosen as it is."""
    record: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for name, cell in given.items():
        if name not in _COLUMNS:
            fields[name] = cell
        elif cell is not None or name not in _CHOSEN:
            record[name] = _said(name, cell)
    if record["kind"] == "contact_person" and not record["number"]:
        record["number"] = record.get("organisation") or ""
    return record | ({"fields": fields} if fields else {})


def _said(name: str, cell: Any) -> Any:
    if cell is None:
        return None if name in _CLEARED else ""
    text = cell if isinstance(cell, str) else str(cell)  # spreadsheets take numbers for numbers
    if name in _YES_OR_NO:
        said = text.lower()
        return True if said in _TRUE else False if said in _FALSE else text
    return text.lower() if name in _SMALL else text
