"""The fields of a Word document as they stand in it: where each begins, says what it asks, shows, and ends."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.instructions import MERGED, NOT_HERE, kind_of
from services.renderer.adapters.word.places import Amiss, place_of
from services.renderer.adapters.word.xml import (
    PARAGRAPH,
    PROPERTIES,
    RUN,
    Element,
    above,
    remove,
    replace,
    run_like,
    w,
)

CODE = w("instrText")
_CHAR, _SIMPLE, _TYPE = w("fldChar"), w("fldSimple"), w("fldCharType")


@dataclass(eq=False)
class WordField:
    """A field as it stands in the document: its runs, and the fields within it."""

    begin: Element
    code: list["Element | WordField"] = field(default_factory=list)
    separate: Element = None
    result: list[Element] = field(default_factory=list)
    in_result: list["WordField"] = field(default_factory=list)
    end: Element = None

    @property
    def said(self) -> str:
        """The instruction, with nothing for the fields within it."""
        runs = [run for run in self.code if not isinstance(run, WordField)]
        return "".join(code.text or "" for run in runs for code in run.iterchildren(CODE))

    @property
    def within(self) -> list["WordField"]:
        """The fields within its instruction."""
        return [one for one in self.code if isinstance(one, WordField)]


def fields_of(tree: Element) -> Iterator[WordField]:
    """Yield the outermost fields of a tree in order."""
    opened: list[WordField] = []
    for run in tree.iter(RUN):
        character = run.find(_CHAR)
        kind = character.get(_TYPE) if character is not None else None
        if kind is None or kind == "begin":
            _hold(opened, run, plain=kind is None)
            opened += [] if kind is None else [WordField(run)]
        elif not opened:
            raise _no_end(run)
        else:
            for outer in opened[:-1]:
                _keep_result(outer, run)
            if kind == "separate":
                opened[-1].separate = run
            elif (one := _ended(opened, run)) is not None:
                yield one
    if opened:
        raise _no_end(opened[-1].begin)


def _ended(opened: list[WordField], run: Element) -> WordField | None:
    """Close the innermost field; return it if it stands within no other."""
    one = opened.pop()
    one.end = run
    if not opened:
        return one
    if opened[-1].separate is None:
        opened[-1].code.append(one)
    else:
        opened[-1].in_result.append(one)
    return None


def _hold(opened: list[WordField], run: Element, *, plain: bool) -> None:
    for outer in opened:
        _keep_result(outer, run)
    if plain and opened and opened[-1].separate is None:
        opened[-1].code.append(run)


def _keep_result(outer: WordField, run: Element) -> None:
    if outer.separate is not None:
        outer.result.append(run)


def _no_end(run: Element) -> Amiss:
    return Amiss("a field of Word lacks its beginning or its end", place_of(run))


def drop(one: WordField) -> None:
    """Take a field out, and what it shows."""
    for run in one.code:
        if isinstance(run, WordField):
            drop(run)
        else:
            remove(run)
    drop_result(one)
    remove(one.begin)


def drop_result(one: WordField) -> None:
    """Take out what a field shows; the paragraph in which it began goes on as the one in which it ended."""
    if one.separate is None:
        remove(one.end)
        return
    first, last = above(one.separate, PARAGRAPH), above(one.end, PARAGRAPH)
    for run in one.result:
        if run.getparent() is not None:
            remove(run)
    if first is not last:
        _join(first, last, one.end)
    remove(one.separate)
    remove(one.end)


def _join(first: Element, last: Element, end: Element) -> None:
    if first.getparent() is not last.getparent() or end.getparent() is not last:
        raise Unmergeable("a field shows more than paragraphs")
    for between in list(first.itersiblings()):
        if between is last:
            break
        remove(between)
    looks = last.find(w("pPr"))
    if looks is not None:
        if (own := first.find(w("pPr"))) is not None:
            remove(own)
        first.insert(0, looks)
    first.extend([end, *end.itersiblings()])
    remove(last)


def unfold_simple(tree: Element) -> None:
    """Write fields that stand in one element as those that have a beginning and an end, if they are merged."""
    for simple in list(tree.iter(_SIMPLE)):
        said = simple.get(w("instr"), "")
        if kind_of(said) not in MERGED | NOT_HERE:
            continue
        code = etree.Element(CODE)
        code.text = said
        shown_runs = list(simple)
        like = shown_runs[0] if shown_runs and shown_runs[0].tag == RUN else etree.Element(RUN)
        runs = [run_like(like, child) for child in (_char("begin"), code, _char("separate"))]
        replace(simple, *runs, *shown_runs, run_like(like, _char("end")))


def _char(kind: str) -> Element:
    character = etree.Element(_CHAR)
    character.set(_TYPE, kind)
    return character


def split_runs(tree: Element) -> None:
    """Let each beginning, middle and end of a field stand in a run of its own."""
    for run in list(tree.iter(RUN)):
        content = [child for child in run if child.tag != PROPERTIES]
        if len(content) > 1 and any(child.tag == _CHAR for child in content):
            replace(run, *[run_like(run, child) for child in content])
