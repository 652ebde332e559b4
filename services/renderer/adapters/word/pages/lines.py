"""What stands within paragraphs: runs of text, values, tabs, pictures and page numbers, as pieces of Typst code."""

from collections.abc import Iterator
from itertools import groupby

from services.renderer.adapters.word.instructions import kind_of
from services.renderer.adapters.word.pages.images import Images
from services.renderer.adapters.word.pages.looks import Looks
from services.renderer.adapters.word.pages.values import Emit, Scope, of
from services.renderer.adapters.word.pages.workshop import Workshop, pt, quoted
from services.renderer.adapters.word.tags import CLOSES, OPENS, word_of
from services.renderer.adapters.word.xml import (
    DO,
    PARAGRAPH,
    PROPERTIES,
    RUN,
    SAY,
    TEXT,
    WP,
    Element,
    run_like,
    w,
)

_WRAPPERS = {"hyperlink", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml", "bdo", "dir"}
_PASSED_BY = {
    *("pPr", "bookmarkStart", "bookmarkEnd", "proofErr", "permStart", "permEnd", "sdtPr", "sdtEndPr", "customXmlPr"),
    *("commentRangeStart", "commentRangeEnd", "smartTagPr", "lastRenderedPageBreak"),
}
_DECLINED = {
    "pict": "a drawing of an older Word",
    "AlternateContent": "a text box or a drawing",
    "object": "an embedded object",
    "footnoteReference": "footnotes",
    "endnoteReference": "endnotes",
    "ptab": "a tab stop that follows the margins",
    "sym": "a symbol by its number",
    "ruby": "text above text",
    "ins": "tracked changes",
    "del": "tracked changes",
    "moveFrom": "tracked changes",
    "moveTo": "tracked changes",
    "oMath": "formulas",
    "oMathPara": "formulas",
}
_LONG = 16  # letters of a word that may be wider than its line, as `long` in prelude.typ
_LETTERS = {"noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}
_COUNTS = {
    "PAGE": "counter(page).display()",
    "NUMPAGES": "counter(page).final().first()",
    "SECTIONPAGES": "counter(page).final().first()",
}
_SHOWN = {"HYPERLINK", ""}  # fields whose result stands as it is


class Lines:
    """Writes the runs of paragraphs."""

    def __init__(self, workshop: Workshop, part: str, kind: str) -> None:
        """Write those of this part, a `body`, `header` or `footer`."""
        self._shop = workshop
        self._images = Images(workshop, part, kind)
        self._placed: list[Element] = []  # pictures that float

    def children(self, paragraph: Element) -> list[Element]:
        """Return the runs and marks of a paragraph in order; a page number is a run of its own."""
        return list(self._without_fields(self._flat(paragraph)))

    def emit(self, paragraph: Looks, within: list[Element]) -> Emit:
        """Return what writes a run of this paragraph."""

        def emit(run: Element, scope: Scope) -> str:
            looks = self._shop.styles.run(paragraph, run.find(PROPERTIES), within)
            if looks.get("hidden"):
                return ""
            name = self._shop.look(looks, paragraph)
            name = f"lettered.with({name})" if paragraph["decimals"] else name
            if run.get("field"):
                return f"({name}(context {_COUNTS[run.get('field')]}),)"
            return "\n".join(self._pieces(run, name, self._shop.spread(looks, paragraph), scope))

        return emit

    def _pieces(self, run: Element, looks: str, spread: float, scope: Scope) -> Iterator[str]:
        for is_text, children in groupby(run, lambda child: child.tag == TEXT):
            if is_text:
                said = "".join(child.text or "" for child in children)
                is_long = any(len(word) > _LONG for word in said.split(" "))
                yield (f"said({looks}, {quoted(said)})" if is_long else f"({looks}({quoted(said)}),)") if said else ""
                continue
            for child in children:
                piece = self._piece(child, looks, scope)
                yield piece
                if piece and child.tag == w("drawing"):  # a line with a picture is spread by as much as one of text
                    yield f"(strut(0pt, {pt(spread)}),)"

    def _piece(self, child: Element, looks: str, scope: Scope) -> str:
        name = str(child.tag).rpartition("}")[2]
        if child.tag == SAY:
            return f"said({looks}, {scope.value(of(child))})"
        if name == "tab":
            return "(tab,)"
        if name in {"br", "cr"}:
            if child.get(w("type"), "textWrapping") != "textWrapping":
                self._shop.reasons.add("a page break within what depends on values, or a column break")
            return "(br,)"
        if name in _LETTERS:
            return f'({looks}("{_LETTERS[name]}"),)'
        if name == "drawing":
            return self._picture(child)
        if name in _DECLINED:
            self._shop.reasons.add(_DECLINED[name])
        elif (
            name not in _PASSED_BY
            and child.tag != PROPERTIES
            and name not in {"fldChar", "instrText", "commentReference", "annotationRef"}
        ):
            self._shop.reasons.add(f"the element {name} in a line")
        return ""

    def _picture(self, drawing: Element) -> str:
        if drawing.find(f"{{{WP}}}anchor") is None:
            return self._images.inline(drawing)
        if drawing not in self._placed:
            self._shop.reasons.add("a picture that floats, and depends on values")
        return ""

    def floating(self, runs: list[Element], *, in_cell: bool) -> list[str]:
        """Return the code that places the pictures which float at these runs, whatever the values are."""
        code, depth = [], 0
        for run in runs:
            word = word_of(self._shop.layout.marks.of(run).source) if run.tag == DO else ""
            depth += (word in OPENS) - (word in CLOSES)
            for drawing in run.iter(w("drawing")) if depth == 0 else ():
                self._placed.append(drawing)
                code.append(self._images.floating(drawing, in_cell=in_cell))
        return [one for one in code if one]

    def _flat(self, element: Element) -> Iterator[Element]:
        for child in element:
            name = str(child.tag).rpartition("}")[2]
            if child.tag in {RUN, DO}:
                yield child
            elif name == "fldSimple":
                yield self._counted(kind_of(child.get(w("instr"), "")), child)
            elif name in _WRAPPERS:
                yield from self._flat(child)
            elif name in _DECLINED:
                self._shop.reasons.add(_DECLINED[name])
            elif name not in _PASSED_BY and child.tag != PARAGRAPH:
                self._shop.reasons.add(f"the element {name} in a paragraph")

    def _counted(self, kind: str, simple: Element) -> Element:
        if kind not in _COUNTS:
            self._shop.reasons.add(f"the field {kind}")
        first = next(simple.iter(RUN), None)
        count = run_like(first if first is not None else simple)
        count.set("field", kind if kind in _COUNTS else "PAGE")
        return count

    def _without_fields(self, runs: Iterator[Element]) -> Iterator[Element]:
        """Yield runs, those of a field that counts pages as one; of a link its text."""
        opened: list[list[str]] = []  # of each open field: its instruction, and whether its result has begun
        for run in runs:
            kind = _char_of(run)
            if kind == "begin":
                opened.append(["", ""])
            elif opened and kind == "separate":
                opened[-1][1] = "result"
                field = kind_of(opened[-1][0])
                if field in _COUNTS:
                    count = run_like(run)
                    count.set("field", field)
                    yield count
                elif field not in _SHOWN:
                    self._shop.reasons.add(f"the field {field}")
            elif opened and kind == "end":
                opened.pop()
            elif opened and not opened[-1][1]:
                opened[-1][0] += "".join(code.text or "" for code in run.iter(w("instrText")))
            elif not opened or all(kind_of(code) in _SHOWN for code, _ in opened):
                yield run


def _char_of(run: Element) -> str | None:
    character = run.find(w("fldChar")) if run.tag == RUN else None
    said: str | None = None if character is None else character.get(w("fldCharType"))
    return said
