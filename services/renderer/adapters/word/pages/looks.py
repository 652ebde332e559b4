"""How each property of Word that is translated is read: of runs, and of paragraphs."""

import re
from typing import Any

from services.renderer.adapters.word.xml import Element, w

Looks = dict[str, Any]
_OFF = {"0", "false", "off", "none"}
_HIGHLIGHTS = {
    "yellow": "ffff00", "green": "00ff00", "cyan": "00ffff", "magenta": "ff00ff", "blue": "0000ff", "red": "ff0000",
    "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000", "darkMagenta": "800080", "darkRed": "800000",
    "darkYellow": "808000", "darkGray": "808080", "lightGray": "c0c0c0", "black": "000000", "white": "ffffff",
}  # fmt: skip


def on(element: Element) -> bool:
    """Return whether a toggle is on: present without a value is on."""
    return element.get(w("val"), "1") not in _OFF


def points(twips: str | None) -> float:
    """Return a length in points: it is said in twentieths of one, or with a unit."""
    said = (twips or "0").strip()
    for unit, size in (("pt", 1.0), ("mm", 72 / 25.4), ("cm", 720 / 25.4), ("in", 72.0)):
        if said.endswith(unit):
            return float(said.removesuffix(unit)) * size
    return float(said) / 20


def colour(said: str) -> str | None:
    """Return a colour in hexadecimal, None for the one that is used anyway; raise ValueError for what is none."""
    if said == "auto":
        return None
    if not re.fullmatch(r"[0-9A-Fa-f]{6}", said):
        raise ValueError(f"the colour {said[:20]}")
    return said


def shade(one: Element) -> str | None:
    """Return the colour of a shading, None for none; raise ValueError for a pattern."""
    if one.get(w("val"), "clear") not in {"clear", "nil"}:
        raise ValueError(f"the pattern {one.get(w('val'))[:20]}")
    return colour(one.get(w("fill"), "auto"))


def border(one: Element | None) -> tuple[float, str] | None:
    """Return the width in points and the colour of a border, None for none."""
    if one is None or one.get(w("val")) in {"nil", "none", None}:
        return None
    return int(one.get(w("sz"), "4")) / 8, colour(one.get(w("color"), "auto")) or "000000"


def _size(_: Element, value: str, looks: Looks) -> None:
    looks["size"] = float(value) / 2


def _colour(_: Element, value: str, looks: Looks) -> None:
    looks["colour"] = colour(value)


def _underline(_: Element, value: str, looks: Looks) -> None:
    looks["underline"] = value not in _OFF


def _highlight(_: Element, value: str, looks: Looks) -> None:
    looks["highlight"] = _HIGHLIGHTS.get(value)


def _shade(one: Element, _: str, looks: Looks) -> None:
    looks["highlight"] = shade(one)


def _script(_: Element, value: str, looks: Looks) -> None:
    looks["script"] = value


def _spacing(_: Element, value: str, looks: Looks) -> None:
    looks["tracking"] = points(value)


def _raise(_: Element, value: str, looks: Looks) -> None:
    looks["raised"] = float(value) / 2


def _kern(_: Element, value: str, looks: Looks) -> None:
    looks["kern"] = float(value) / 2


RUN_READERS = {
    "sz": _size, "color": _colour, "u": _underline, "highlight": _highlight, "shd": _shade, "vertAlign": _script,
    "spacing": _spacing, "position": _raise, "kern": _kern,
}  # fmt: skip


def _align(one: Element, looks: Looks) -> None:
    looks["align"] = {"start": "left", "end": "right"}.get(one.get(w("val"), "left"), one.get(w("val"), "left"))


def _indent(one: Element, looks: Looks) -> None:
    for side, other in (("left", "start"), ("right", "end")):
        said = one.get(w(side), one.get(w(other)))
        if said is not None:
            looks[side] = points(said)
    if one.get(w("hanging")) is not None:
        looks["first"] = -points(one.get(w("hanging")))
    elif one.get(w("firstLine")) is not None:
        looks["first"] = points(one.get(w("firstLine")))


def _distance(one: Element, looks: Looks) -> None:
    for side in ("before", "after"):
        if one.get(w(f"{side}Autospacing"), "0") not in _OFF:
            looks[side] = 14.0
        elif one.get(w(side)) is not None:
            looks[side] = points(one.get(w(side)))
    if one.get(w("line")) is not None:
        looks["line"] = (one.get(w("lineRule"), "auto"), float(one.get(w("line"))))


def _tabs(one: Element, looks: Looks) -> None:
    stops = dict(looks["tabs"])
    for stop in one:
        at, kind = points(stop.get(w("pos"))), stop.get(w("val"))
        if kind == "clear":
            stops.pop(at, None)
        elif kind != "num":
            stops[at] = (kind, stop.get(w("leader")))
    looks["tabs"] = stops


def _numbering(one: Element, looks: Looks) -> None:
    number, level = value_of(one, "numId"), value_of(one, "ilvl")
    looks["list"] = (number or looks.get("list", ("0", 0))[0], int(level or 0))


def _flag(name: str) -> Any:
    def read(one: Element, looks: Looks) -> None:
        looks[name] = on(one)

    return read


def _fill(one: Element, looks: Looks) -> None:
    looks["fill"] = shade(one)


def _borders(one: Element, looks: Looks) -> None:
    looks["borders"] = {name_of(side): (border(side), float(side.get(w("space"), "0"))) for side in one}


PARAGRAPH_READERS = {
    "jc": _align, "ind": _indent, "spacing": _distance, "tabs": _tabs, "numPr": _numbering, "shd": _fill,
    "pBdr": _borders, "keepNext": _flag("sticky"), "keepLines": _flag("whole"),
    "pageBreakBefore": _flag("new_page"), "contextualSpacing": _flag("contextual"),
}  # fmt: skip


def name_of(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def value_of(parent: Element | None, name: str) -> str | None:
    """Return the value of a property, None where it is not said."""
    found = None if parent is None else parent.find(w(name))
    said: str | None = None if found is None else found.get(w("val"))
    return said
