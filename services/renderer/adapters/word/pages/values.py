"""The values that a translated layout asks for: a template that says them as JSON, in the shape of the layout."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from services.renderer.adapters.word.compiled import ELSE
from services.renderer.adapters.word.marked import Marks
from services.renderer.adapters.word.tags import CLOSES, OPENS, word_of
from services.renderer.adapters.word.xml import DO, Element


@dataclass
class Loop:
    """What is repeated: by its `for`, and what stands there if it is not repeated at all."""

    mark: Element
    nodes: list["Node"] = field(default_factory=list)
    otherwise: Element = None
    instead: list["Node"] = field(default_factory=list)
    end: Element = None


@dataclass
class Choice:
    """What is chosen: each branch by the mark that opens it."""

    branches: list[tuple[Element, list["Node"]]] = field(default_factory=list)
    end: Element = None
    has_else: bool = False


@dataclass
class Within:
    """What stands within a `with`."""

    mark: Element
    nodes: list["Node"] = field(default_factory=list)
    end: Element = None


Node = Element | Loop | Choice | Within
Emit = Callable[[Element, "Scope"], str]


class Scope:
    """One object of values: its name in the translated layout, and what the template says of it so far."""

    def __init__(self, name: str, numbers: "Iterator[int]") -> None:
        """Begin empty."""
        self.name = name
        self._numbers = numbers
        self._said: list[str] = []

    @property
    def template(self) -> str:
        """The template of this object, as JSON."""
        return '{"_":0' + "".join(self._said) + "}"

    def value(self, mark: str) -> str:
        """Ask for the expression of a mark; return what it is called in the translated layout."""
        number = next(self._numbers)
        self._said.append(f',"k{number}":{mark}')
        return f"{self.name}.k{number}"

    def structure(self, pieces: Sequence["str | Scope"]) -> str:
        """Ask for several objects between statements; return what they are called together."""
        said = "".join(piece.template if isinstance(piece, Scope) else piece for piece in pieces)
        return self.value(said)

    def statement(self, mark: str) -> None:
        """Let a statement work on all that follows."""
        self._said.append(mark)

    def inner(self) -> "Scope":
        """Return a scope within this one."""
        return Scope(f"v{next(self._numbers)}", self._numbers)


def nodes_of(children: Sequence[Element], marks: Marks) -> list[Node]:
    """Return elements with what their marks repeat and choose, as a tree."""
    remaining = iter(children)
    nodes, closing = _until_closed(remaining, marks)
    assert closing is None  # noqa: S101 -- the marks of a layout are paired before
    return nodes


def _until_closed(remaining: Iterator[Element], marks: Marks) -> tuple[list[Node], Element]:
    nodes: list[Node] = []
    for child in remaining:
        word = word_of(marks.of(child).source) if child.tag == DO else ""
        if word in CLOSES or word in {"elif", "else"}:
            return nodes, child
        nodes.append(_NODES[word](child, remaining, marks) if word in OPENS else child)
    return nodes, None


def _loop(mark: Element, remaining: Iterator[Element], marks: Marks) -> Node:
    loop = Loop(mark)
    loop.nodes, loop.end = _until_closed(remaining, marks)
    if word_of(marks.of(loop.end).source) == "else":
        loop.otherwise = loop.end
        loop.instead, loop.end = _until_closed(remaining, marks)
    return loop


def _choice(mark: Element, remaining: Iterator[Element], marks: Marks) -> Node:
    choice = Choice()
    while word_of(marks.of(mark).source) != "endif":
        nodes, closing = _until_closed(remaining, marks)
        choice.has_else |= word_of(marks.of(mark).source) == "else"
        choice.branches.append((mark, nodes))
        mark = closing
    choice.end = mark
    return choice


def _with(mark: Element, remaining: Iterator[Element], marks: Marks) -> Node:
    within = Within(mark)
    within.nodes, within.end = _until_closed(remaining, marks)
    return within


_NODES = {"for": _loop, "if": _choice, "with": _with}


def written(nodes: Sequence[Node], scope: Scope, emit: Emit) -> str:
    """Return the code of the translated layout for these nodes, one piece a line, and ask for their values."""
    lines = []
    for node in nodes:
        if isinstance(node, Loop):
            lines.append(_write_loop(node, scope, emit))
        elif isinstance(node, Choice):
            lines.append(_write_choice(node, scope, emit))
        elif isinstance(node, Within):
            scope.statement(of(node.mark))
            lines.append(written(node.nodes, scope, emit))
            scope.statement(of(node.end))
        elif node.tag == DO:
            scope.statement(of(node))
        else:
            lines.append(emit(node, scope))
    return "\n".join(line for line in lines if line)


def _write_loop(loop: Loop, scope: Scope, emit: Emit) -> str:
    inner, instead = scope.inner(), scope.inner()
    code = written(loop.nodes, inner, emit)
    other = written(loop.instead, instead, emit)
    otherwise: list[str | Scope] = (
        [of(loop.otherwise), '{"instead":', instead, "},"] if loop.otherwise is not None else []
    )
    name = scope.structure(["[", of(loop.mark), inner, ",", *otherwise, of(loop.end), "null]"])
    if not other:
        return f"for {inner.name} in {name}.filter(one => one != none) {{\n{code}\n}}"
    chosen = f'if "instead" in {inner.name} {{\nlet {instead.name} = {inner.name}.instead\n{other}\n}}'
    return f"for {inner.name} in {name}.filter(one => one != none) {{\n{chosen} else {{\n{code}\n}}\n}}"


def _write_choice(choice: Choice, scope: Scope, emit: Emit) -> str:
    pieces: list[str | Scope] = []
    code = []
    for number, (mark, nodes) in enumerate(choice.branches):
        inner = scope.inner()
        branch = written(nodes, inner, emit)
        pieces += [of(mark), f"[{number},", inner, "]"]
        code.append((inner.name, number, branch))
    nothing = [] if choice.has_else else [f"{ELSE}null"]
    name = scope.structure([*pieces, *nothing, of(choice.end)])
    return "\n".join(
        f"if {name} != none and {name}.first() == {number} {{\nlet {inner} = {name}.last()\n{branch}\n}}"
        for inner, number, branch in code
        if branch
    )


def of(mark: Element) -> str:
    """Return what stands for a mark in the template of the values."""
    return f'<{mark.tag} n="{mark.get("n")}"/>'


def new_scope(name: str) -> Scope:
    """Return the outermost scope."""
    return Scope(name, count(1))
