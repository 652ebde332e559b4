"""Bullets and numbers of paragraphs: their levels, their labels, and how they count in a translated layout."""

import re
from dataclasses import dataclass

from services.renderer.adapters.word.pages.declined import Reasons
from services.renderer.adapters.word.parcel import Parcel
from services.renderer.adapters.word.xml import Element, w

_FORMATS = {
    "decimal": "1",
    "lowerLetter": "a",
    "upperLetter": "A",
    "lowerRoman": "i",
    "upperRoman": "I",
    "decimalZero": "01",
}
_BULLETS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0fc": "✓", "\uf0d8": "➢", "\uf076": "❖", "\uf0a8": "◆", "\uf02d": "–"}
_LEVELS = 9


@dataclass(frozen=True)
class Level:
    """One level of a list: what it looks like, the code that counts, and the code of its label; "" for none."""

    properties: Element
    label_looks: Element
    counts: str
    label: str
    follows: str
    is_bullet: bool


class Lists:
    """The lists of a document."""

    def __init__(self, parcel: Parcel, reasons: Reasons) -> None:
        """Read them."""
        self._reasons = reasons
        tree = parcel.related("numbering")
        self._abstract = (
            {} if tree is None else {one.get(w("abstractNumId")): one for one in tree.iter(w("abstractNum"))}
        )
        self._numbers = {} if tree is None else {one.get(w("numId")): one for one in tree.iter(w("num"))}
        self._counters: dict[str, int] = {}

    @property
    def counters(self) -> str:
        """The code that begins each count."""
        return "\n".join(f"let {name} = {start}" for name, start in self._counters.items())

    def level(self, number: str, depth: int) -> Level | None:
        """Return a level of a list, None where a paragraph is in none."""
        numbered = self._numbers.get(number)
        reference = None if numbered is None else numbered.find(w("abstractNumId"))
        abstract = None if reference is None else self._abstract.get(reference.get(w("val")))
        if numbered is None or abstract is None:
            return None
        levels = {int(one.get(w("ilvl"))): one for one in abstract.iter(w("lvl"))}
        if numbered.find(w("lvlOverride")) is not None:
            self._reasons.add("a list that begins anew")
        if depth not in levels or abstract.find(w("numStyleLink")) is not None:
            self._reasons.add("a list that a style defines elsewhere")
            return None
        return self._read(levels, depth, f"n{abstract.get(w('abstractNumId'))}".replace("-", "_"))

    def _read(self, levels: dict[int, Element], depth: int, name: str) -> Level:
        level = levels[depth]
        kind, said = _said(level, "numFmt") or "decimal", _said(level, "lvlText") or ""
        follows = _said(level, "suff") or "tab"
        if kind == "bullet":
            bullet = "".join(_BULLETS.get(letter, letter) for letter in said)
            if any("\ue000" <= letter <= "\uf8ff" for letter in bullet):
                self._reasons.add(f"the bullet U+{ord(bullet[0]):04X}")
            return Level(level.find(w("pPr")), level.find(w("rPr")), "", f'"{bullet}"', follows, is_bullet=True)
        if kind == "none":
            return Level(level.find(w("pPr")), level.find(w("rPr")), "", "", follows, is_bullet=False)
        counts = [f"{self._counter(levels, depth, name)} += 1"]
        counts += [
            f"{self._counter(levels, deeper, name)} = {_start(levels[deeper])}"
            for deeper in range(depth + 1, _LEVELS)
            if deeper in levels
        ]
        pieces = [self._piece(piece, levels, name) for piece in re.split(r"(%\d)", said) if piece]
        return Level(
            level.find(w("pPr")), level.find(w("rPr")), "; ".join(counts), " + ".join(pieces), follows, is_bullet=False
        )

    def _piece(self, piece: str, levels: dict[int, Element], name: str) -> str:
        if not re.fullmatch(r"%\d", piece):
            return '"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"'
        depth = int(piece[1]) - 1
        kind = _said(levels[depth], "numFmt") or "decimal"
        if kind not in _FORMATS:
            self._reasons.add(f"numbers written as {kind}")
        return f'numbering("{_FORMATS.get(kind, "1")}", {self._counter(levels, depth, name)})'

    def _counter(self, levels: dict[int, Element], depth: int, name: str) -> str:
        counter = f"{name}l{depth}"
        self._counters.setdefault(counter, _start(levels[depth]))
        return counter


def _start(level: Element) -> int:
    return int(_said(level, "start") or 1) - 1


def _said(level: Element, name: str) -> str | None:
    found = level.find(w(name))
    said: str | None = None if found is None else found.get(w("val"))
    return said
