"""Merges one source written in Jinja2 with the values of each recipient, in a sandbox."""

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.metadata import version
from types import TracebackType
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.renderer.adapters.context import FieldName, clean
from services.renderer.adapters.css import inlined, inlined_once
from services.renderer.adapters.faults import Unmergeable, as_written
from services.renderer.adapters.formats import dated, money, number

ENGINES = {name: version(name) for name in ("jinja2", "css-inline")}
_LACKING = re.compile(r"has no attribute '(?P<inner>[^']+)'$|^'(?P<outer>[^']+)' is undefined$")
_NOT_IN_FILENAMES = re.compile(r'[\x00-\x1f/\\:*?"<>|\s]+')
_ENDING = re.compile(r"\.(?:pdf|docx)\s*$", re.IGNORECASE)
FILENAME_LENGTH = 120
_FORMATS: Mapping[tuple[str, str], Callable[..., str]] = {
    ("date", "datum"): dated,
    ("money", "geld"): money,
    ("number", "getal"): number,
}


class Merge:
    """One source, compiled once, merged with the values of each recipient."""

    def __init__(self, source: str, language: str, *, html: bool = False, inlines: bool = True) -> None:
        """Compile; raise `Unmergeable` with the line when the source is not well written.

        A page of a mail has its styles inlined (`inlines`), a page to be printed keeps them.
        """
        self._source = source
        self._environment = _environment(language, html)
        self._as_written = self._compiled(source)
        once = inlined_once(source) if html and inlines else source
        self._inlines_each = once is None
        self._template = self._as_written if once is None or once == source else self._compiled(once)

    def __call__(self, context: Mapping[str, Any]) -> str:
        """Return the merged text or page; raise `Unmergeable` with field and line."""
        try:
            merged = self._template.render(context)
        except MemoryError:
            raise
        except Exception as error:  # a layout can raise whatever Python can
            raise self._located(error, context) from error
        return inlined(merged) if self._inlines_each else merged

    def _compiled(self, source: str) -> Template:
        try:
            return self._environment.from_string(source)
        except TemplateSyntaxError as error:
            raise Unmergeable(error.message or "syntax error", line=error.lineno) from error

    def _located(self, error: Exception, context: Mapping[str, Any]) -> Unmergeable:
        """Merge once more as the author wrote it: inlining styles moved the lines."""
        try:
            self._as_written.render(context)
        except Exception as again:  # noqa: BLE001 - the same one, as above
            error = again
        line = _line(error.__traceback__)
        lacking = _LACKING.search(str(error)) if isinstance(error, UndefinedError) else None
        if not lacking:
            return Unmergeable(f"{error}" or type(error).__name__, line=line)
        field = as_written(lacking["inner"] or lacking["outer"], self._source, line)
        return Unmergeable(f"the field {field} is unknown or has no value", field=field, line=line)


def filename_of(merge: Merge | None, context: Mapping[str, Any], layout_id: str, suffix: str = ".pdf") -> str:
    """Return the name of an attachment: as the layout writes it, fit for any file system, else the layout's id."""
    written = clean(merge(context)) if merge else ""
    name = _ENDING.sub("", _NOT_IN_FILENAMES.sub(" ", written)).strip(" .")[:FILENAME_LENGTH].rstrip(" .")
    return f"{name or layout_id}{suffix}"


@cache
def _environment(language: str, html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=html, undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
    )
    furnish(environment, language)
    return environment


def furnish(environment: Environment, language: str) -> None:
    """Add the filters for dates, amounts and numbers of a language, and take out all that gives something by chance."""
    for names, written in _FORMATS.items():
        environment.filters |= dict.fromkeys(names, partial(_formatted, written, language))
    del environment.filters["random"], environment.globals["lipsum"]  # the same values must give the same mail


def _shown(value: Any) -> Any:
    return "" if value is None else value


def _formatted(written: Callable[..., str], language: str, value: Any, *how: Any) -> Any:
    """Return a value in the form of the language; nothing, and the name of a field, stay what they are."""
    return value if value is None or isinstance(value, FieldName) else written(value, language, *how)


def _line(traceback: TracebackType | None) -> int | None:
    """Return the line of the layout: that of the innermost frame within the template."""
    line = None
    while traceback:
        if traceback.tb_frame.f_code.co_filename == "<template>":
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
