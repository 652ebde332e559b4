"""Turns the fields of Word that are merged into marks: MERGEFIELD, IF, and rows between TableStart and TableEnd."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.conditions import Choice, Inner, Item, Letter, Other, choice_of, pieces, shown
from services.renderer.adapters.word.instructions import MERGED, NOT_HERE, kind_of, merge_field, read
from services.renderer.adapters.word.marked import Marks
from services.renderer.adapters.word.merging import Asked, Either
from services.renderer.adapters.word.places import Amiss, place_of
from services.renderer.adapters.word.repeats import Repeats
from services.renderer.adapters.word.xml import (
    PARAGRAPH,
    PROPERTIES,
    RUN,
    TEXT,
    Element,
    above,
    remove,
    replace,
    run_like,
    text,
    w,
)

_CHAR, _CODE, _SIMPLE, _TYPE = w("fldChar"), w("instrText"), w("fldSimple"), w("fldCharType")
_MAY_HOLD = {"HYPERLINK"}  # of other kinds: the result of the others would be that of the values before


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
        return "".join(code.text or "" for run in runs for code in run.iterchildren(_CODE))

    @property
    def within(self) -> list["WordField"]:
        """The fields within its instruction."""
        return [one for one in self.code if isinstance(one, WordField)]


class FieldMarker:
    """Marks the merge fields of one tree."""

    def __init__(self, marks: Marks, tree: Element) -> None:
        """Work on this tree."""
        self._marks = marks
        self._tree = tree
        self._repeats = Repeats(marks)

    def mark(self) -> None:
        """Mark them all; raise `Unmergeable`, with the number of the paragraph, for a field that can't be merged."""
        _unfold_simple(self._tree)
        _split_runs(self._tree)
        for one in list(_fields(self._tree)):
            self._mark(one)
        self._repeats.close()

    def _mark(self, one: WordField) -> None:
        kind = kind_of(one.said)
        try:
            if kind == "MERGEFIELD":
                self._mark_merge(one)
            elif kind == "IF":
                self._mark_choice(one)
            else:
                self._pass_by(one, kind)
        except Amiss:
            raise
        except Unmergeable as error:
            raise Amiss(error.detail, place_of(one.begin), error.field) from error

    def _mark_merge(self, one: WordField) -> None:
        if one.within:
            raise Unmergeable("a MERGEFIELD can't hold another field")
        instruction = read(one.said)
        if not self._repeats.takes(instruction.argument, one.begin):
            asked = self._marks.ask(merge_field(instruction), self._repeats.rows)
            with_text = [run for run in one.result if run.find(TEXT) is not None]
            looks = one.begin if instruction.keeps_first_look or not with_text else with_text[0]
            one.begin.addprevious(run_like(looks, self._marks.say(asked, place_of(one.begin), instruction.argument)))
        _drop(one)

    def _mark_choice(self, one: WordField) -> None:
        """Put each text where it stands, between marks, and take out the rest of the field."""
        items = [(item, run) for run in one.code for item in _items(run)]
        choice = choice_of([item for item, _ in items], self._asked)
        asked = self._marks.ask(choice.condition, self._repeats.rows)
        marks = self._marks_of(choice, asked, place_of(one.begin))
        stays = set(shown([item for item, _ in items], choice.true))
        stays |= set(shown([item for item, _ in items], choice.false)) if choice.false else set()
        number = 0
        for run in one.code:
            new: list[Element] = []
            for item in _items(run):
                new += marks.get(number, [])
                if number in stays:
                    new += self._shown(item, run)
                number += 1
            self._settle(run, new, stays_in=number - 1 in stays)
        (one.separate if one.separate is not None else one.end).addprevious(marks[-1][0])
        _drop_result(one)
        remove(one.begin)

    def _marks_of(self, choice: Choice, asked: str, place: int | None) -> dict[int, list[Element]]:
        """Return the marks by the number of the item before which they stand, the last one under -1."""
        marks = {choice.true.opens: [self._marks.do(f"if {asked}", place, "IF")]}
        if choice.false:
            marks[choice.false.opens] = [self._marks.do("else", place, "IF")]
        marks[-1] = [self._marks.do("endif", place, "IF")]
        return marks

    def _shown(self, item: Item[WordField], run: "Element | WordField") -> list[Element]:
        if isinstance(item, Letter):
            return [run_like(run, text(item.said))]
        return []

    def _settle(self, run: "Element | WordField", new: list[Element], *, stays_in: bool) -> None:
        first = run.begin if isinstance(run, WordField) else run
        for element in _joined(new):
            first.addprevious(element)
        if not isinstance(run, WordField):
            remove(run)
        elif stays_in:
            self._mark(run)
        else:
            _drop(run)

    def _pass_by(self, one: WordField, kind: str) -> None:
        if kind in NOT_HERE and (kind != "=" or one.within):
            raise Unmergeable(f"the field {kind} can't be merged here: use MERGEFIELD or IF")
        if one.within and kind not in _MAY_HOLD and any(kind_of(inner.said) in MERGED for inner in one.within):
            raise Unmergeable(f"a merge field within the field {kind or 'without a name'} can't be merged")
        for inner in one.within:
            if kind_of(inner.said) in MERGED:
                code = etree.Element(_CODE)
                asked = self._marks.ask(self._asked(inner), self._repeats.rows)
                code.text = self._marks.within(asked, place_of(inner.begin), read(inner.said).argument)
                inner.begin.addprevious(run_like(inner.begin, code))
                _drop(inner)
        for inner in one.in_result:
            self._mark(inner)

    def _asked(self, inner: WordField) -> Asked:
        """Return what a field within an instruction asks for, as a value."""
        kind = kind_of(inner.said)
        if kind == "MERGEFIELD":
            return merge_field(read(inner.said))
        if kind == "IF":
            items = [item for run in inner.code for item in _items(run)]
            choice = choice_of(items, self._asked)
            true, false = (tuple(pieces(items, side, self._asked)) for side in (choice.true, choice.false))
            return Either(choice.condition, true, false)
        raise Unmergeable(f"the field {kind} can't be compared")


