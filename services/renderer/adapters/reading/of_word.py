"""Reads what a Word layout uses: its Jinja tags exactly, its merge fields by their names."""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.renderer.adapters.reading.of_jinja import JinjaReading
from services.renderer.adapters.reading.used import GROUPS, SINGLE, Used
from services.renderer.adapters.word.layout import WordLayout
from services.renderer.adapters.word.merging import Condition, Either, MergeField, Rows, plain
from services.renderer.adapters.word.tags import CLOSES, OPENS, word_of

_EVERYBODYS = {
    plain(name): path
    for path in (*SINGLE, *(f"{group}.{key}" for group, keys in GROUPS.items() for key in keys))
    for name in (path, path.replace(".", ""), *([path.partition(".")[2]] if path.startswith("recipient.") else []))
}


def read_word(content: bytes, place: str, used: Used, declared: tuple[str, ...]) -> None:
    """Note the fields that a document names, as they are declared where they are."""
    marks = WordLayout(content).marks
    reading = JinjaReading(used, place)
    spelled = {plain(name): name for name in declared}
    environment = ImmutableSandboxedEnvironment()
    rows: dict[str, str] = {}
    for tag in marks.tags:
        tree = _parsed(environment, tag.source)
        if tree is None:
            continue
        _rows_of(tree, marks.asked, rows)
        for call in _asking(tree):
            within = next(
                (rows[row.name] for row in call.args[2:] if isinstance(row, nodes.Name) and row.name in rows), None
            )
            for name in _names(marks.asked[_number(call)]):
                used.add(_path(name, within, spelled), place, guarded=within is not None)
        if not any(True for _ in _asking(tree)):
            reading.read(tree)


def _parsed(environment: ImmutableSandboxedEnvironment, source: str) -> nodes.Template | None:
    word = word_of(source)
    if word in OPENS:
        source = f"{{% {source} %}}{{% {OPENS[word]} %}}"
    elif word == "elif":
        source = f"{{{{ {source.removeprefix('elif')} }}}}"
    elif word in CLOSES or word == "else" or not word:
        return None
    else:
        source = f"{{% {source} %}}" if word == "set" else f"{{{{ {source} }}}}"
    try:
        return environment.parse(source)
    except TemplateError:
        return None  # which the compiled layout tells of, with its place


def _asking(tree: nodes.Template) -> Iterator[nodes.Call]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "_asked":
            yield call


def _number(call: nodes.Call) -> int:
    number = call.args[1]
    assert isinstance(number, nodes.Const)  # noqa: S101 -- we wrote it
    return int(number.value)


def _rows_of(tree: nodes.Template, asked: list[Any], rows: dict[str, str]) -> None:
    for loop in tree.find_all(nodes.For):
        if isinstance(loop.target, nodes.Name):
            for call in _asking(tree):
                if isinstance(what := asked[_number(call)], Rows):
                    rows[loop.target.name] = f"merge.{what.name}[]"


def _names(asked: Any) -> Iterator[str]:
    match asked:
        case MergeField() | Rows():
            yield asked.name
        case Condition():
            for piece in (*asked.left, *asked.right):
                yield from _names(piece)
        case Either():
            yield from _names(asked.condition)
            for piece in (*asked.true, *asked.false):
                yield from _names(piece)


def _path(name: str, within: str | None, spelled: Mapping[str, str]) -> str:
    bare = name.removeprefix("merge.")
    if common := _EVERYBODYS.get(plain(name)):
        return common
    known = spelled.get(plain(bare)) or spelled.get(plain(bare).removeprefix("merge"))
    return f"merge.{known}" if known else f"{within or 'merge'}.{bare}"
