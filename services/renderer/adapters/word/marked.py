"""A Word layout with each tag and merge field marked in its tree, from which templates of any kind are written."""

from dataclasses import dataclass, field

from services.renderer.adapters.word.merging import Asked
from services.renderer.adapters.word.xml import DO, SAY, Element, mark

_OPEN, _CLOSE = "\ue000", "\ue001"  # of private use: no document holds them once it is marked


@dataclass(frozen=True)
class Tag:
    """What a mark stands for: an expression or a statement of Jinja, and where it was written."""

    source: str
    place: int | None
    field: str | None = None  # as its author wrote it, where that is not in the source


@dataclass
class Story:
    """One part of a document that is merged: its tree with marks, and what its paragraphs are called."""

    tree: Element
    called: list[str]


@dataclass
class Marks:
    """All tags of a layout by number, and the fields of Word that some of them ask for."""

    tags: list[Tag] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    repeated: int = 0

    def say(self, source: str, place: int | None, written: str | None = None) -> Element:
        """Return a mark for an expression."""
        return mark(SAY, self._add(Tag(source, place, written)))

    def do(self, source: str, place: int | None, written: str | None = None) -> Element:
        """Return a mark for a statement."""
        return mark(DO, self._add(Tag(source, place, written)))

    def within(self, source: str, place: int | None, written: str | None = None) -> str:
        """Return a mark for an expression within an attribute, or within a text that is no text of the letter."""
        return f"{_OPEN}{self._add(Tag(source, place, written))}{_CLOSE}"

    def ask(self, asked: Asked, rows: list[str]) -> str:
        """Return the expression that asks for a field of Word, within these rows."""
        self.asked.append(asked)
        return f"_asked({', '.join(['_all', str(len(self.asked) - 1), *reversed(rows)])})"

    def next_row(self) -> int:
        """Return a number for the rows of one more repeated table."""
        self.repeated += 1
        return self.repeated

    def of(self, element: Element) -> Tag:
        """Return the tag of a mark."""
        return self.tags[int(element.get("n"))]

    def _add(self, tag: Tag) -> int:
        self.tags.append(tag)
        return len(self.tags) - 1
