"""Turns the fields of Word that are merged into marks: MERGEFIELD, IF, and rows between TableStart and TableEnd."""

from lxml import etree  # type: ignore[import-untyped]

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.addressed import address_block, greeting_line
from services.renderer.adapters.word.conditions import Choice, Inner, Item, Letter, Other, choice_of, pieces, shown
from services.renderer.adapters.word.instructions import ADDRESSED, MERGED, NOT_HERE, kind_of, merge_field, read
from services.renderer.adapters.word.marked import Marks
from services.renderer.adapters.word.merging import Asked, Either
from services.renderer.adapters.word.places import Amiss, place_of
from services.renderer.adapters.word.repeats import Repeats
from services.renderer.adapters.word.sums import is_of_values, is_sum, sum_above
from services.renderer.adapters.word.word_fields import (
    CODE,
    WordField,
    drop,
    drop_result,
    fields_of,
    split_runs,
    unfold_simple,
)
from services.renderer.adapters.word.xml import (
    PROPERTIES,
    RUN,
    TEXT,
    Element,
    remove,
    run_like,
    text,
)

_INSTEAD = {
    "NEXT": "TableStart and TableEnd around what is repeated",
    "NEXTIF": "TableStart and TableEnd around what is repeated",
    "SKIPIF": "a list of recipients without those",
    "FILLIN": "a MERGEFIELD, of which the request gives the value",
    "ASK": "a MERGEFIELD, of which the request gives the value",
    "=": "=SUM(ABOVE), or a MERGEFIELD with the outcome",
}
_MAY_HOLD = {"HYPERLINK"}  # of other kinds: the result of the others would be that of the values before


class FieldMarker:
    """Marks the merge fields of one tree."""

    def __init__(self, marks: Marks, tree: Element) -> None:
        """Work on this tree."""
        self._marks = marks
        self._tree = tree
        self._repeats = Repeats(marks)

    def mark(self) -> None:
        """Mark them all; raise `Unmergeable`, with the number of the paragraph, for a field that can't be merged."""
        unfold_simple(self._tree)
        split_runs(self._tree)
        for one in list(fields_of(self._tree)):
            self._mark(one)
        self._repeats.close()

    def _mark(self, one: WordField) -> None:
        kind = kind_of(one.said)
        try:
            if kind == "MERGEFIELD":
                self._mark_merge(one)
            elif kind == "IF":
                self._mark_choice(one)
            elif kind in ADDRESSED or (kind == "=" and not one.within and is_of_values(one.begin)):
                self._mark_asked(one, self._asked(one), kind)
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
            self._mark_asked(one, merge_field(instruction), instruction.argument)
        else:
            drop(one)

    def _mark_asked(self, one: WordField, what: Asked, called: str) -> None:
        """Put what a field asks for in its place, in the looks of its result."""
        asked = self._marks.ask(what, self._repeats.rows)
        with_text = [run for run in one.result if run.find(TEXT) is not None]
        looks = one.begin if read(one.said).keeps_first_look or not with_text else with_text[0]
        one.begin.addprevious(run_like(looks, self._marks.say(asked, place_of(one.begin), called)))
        drop(one)

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
        drop_result(one)
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
        return [run_like(run, item.element)] if isinstance(item, Other) else []

    def _settle(self, run: "Element | WordField", new: list[Element], *, stays_in: bool) -> None:
        first = run.begin if isinstance(run, WordField) else run
        for element in _joined(new):
            first.addprevious(element)
        if not isinstance(run, WordField):
            remove(run)
        elif stays_in:
            self._mark(run)
        else:
            drop(run)

    def _pass_by(self, one: WordField, kind: str) -> None:
        if kind in NOT_HERE and (kind != "=" or one.within):
            raise Unmergeable(f"the field {kind} can't be merged here: use {_INSTEAD.get(kind, 'MERGEFIELD or IF')}")
        if one.within and kind not in _MAY_HOLD and any(kind_of(inner.said) in MERGED for inner in one.within):
            raise Unmergeable(f"a merge field within the field {kind or 'without a name'} can't be merged")
        for inner in one.within:
            if kind_of(inner.said) in MERGED:
                code = etree.Element(CODE)
                asked = self._marks.ask(self._asked(inner), self._repeats.rows)
                code.text = self._marks.within(asked, place_of(inner.begin), read(inner.said).argument)
                inner.begin.addprevious(run_like(inner.begin, code))
                drop(inner)
        for inner in one.in_result:
            self._mark(inner)

    def _asked(self, inner: WordField) -> Asked:
        """Return what a field within an instruction asks for, as a value."""
        kind = kind_of(inner.said)
        instruction = read(inner.said)
        if kind == "MERGEFIELD":
            self._repeats.note(instruction.argument)
            return merge_field(instruction)
        if kind in ADDRESSED:
            return (address_block if kind == "ADDRESSBLOCK" else greeting_line)(instruction.switches)
        if kind == "=" and is_sum(inner.said):
            return sum_above(inner.begin, instruction, self._marks, self._repeats.rows)
        if kind == "IF":
            items = [item for run in inner.code for item in _items(run)]
            choice = choice_of(items, self._asked)
            true, false = (tuple(pieces(items, side, self._asked)) for side in (choice.true, choice.false))
            return Either(choice.condition, true, false)
        raise Unmergeable(
            f"the field {kind} can't be worked out here" + (": of formulas, SUM(ABOVE) can" if kind == "=" else "")
        )


def _items(run: "Element | WordField") -> list[Item[WordField]]:
    if isinstance(run, WordField):
        return [Inner(run)]
    items: list[Item[WordField]] = []
    for child in run:
        if child.tag == CODE:
            items += [Letter(letter) for letter in child.text or ""]
        elif child.tag != PROPERTIES:
            items.append(Other(child))
    return items


def _joined(elements: list[Element]) -> list[Element]:
    """Return runs of single letters as one run."""
    joined: list[Element] = []
    for element in elements:
        before = joined[-1] if joined else None
        if before is not None and element.tag == before.tag == RUN and element[-1].tag == before[-1].tag == TEXT:
            before[-1].text += element[-1].text
        else:
            joined.append(element)
    return joined
