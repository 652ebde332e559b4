"""Tables as Typst code: columns, rows that may repeat, cells with their borders and shades."""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from services.renderer.adapters.word.pages.looks import border, on, points, shade
from services.renderer.adapters.word.pages.values import Scope, nodes_of, written
from services.renderer.adapters.word.pages.workshop import Workshop, pt
from services.renderer.adapters.word.xml import DO, Element, w

_SIDES = {
    "top": "top",
    "bottom": "bottom",
    "left": "left",
    "right": "right",
    "start": "left",
    "end": "right",
    "insideH": "insideH",
    "insideV": "insideV",
}
_CELL_MARGIN = 5.4  # points left and right, where nothing is said
_ALIGN = {"center": "horizon", "bottom": "bottom"}
_ROW_PASSED_BY = {"trPr", "tblPrEx", "bookmarkStart", "bookmarkEnd"}
_MARK = re.compile("\ue000(\\d+)\ue001")
_BANDS = {"firstRow", "lastRow", "firstCol", "lastCol", "band1Horz", "band2Horz", "band1Vert", "band2Vert"}


class WritesBlocks(Protocol):
    """Writes what stands in a cell."""

    def __call__(self, container: Element, scope: Scope, within: Sequence[Element] = ()) -> str:
        """Return its code."""
        ...


class Tables:
    """Writes tables."""

    def __init__(self, workshop: Workshop, blocks: WritesBlocks) -> None:
        """Write cells by `blocks`."""
        self._shop = workshop
        self._blocks = blocks

    def written(self, table: Element, scope: Scope) -> str:
        """Return the code of a table."""
        properties = table.find(w("tblPr"))
        styles = list(self._shop.styles.table(_said(properties, "tblStyle")))
        self._check_bands(properties, styles)
        sources = [
            source for source in (*(style.find(w("tblPr")) for style in styles), properties) if source is not None
        ]
        borders = _borders(source.find(w("tblBorders")) for source in sources)
        inset = {"left": _CELL_MARGIN, "right": _CELL_MARGIN, "top": 0.0, "bottom": 0.0}
        for source in sources:
            inset |= _margins(source.find(w("tblCellMar")))
        widths = [points(column.get(w("w"))) for column in table.iterfind(f"{w('tblGrid')}/{w('gridCol')}")]
        rows = self._rows(table, scope, styles)
        align = next((jc for source in reversed(sources) if (jc := _said(source, "jc"))), "left")
        shift = next(
            (points(one.get(w("w"))) for source in reversed(sources) if (one := source.find(w("tblInd"))) is not None),
            0.0,
        )
        shift += _half(borders.get("left")) if self._shop.styles.modern else -inset["left"]
        floats = properties is not None and properties.find(w("tblpPr")) is not None
        if floats:
            self._shop.reasons.add("a table that floats")
        return (
            "if past.after != 0pt { v(past.after) }\npast = nothing\n"
            f"grid-table(columns: ({''.join(pt(width) + ', ' for width in widths)}), rows: {{\n{rows}\n}}, "
            f"borders: {_strokes(borders, every=True)}, inset: {_lengths(inset)}, "
            f"align: {align if align in {'center', 'right'} else 'left'}, shift: {pt(shift)})"
        )

    def _rows(self, table: Element, scope: Scope, styles: list[Element]) -> str:
        def emit(row: Element, inner: Scope) -> str:
            return self._row(row, inner, styles)

        return written(nodes_of(list(self._flat(table, w("tr"))), self._shop.layout.marks), scope, emit)

    def _row(self, row: Element, scope: Scope, styles: list[Element]) -> str:
        properties = row.find(w("trPr"))
        height = None if properties is None else properties.find(w("trHeight"))
        if height is not None and height.get(w("hRule")) == "exact":
            self._shop.reasons.add("a table row of an exact height")
        if any(child.tag == DO for child in row):
            self._shop.reasons.add("table columns that depend on values")
        least = points(height.get(w("val"))) if height is not None else 0.0
        before = int(_said(properties, "gridBefore") or 0)
        cells = "\n".join(self._cell(cell, scope, styles) for cell in self._flat(row, w("tc")) if cell.tag != DO)
        return (
            f"((before: {before}, head: {_flag(properties, 'tblHeader')}, least: {pt(least)}, "
            f"breakable: {'false' if _flag(properties, 'cantSplit') == 'true' else 'true'}, cells: {{\n{cells}\n}}),)"
        )

    def _cell(self, cell: Element, scope: Scope, styles: list[Element]) -> str:
        properties = cell.find(w("tcPr"))
        for name, what in (("textDirection", "text set upwards in a cell"), ("hMerge", "cells merged in an older way")):
            if properties is not None and properties.find(w(name)) is not None:
                self._shop.reasons.add(what)
        merge = None if properties is None else properties.find(w("vMerge"))
        shading = None if properties is None else properties.find(w("shd"))
        own = _borders([None if properties is None else properties.find(w("tcBorders"))])
        inset = _margins(None if properties is None else properties.find(w("tcMar")))
        body = self._blocks(cell, scope, styles)
        across = self._value(_said(properties, "gridSpan") or "1", scope)
        across = f"int({across})" if across.startswith("v") else str(int(across))
        return (
            f"((across: {across}, "
            f"merge: {'none' if merge is None else self._merge(merge.get(w('val'), 'continue'), scope)}, "
            f"fill: {self._fill(shading, scope)}, "
            f"align: {_ALIGN.get(_said(properties, 'vAlign') or '', 'top')}, own: {_strokes(own, every=False)}, "
            f"inset: {_lengths(inset)}, body: {{\n{body}\n}}),)"
        )

    def _fill(self, shading: Element | None, scope: Scope) -> str:
        if shading is None:
            return "none"
        said = shading.get(w("fill"), "auto")
        if _MARK.fullmatch(said):
            return f"rgb({self._value(said, scope)})"
        fill = shade(shading)
        return f'rgb("{fill}")' if fill else "none"

    def _value(self, said: str, scope: Scope) -> str:
        """Return a property that may be a value of the recipient."""
        found = _MARK.fullmatch(said)
        return scope.value(f'"{said}"') if found else said

    def _merge(self, said: str, scope: Scope) -> str:
        return (
            self._value(said, scope) if _MARK.fullmatch(said) else f'"{"restart" if said == "restart" else "continue"}"'
        )

    def _flat(self, parent: Element, kind: str) -> Iterator[Element]:
        for child in parent:
            name = str(child.tag).rpartition("}")[2]
            if child.tag in {kind, DO}:
                yield child
            elif name in {"sdt", "sdtContent"}:
                yield from self._flat(child, kind)
            elif name not in _ROW_PASSED_BY and name not in {"tblPr", "tblGrid", "sdtPr", "sdtEndPr"}:
                self._shop.reasons.add(f"the element {name} in a table")

    def _check_bands(self, properties: Element | None, styles: list[Element]) -> None:
        for style in styles:
            for band in style.iter(w("tblStylePr")):
                if band.get(w("type")) in _BANDS and len(band):
                    self._shop.reasons.add("a table style whose rows or columns look different")
        if properties is not None and properties.find(w("bidiVisual")) is not None:
            self._shop.reasons.add("a table from right to left")


