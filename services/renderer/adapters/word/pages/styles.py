"""How a Word document looks: its defaults, styles with what they are based on, and what is said directly."""

from collections.abc import Iterable, Iterator

from services.renderer.adapters.word.pages.declined import Reasons
from services.renderer.adapters.word.pages.looks import (
    PARAGRAPH_READERS,
    RUN_READERS,
    Looks,
    name_of,
    on,
    points,
    value_of,
)
from services.renderer.adapters.word.parcel import Parcel
from services.renderer.adapters.word.xml import A, Element, w

_TOGGLES = {"b": "bold", "i": "italic", "strike": "strike", "caps": "caps", "vanish": "hidden"}
_RUN_PASSED_BY = {
    *("bCs", "iCs", "szCs", "lang", "noProof", "rStyle", "webHidden", "rtl", "cs", "specVanish", "snapToGrid"),
    *("ligatures", "numForm", "numSpacing", "cntxtAlts", "stylisticSets", "eastAsianLayout", "oMath", "fitText"),
}
_RUN_DECLINED = {
    "dstrike": "double strike-through",
    "outline": "outlined letters",
    "shadow": "letters with a shadow",
    "emboss": "embossed letters",
    "imprint": "engraved letters",
    "smallCaps": "small capitals",
    "em": "emphasis marks",
    "bdr": "a border around letters",
    "effect": "animated letters",
    "textFill": "letter effects",
    "textOutline": "letter effects",
    "glow": "letter effects",
    "reflection": "letter effects",
    "ins": "tracked changes",
    "del": "tracked changes",
    "rPrChange": "tracked changes",
}
_PARAGRAPH_PASSED_BY = {
    *("pStyle", "rPr", "suppressAutoHyphens", "adjustRightInd", "autoSpaceDE", "autoSpaceDN", "kinsoku", "wordWrap"),
    *("overflowPunct", "topLinePunct", "outlineLvl", "cnfStyle", "divId", "snapToGrid", "widowControl", "sectPr"),
    *("mirrorIndents", "suppressOverlap", "suppressLineNumbers", "textAlignment", "textboxTightWrap"),
}
_PARAGRAPH_DECLINED = {
    "framePr": "a text frame",
    "bidi": "text from right to left",
    "textDirection": "text set upwards",
    "pPrChange": "tracked changes",
}
_MAJOR = {"majorHAnsi", "majorAscii", "majorBidi", "majorEastAsia"}


