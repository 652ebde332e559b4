"""Contacts are imported from a list of lines: each line stands by itself, a wrong one is refused with its number."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from services.dossier.application.contacts import Contacts, Count, Stated, taken
from services.dossier.domain.contact_facts import ContactFacts, contact_said
from services.dossier.domain.refusal import TOLD, Refused, Wrong
from services.dossier.domain.text import not_text

COLUMNS = ("kind", "number", "contact_id", *(name for name in ContactFacts.model_fields if name != "fields"))
_NEEDED = ("kind", "number")
_YES_OR_NO = {"blocked", "bounced", "correspondence"}
_CHOSEN = _YES_OR_NO | {"language", "consent", "consent_date", "consent_proof", "preferred_medium"}
_CLEARED = set(COLUMNS) - {"kind", "number", "name"}
_AT_ONCE = 500  # lines in one transaction
_TRUE = frozenset({"1", "true", "yes", "ja", "x"})
_FALSE = frozenset({"0", "false", "no", "nee"})


@dataclass
class Imported:
    """What became of the lines: `wrong` holds up to a thousand of the refused ones, by line number."""

    count: Count = field(default_factory=Count)
    refused: int = 0
    wrong: list[tuple[int, Wrong]] = field(default_factory=list)


class Importing:
    """Imports contacts."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    async def import_csv(self, text: TextIO) -> Imported:
        """Enter the contacts of a CSV file with a header; columns of other names are fields of the contact.

        Raises `Refused` where the header lacks what is needed.
        """
        imported = Imported()
        chunk: list[tuple[int, Stated]] = []
        for line, read in _lines(text):
            if isinstance(read, Wrong):
                _refuse(imported, line, read)
                continue
            chunk.append((line, read))
            if len(chunk) == _AT_ONCE:
                await self._enter(chunk, imported)
                chunk = []
        await self._enter(chunk, imported)
        imported.wrong.sort(key=lambda refused: refused[0])
        return imported

    async def _enter(self, chunk: Sequence[tuple[int, Stated]], imported: Imported) -> None:
        known = await self._contacts.known({place for _, one in chunk for place in (one.address, one.address.base)})
        kinds = {place: contact.address.kind for place, contact in known.items()}
        free = []
        for line, one in chunk:
            wrong = taken(known, one.address)
            if wrong is None and kinds.setdefault(one.address.base.place, one.address.kind) != one.address.kind:
                values = {"number": one.address.number, "kind": kinds[one.address.base.place]}
                wrong = Wrong("number", "number_taken", values)
            if wrong:
                _refuse(imported, line, wrong)
            else:
                free.append(one)
        count = await self._contacts.enter(free)
        imported.count.recorded += count.recorded
        imported.count.changed += count.changed
        imported.count.unchanged += count.unchanged


def _refuse(imported: Imported, line: int, wrong: Wrong) -> None:
    imported.refused += 1
    if len(imported.wrong) < TOLD:
        imported.wrong.append((line, wrong))


def _lines(text: TextIO) -> Iterator[tuple[int, Stated | Wrong]]:
    """Yield each line with its number: what it states, or what is wrong with it."""
    header = text.readline()
    delimiter = ";" if header.count(";") > header.count(",") else ","
    columns = [name.strip() for name in next(csv.reader([header.lstrip("\ufeff")], delimiter=delimiter), [])]
    if wrongs := [Wrong(name, "missing_column", {"column": name}) for name in _NEEDED if name not in columns]:
        raise Refused(wrongs)
    rows = csv.reader(text, delimiter=delimiter)
    while True:
        try:
            cells = next(rows, None)
        except csv.Error:
            yield rows.line_num + 1, Wrong("", "unreadable_line")
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield rows.line_num + 1, _read(columns, cells)


def _read(columns: Sequence[str], cells: Sequence[str]) -> Stated | Wrong:
    if len(cells) > len(columns):
        return Wrong("", "too_many_cells")
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
    if wrong := next(not_text(given), None):
        return wrong
    try:
        record = contact_said(_record(given))
    except Refused as refused:
        return refused.wrongs[0]
    return Stated(record.address(), record.given())


def _record(given: dict[str, str]) -> dict[str, Any]:
    """Return a line as a contact's record; an empty cell empties a text, and leaves what must be chosen as it is."""
    record: dict[str, Any] = {
        name: given[name] or (None if name in _CLEARED else "")
        for name in COLUMNS
        if name in given and (given[name] or name not in _CHOSEN)
    }
    for name in _YES_OR_NO & record.keys():
        said = record[name].lower()
        record[name] = said in _TRUE if said in _TRUE | _FALSE else said
    if record["kind"] == "contact_person" and not record["number"]:
        record["number"] = record.get("organisation") or ""
    fields = {name: cell for name, cell in given.items() if name not in COLUMNS}
    return record | ({"fields": fields} if fields else {})
