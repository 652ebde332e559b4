"""Translates a Word layout into a Typst layout, once: its pages, headers and body, and the template of its values."""

from dataclasses import dataclass
from pathlib import Path

from services.renderer.adapters.word.layout import WordLayout
from services.renderer.adapters.word.marked import Story
from services.renderer.adapters.word.pages.blocks import Blocks
from services.renderer.adapters.word.pages.declined import Declined, Reasons
from services.renderer.adapters.word.pages.lists import Lists
from services.renderer.adapters.word.pages.looks import on, points
from services.renderer.adapters.word.pages.styles import Styles
from services.renderer.adapters.word.pages.values import new_scope
from services.renderer.adapters.word.pages.workshop import Workshop, pt, quoted
from services.renderer.adapters.word.xml import Element, R, w

_PRELUDE = (Path(__file__).parent / "prelude.typ").read_text("utf-8")
_SECTION_PASSED_BY = {
    *("pgSz", "pgMar", "headerReference", "footerReference", "titlePg", "cols", "docGrid", "type", "paperSrc"),
    *("pgNumType", "noEndnote", "formProt", "printerSettings", "footnotePr", "endnotePr"),
}
_SECTION_DECLINED = {
    "pgBorders": "borders around pages",
    "lnNumType": "numbered lines",
    "vAlign": "pages whose text is not at the top",
    "bidi": "text from right to left",
    "textDirection": "text set upwards",
    "rtlGutter": "text from right to left",
}

_AS_EVER = {"lrTb", "top"}  # the values of some of them that are no different
TITLE, LANGUAGE = "_title", "_language"  # beside the values of each part, known by its name


@dataclass(frozen=True)
class Translation:
    """A Typst layout, the pictures beside it, and of each part the template of its values."""

    source: str
    pictures: dict[str, bytes]
    values: dict[str, tuple[str, Story]]


def translated(layout: WordLayout) -> Translation:
    """Return a layout of our own; raise `Declined` with every reason why not."""
    reasons = Reasons()
    parcel = layout.parcel
    shop = Workshop(layout, reasons, Styles(parcel, reasons), Lists(parcel, reasons))
    translating = _Translating(shop)
    body = parcel.trees[parcel.main].find(w("body"))
    try:
        section = _section(body, reasons)
        shop.width = _lengths(section)["width"]
        stories = translating.stories(section)
        code = translating.part(parcel.main, body)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:  # of what Word never writes
        raise Declined((*reasons.all(), f"something that Word does not write ({error})")) from error
    if reasons.all():
        raise Declined(reasons.all())
    source = "\n".join(
        [
            _PRELUDE,
            *(f"#let {name} = it => {look}" for look, name in shop.looks.items()),
            "#let data = json(bytes(sys.inputs.data))",
            f'#set document(title: data.at("{TITLE}"))',
            f'#set text(hyphenate: false, lang: data.at("{LANGUAGE}"))',
            '#set par(leading: 0pt, spacing: 0pt, linebreaks: "simple")',
            "#set block(spacing: 0pt, above: 0pt, below: 0pt)",
            "#context {",
            shop.lists.counters,
            _room(section),
            *stories,
            _page(section, shop.styles.even_and_odd),
            code,
            "}",
        ]
    )
    return Translation(source, shop.pictures, translating.values)


class _Translating:
    """Translates part by part, and remembers which values each asks for."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self.values: dict[str, tuple[str, Story]] = {}

    def part(self, name: str, container: Element, kind: str = "body") -> str:
        """Return the code of one part."""
        scope = new_scope("v0")
        code = Blocks(self._shop, name, kind).written(container, scope)
        story = self._shop.layout.stories.get(name)
        if story is None:
            return code
        self.values[name] = (scope.template, story)
        return f"let v0 = data.at({quoted(name)})\n{code}"

    def stories(self, section: Element) -> list[str]:
        """Return the code of headers and footers, each in a variable; those that aren't there are none."""
        parcel = self._shop.layout.parcel
        targets = {one.get("Id"): parcel.target(parcel.main, one) for one in parcel.relations(parcel.main)}
        found = {}
        for kind in ("header", "footer"):
            for reference in section.iter(w(f"{kind}Reference")):
                name = targets.get(reference.get(f"{{{R}}}id"), "")
                which = reference.get(w("type"), "default")
                if name in parcel.trees and (which != "first" or _flag(section, "titlePg")):
                    found[kind, which] = self.part(name, parcel.trees[name], kind)
        return [
            f"let {kind}-{which} = {{\n{found[kind, which]}\n}}"
            if (kind, which) in found
            else f"let {kind}-{which} = none"
            for kind in ("header", "footer")
            for which in ("default", "first", "even")
        ]


