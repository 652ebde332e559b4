"""Merges a Word layout into a .docx: its parts compiled once as Jinja templates, in a sandbox."""

from collections.abc import Mapping
from importlib.metadata import version
from itertools import count
from typing import Any

from docxtpl import DocxTemplate  # type: ignore[import-untyped]
from markupsafe import Markup, escape

from services.renderer.adapters.word.compiled import Compiled, environment_of
from services.renderer.adapters.word.layout import WordLayout
from services.renderer.adapters.word.merging import Scope
from services.renderer.adapters.word.xml import written
from services.renderer.adapters.word.zipped import Wrapper

ENGINES = {name: version(name) for name in ("jinja2", "lxml")}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_FIRST_PICTURE = 1001
_SAY = '<w:t xml:space="preserve">{{%s }}</w:t>'
_BREAK = Markup('</w:t><w:br/><w:t xml:space="preserve">')
_TAB = Markup('</w:t><w:tab/><w:t xml:space="preserve">')


class DocxLayout:
    """A Word layout that makes a .docx for each recipient."""

    engines: Mapping[str, str] = ENGINES
    content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    suffix = ".docx"

    def __init__(self, content: bytes, language: str) -> None:
        """Compile it; raise `Unmergeable` (`Unfit` for a file that is none, or not harmless) that says where."""
        layout = WordLayout(content)
        self._language = language
        self._uneven = layout.uneven
        environment = environment_of(layout.marks.asked, language, autoescape=True, finalize=_shown)
        self._parts = {
            name: Compiled(written(story.tree), story, layout.marks.tags, environment, _SAY)
            for name, story in layout.stories.items()
        }
        parcel = layout.parcel
        changed = {name: _whole(written(tree)) for name, tree in parcel.trees.items() if name in parcel.changed}
        shared = {name: part for name, part in (parcel.parts | changed).items() if name not in self._parts}
        self._wrapper = Wrapper(list(parcel.parts), shared)

    def letter(self, context: Mapping[str, Any], day: str) -> tuple[bytes, tuple[str, ...]]:
        """Return the document, and no warnings; raise `Unmergeable` with the field and its paragraph."""
        del day  # `date` is among the values, and a .docx holds no clock
        seen = {**context, "_all": Scope(context, self._language), "_next_number": count(_FIRST_PICTURE).__next__}
        own = {name: self._part(name, part.merged(seen)) for name, part in self._parts.items()}
        return self._wrapper.wrapped(own), ()

    def _part(self, name: str, said: str) -> bytes:
        """Return a part; rows may have made its tables wider than their columns."""
        whole = written(DocxTemplate.fix_tables(None, said)) if name in self._uneven else said
        return _whole(whole)


def _shown(value: Any) -> Any:
    """Return a value as text of a run: a line break and a tab are elements of their own."""
    if value is None:
        return ""
    if not isinstance(value, str) or ("\n" not in value and "\t" not in value):
        return value
    return escape(value).replace("\n", _BREAK).replace("\t", _TAB)


def _whole(said: str) -> bytes:
    return f"{_DECLARATION}{said}".encode()
