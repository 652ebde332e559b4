"""A Word layout with its tags and merge fields marked: what both the .docx and the PDF are made from."""

import re

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.word.blocks import check_blocks
from services.renderer.adapters.word.cells import keep_a_paragraph, mark_cells
from services.renderer.adapters.word.fields import FieldMarker
from services.renderer.adapters.word.marked import Marks, Story
from services.renderer.adapters.word.parcel import Parcel
from services.renderer.adapters.word.places import Amiss, forget_places, number_paragraphs, stories
from services.renderer.adapters.word.safety import make_safe
from services.renderer.adapters.word.tags import mark_tags, mark_within
from services.renderer.adapters.word.xml import WP, Element, remove, w

_OF_EDITING = re.compile(r"^\{[^}]*\}(rsid\w*|paraId|textId)$")  # who changed what when: nothing of it is shown
_NOT_SHOWN = (w("proofErr"), w("lastRenderedPageBreak"), w("noProof"))
_PICTURE = f"{{{WP}}}docPr"
_PROPERTIES = "docProps/core.xml"


class WordLayout:
    """The marked parts of a Word document, by name."""

    def __init__(self, content: bytes, *, merged: bool = False) -> None:
        """Open and mark it; raise `Unfit` or `Unmergeable`, which say where.

        In a document that is `merged` already, braces are what somebody wrote and no tags.
        """
        self._merged = merged
        self.parcel = Parcel(content)
        make_safe(self.parcel)
        self.marks = Marks()
        self.stories: dict[str, Story] = {}
        self.uneven: set[str] = set()  # parts whose rows may have more cells than their tables have columns
        for name, called in stories(self.parcel).items():
            self._mark(name, called)
        self._mark_properties()

    def _mark(self, name: str, called: str) -> None:
        tree = self.parcel.trees[name]
        _tidy(tree)
        story = Story(tree, number_paragraphs(tree, called))
        before = len(self.marks.tags)
        try:
            FieldMarker(self.marks, tree).mark()
            if not self._merged:
                mark_tags(self.marks, tree)
            if mark_cells(self.marks, tree):
                self.uneven.add(name)
            keep_a_paragraph(self.marks, tree)
            repeats = check_blocks(self.marks, tree)
        except Amiss as amiss:
            raise located(amiss.detail, story, amiss.place, amiss.field) from amiss
        if repeats:
            _number_pictures(self.marks, tree)
        forget_places(tree)
        if len(self.marks.tags) > before:
            self.stories[name] = story

    def _mark_properties(self) -> None:
        """Mark the tags in the document's own title, subject and author."""
        tree = self.parcel.trees.get(_PROPERTIES)
        for element in [] if tree is None or self._merged else tree:
            if "{{" in (element.text or ""):
                mark_within(self.marks, element)
                self.stories[_PROPERTIES] = Story(tree, [])


def located(detail: str, story: Story, place: int | None, field: str | None = None) -> Unmergeable:
    """Return what is wrong, with the words for the paragraph, and its number as the line."""
    if place is None:
        return Unmergeable(detail, field=field)
    return Unmergeable(f"{detail} ({story.called[place]})", field=field, line=place + 1)


def _tidy(tree: Element) -> None:
    for element in [*tree.iter(*_NOT_SHOWN)]:
        remove(element)
    for element in tree.iter():
        for name in [name for name in element.attrib if _OF_EDITING.match(name)]:
            del element.attrib[name]


def _number_pictures(marks: Marks, tree: Element) -> None:
    """Let each picture have a number of its own, however often it is repeated: Word opens no other document."""
    for picture in tree.iter(_PICTURE):
        picture.set("id", marks.within("_next_number()", None))
