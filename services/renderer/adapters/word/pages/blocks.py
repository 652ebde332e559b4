"""Paragraphs and tables one below the other, as Typst code."""

from collections.abc import Sequence
from typing import Any

from services.renderer.adapters.word.pages.lines import Lines
from services.renderer.adapters.word.pages.lists import Level
from services.renderer.adapters.word.pages.looks import Looks
from services.renderer.adapters.word.pages.tables import Tables
from services.renderer.adapters.word.pages.values import Scope, nodes_of, written
from services.renderer.adapters.word.pages.workshop import Workshop, pt, quoted
from services.renderer.adapters.word.xml import DO, PARAGRAPH, RUN, Element, above, run_like, w

_SIDES = ("top", "bottom", "left", "right")
_OF_CELLS = "Times New Roman"  # by whose height office programs reckon the room at the end of a cell
_PASSED_BY = {
    "bookmarkStart",
    "bookmarkEnd",
    "sectPr",
    "proofErr",
    "tcPr",
    "commentRangeStart",
    "commentRangeEnd",
    "permStart",
    "permEnd",
}


class Blocks:
    """Writes the paragraphs and tables of one part."""

    def __init__(self, workshop: Workshop, part: str, kind: str) -> None:
        """Write those of this part, a `body`, `header` or `footer`."""
        self._shop = workshop
        self._lines = Lines(workshop, part, kind)
        self._tables = Tables(workshop, self.written)

    def written(self, container: Element, scope: Scope, within: Sequence[Element] = ()) -> str:
        """Return the code of all that stands in a body, header or cell, `within` a table of these styles."""
        children = list(self._flat(container))
        looks = {id(child): self._looks(child, within) for child in children if child.tag == PARAGRAPH}

        def emit(child: Element, inner: Scope) -> str:
            if child.tag == PARAGRAPH:
                return self._paragraph(child, looks[id(child)], inner, list(within))
            return self._tables.written(child, inner)

        code = written(nodes_of(children, self._shop.layout.marks), scope, emit)
        return f"let past = nothing\n{code}\nif past.after != past.tail {{ v(past.after - past.tail) }}"

    def _flat(self, container: Element) -> Any:
        for child in container:
            name = str(child.tag).rpartition("}")[2]
            if child.tag in {PARAGRAPH, DO} or name == "tbl":
                yield child
            elif name in {"sdt", "sdtContent", "customXml"}:
                yield from self._flat(child)
            elif name not in _PASSED_BY and name not in {"sdtPr", "sdtEndPr"}:
                self._shop.reasons.add(f"the element {name}")

    def _looks(self, paragraph: Element, within: Sequence[Element]) -> Looks:
        properties = paragraph.find(w("pPr"))
        looks = self._shop.styles.paragraph(properties, within)
        number = None if properties is None else properties.find(w("numPr"))
        if number is not None:
            self._shop.styles.direct(_only(properties, "numPr"), looks)
        looks["level"] = level = self._shop.lists.level(*looks["list"]) if "list" in looks else None
        if level is not None and level.properties is not None:
            self._shop.styles.direct(level.properties, looks)
        return self._shop.styles.direct(properties, looks)

    def _paragraph(self, paragraph: Element, looks: Looks, scope: Scope, within: list[Element]) -> str:
        properties = paragraph.find(w("pPr"))
        mark = self._shop.styles.run(looks, None if properties is None else properties.find(w("rPr")), within)
        upper, under = self._shop.heights(mark, looks)
        groups = _broken(self._lines.children(paragraph))
        level = looks["level"]
        label = self._label(level, looks, mark) if level else ""
        code = [level.counts] if level and level.counts else []
        code += ["pagebreak(weak: true)", "past = nothing"] if looks.get("new_page") else []
        for number, runs in enumerate(groups):
            code += ["pagebreak()", "past = nothing"] if number else []
            if number == len(groups) - 1 and number and not runs:
                break
            if not runs and len(groups) > 1:
                continue
            in_cell = above(paragraph, w("tc")) is not None
            floats = self._lines.floating(runs, in_cell=in_cell)
            looks["decimals"] = any(kind == "decimal" for kind, _ in looks["tabs"].values())
            said = written(nodes_of(runs, self._shop.layout.marks), scope, self._lines.emit(looks, within))
            said = f"{label}\n{said}" if label and number == 0 else said
            over = 0.0 if in_cell else _over(looks, runs, self._shop.width)
            how = _how(looks | {"right": looks.get("right", 0.0) - over})
            how["empty"] = f"strut({pt(upper)}, {pt(under)})"
            how |= {"every": pt(self._shop.styles.every)} if self._shop.styles.every != 36.0 else {}  # noqa: PLR2004 -- half an inch
            code.append(self._between(looks, first=number == 0))
            code += floats
            code.append(f"paragraph({{\n{said}\n}}, {', '.join(f'{name}: {value}' for name, value in how.items())})")
            tail = self._tail(looks, runs, mark, within) if in_cell else 0.0
            code.append(self._past(looks, tail, last=number == len(groups) - 1))
        return "\n".join(code)

    def _between(self, looks: Looks, *, first: bool) -> str:
        before = looks.get("before", 0.0) if first else 0.0
        close = "true" if looks.get("contextual") else "false"
        collapse = "true" if self._shop.styles.collapses else "false"
        return f"v(room-between(past, {pt(before)}, {quoted(str(looks['style']))}, {close}, {collapse}))"

    def _tail(self, looks: Looks, runs: list[Element], mark: Looks, within: list[Element]) -> float:
        """Return by how much less room an office program leaves below the last line of a cell than below others."""
        first = next((run for run in runs if run.tag == RUN), None)
        run = mark if first is None else self._shop.styles.run(looks, first.find(w("rPr")), within)
        own = self._shop.styles.run(looks, None, within)
        return self._shop.spread(run, looks) - self._shop.spread(own | {"font": _OF_CELLS}, looks)

    def _past(self, looks: Looks, tail: float, *, last: bool) -> str:
        after = looks.get("after", 0.0) if last else 0.0
        close = "true" if looks.get("contextual") else "false"
        return f"past = (after: {pt(after)}, tail: {pt(tail)}, style: {quoted(str(looks['style']))}, close: {close})"

    def _label(self, level: Level, looks: Looks, mark: Looks) -> str:
        if not level.label:
            return ""
        own = {**mark, "underline": False}
        if level.label_looks is not None:
            own = self._shop.styles.run(looks, level.label_looks) | ({"font": mark["font"]} if level.is_bullet else {})
            own["size"] = mark["size"] if level.label_looks.find(w("sz")) is None else own["size"]
        follows = {"tab": "tab", "space": f'{self._shop.look(own, looks)}(" ")'}.get(level.follows, "")
        return f"({self._shop.look(own, looks)}({level.label}), {follows + ',' if follows else ''})"


