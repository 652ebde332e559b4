"""What the translation of one Word layout works with: its looks, lists and pictures, and why it would be declined."""

from dataclasses import dataclass, field
from math import floor

from services.renderer.adapters.word.layout import WordLayout
from services.renderer.adapters.word.pages.declined import Reasons
from services.renderer.adapters.word.pages.lists import Lists
from services.renderer.adapters.word.pages.looks import Looks
from services.renderer.adapters.word.pages.styles import Styles
from services.renderer.adapters.word.pages.typefaces import Typeface, typeface

_AUTO, _EXACT = 240, "exact"  # a line of its natural height, in the units of Word
_SCRIPT_SIZE = 0.58  # as office programs set them
_RAISED = {"superscript": 0.33, "subscript": -0.08}


@dataclass
class Workshop:
    """The state of one translation."""

    layout: WordLayout
    reasons: Reasons
    styles: Styles
    lists: Lists
    looks: dict[str, str] = field(default_factory=dict)  # code of a look → its name
    width: float = 0.0  # of the text on a page, in points
    pictures: dict[str, bytes] = field(default_factory=dict)  # name of a file beside the translated layout → content

    def look(self, run: Looks, paragraph: Looks) -> str:
        """Return the name of the function that sets text as a run looks in a paragraph."""
        face = self.face(run)
        size = run["size"] * (_SCRIPT_SIZE if run.get("script") in {"superscript", "subscript"} else 1)
        above, below = self.heights(run, paragraph)
        said = [
            f'font: ("{face.name}", "Noto Sans")',
            f"size: {pt(size)}",
            f"top-edge: {pt(above)}",
            f"bottom-edge: {pt(-below)}",
        ]
        said += [] if 0 < run.get("kern", 0) <= run["size"] else ["kerning: false"]
        said += ['weight: "bold"'] if run.get("bold") else []
        said += ['style: "italic"'] if run.get("italic") else []
        said += [f'fill: rgb("#{run["colour"]}")'] if run.get("colour") else []
        said += [f"tracking: {pt(run['tracking'])}, ligatures: false"] if run.get("tracking") else []
        raised = run.get("raised", 0) + run["size"] * _RAISED.get(run.get("script", ""), 0)
        said += [f"baseline: {pt(-raised)}"] if raised else []
        code = self._around(f"text({', '.join(said)}, {'upper(it)' if run.get('caps') else 'it'})", run, face)
        return self.looks.setdefault(code, f"r{len(self.looks)}")

    def heights(self, run: Looks, paragraph: Looks) -> tuple[float, float]:
        """Return how far a line reaches above and below its base line, in points."""
        face, size = self.face(run), run["size"]
        above, below = _in_twips(face.above * size), _in_twips(face.below * size)
        rule, value = paragraph.get("line", ("auto", _AUTO))
        if rule == "auto":
            return above, floor((above + below) * value / _AUTO * 20 + 0.001) / 20 - above
        height = value / 20
        if rule == _EXACT:
            return height * 0.8, height * 0.2
        return max(above, height - below), below

    def spread(self, run: Looks, paragraph: Looks) -> float:
        """Return by how much lines of a run stand further apart than they are high, in points."""
        face, size = self.face(run), run["size"]
        natural = _in_twips(face.above * size) + _in_twips(face.below * size)
        return max(0.0, sum(self.heights(run, paragraph)) - natural)

    def face(self, run: Looks) -> Typeface:
        """Return the font of a run; one that is not ours is a reason to decline."""
        face = typeface(run["font"])
        if face is None:
            self.reasons.add(f"the font {run['font']}")
            face = typeface("Carlito")
            assert face is not None  # noqa: S101 -- it is ours
        return face

    def _around(self, code: str, run: Looks, face: Typeface) -> str:
        if run.get("underline"):
            code = (
                f"underline(offset: {pt(0.11 * run['size'])}, stroke: {pt(0.06 * run['size'])}, evade: false, {code})"
            )
        if run.get("strike"):
            code = f"strike({code})"
        if run.get("highlight"):
            edges = f"top-edge: {pt(face.above * run['size'])}, bottom-edge: {pt(-face.below * run['size'])}"
            code = f'highlight(fill: rgb("#{run["highlight"]}"), {edges}, extent: 0pt, radius: 0pt, {code})'
        return code


def _in_twips(points: float) -> float:
    """Return a length as office programs reckon with it: in twentieths of a point."""
    return round(points * 20) / 20


def pt(points: float) -> str:
    """Return a length as Typst writes it."""
    return f"{round(points, 3):g}pt" if round(points, 3) else "0pt"


def quoted(said: str) -> str:
    """Return a text as Typst writes it."""
    escaped = said.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\t", " ")
    return f'"{escaped}"'
