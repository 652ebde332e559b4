"""Repeats what stands between the merge fields TableStart and TableEnd: table rows, paragraphs, or a part of a line."""

from dataclasses import dataclass, field

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.marked import Marks
from services.renderer.adapters.word.merging import Rows
from services.renderer.adapters.word.places import Amiss, place_of
from services.renderer.adapters.word.xml import PARAGRAPH, Element, above, w

_START, _END = ("tablestart:", "rangestart:"), ("tableend:", "rangeend:")


@dataclass(frozen=True)
class _Open:
    name: str
    row: str
    number: int  # of what is asked
    asked: str
    start: Element
    columns: dict[str, None] = field(default_factory=dict)


class Repeats:
    """The repetitions that are open where a tree has been marked up to."""

    def __init__(self, marks: Marks) -> None:
        """Begin with none."""
        self._marks = marks
        self._open: list[_Open] = []

    @property
    def rows(self) -> list[str]:
        """The names of the rows that a field may be of, the outermost first."""
        return [one.row for one in self._open]

    def takes(self, name: str, run: Element) -> bool:
        """Take a field that begins or ends a repetition; return whether it is one. Raises `Unmergeable`."""
        kind = name.lower()
        if kind.startswith(_START):
            self._begin(name.partition(":")[2], run)
        elif kind.startswith(_END):
            self._finish(name.partition(":")[2], run)
        else:
            self.note(name)
            return False
        return True

    def note(self, name: str) -> None:
        """Note a field that is named within the innermost repetition."""
        if self._open:
            self._open[-1].columns[name] = None

    def close(self) -> None:
        """Refuse what is still open."""
        if self._open:
            one = self._open[-1]
            raise Amiss(f"TableStart:{one.name} lacks its TableEnd", place_of(one.start), one.name)

    def _begin(self, name: str, run: Element) -> None:
        self.note(name)
        asked, number = self._marks.ask(Rows(name), self.rows), len(self._marks.asked) - 1
        start = self._marks.do("", place_of(run))  # holds the place until the end is known
        run.addprevious(start)
        self._open.append(_Open(name, f"_row{self._marks.next_row()}", number, asked, start))

    def _finish(self, name: str, run: Element) -> None:
        if not self._open or self._open[-1].name.casefold() != name.casefold():
            raise Unmergeable(f"TableEnd:{name} has no TableStart before it", field=name)
        one = self._open.pop()
        self._marks.asked[one.number] = Rows(one.name, tuple(one.columns))
        first, last = _span(one.start, run)
        opening = self._marks.do(f"for {one.row} in {one.asked}", place_of(one.start), one.name)
        closing = self._marks.do("endfor", place_of(run), name)
        first.addprevious(opening)
        last.addnext(closing)
        one.start.getparent().remove(one.start)


def _span(start: Element, end: Element) -> tuple[Element, Element]:
    """Return the first and the last element of what is repeated: rows of a table, paragraphs, or runs."""
    for kind in (w("tr"), PARAGRAPH):
        first, last = above(start, kind), above(end, kind)
        if first is None or last is None or first.getparent() is not last.getparent():
            continue
        if kind == PARAGRAPH and first is last:
            break
        return first, last
    if start.getparent() is end.getparent():
        return start, end
    raise Unmergeable("TableStart and TableEnd stand in places that can't be repeated together")
