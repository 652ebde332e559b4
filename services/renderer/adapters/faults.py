"""Says where a layout could not be merged: its language, the field as the layout writes it, and the line."""

import re

from shared.contracts.message import LayoutVersion
from shared.contracts.renderer import Fault


class Unmergeable(Exception):
    """A layout could not be merged, for a reason within itself or the values it was given."""

    def __init__(self, detail: str, *, field: str | None = None, line: int | None = None) -> None:
        """Remember what, which field, and on which line (from 1) of the source."""
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.line = line

    def of(self, layout: LayoutVersion, language: str) -> Fault:
        """Return the fault of this layout, in this language."""
        return Fault(
            layout_id=layout.layout_id, language=language, field=self.field, line=self.line, detail=self.detail
        )


def as_written(name: str, source: str, line: int | None) -> str:
    """Return a field as the layout writes it on that line: `naam` → `merge.naam`."""
    lines = source.splitlines()
    if line is None or not 0 < line <= len(lines):
        return name
    written = re.search(rf"[\w.]*\b{re.escape(name)}\b", lines[line - 1])
    return written.group().lstrip(".") if written else name


def line_with(field: str, source: str) -> int | None:
    """Return the first line (from 1) that names a field, None where none does."""
    named = re.compile(rf"\b{re.escape(field)}\b")
    return next((number for number, line in enumerate(source.splitlines(), start=1) if named.search(line)), None)