def _borders(sources: "Iterator[Element | None] | list[Element | None]") -> dict[str, tuple[float, str] | None]:
    found: dict[str, tuple[float, str] | None] = {}
    for source in sources:
        for one in source if source is not None else ():
            side = str(one.tag).rpartition("}")[2]
            if side in _SIDES:
                found[_SIDES[side]] = border(one)
    return found


def _margins(source: Element | None) -> dict[str, float]:
    sides = {"top": "top", "bottom": "bottom", "left": "left", "right": "right", "start": "left", "end": "right"}
    found = {} if source is None else {str(one.tag).rpartition("}")[2]: one for one in source}
    return {sides[side]: points(one.get(w("w"))) for side, one in found.items() if side in sides}


def _strokes(borders: dict[str, tuple[float, str] | None], *, every: bool) -> str:
    sides = ("top", "bottom", "left", "right", "insideH", "insideV") if every else tuple(borders)
    said = [f"{side}: {_stroke(borders.get(side))}" for side in sides]
    return f"({', '.join(said)},)" if said else "(:)"


def _stroke(line: tuple[float, str] | None) -> str:
    return "none" if line is None else f'stroke(thickness: {pt(line[0])}, paint: rgb("#{line[1]}"))'


def _lengths(lengths: dict[str, float]) -> str:
    return f"({', '.join(f'{side}: {pt(length)}' for side, length in lengths.items())},)" if lengths else "(:)"


def _half(line: tuple[float, str] | None) -> float:
    return line[0] / 2 if line else 0.0


def _said(properties: Element | None, name: str) -> str | None:
    found = None if properties is None else properties.find(w(name))
    said: str | None = None if found is None else found.get(w("val"))
    return said


def _flag(properties: Element | None, name: str) -> str:
    found = None if properties is None else properties.find(w(name))
    return "true" if found is not None and on(found) else "false"
