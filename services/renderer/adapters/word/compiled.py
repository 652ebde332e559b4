"""A template with marks in it, compiled: each on a line of its own, so that an error tells by its line which it is."""

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.renderer.adapters.faults import Unmergeable
from services.renderer.adapters.jinja import furnish
from services.renderer.adapters.word.layout import located
from services.renderer.adapters.word.marked import Story, Tag
from services.renderer.adapters.word.merging import Asked, Lacking, Row, Scope

_MARK = re.compile(
    r'<uitpost-(?P<kind>say|do) n="(?P<n>\d+)"/>|\ue000(?P<within>\d+)\ue001|(?P<braces>\{[{%#])|(?P<other>\ue002)'
)
_CUT = '</w:t><w:t xml:space="preserve">'  # between a text and the expression that was cut out of it
ELSE = "\ue002"  # the other branch of a choice whose author wrote none
_LACKING = re.compile(r"has no attribute '(?P<inner>[^']+)'$|^'(?P<outer>[^']+)' is undefined$")


class Compiled:
    """One part of a layout as a template of any kind, to be merged with the values of each recipient."""

    def __init__(
        self, source: str, story: Story, tags: Sequence[Tag], environment: ImmutableSandboxedEnvironment, say: str
    ) -> None:
        """Compile a source with marks; `say` is how an expression is written, which stands in it as `%s`.

        Raises `Unmergeable` with the place of a tag that is not well written.
        """
        self._story = story
        self._say = say
        self._all_tags = tags
        self._tags: list[Tag] = []
        try:
            said = _MARK.sub(self._tag, source.replace("\n", " ")).replace(_CUT, "")
            self._template = environment.from_string(said)
        except TemplateSyntaxError as error:
            raise self._located(error.message or "syntax error", error.lineno) from error

    def merged(self, context: Mapping[str, Any]) -> str:
        """Return what the template says of one recipient; raise `Unmergeable` with the field and its paragraph."""
        try:
            return self._template.render(context)
        except MemoryError:
            raise
        except Exception as error:  # a layout can raise whatever Python can
            raise self._fault(error) from error

    def _tag(self, found: re.Match[str]) -> str:
        if found["braces"]:
            return f"{{{{'{found['braces']}'}}}}"
        if found["other"]:
            return "{% else %}"
        tag = self._all_tags[int(found["n"] or found["within"])]
        self._tags.append(tag)
        if found["kind"] == "do":
            return f"{{%\n{tag.source} %}}"
        if found["kind"] == "say":
            return self._say % f"\n{tag.source}"
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


class _Sandbox(ImmutableSandboxedEnvironment):
    """A sandbox in which a field may be called `items` or `values`, as the methods of a mapping are."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the field of a group before anything else of it."""
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)


def environment_of(asked: Sequence[Asked], language: str, **how: Any) -> ImmutableSandboxedEnvironment:
    """Return the sandbox in which the templates of a layout run, with the fields of Word that they ask for."""
    environment = _Sandbox(undefined=StrictUndefined, **how)
    furnish(environment, language)

    def ask(scope: Scope, number: int, *rows: Row) -> Any:
        return asked[number](scope, rows)

    environment.globals |= {"_asked": ask, "_flat": _flat}
    return environment


def _flat(value: Any) -> Any:
    """Return a value for an attribute: all on one line."""
    if isinstance(value, Undefined):
        return value
    return "" if value is None else re.sub(r"\s+", " ", str(value))


def _line(traceback: TracebackType | None) -> int | None:
    """Return the line of the layout: that of the innermost frame within the template."""
    line = None
    while traceback:
        if traceback.tb_frame.f_code.co_filename == "<template>":
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
