"""Pictures as Typst code: those that stand in a line, and those that float over or under the text."""

from pathlib import PurePosixPath

from services.renderer.adapters.word.pages.workshop import Workshop, pt, quoted
from services.renderer.adapters.word.xml import WP, A, Element, R

_EMU = 12700  # to a point
_KINDS = {".png", ".jpg", ".jpeg", ".gif"}
_OF_TEXT = {"column", "margin", "character"}
_OF_PARAGRAPH = {"paragraph", "line"}
# Where the text of a part begins on the page, as lengths of the translated layout; a footer grows upwards.
ORIGINS = {"body": ("room.left", "top-of(header-default)"), "header": ("room.left", "room.header")}


class Images:
    """Writes the pictures of one part."""

    def __init__(self, workshop: Workshop, part: str, kind: str) -> None:
        """Write those of this part, a `body`, `header` or `footer`."""
        self._shop = workshop
        self._kind = kind
        parcel = workshop.layout.parcel
        self._targets = {one.get("Id"): parcel.target(part, one) for one in parcel.relations(part)}

    def inline(self, drawing: Element) -> str:
        """Return the code of a picture in a line, empty where it is declined."""
        image = self._image(drawing.find(f"{{{WP}}}inline"))
        return f"(box({image}),)" if image else ""

    def floating(self, drawing: Element, *, in_cell: bool) -> str:
        """Return the code that places a picture at a distance; empty where it is declined, or stands in a line."""
        anchor = drawing.find(f"{{{WP}}}anchor")
        if anchor is None:
            return ""
        if anchor.find(f"{{{WP}}}wrapNone") is None:
            self._shop.reasons.add("a picture that text flows around")
            return ""
        image = self._image(anchor)
        across, down = (self._distance(anchor, name) for name in ("positionH", "positionV"))
        if not image or across is None or down is None:
            return ""
        x, y = self._across(*across, _size(anchor)[0]), self._down(*down, in_cell=in_cell)
        if x is None or y is None:
            self._shop.reasons.add(f"a picture placed by its {across[0]} and {down[0]}")
            return ""
        corner, dy = y
        return f"place({corner}, dx: {x}, dy: {dy}, {image})"

    def _across(self, relative: str, offset: float, align: str, width: float) -> str | None:
        origin = ORIGINS["body"][0]
        if relative == "page":
            whole = "(room.left + room.width + room.right)"
            starts = {
                "": pt(offset),
                "left": "0pt",
                "center": f"({whole} - {pt(width)}) / 2",
                "right": f"{whole} - {pt(width)}",
            }
            return f"{starts[align]} - {origin}" if align in starts else None
        if relative in _OF_TEXT:
            starts = {
                "": pt(offset),
                "left": "0pt",
                "center": f"(room.width - {pt(width)}) / 2",
                "right": f"room.width - {pt(width)}",
            }
            return starts.get(align)
        return None

    def _down(self, relative: str, offset: float, align: str, *, in_cell: bool) -> tuple[str, str] | None:
        if align not in {"", "top"}:
            return None
        if relative in _OF_PARAGRAPH and not align:
            return "left", pt(offset)
        if in_cell or self._kind not in ORIGINS:
            return None
        starts = {"page": "0pt", "topMargin": "0pt", "margin": "room.top"}
        return (
            ("top + left", f"{starts[relative]} + {pt(offset)} - {ORIGINS[self._kind][1]}")
            if relative in starts
            else None
        )

    def _distance(self, anchor: Element, name: str) -> tuple[str, float, str] | None:
        position = anchor.find(f"{{{WP}}}{name}")
        if position is None or anchor.get("simplePos") in {"1", "true"}:
            self._shop.reasons.add("a picture without a place")
            return None
        offset, align = (position.find(f"{{{WP}}}{kind}") for kind in ("posOffset", "align"))
        distance = int(offset.text) / _EMU if offset is not None else 0.0
        return position.get("relativeFrom", ""), distance, "" if align is None else str(align.text)

    def _image(self, frame: Element | None) -> str:
        blip = None if frame is None else next(frame.iter(f"{{{A}}}blip"), None)
        if frame is None or blip is None:
            self._shop.reasons.add("a drawing that is no picture")
            return ""
        if any(dict(cut.attrib) for cut in frame.iter(f"{{{A}}}srcRect")):
            self._shop.reasons.add("a picture that is cut")
        if any(form.get("rot", "0") != "0" for form in frame.iter(f"{{{A}}}xfrm")):
            self._shop.reasons.add("a picture that is turned")
        target = self._targets.get(blip.get(f"{{{R}}}embed"), "")
        suffix = PurePosixPath(target).suffix.lower()
        if suffix not in _KINDS:
            self._shop.reasons.add(f"a picture of the kind {suffix or 'unknown'}")
            return ""
        name = target.replace("/", "-")
        self._shop.pictures[name] = self._shop.layout.parcel.parts[target]
        width, height = _size(frame)
        size = f'width: {pt(width)}, height: {pt(height)}, fit: "stretch"'
        return f"image({quoted(name)}, {size}, alt: {quoted(_said_of(frame))})"


def _said_of(frame: Element) -> str:
    """Return what is read aloud for a picture: its description, or else its name."""
    said = frame.find(f"{{{WP}}}docPr")
    return "" if said is None else said.get("descr") or said.get("title") or said.get("name") or ""


def _size(frame: Element) -> tuple[float, float]:
    extent = frame.find(f"{{{WP}}}extent")
    return int(extent.get("cx")) / _EMU, int(extent.get("cy")) / _EMU
