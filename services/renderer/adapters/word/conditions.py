"""Reads an IF field: what is compared, and where the texts for true and false stand among its runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.instructions import QUOTES
from services.renderer.adapters.word.merging import COMPARISONS, Asked, Condition
from services.renderer.adapters.word.xml import Element

F = TypeVar("F")
_SWITCH = "\\"


@dataclass(frozen=True)
class Letter:
    """One character of an instruction."""

    said: str


@dataclass(frozen=True)
class Inner(Generic[F]):
    """A field within the instruction."""

    field: F


@dataclass(frozen=True)
class Other:
    """A tab or line break within the instruction."""

    element: Element


Item = Letter | Inner[F] | Other


@dataclass(frozen=True)
class Side:
    """A text by the numbers of its items: it opens before `opens`, is [start, end), and closes before `closes`."""

    opens: int
    start: int
    end: int
    closes: int


@dataclass(frozen=True)
class Choice:
    """An IF field: what it compares, and its two texts; the second may be left out."""

    condition: Condition
    true: Side
    false: Side | None


def choice_of(items: Sequence[Item[F]], ask: Callable[[F], Asked]) -> Choice:
    """Return what an IF field says; raise `Unmergeable` where it is not well written."""
    at = _after_kind(items)
    left, at = _term(items, at, comparing=True)
    operator, at = _operator(items, at)
    right, at = _term(items, at)
    true, at = _term(items, at)
    false = None
    if _skip(items, at) < len(items) and not _is(items, _skip(items, at), _SWITCH):
        false, at = _term(items, at)
    said = [tuple(pieces(items, side, ask)) for side in (left, right)]
    return Choice(Condition(said[0], operator, said[1]), true, false)


def pieces(items: Sequence[Item[F]], side: Side | None, ask: Callable[[F], Asked]) -> list[str | Asked]:
    """Return what a side says: texts, and what its fields ask for."""
    said: list[str | Asked] = []
    for number in shown(items, side) if side else ():
        item = items[number]
        if isinstance(item, Inner):
            said.append(ask(item.field))
        elif isinstance(item, Letter):
            said.append(item.said)
    return said


def shown(items: Sequence[Item[F]], side: Side) -> list[int]:
    """Return the numbers of the items that a side shows: all but the backslash before a quote."""
    return [
        number
        for number in range(side.start, side.end)
        if not (_is(items, number, "\\") and number + 1 < side.end and _is(items, number + 1, QUOTES + "\\"))
    ]


def _after_kind(items: Sequence[Item[F]]) -> int:
    at = _skip(items, 0)
    while at < len(items) and isinstance(item := items[at], Letter) and item.said.isalpha():
        at += 1
    return at


def _term(items: Sequence[Item[F]], at: int, *, comparing: bool = False) -> tuple[Side, int]:
    opens = at = _skip(items, at)
    if at >= len(items):
        raise Unmergeable("the field IF is not complete: it takes two values to compare, and a text or two")
    if _is(items, at, QUOTES):
        start = at = at + 1
        while at < len(items) and not _is(items, at, QUOTES):
            at += 2 if _is(items, at, "\\") else 1
        if at >= len(items):
            raise Unmergeable("a text in the field IF lacks its closing quote")
        return Side(opens, start, at, at), at + 1
    stops = "=<>" if comparing else ""
    while at < len(items) and not _is_space(items, at) and not (stops and _is(items, at, stops)):
        at += 1
    return Side(opens, opens, at, at), at


def _operator(items: Sequence[Item[F]], at: int) -> tuple[str, int]:
    at = _skip(items, at)
    said = ""
    while at < len(items) and _is(items, at, "=<>"):
        item = items[at]
        said += item.said if isinstance(item, Letter) else ""
        at += 1
    if said not in COMPARISONS:
        raise Unmergeable(f"the field IF compares by one of {', '.join(COMPARISONS)}, not by {said or 'nothing'}")
    return said, at


def _skip(items: Sequence[Item[F]], at: int) -> int:
    while at < len(items) and _is_space(items, at):
        at += 1
    return at


def _is(items: Sequence[Item[F]], at: int, characters: str) -> bool:
    item = items[at]
    return isinstance(item, Letter) and item.said in characters


def _is_space(items: Sequence[Item[F]], at: int) -> bool:
    item = items[at]
    return isinstance(item, Other) or (isinstance(item, Letter) and item.said.isspace())
