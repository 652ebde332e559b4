"""Checks that what tags open is closed again, at a place that leaves the document whole whatever the values are."""

from services.renderer.adapters.word.marked import Marks, Tag
from services.renderer.adapters.word.places import Amiss
from services.renderer.adapters.word.tags import CLOSES, OPENS, word_of
from services.renderer.adapters.word.xml import DO, Element

_ALONE = {"set"}
_BETWEEN = {"elif": {"if"}, "else": {"if", "for"}}


def check_blocks(marks: Marks, tree: Element) -> bool:
    """Return whether anything is repeated; raise `Unmergeable` for a tag that is unknown, unpaired or misplaced."""
    opened: list[tuple[str, tuple[str, ...], Tag]] = []
    repeats = False
    for mark in tree.iter(DO):
        tag = marks.of(mark)
        word, stands = word_of(tag.source), _stands(mark)
        repeats |= word == "for"
        if word in OPENS:
            opened.append((word, stands, tag))
        elif word in CLOSES or word in _BETWEEN:
            _check_closing(opened[-1] if opened else None, word, stands, tag)
            if word in CLOSES:
                opened.pop()
        elif word not in _ALONE or "=" not in tag.source:
            raise _wrong(tag, f"the tag {{% {tag.source[:40]} %}} is not known in Word layouts")
    if opened:
        raise _wrong(opened[-1][2], f"{{% {opened[-1][2].source[:40]} %}} lacks its {{% {OPENS[opened[-1][0]]} %}}")
    return repeats


def _check_closing(
    opener: tuple[str, tuple[str, ...], Tag] | None, word: str, stands: tuple[str, ...], tag: Tag
) -> None:
    fits = opener is not None and (OPENS[opener[0]] == word or opener[0] in _BETWEEN.get(word, ()))
    if opener is None or not fits:
        raise _wrong(tag, f"{{% {word} %}} closes nothing that was opened before it")
    if opener[1] != stands:
        detail = f"{{% {opener[2].source[:40]} %}} and its {{% {word} %}} stand in different parts of a table or text"
        raise _wrong(opener[2], detail)


def _stands(mark: Element) -> tuple[str, ...]:
    """Return what a mark stands within: two that stand within the same kinds can be cut between."""
    return tuple(str(element.tag) for element in mark.iterancestors())


def _wrong(tag: Tag, detail: str) -> Amiss:
    return Amiss(detail, tag.place)
