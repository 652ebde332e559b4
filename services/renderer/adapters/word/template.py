"""Merges a Word layout into a .docx: its parts compiled once as Jinja templates, in a sandbox."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from itertools import count
from types import TracebackType
from typing import Any

from docxtpl import DocxTemplate  # type: ignore[import-untyped]
from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.jinja import furnish
from services.renderer.adapters.word.layout import WordLayout, located
from services.renderer.adapters.word.marked import Story, Tag
from services.renderer.adapters.word.merging import Asked, Lacking, Row, Scope
from services.renderer.adapters.word.xml import written
from services.renderer.adapters.word.zipped import Wrapper

ENGINES = {name: version(name) for name in ("jinja2", "lxml")}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_FIRST_PICTURE = 1001
_MARK = re.compile(r'<uitpost-(?P<kind>say|do) n="(?P<n>\d+)"/>|\ue000(?P<within>\d+)\ue001|(?P<braces>\{[{%#])')
_NEXT_TEXT = '</w:t><w:t xml:space="preserve">'  # between what marks have cut
_BREAK = Markup('</w:t><w:br/><w:t xml:space="preserve">')
_TAB = Markup('</w:t><w:tab/><w:t xml:space="preserve">')
_LACKING = re.compile(r"has no attribute '(?P<inner>[^']+)'$|^'(?P<outer>[^']+)' is undefined$")


class DocxLayout:
    """A Word layout that makes a .docx for each recipient."""

    engines: Mapping[str, str] = ENGINES
    content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    suffix = ".docx"

    def __init__(self, content: bytes, language: str) -> None:
        """Compile it; raise `Unmergeable` (`Unfit` for a file that is none, or not harmless) that says where."""
        layout = WordLayout(content)
        self._language = language
        environment = _environment(layout.marks.asked, language)
        self._parts = {
            name: _Part(story, name in layout.uneven, layout.marks.tags, environment)
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
        return self._wrapper.wrapped({name: part.merged(seen) for name, part in self._parts.items()}), ()


class _Part:
    """One part, compiled: each tag stands on a line of its own, so that the line of an error tells which it is."""

    def __init__(
        self, story: Story, uneven: bool, tags: Sequence[Tag], environment: ImmutableSandboxedEnvironment
    ) -> None:
        self._story = story
        self._uneven = uneven
        self._tags: list[Tag] = []
        source = _MARK.sub(partial(self._tag, tags), written(story.tree).replace("\n", " ")).replace(_NEXT_TEXT, "")
        try:
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise self._located(error.message or "syntax error", error.lineno) from error

    def merged(self, context: Mapping[str, Any]) -> bytes:
        """Return the part as it is for one recipient."""
        try:
            said = self._template.render(context)
        except MemoryError:
            raise
        except Exception as error:  # a layout can raise whatever Python can
            raise self._fault(error) from error
        return _whole(_squared(said) if self._uneven else said)

    def _tag(self, tags: Sequence[Tag], found: re.Match[str]) -> str:
        if found["braces"]:
            return f"{{{{'{found['braces']}'}}}}"
        tag = tags[int(found["n"] or found["within"])]
        self._tags.append(tag)
        if found["kind"] == "do":
            return f"{{%\n{tag.source} %}}"
        if found["kind"] == "say":
            return f'<w:t xml:space="preserve">{{{{\n{tag.source} }}}}</w:t>'
        return f"{{{{\n_flat({tag.source}) }}}}"

    def _fault(self, error: Exception) -> Unmergeable:
        line = _line(error.__traceback__)
        lacking = _LACKING.search(str(error)) if isinstance(error, UndefinedError) else None
        if isinstance(error, Lacking):
            return self._lacks(error.name, line)
        if lacking:
            name = lacking["inner"] or lacking["outer"]
            tag = self._tag_at(line)
            field = re.search(rf"[\w.]*\b{re.escape(name)}\b", tag.source) if tag else None
            return self._lacks(field[0].lstrip(".") if field else name, line)
        return self._located(f"{error}" or type(error).__name__, line)

    def _lacks(self, field: str, line: int | None) -> Unmergeable:
        return self._located(f"the field {field} is unknown or has no value", line, field)

    def _located(self, detail: str, line: int | None, field: str | None = None) -> Unmergeable:
        tag = self._tag_at(line)
        return located(detail, self._story, tag.place if tag else None, field or (tag.field if tag else None))

    def _tag_at(self, line: int | None) -> Tag | None:
        return self._tags[line - 2] if line is not None and 1 < line <= len(self._tags) + 1 else None


def _environment(asked: Sequence[Asked], language: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, finalize=_shown)
    furnish(environment, language)

    def ask(scope: Scope, number: int, *rows: Row) -> Any:
        return asked[number](scope, rows)

    environment.globals |= {"_asked": ask, "_flat": _flat}
    return environment


def _shown(value: Any) -> Any:
    """Return a value as text of a run: a line break and a tab are elements of their own."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    if "\n" not in value and "\t" not in value:
        return value
    return escape(value).replace("\n", _BREAK).replace("\t", _TAB)


def _flat(value: Any) -> Any:
    """Return a value for an attribute: all on one line."""
    if isinstance(value, Undefined):
        return value
    return "" if value is None else re.sub(r"\s+", " ", str(value))


def _squared(said: str) -> str:
    """Give tables as many columns as their widest row has cells."""
    return written(DocxTemplate.fix_tables(None, said))


def _whole(said: str) -> bytes:
    return f"{_DECLARATION}{said}".encode()


def _line(traceback: TracebackType | None) -> int | None:
    """Return the line of the layout: that of the innermost frame within the template."""
    line = None
    while traceback:
        if traceback.tb_frame.f_code.co_filename == "<template>":
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
