"""The field `=SUM(ABOVE)` at the foot of a table: adds up what stands above it, repeated rows and all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from services.renderer.adapters.context import FieldName
from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.instructions import Instruction, merge_field
from services.renderer.adapters.word.marked import Marks
from services.renderer.adapters.word.merging import Asked, MergeField, Row, Rows, Scope
from services.renderer.adapters.word.pictures import as_number
from services.renderer.adapters.word.tags import CLOSES, OPENS, word_of
from services.renderer.adapters.word.xml import DO, SAY, TEXT, Element, above, w

_SUM = re.compile(r"^\s*=\s*SUM\s*\(\s*ABOVE\s*\)", re.IGNORECASE)
_ASKS = re.compile(r"_asked\(_all, (\d+)")
_TAG = re.compile(r"\{[{%]")


@dataclass(frozen=True)
class _Term:
    """A cell above: a number that stands there, or a field of each of the rows that it is repeated for."""

    field: MergeField | None
    number: Decimal
    repeated: tuple[Rows, ...]

    def sum(self, scope: Scope, rows: tuple[Row, ...]) -> Decimal:
        """Return what it adds up to; a text counts for nothing."""
        if len(rows) < len(self.repeated):
            within = self.repeated[len(rows)](scope, rows)
            return sum((self.sum(scope, (row, *rows)) for row in within), Decimal(0))
        if self.field is None:
            return self.number
        value = scope.value(self.field.name, rows)
        return _number(value if isinstance(value, int | float) else str(value or ""), scope.language)


@dataclass(frozen=True)
class SumAbove:
    """A sum, shown as the picture of the formula says, else as that of the cells above."""

    terms: tuple[_Term, ...]
    shown: MergeField

    def __call__(self, scope: Scope, rows: Sequence[Row]) -> str:  # noqa: ARG002 -- it stands in no row of values
        """Return it."""
        if isinstance(scope.value("recipient.name", ()), FieldName):
            return "«sum»"
        total = sum((term.sum(scope, ()) for term in self.terms), Decimal(0))
        return self.shown.pictured(total.normalize(), scope.language)


def is_sum(instruction: str) -> bool:
    """Return whether a formula is the sum of what stands above."""
    return bool(_SUM.match(instruction))


def is_of_values(formula: Element) -> bool:
    """Return whether a formula that begins here depends on values: its table is merged."""
    table = above(formula, w("tbl"))
    if table is None:
        return False
    codes = "".join(code.text or "" for code in table.iter(w("instrText")))
    return any(True for _ in table.iter(SAY, DO)) or "MERGEFIELD" in codes or bool(_TAG.search(_text(table)))


def sum_above(formula: Element, instruction: Instruction, marks: Marks, repeated: Sequence[str]) -> Asked:
    """Return what a formula asks for; raise `Unmergeable` where what stands above can't be added up."""
    cell, row = above(formula, w("tc")), above(formula, w("tr"))
    if cell is None or repeated:
        raise Unmergeable("SUM(ABOVE) adds up a column: it can't stand outside a table, or in a row that is repeated")
    terms = tuple(_terms(row, _column_of(cell), marks))
    picture = merge_field(replace(instruction, kind="MERGEFIELD", argument="sum"))
    of_cells = next((term.field.number_picture for term in terms if term.field and term.field.number_picture), None)
    if picture.number_picture is None:
        picture = replace(picture, number_picture=of_cells)
    return SumAbove(terms, picture)


def _terms(foot: Element, column: int, marks: Marks) -> Iterator[_Term]:
    repeated: list[Rows | None] = []
    for child in foot.getparent():
        if child is foot:
            return
        if child.tag == DO:
            _follow(repeated, marks, child)
        elif child.tag == w("tr"):
            for cell in child.iterchildren(w("tc")):
                if _column_of(cell) == column and (term := _term(cell, repeated, marks)):
                    yield term


def _follow(repeated: list[Rows | None], marks: Marks, mark: Element) -> None:
    """Open or close a repetition of rows."""
    word = word_of(marks.of(mark).source)
    if word in OPENS:
        asks = _ASKS.search(marks.of(mark).source)
        what = marks.asked[int(asks[1])] if asks else None
        repeated.append(what if isinstance(what, Rows) else None)
    elif word in CLOSES:
        repeated.pop()


def _term(cell: Element, repeated: list[Rows | None], marks: Marks) -> _Term | None:
    said = [marks.asked[int(found[1])] for mark in cell.iter(SAY) if (found := _ASKS.search(marks.of(mark).source))]
    plain = _text(cell)
    if any(True for _ in cell.iter(DO)) or _TAG.search(plain) or len(said) > 1 or not all(repeated):
        raise Unmergeable("SUM(ABOVE) adds up cells that hold one merge field or one number each, and no tags")
    known = tuple(one for one in repeated if one)
    if said:
        [field] = said
        return _Term(field, Decimal(0), known) if isinstance(field, MergeField) else None
    try:
        return _Term(None, as_number(plain, "nl"), known) if plain.strip() else None
    except ValueError:
        return None


def _column_of(cell: Element) -> int:
    return sum(_span(other) for other in cell.itersiblings(w("tc"), preceding=True))


def _span(cell: Element) -> int:
    said = cell.find(f"{w('tcPr')}/{w('gridSpan')}")
    return 1 if said is None else int(said.get(w("val"), "1"))


def _text(element: Element) -> str:
    return "".join(text.text or "" for text in element.iter(TEXT))


def _number(value: float | str, language: str) -> Decimal:
    try:
        return Decimal(str(value)) if isinstance(value, int | float) else as_number(value, language)
    except ValueError:
        return Decimal(0)