class Styles:
    """The looks of runs and paragraphs, worked out."""

    def __init__(self, parcel: Parcel, reasons: Reasons) -> None:
        """Read the styles and the theme of a document."""
        self._reasons = reasons
        tree = parcel.related("styles")
        self._by_id = {} if tree is None else {one.get(w("styleId")): one for one in tree.iter(w("style"))}
        defaults = None if tree is None else tree.find(w("docDefaults"))
        self._run_defaults = _within(defaults, "rPrDefault", "rPr")
        self._paragraph_defaults = _within(defaults, "pPrDefault", "pPr")
        self._default = {one.get(w("type")): key for key, one in self._by_id.items() if one.get(w("default")) == "1"}
        self._theme = _theme_fonts(parcel.related("theme"))
        settings = parcel.related("settings")
        mode = [] if settings is None else settings.iter(w("compatSetting"))
        self.modern = any(
            one.get(w("name")) == "compatibilityMode" and int(one.get(w("val"), "0")) >= 15  # noqa: PLR2004 -- Word 2013
            for one in mode
        )
        self.even_and_odd = settings is not None and settings.find(w("evenAndOddHeaders")) is not None
        # Word 2007 and later take the larger of two distances, unless a document says that it was made before.
        fixed = None if settings is None else next(settings.iter(w("doNotUseHTMLParagraphAutoSpacing")), None)
        self.collapses = settings is not None and (fixed is None or not on(fixed))
        stop = None if settings is None else settings.find(w("defaultTabStop"))
        self.every = points(stop.get(w("val"))) if stop is not None else 36.0

    def table(self, style: str | None) -> Iterator[Element]:
        """Yield the definitions of a table style, from what it is based on to itself."""
        yield from self._chain(style or self._default.get("table"))

    def paragraph(self, properties: Element | None, within: Iterable[Element] = ()) -> Looks:
        """Return the looks of a paragraph with these properties, `within` a table of these styles."""
        looks: Looks = {"tabs": {}}
        self._read_paragraph(self._paragraph_defaults, looks)
        for style in within:
            self._read_paragraph(style.find(w("pPr")), looks)
        looks["style"] = value_of(properties, "pStyle") or self._default.get("paragraph")
        for style in self._chain(looks["style"]):
            self._read_paragraph(style.find(w("pPr")), looks)
        return looks

    def direct(self, properties: Element | None, looks: Looks) -> Looks:
        """Return looks with what is said directly."""
        self._read_paragraph(properties, looks)
        return looks

    def run(self, paragraph: Looks, properties: Element | None, within: Iterable[Element] = ()) -> Looks:
        """Return the looks of a run with these properties in a paragraph."""
        looks: Looks = {"font": "Times New Roman", "size": 10.0}
        self._read_run(self._run_defaults, looks)
        for style in within:
            self._read_run(style.find(w("rPr")), looks)
        for style in self._chain(paragraph["style"]):
            self._read_run(style.find(w("rPr")), looks)
        for style in self._chain(value_of(properties, "rStyle")):
            self._read_run(style.find(w("rPr")), looks)
        self._read_run(properties, looks)
        return looks

    def _chain(self, style_id: str | None) -> list[Element]:
        chain: list[Element] = []
        while style_id in self._by_id and self._by_id[style_id] not in chain:
            chain.append(self._by_id[style_id])
            style_id = value_of(chain[-1], "basedOn")
        return chain[::-1]

    def _read_run(self, properties: Element | None, looks: Looks) -> None:
        for one in properties if properties is not None else ():
            name, value = name_of(one), one.get(w("val"), "")
            if name in _TOGGLES:
                looks[_TOGGLES[name]] = on(one)
            elif name in RUN_READERS:
                RUN_READERS[name](one, value, looks)
            elif name == "rFonts":
                self._read_font(one, looks)
            elif name in _RUN_DECLINED and on(one):
                self._reasons.add(_RUN_DECLINED[name])
            elif name == "w" and value not in {"100", "100%"}:
                self._reasons.add("stretched letters")
            elif name not in _RUN_PASSED_BY and name not in _RUN_DECLINED and name != "w":
                self._reasons.add(f"the property {name} of letters")

    def _read_font(self, one: Element, looks: Looks) -> None:
        theme = one.get(w("asciiTheme")) or one.get(w("hAnsiTheme"))
        said = self._theme.get("major" if theme in _MAJOR else "minor") if theme else None
        font = said or one.get(w("ascii")) or one.get(w("hAnsi"))
        if font:
            looks["font"] = font

    def _read_paragraph(self, properties: Element | None, looks: Looks) -> None:
        for one in properties if properties is not None else ():
            name = name_of(one)
            if name in PARAGRAPH_READERS:
                PARAGRAPH_READERS[name](one, looks)
            elif name in _PARAGRAPH_DECLINED and on(one):
                self._reasons.add(_PARAGRAPH_DECLINED[name])
            elif name not in _PARAGRAPH_PASSED_BY and name not in _PARAGRAPH_DECLINED:
                self._reasons.add(f"the property {name} of paragraphs")


def _within(element: Element | None, *names: str) -> Element | None:
    for name in names:
        element = None if element is None else element.find(w(name))
    return element


def _theme_fonts(theme: Element | None) -> dict[str, str]:
    found = {}
    for kind in ("major", "minor"):
        latin = None if theme is None else next(theme.iter(f"{{{A}}}{kind}Font"), None)
        face = None if latin is None else latin.find(f"{{{A}}}latin")
        if face is not None and face.get("typeface"):
            found[kind] = face.get("typeface")
    return found