def _how(looks: Looks) -> dict[str, str]:
    """Return how a paragraph is set, as arguments; what is not said is as the prelude has it."""
    left, indent = looks.get("left", 0.0), looks.get("first", 0.0)
    lengths = {"left": left, "right": looks.get("right", 0.0), "first": indent}
    how = {name: pt(length) for name, length in lengths.items() if length}
    align = looks.get("align", "left")
    how |= {"justify": "true"} if align in {"both", "distribute"} else {}
    how |= {"align": align} if align in {"center", "right"} else {}
    stops = {**({left: ("left", None)} if indent < 0 else {}), **looks["tabs"]}
    said = [
        f'(at: {pt(at)}, kind: "{_KINDS.get(kind, "left")}", leader: {_LEADERS.get(leader, "none")})'
        for at, (kind, leader) in sorted(stops.items())
    ]
    how |= {"stops": f"({', '.join(said)},)"} if said else {}
    how |= {"sticky": "true"} if looks.get("sticky") else {}
    how |= {"breakable": "false"} if looks.get("whole") else {}
    how |= {"fill": f'rgb("#{looks["fill"]}")'} if looks.get("fill") else {}
    return how | _framed(looks.get("borders", {}))


def _over(looks: Looks, runs: list[Element], width: float) -> float:
    """Return how far text goes beyond the margin because a tab stop that it ends at stands there."""
    if not any(run.find(w("tab")) is not None for run in runs):
        return 0.0
    return max(
        0.0,
        max((at - width for at, (kind, _) in looks["tabs"].items() if kind in {"right", "end", "center"}), default=0.0),
    )


def _framed(borders: dict[str, Any]) -> dict[str, str]:
    drawn = {side: borders[side] for side in _SIDES if side in borders and borders[side][0]}
    if not drawn:
        return {}
    strokes = ", ".join(f'{side}: {pt(line[0])} + rgb("#{line[1]}")' for side, (line, _) in drawn.items())
    room = ", ".join(
        f"{side}: {pt(space + line[0] / 2)}" for side, (line, space) in drawn.items() if side in {"top", "bottom"}
    )
    return {"stroke": f"({strokes})", "inset": f"({room})" if room else "0pt"}


def _broken(runs: list[Element]) -> list[list[Element]]:
    """Return the runs before, between and after page breaks."""
    groups: list[list[Element]] = [[]]
    depth = 0
    for run in runs:
        depth += run.tag == DO
        pages = (
            [child for child in run if child.tag == w("br") and child.get(w("type")) == "page"]
            if run.tag == RUN
            else []
        )
        if not pages:
            groups[-1].append(run)
            continue
        current = run_like(run)
        bare = len(current)
        for child in [child for child in run if child.tag != w("rPr")]:
            if child in pages:
                groups[-1] += [current] if len(current) > bare else []
                groups.append([])
                current = run_like(run)
            else:
                current.append(_copied(child))
        groups[-1] += [current] if len(current) > bare else []
    return groups


def _copied(element: Element) -> Element:
    from copy import deepcopy  # noqa: PLC0415

    return deepcopy(element)


def _only(properties: Element, name: str) -> list[Element]:
    return [child for child in properties if child.tag == w(name)]


_KINDS = {"left": "left", "start": "left", "right": "right", "end": "right", "center": "center", "decimal": "decimal"}
_LEADERS = {"dot": "[.]", "hyphen": "[-]", "underscore": "[\\_]", "middleDot": "[·]"}