def _items(run: "Element | WordField") -> list[Item[WordField]]:
    if isinstance(run, WordField):
        return [Inner(run)]
    items: list[Item[WordField]] = []
    for child in run:
        if child.tag == _CODE:
            items += [Letter(letter) for letter in child.text or ""]
        elif child.tag != PROPERTIES:
            items.append(Other())
    return items


def _joined(elements: list[Element]) -> list[Element]:
    """Return runs of single letters as one run."""
    joined: list[Element] = []
    for element in elements:
        before = joined[-1] if joined else None
        if before is not None and element.tag == before.tag == RUN:
            before[-1].text += element[-1].text
        else:
            joined.append(element)
    return joined


def _fields(tree: Element) -> Iterator[WordField]:
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


def _drop(one: WordField) -> None:
    """Take a field out, and what it shows."""
    for run in one.code:
        if isinstance(run, WordField):
            _drop(run)
        else:
            remove(run)
    _drop_result(one)
    remove(one.begin)


def _drop_result(one: WordField) -> None:
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


def _unfold_simple(tree: Element) -> None:
    """Write fields that stand in one element as those that have a beginning and an end, if they are merged."""
    for simple in list(tree.iter(_SIMPLE)):
        said = simple.get(w("instr"), "")
        if kind_of(said) not in MERGED | NOT_HERE:
            continue
        code = etree.Element(_CODE)
        code.text = said
        shown_runs = list(simple)
        like = shown_runs[0] if shown_runs and shown_runs[0].tag == RUN else etree.Element(RUN)
        runs = [run_like(like, child) for child in (_char("begin"), code, _char("separate"))]
        replace(simple, *runs, *shown_runs, run_like(like, _char("end")))


def _char(kind: str) -> Element:
    character = etree.Element(_CHAR)
    character.set(_TYPE, kind)
    return character


def _split_runs(tree: Element) -> None:
    """Let each beginning, middle and end of a field stand in a run of its own."""
    for run in list(tree.iter(RUN)):
        content = [child for child in run if child.tag != PROPERTIES]
        if len(content) > 1 and any(child.tag == _CHAR for child in content):
            replace(run, *[run_like(run, child) for child in content])