def _section(body: Element, reasons: Reasons) -> Element:
    sections = list(body.iter(w("sectPr")))
    if len(sections) != 1:
        reasons.add("several sections" if sections else "no section")
        raise Declined(reasons.all())
    [section] = sections
    columns = section.find(w("cols"))
    if columns is not None and int(columns.get(w("num"), "1")) > 1:
        reasons.add("several columns")
    grid = section.find(w("docGrid"))
    if grid is not None and grid.get(w("type"), "default") != "default":
        reasons.add("lines on a grid")
    numbers = section.find(w("pgNumType"))
    if numbers is not None and (numbers.get(w("start"), "1") != "1" or numbers.get(w("fmt"), "decimal") != "decimal"):
        reasons.add("page numbers that do not begin at 1, or are no plain numbers")
    for child in section:
        name = str(child.tag).rpartition("}")[2]
        if name in _SECTION_DECLINED and child.get(w("val")) not in _AS_EVER and on(child):
            reasons.add(_SECTION_DECLINED[name])
        elif name not in _SECTION_PASSED_BY and name not in _SECTION_DECLINED:
            reasons.add(f"the property {name} of sections")
    return section


def _room(section: Element) -> str:
    """Return the code that says how large pages are, and what room text has on them."""
    return f"let room = ({', '.join(f'{name}: {pt(length)}' for name, length in _lengths(section).items())})"


def _lengths(section: Element) -> dict[str, float]:
    size, margin = section.find(w("pgSz")), section.find(w("pgMar"))
    lengths = {
        side: abs(points(margin.get(w(side)))) for side in ("top", "bottom", "left", "right", "header", "footer")
    }
    lengths["left"] += points(margin.get(w("gutter")))
    width, height = points(size.get(w("w"))), points(size.get(w("h")))
    return lengths | {"width": width - lengths["left"] - lengths["right"], "page-width": width, "page-height": height}


def _page(section: Element, even_and_odd: bool) -> str:
    """Return the code that lays out pages: the body begins below a header that is higher than its margin."""
    title = "true" if _flag(section, "titlePg") else "false"
    even = "true" if even_and_odd else "false"
    return f"""let high(it) = if it == none {{ 0pt }} else {{ measure(block(width: room.width, it)).height }}
let top-of(it) = if it == none {{ room.top }} else {{ calc.max(room.top, room.header + high(it)) }}
let bottom-of(it) = if it == none {{ room.bottom }} else {{ calc.max(room.bottom, room.footer + high(it)) }}
let pick(first, even, default) = {{
  let page-number = here().page()
  if {title} and page-number == 1 {{ first }} else if {even} and calc.even(page-number) {{ even }} else {{ default }}
}}
set page(
  width: room.page-width, height: room.page-height,
  margin: (left: room.left, right: room.right, top: top-of(header-default), bottom: bottom-of(footer-default)),
  background: context {{
    let header = pick(header-first, header-even, header-default)
    let footer = pick(footer-first, footer-even, footer-default)
    place(top + left, dx: room.left, dy: room.header, block(width: room.width, header))
    place(bottom + left, dx: room.left, dy: -room.footer, block(width: room.width, footer))
  }},
)
if {title} {{
  let lower = top-of(header-first) - top-of(header-default)
  let higher = bottom-of(footer-first) - bottom-of(footer-default)
  if lower != 0pt {{ v(lower) }}
  if higher > 0pt {{ place(bottom, float: true, clearance: 0pt, block(height: higher, width: 100%)) }}
}}"""


def _flag(section: Element, name: str) -> bool:
    found = section.find(w(name))
    return found is not None and on(found)
