"""Reads what a Word layout uses: its Jinja tags exactly, its merge fields by their names."""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.renderer.adapters.reading.of_jinja import JinjaReading
from services.renderer.adapters.reading.used import GROUPS, SINGLE, Used
from services.renderer.adapters.word import addressed
from services.renderer.adapters.word.layout import WordLayout
from services.renderer.adapters.word.merging import Condition, Either, MergeField, Rows, plain
from services.renderer.adapters.word.tags import CLOSES, OPENS, word_of

_EVERYBODYS = {
    plain(name): path
    for path in (*SINGLE, *(f"{group}.{key}" for group, keys in GROUPS.items() for key in keys))
    for name in (path, path.replace(".", ""), *([path.partition(".")[2]] if path.startswith("recipient.") else []))
}
_OF_ADDRESSES: Mapping[type, tuple[tuple[str, ...], ...]] = {
    addressed.AddressBlock: (
        *(addressed.NAME, addressed.ATTENTION, addressed.STREET, addressed.POSTCODE),
        *(addressed.CITY, addressed.COUNTRY),
    ),
    addressed.GreetingLine: (addressed.NAME, addressed.SALUTATION),
}  # of each as it is declared, else by the first of its names


def read_word(content: bytes, place: str, used: Used, declared: tuple[str, ...]) -> None:
    """Note the fields that a document names, as they are declared where they are."""
    marks = WordLayout(content).marks
    reading = JinjaReading(used, place)
    spelled = {plain(name): name for name in declared}
    environment = ImmutableSandboxedEnvironment()
    trees = [tree for tag in marks.tags if (tree := _parsed(environment, tag.source)) is not None]
    rows: dict[str, str] = {}
    for tree in trees:  # what is repeated is marked once its end is known, after the fields within it
        _rows_of(tree, marks.asked, rows)
    for tree in trees:
        for call in _asking(tree):
            within = next(
                (rows[row.name] for row in call.args[2:] if isinstance(row, nodes.Name) and row.name in rows), None
            )
            for name, guarded in _fields(marks.asked[_number(call)], spelled):
                used.add(_path(name, within, spelled), place, guarded=guarded or within is not None)
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


def _fields(asked: Any, spelled: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield the fields that are asked for, and whether their absence is thought of: a comparison with nothing does."""
    match asked:
        case MergeField() | Rows():
            yield asked.name, False
        case Condition():
            guarded = "" in ("".join(map(str, asked.left)), "".join(map(str, asked.right)))
            for piece in (*asked.left, *asked.right):
                yield from ((name, guarded or known) for name, known in _fields(piece, spelled))
        case Either():
            for piece in (asked.condition, *asked.true, *asked.false):
                yield from _fields(piece, spelled)
    for names in _OF_ADDRESSES.get(type(asked), ()):
        yield next((name for name in names if plain(name) in spelled), names[0]), True


def _path(name: str, within: str | None, spelled: Mapping[str, str]) -> str:
    bare = name.removeprefix("merge.")
    if common := _EVERYBODYS.get(plain(name)):
        return common
    known = spelled.get(plain(bare)) or spelled.get(plain(bare).removeprefix("merge"))
    return f"merge.{known}" if known else f"{within or 'merge'}.{bare}"
