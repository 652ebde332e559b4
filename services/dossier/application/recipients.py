"""The destinations of a request may come as a list, CSV or XLSX: a line each, and what is wrong is named by it."""

import re
from array import array
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import IO, Any, Protocol, TypeVar

import orjson

from services.dossier.application.contact_lines import COLUMNS
from services.dossier.application.reading import ENDED, begun
from services.dossier.domain.destinations import DESTINATIONS
from services.dossier.domain.intake import parse
from services.dossier.domain.refusal import TOLD, Refused, Wrong

T = TypeVar("T")
Line = tuple[int, Sequence[Any] | None]  # its number as a person counts, and its cells; None is not to be read
_NEEDED = ("kind", "number")
_ADDRESS = (*_NEEDED, "contact_id")
_RECIPIENT = ("name", "email", "language")
_DESTINATION = re.compile(r"destinations\[(\d+)\](?:\.(?:recipient\.|merge\.)?([^.\[]+))?")


class Sheets(Protocol):
    """Whoever can read a list as people keep them."""

    def lines(self, file: IO[bytes]) -> Generator[Line]:
        """Yield each line that says anything, the first of them the header; raise `Refused` for what is no list."""
        ...


class Recipients:
    """The recipients of one request, from a list: `body` becomes the request with them as its destinations."""

    def __init__(self, sheets: Sheets, body: IO[bytes]) -> None:
        self._sheets = sheets
        self._body = body
        self._lines = array("L")  # the line of each destination
        self._wrongs: list[Wrong] = []

    def read(self, request: bytes, recipients: IO[bytes], read: Callable[[IO[bytes]], T]) -> T:
        """Return what `read` makes of the request of all of them; raise `Refused` with all that is wrong."""
        said = parse(request)
        if not isinstance(said, dict):
            raise Refused([Wrong("request", "wrong_type")])
        if said.pop("destinations", None):
            raise Refused([Wrong("destinations", "destinations_twice")])
        self._write(said, recipients)
        try:
            asked = read(self._body)
        except Refused as refused:
            raise self.named(refused) from refused
        if self._wrongs:
            raise Refused(self._wrongs)
        return asked

    def named(self, refused: Refused) -> Refused:
        """Return a refusal of the request with each line and column that it is about."""
        wrongs = [*self._wrongs, *map(self._by_line, refused.wrongs)]
        return Refused(sorted(wrongs, key=lambda wrong: wrong.place or (0, "")), refused.status)

    def _by_line(self, wrong: Wrong) -> Wrong:
        found = _DESTINATION.match(wrong.field)
        if found is None:
            return wrong
        line, column = self._lines[int(found[1])], found[2] or ""
        values = wrong.values
        if first := _DESTINATION.match(str(values.get("first", ""))):
            values = values | {"first": f"recipients[{self._lines[int(first[1])]}]"}
        return replace(wrong, field=_field(line, column), values=values, place=(line, column))

    def _write(self, said: dict[str, Any], recipients: IO[bytes]) -> None:
        """Write the request with its destinations, which lie in no memory."""
        self._body.write(begun(said))
        with closing(self._sheets.lines(recipients)) as lines:
            for line, destination in self._destinations(lines):
                self._write_one(line, destination)
        self._body.write(ENDED)
        self._body.seek(0)

    def _write_one(self, line: int, destination: dict[str, Any]) -> None:
        try:
            said = orjson.dumps(destination)
        except TypeError:  # what is no text is no JSON either
            self._wrong(line, "", "not_text")
            return
        self._body.write((b"," if self._lines else b"") + said)
        self._lines.append(line)
        if len(self._lines) > DESTINATIONS:
            raise Refused([Wrong("recipients", "too_many", {"most": DESTINATIONS})])

    def _destinations(self, lines: Iterator[Line]) -> Iterator[tuple[int, dict[str, Any]]]:
        columns = _columns(next(lines, None))
        for line, cells in lines:
            if cells is None:
                self._wrong(line, "", "unreadable_line")
            elif any(cell is not None for cell in cells[len(columns) :]):
                self._wrong(line, "", "too_many_cells")
            else:
                given = {name: cell for name, cell in zip(columns, cells, strict=False) if name and cell is not None}
                yield line, _destination(given)

    def _wrong(self, line: int, column: str, code: str) -> None:
        if len(self._wrongs) < TOLD:
            self._wrongs.append(Wrong(_field(line, column), code, place=(line, column)))


def _columns(header: Line | None) -> list[str]:
    """Return the names of the columns; raise `Refused` where one lacks that is needed, or stands there twice."""
    names = [str(cell or "").strip() for cell in (header[1] or () if header else ())]
    known = {name: name.lower() for name in names if name.lower() in COLUMNS}
    columns = [known.get(name, name) for name in names]
    wrongs = [Wrong("recipients", "missing_column", {"column": name}) for name in _NEEDED if name not in columns]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if wrongs := [*wrongs, *(Wrong("recipients", "column_twice", {"column": name}) for name in twice)]:
        raise Refused(wrongs)
    return columns


def _destination(given: dict[str, Any]) -> dict[str, Any]:
    """Return a line as a destination: what is no column of a contact is merge data, an empty cell says nothing."""
    destination: dict[str, Any] = {name: _text(given[name]) for name in _ADDRESS if name in given}
    if recipient := {name: _text(given[name]) for name in _RECIPIENT if name in given}:
        destination["recipient"] = recipient
    if merge := {name: cell for name, cell in given.items() if name not in COLUMNS}:
        destination["merge"] = merge
    for part, name in ((destination, "kind"), (recipient, "language")):
        if name in part:
            part[name] = part[name].lower()
    return destination


def _text(cell: Any) -> str:
    """Return what a cell says as text: spreadsheets take numbers for numbers."""
    return cell if isinstance(cell, str) else str(cell)


def _field(line: int, column: str) -> str:
    return f"recipients[{line}].{column}" if column else f"recipients[{line}]"
