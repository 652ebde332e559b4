"""Turns Jinja tags, however Word has split them, into marks: {{ … }}, {% … %}, those of a whole row or paragraph."""

import re
from collections.abc import Iterator

from services.renderer.adapters.word.marked import Marks
from services.renderer.adapters.word.places import Amiss, place_of
from services.renderer.adapters.word.xml import (
    DO,
    PARAGRAPH,
    PROPERTIES,
    TEXT,
    Element,
    above,
    own_runs,
    remove,
    replace,
    run_like,
    text,
    u,
    w,
)

TAG = re.compile(r"\{\{(?P<say>.*?)\}\}|\{%(?P<do>.*?)%\}|\{#(?P<note>.*?)#\}")
_OPENED = re.compile(r"\{\{|\{%")
_OF_WHOLE = re.compile(r"^[-+]?(?P<of>tr|tc|p|r)\s+(?P<rest>.*)$", re.DOTALL)
_CONTROL = re.compile(r"^[-+]|[-+]$")  # of white space, of which there is none between elements
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " "})
_LITERAL = {"{_{": "{{", "}_}": "}}", "{_%": "{%", "%_}": "%}"}
_KINDS = {"tr": w("tr"), "tc": w("tc"), "p": PARAGRAPH}
_OF = u("of")
OPENS = {"for": "endfor", "if": "endif", "with": "endwith"}
CLOSES = set(OPENS.values())


def mark_tags(marks: Marks, tree: Element) -> None:
    """Mark all tags of a tree; raise `Unmergeable` for one that is not well written."""
    for paragraph in list(tree.iter(PARAGRAPH)):
        _mark_paragraph(marks, paragraph)
    for name, kind in _KINDS.items():
        for mark in list(tree.iter(DO)):
            if mark.get(_OF) == name:
                _lift(marks, mark, kind)
    for element in tree.iter():
        for name, value in element.attrib.items():
            if "{{" in value:
                element.set(name, _within(marks, value, element))


def word_of(statement: str) -> str:
    """Return the first word of a statement: `for`, `endif`."""
    return statement.split(None, 1)[0] if statement.strip() else ""


def mark_within(marks: Marks, element: Element) -> None:
    """Mark the tags in the text of an element that is no part of the letter."""
    element.text = _within(marks, element.text or "", element)


def _within(marks: Marks, said: str, element: Element) -> str:
    def marked(found: re.Match[str]) -> str:
        source = found["say"]
        return found[0] if source is None else marks.within(source.translate(_STRAIGHT).strip(), place_of(element))

    return TAG.sub(marked, said)


def _mark_paragraph(marks: Marks, paragraph: Element) -> None:
    runs = list(own_runs(paragraph))
    letters = [letter for run in runs for letter in _letters(run)]
    said = "".join(letter for _, letter in letters)
    if "{" not in said:
        return
    place = place_of(paragraph)
    pieces: dict[Element, list[str | Element]] = {element: [] for element, _ in letters if element is not None}
    rest = 0
    for found in TAG.finditer(said):
        _say(pieces, letters[rest : found.start()], place)
        if (mark := _mark_of(marks, found, place)) is not None:
            pieces[letters[found.start()][0]].append(mark)
        rest = found.end()
    _say(pieces, letters[rest:], place)
    for run in runs:
        if any(child in pieces for child in run):
            replace(run, *_rebuilt(run, pieces))


def _letters(run: Element) -> Iterator[tuple[Element | None, str]]:
    """Yield the letters of a run, each with its text element; anything else stands as a line break."""
    for child in run:
        if child.tag == TEXT:
            yield from ((child, letter) for letter in child.text or "")
        elif child.tag != PROPERTIES:
            yield None, "\n"


def _say(
    pieces: dict[Element, list[str | Element]], letters: list[tuple[Element | None, str]], place: int | None
) -> None:
    said = "".join(letter for _, letter in letters)
    if opened := _OPENED.search(said):
        raise Amiss(f"the tag {said[opened.start() :][:40].strip()} is not closed on the same line", place)
    for element, letter in letters:
        if element is not None:
            if pieces[element] and isinstance(pieces[element][-1], str):
                pieces[element][-1] += letter
            else:
                pieces[element].append(letter)


def _mark_of(marks: Marks, found: re.Match[str], place: int | None) -> Element | None:
    said = found["say"] if found["say"] is not None else found["do"] if found["do"] is not None else found["note"]
    whole = _OF_WHOLE.match(said)
    source = _CONTROL.sub("", whole["rest"] if whole else said).translate(_STRAIGHT).strip()
    if found["say"] is not None:
        return marks.say(source, place)
    if found["note"] is not None and not (whole and whole["of"] in _KINDS):
        return None
    mark = marks.do(source if found["do"] is not None else "", place)
    if whole and whole["of"] in _KINDS:
        mark.set(_OF, whole["of"])
    return mark


def _rebuilt(run: Element, pieces: dict[Element, list[str | Element]]) -> Iterator[Element]:
    """Yield a run in pieces: statements stand between runs, texts and expressions within."""
    current = run_like(run)
    bare = len(current)
    for child in list(run):
        if child.tag == PROPERTIES:
            continue
        for piece in pieces.get(child, [child]):
            if isinstance(piece, str):
                current.append(text(_literally(piece)))
            elif piece.tag != DO:
                current.append(piece)
            else:
                if len(current) > bare:
                    yield current
                yield piece
                current = run_like(run)
    if len(current) > bare:
        yield current


def _literally(said: str) -> str:
    for written, meant in _LITERAL.items():
        said = said.replace(written, meant)
    return said


def _lift(marks: Marks, mark: Element, kind: str) -> None:
    """Let the tags of a row, cell or paragraph stand in its place; those that open and close it, around it."""
    whole = above(mark, kind)
    if whole is None:
        if mark.getparent() is None:
            return  # lifted with another of the same row
        raise Amiss(f"the tag {{%{mark.get(_OF)} … %}} stands in no table", marks.of(mark).place)
    all_of_it = [one for one in whole.iter(DO) if one.get(_OF) == mark.get(_OF) and above(one, kind) is whole]
    for one in all_of_it:
        del one.attrib[_OF]
        remove(one)
    shown = [one for one in all_of_it if marks.of(one).source]
    words = [word_of(marks.of(one).source) for one in shown]
    half = len(words) // 2
    around = words and words[half:] == [OPENS.get(word) for word in reversed(words[:half])]
    if around:
        for one in shown[:half]:
            whole.addprevious(one)
        for one in reversed(shown[half:]):
            whole.addnext(one)
    else:
        replace(whole, *shown)
