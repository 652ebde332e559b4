"""Says where in a Word document something stands, as its author would: part, table cell, paragraph, how it begins."""

from collections.abc import Iterator

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.parcel import Parcel
from services.renderer.adapters.word.xml import PARAGRAPH, TEXT, Element, R, above, u, w

_PLACE = u("place")
_START = 40  # characters of a paragraph that show which one it is
_STORIES = {"header": "header", "footer": "footer", "footnotes": "footnotes", "endnotes": "endnotes"}
_PAGES = {"first": " of the first page", "even": " of even pages"}


class Amiss(Unmergeable):
    """A layout is not well written, in the paragraph with this number."""

    def __init__(self, detail: str, place: int | None, field: str | None = None) -> None:
        """Remember what and where."""
        super().__init__(detail, field=field)
        self.place = place


def number_paragraphs(tree: Element, story: str) -> list[str]:
    """Give each paragraph a number, and return what to call each."""
    called = []
    for number, paragraph in enumerate(tree.iter(PARAGRAPH)):
        paragraph.set(_PLACE, str(number))
        start = "".join(_said(paragraph)).strip()
        begins = f" (“{start[:_START]}{'…' if len(start) > _START else ''}”)" if start else ""
        called.append(f"{story}{_cell(paragraph)}paragraph {number + 1}{begins}")
    return called


def place_of(element: Element) -> int | None:
    """Return the number of the paragraph that an element is or stands in."""
    paragraph = element if element.tag == PARAGRAPH else above(element, PARAGRAPH)
    said = None if paragraph is None else paragraph.get(_PLACE)
    return None if said is None else int(said)


def forget_places(tree: Element) -> None:
    """Take the numbers off again."""
    for paragraph in tree.iter(PARAGRAPH):
        paragraph.attrib.pop(_PLACE, None)


def stories(parcel: Parcel) -> dict[str, str]:
    """Return the parts in which text may be merged: name → what to call it."""
    pages = {}
    for reference in parcel.trees[parcel.main].iter(w("headerReference"), w("footerReference")):
        pages[reference.get(f"{{{R}}}id")] = _PAGES.get(reference.get(w("type")), "")
    found = {parcel.main: ""}
    for relation in parcel.relations(parcel.main):
        kind = relation.get("Type", "").rpartition("/")[2]
        name = parcel.target(parcel.main, relation)
        if kind in _STORIES and name in parcel.trees:
            found.setdefault(name, f"{_STORIES[kind]}{pages.get(relation.get('Id'), '')}, ")
    return found


def _said(paragraph: Element) -> Iterator[str]:
    for element in paragraph.iter(TEXT):
        if above(element, PARAGRAPH) is paragraph:
            yield element.text or ""


def _cell(paragraph: Element) -> str:
    """Return which cell of which table a paragraph stands in, empty for none."""
    cell = above(paragraph, w("tc"))
    if cell is None:
        return ""
    row, table = above(cell, w("tr")), above(cell, w("tbl"))
    tables = list(table.getroottree().getroot().iter(w("tbl")))
    rows, cells = list(table.iterchildren(w("tr"))), list(row.iterchildren(w("tc")))
    return f"table {tables.index(table) + 1}, row {_index(rows, row)}, cell {_index(cells, cell)}, "


def _index(all_of_them: list[Element], one: Element) -> str:
    return str(all_of_them.index(one) + 1) if one in all_of_them else "?"
