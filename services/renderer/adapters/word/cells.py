"""Table cells that depend on the values: merged with their neighbours, shaded, and never without a paragraph."""

import re

from lxml import etree  # type: ignore[import-untyped]

from services.renderer.adapters.word.marked import Marks
from services.renderer.adapters.word.places import Amiss
from services.renderer.adapters.word.tags import CLOSES, OPENS, word_of
from services.renderer.adapters.word.xml import DO, PARAGRAPH, Element, above, remove, w

_CELL_TAG = re.compile(r"^(?P<what>colspan|cellbg|vm|hm)\b\s*(?P<of>.*)$", re.DOTALL)
_FIRST = "if loop.first"
_ORDER = ["cnfStyle", "tcW", "gridSpan", "hMerge", "vMerge", "tcBorders", "shd", "noWrap", "tcMar"]


def mark_cells(marks: Marks, tree: Element) -> bool:
    """Work out the tags of cells; return whether rows may get more cells, or fewer, than their table has columns."""
    changes = False
    for mark in list(tree.iter(DO)):
        tag = marks.of(mark)
        if found := _CELL_TAG.match(tag.source):
            cell = above(mark, w("tc"))
            if cell is None:
                raise Amiss(f"the tag {{% {found['what']} %}} stands in no table cell", tag.place)
            paragraph = above(mark, PARAGRAPH)
            remove(mark)
            _MAKE[found["what"]](marks, cell, paragraph, found["of"].strip(), tag.place)
            changes = True
        elif isinstance(mark.getparent().tag, str) and mark.getparent().tag == w("tr"):
            changes = True
    return changes


def keep_a_paragraph(marks: Marks, tree: Element) -> None:
    """Give a cell whose paragraphs all depend on values an empty one for when it gets none: Word opens no other."""
    for cell in tree.iter(w("tc")):
        if not any(child.tag == DO for child in cell):
            continue
        depth, last, has_own = 0, None, False
        for child in cell:
            if child.tag == DO:
                word = word_of(marks.of(child).source)
                depth += (word in OPENS) - (word in CLOSES)
                last = child
            elif child.tag == PARAGRAPH and depth == 0:
                has_own = True
        if not has_own and last is not None:
            _add_else(marks, cell, last)


def _add_else(marks: Marks, cell: Element, closing: Element) -> None:
    depth = 0
    for mark in [closing, *closing.itersiblings(DO, preceding=True)]:
        word = word_of(marks.of(mark).source)
        depth += (word in CLOSES) - (word in OPENS)
        if word == "else" and depth == 1:
            return
        if depth == 0:
            break
    closing.addprevious(marks.do("else", marks.of(closing).place))
    closing.addprevious(etree.SubElement(cell, PARAGRAPH))


def _span(marks: Marks, cell: Element, _: Element, count: str, place: int | None) -> None:
    _property(cell, "gridSpan").set(w("val"), marks.within(count, place))


def _shade(marks: Marks, cell: Element, _: Element, colour: str, place: int | None) -> None:
    shade = _property(cell, "shd")
    shade.attrib.clear()
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", marks.within(colour, place))):
        shade.set(w(name), value)


def _merge_down(marks: Marks, cell: Element, paragraph: Element, _: str, place: int | None) -> None:
    merge = marks.within("'restart' if loop.first else 'continue'", place)
    _property(cell, "vMerge").set(w("val"), merge)
    looks = paragraph.find(w("pPr"))
    paragraph.insert(0 if looks is None else 1, marks.do(_FIRST, place))
    paragraph.append(marks.do("endif", place))


def _merge_across(marks: Marks, cell: Element, _: Element, __: str, place: int | None) -> None:
    span = _property(cell, "gridSpan")
    span.set(w("val"), marks.within(f"{span.get(w('val'), '1')} * loop.length", place))
    cell.addprevious(marks.do(_FIRST, place))
    cell.addnext(marks.do("endif", place))


_MAKE = {"colspan": _span, "cellbg": _shade, "vm": _merge_down, "hm": _merge_across}


def _property(cell: Element, name: str) -> Element:
    """Return a property of a cell, made in its place in the order that Word insists on."""
    properties = cell.find(w("tcPr"))
    if properties is None:
        properties = etree.Element(w("tcPr"))
        cell.insert(0, properties)
    found = properties.find(w(name))
    if found is not None:
        return found
    earlier = {w(other) for other in _ORDER[: _ORDER.index(name)]}
    before = [child for child in properties if child.tag in earlier]
    made = etree.Element(w(name))
    properties.insert(properties.index(before[-1]) + 1 if before else 0, made)
    return made
